//! The database: pool, migrations, generated schema, column types, and the meaning of constraints.
//!
//! Invariants: SQL is set-based, a query in a loop is a defect; SQL stays within PostgreSQL 15; nothing outside a
//! transaction writes more than one statement.

pub mod appeals;
pub mod assignments;
pub mod bulk;
pub mod case_keys;
pub mod cases;
pub mod changes;
pub mod charges;
pub mod closed_names;
pub mod constraints;
pub mod coverage;
pub mod decisions;
pub mod district_entries;
pub mod district_numbers;
pub mod districts;
pub mod duplicate_lock;
pub mod evidence_lock;
pub mod executions;
pub mod fire_points;
pub mod grids;
pub mod ledger_entries;
pub mod migrate;
pub mod month_exports;
pub mod month_sums;
pub mod periods;
pub mod photos;
pub mod picked;
pub mod place_cells;
pub mod pool;
pub mod proposals;
pub mod rectifications;
#[allow(missing_docs, reason = "generated from the migrated database")]
pub mod schema;
pub mod stamps;
pub mod statement;
pub mod subsidies;
pub mod targets;
pub mod types;
pub mod uploads;
pub mod zones;

/// A connection. Statements on a shared reference to it travel together (pipelining), and PostgreSQL takes them in the
/// order in which they are first asked: that of the arguments of `futures::join!`, which unlike tokio's begins with the
/// first one each time.
pub use diesel_async::AsyncPgConnection as Connection;
pub use pool::{Pool, PooledConnection};
