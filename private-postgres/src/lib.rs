//! A private PostgreSQL cluster as a child process: the embedded database default.
//!
//! A program calls [`Cluster::start`] with a directory of its own and gets a running PostgreSQL that
//! listens on a unix socket only, keeps its data in that directory, and goes away with the program, also
//! when the program is killed.
//!
//! Invariants:
//! - one cluster a directory: a lock in the directory is held as long as the [`Cluster`] lives;
//! - a directory holds a complete data directory or none, because `initdb` is not atomic and its result is
//!   renamed into place;
//! - traces of an earlier run (`postmaster.pid`, the socket) are removed only under the lock and only when no
//!   process of that run is left: removing them beside a living one corrupts data;
//! - `fsync` stays on, so what was committed survives the loss of power (but for [`Options::scratch`]).
//!
//! It must not create databases or run migrations (its callers do), and it knows nothing of the product.
//! Linux only: it needs the parent-death signal and `/proc`.
//!
//! ```no_run
//! # fn main() -> Result<(), private_postgres::Error> {
//! let cluster = private_postgres::Cluster::start(&private_postgres::Options::new("var/pg"))?;
//! println!("psql '{}'", cluster.url("postgres"));
//! cluster.stop()
//! # }
//! ```

mod account;
mod binaries;
mod cluster;
mod directories;
mod error;
mod postmaster;
mod stale_run;

pub use binaries::OLDEST_MAJOR;
pub use cluster::{Cluster, Options, SUPERUSER};
pub use error::Error;
