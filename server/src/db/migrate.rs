//! Migrations, embedded in the program.
//!
//! Invariant: one process at a time migrates, the others wait at an advisory lock, which ends with the connection.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::{ConnectionError, QueryResult};
use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// The advisory lock's number (any constant, the same in every release).
const LOCK: i64 = 0x4c61_6e74_6961_6e01;

/// Why the database was not migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database cannot be reached.
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] ConnectionError),
    /// The lock could not be taken.
    #[error("cannot take the migration lock: {0}")]
    Lock(#[from] diesel::result::Error),
    /// A migration failed; the message names it.
    #[error("migration failed: {0}")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Brings the database at `url` up to date; answers with the versions that were run. Needs a multi-threaded runtime.
///
/// # Errors
/// [`MigrateError`]; each migration is a transaction, so what ran before stays.
pub async fn run(url: &str) -> Result<Vec<String>, MigrateError> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    lock(&mut connection).await?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let versions = harness.run_pending_migrations(MIGRATIONS).map_err(MigrateError::Migration)?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

/// The version of the newest migration that this program has.
#[must_use]
pub fn newest() -> Option<String> {
    let known: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().unwrap_or_default();
    known.iter().map(|migration| migration.name().version().to_string()).max()
}

async fn lock(connection: &mut AsyncPgConnection) -> QueryResult<usize> {
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(LOCK)
        .execute(connection)
        .await
}
