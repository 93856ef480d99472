//! Why there is no backup, or nothing was restored.

use std::path::{Path, PathBuf};

use crate::db::migrate::MigrateError;
use crate::db::types::StoredValueError;
use crate::ledger::chain::Fault;

/// Why there is no backup, or nothing was restored; each names what is wrong and where.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A client program of PostgreSQL is missing.
    #[error(
        "{program} of PostgreSQL {major} was not found: install its client tools (Debian: postgresql-client-{major}) or \
         set PG_BINDIR"
    )]
    ProgramMissing {
        /// Which.
        program: &'static str,
        /// The server's major version.
        major: u32,
    },
    /// A client program failed.
    #[error("{program} failed: {message}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it said last.
        message: String,
    },
    /// The database's address cannot be read.
    #[error("the database's address cannot be read: {0}")]
    Address(#[source] tokio_postgres::Error),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] diesel::ConnectionError),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    /// The database holds what is no value of its column.
    #[error(transparent)]
    Stored(#[from] StoredValueError),
    /// Bringing the restored database up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// A file of the backup.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// Keeping a restored photo.
    #[error("photo {sha256}: {source}")]
    Photo {
        /// Which.
        sha256: String,
        /// What happened.
        source: object_store::Error,
    },
    /// Originals that the database names are gone or rotten. The others were copied; the backup before stands.
    #[error(
        "{count} original photos are missing or damaged, the first is {district}/{first}; no backup was made"
    )]
    PhotosDamaged {
        /// How many.
        count: usize,
        /// Whose the first is.
        district: String,
        /// Its SHA-256.
        first: String,
    },
    /// There is no manifest, or it is none.
    #[error("{path} is not the manifest of a backup: {message}")]
    Manifest {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        message: String,
    },
    /// The backup was made by a newer release.
    #[error("the backup was made by a newer release (its schema is {migration}); restore it with that one")]
    Newer {
        /// The schema's version.
        migration: String,
    },
    /// A file is not what the manifest says.
    #[error("{path} is not the file that was backed up: its {what} differs")]
    Corrupt {
        /// Which.
        path: PathBuf,
        /// Size or SHA-256.
        what: &'static str,
    },
    /// A file that the manifest names is gone.
    #[error("{path} is missing from the backup")]
    Missing {
        /// Which.
        path: PathBuf,
    },
    /// The database to restore into holds something.
    #[error("the database is not empty (it has {tables} tables): restore into an empty one")]
    NotEmpty {
        /// How many tables.
        tables: i64,
    },
    /// A table has not the rows that were backed up.
    #[error("table {table} has {restored} rows after the restore, the backup had {expected}")]
    Rows {
        /// Which.
        table: String,
        /// In the manifest.
        expected: i64,
        /// In the database.
        restored: i64,
    },
    /// The database names photos that the manifest does not, or the other way round.
    #[error("{count} photos stand in the database or in the manifest alone")]
    PhotosDiffer {
        /// How many.
        count: usize,
    },
    /// A restored ledger does not verify.
    #[error("the restored ledger of {district} is broken at entry {entry_no}: {fault}")]
    LedgerBroken {
        /// Whose.
        district: String,
        /// Where.
        entry_no: i64,
        /// How.
        fault: Fault,
    },
    /// Work was lost with its thread.
    #[error("{0}")]
    Task(#[from] tokio::task::JoinError),
}

impl BackupError {
    /// A fault of a file, for `map_err`.
    pub(super) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| match source.kind() {
            std::io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::File { path, source },
        }
    }
}
