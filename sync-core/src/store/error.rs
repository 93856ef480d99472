//! What can go wrong in the device store. Expected outcomes (refused, held, already there) are values, not errors.

use std::path::PathBuf;

use crate::ids::{Incarnation, InspectionId, OperationId, UserId};
use crate::policy::BookError;
use crate::wire::operation::OperationFault;

/// A failure of the device store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is damaged or is no database: set it aside with [`super::files::set_aside`], never delete it.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The device is full; nothing was written.
    #[error("there is no space left for the database")]
    DiskFull,
    /// Another process, or another part of this one, has the database open.
    #[error("the database is in use elsewhere")]
    InUse,
    /// A newer build wrote this file; this one must not touch it.
    #[error("{store} has schema version {found}, this build knows versions up to {known}: update the app")]
    NewerSchema {
        /// `master` or `work`.
        store: &'static str,
        /// The version found.
        found: usize,
        /// The newest version known.
        known: usize,
    },
    /// The file is a database, but of another kind.
    #[error("the file is not a {store} database (application id {found:#x})")]
    OtherKind {
        /// What was expected: `master` or `work`.
        store: &'static str,
        /// The application id found.
        found: i32,
    },
    /// The platform did not grant the journal mode that durability rests on.
    #[error("the database cannot use journal mode {wanted}, it stays in {found}")]
    JournalMode {
        /// What was asked for.
        wanted: &'static str,
        /// What the database answered.
        found: String,
    },
    /// The work database, or the pulled page, is another user's.
    #[error("this belongs to user {found}, not to {expected}")]
    OtherUser {
        /// Whose store this is.
        expected: UserId,
        /// Whose it turned out to be.
        found: UserId,
    },
    /// The operation was made for another installation of the database.
    #[error("the operation names incarnation {found}, this database is {expected}")]
    OtherIncarnation {
        /// This database's.
        expected: Incarnation,
        /// The operation's.
        found: Incarnation,
    },
    /// The operation id was recorded before, with other content.
    #[error("operation {0} was recorded before with other content")]
    OperationIdReused(OperationId),
    /// The inspection was sealed before by another operation.
    #[error("inspection {0} was sealed before")]
    InspectionExists(InspectionId),
    /// The operation cannot be encoded, so it could never be sent.
    #[error(transparent)]
    Operation(#[from] OperationFault),
    /// The pulled packs contradict each other.
    #[error(transparent)]
    Policies(#[from] BookError),
    /// A stored value does not have the form this build expects.
    #[error("stored {what} cannot be read: {reason}")]
    Unreadable {
        /// What was being read.
        what: &'static str,
        /// Why it could not be.
        reason: String,
    },
    /// A file operation failed.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Any other failure of SQLite.
    #[error("SQLite: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::InUse,
            _ => Self::Sqlite(error),
        }
    }
}

impl StoreError {
    pub(super) fn unreadable(what: &'static str, reason: impl ToString) -> Self {
        Self::Unreadable { what, reason: reason.to_string() }
    }
}
