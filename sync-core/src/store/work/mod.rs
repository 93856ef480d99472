//! `work.db`: what one user recorded on one device, and how far the server has it.
//!
//! Invariants: every local write is one transaction of rows and an outbox operation; an operation's bytes are made
//! once and never again; what became of it is learned by its id only; nothing leaves before the server has
//! acknowledged it **and** a backup has it. This file is never replaced and never deleted.

mod drafts;
mod field_records;
mod inspections;
mod outbox;
mod overlays;
mod photos;
mod record;
mod rounds;
mod settle;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

pub use drafts::Draft;
pub use field_records::OwnFieldRecord;
pub use inspections::{OwnInspection, OwnVisit};
pub use outbox::{OperationState, OutboxEntry, OutboxOperation};
pub use overlays::Overlay;
pub use photos::{PhotoState, QueuedPhoto, Upload};
pub use settle::Settled;

use super::columns::Parsed;
use super::error::StoreError;
use super::schema::{self, Check};
use crate::ids::{Epoch, Incarnation, UserId};

/// The store of one user's own work on this device.
#[derive(Debug)]
pub struct WorkStore {
    connection: Connection,
    user: UserId,
    incarnation: Incarnation,
}

/// How much work there is, for display. Only `acknowledged` counts as done: refused work never does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkCounts {
    /// Operations that the server has not answered for yet.
    pub waiting: u64,
    /// Operations that wait for something the server misses.
    pub held: u64,
    /// Operations the server stored and did not apply.
    pub refused: u64,
    /// Of these, inspections that were corrected since: nothing is to be done about them.
    pub refused_corrected: u64,
    /// Operations the server keeps for an administrator, because the device was revoked.
    pub quarantined: u64,
    /// Operations the server applied.
    pub acknowledged: u64,
    /// Photos that are not sent to their end.
    pub photos_waiting: u64,
    /// Photos that the server has whole and has not judged yet.
    pub photos_unjudged: u64,
    /// Photos the server refused.
    pub photos_refused: u64,
    /// Drafts.
    pub drafts: u64,
}

impl WorkStore {
    /// Opens the user's work database. A new file is given to `user` and gets `incarnation`; an old one keeps its
    /// own.
    ///
    /// # Errors
    /// [`StoreError::OtherUser`] when the file is somebody else's, and those of opening: [`StoreError::Corrupt`],
    /// [`StoreError::NewerSchema`], [`StoreError::OtherKind`], [`StoreError::JournalMode`].
    pub fn open(path: &Path, user: UserId, incarnation: Incarnation) -> Result<Self, StoreError> {
        let connection = schema::WORK.open(path, Check::Whole)?;
        connection.execute(
            "INSERT INTO identity (one, user_id, incarnation) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING",
            [user.to_string(), incarnation.to_string()],
        )?;
        let store = Self::of(connection)?;
        if store.user == user {
            Ok(store)
        } else {
            Err(StoreError::OtherUser { expected: user, found: store.user })
        }
    }

    /// Opens an existing work database as whoever's it is: for an administrator who recovers it, and to show how
    /// much of a colleague's work waits.
    ///
    /// # Errors
    /// Those of [`Self::open`]; [`StoreError::Unreadable`] when the file belongs to nobody.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        Self::of(schema::WORK.open(path, Check::Whole)?)
    }

    fn of(connection: Connection) -> Result<Self, StoreError> {
        let (user, incarnation) = connection
            .query_row("SELECT user_id, incarnation FROM identity", [], |row| {
                Ok((row.get::<_, Parsed<UserId>>(0)?.0, row.get::<_, Parsed<Incarnation>>(1)?.0))
            })
            .optional()?
            .ok_or_else(|| StoreError::unreadable("identity", "the work database belongs to nobody"))?;
        Ok(Self { connection, user, incarnation })
    }

    /// Whose work this is.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// This installation of the database; operations must name it.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Starts a new installation with its own numbering, after the server said that this database was copied or
    /// restored. What waits keeps its bytes.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn renew_incarnation(&mut self, incarnation: Incarnation) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE identity SET incarnation = ?1, last_device_seq = 0",
            [incarnation.to_string()],
        )?;
        self.incarnation = incarnation;
        Ok(())
    }

    /// The server epoch last seen; `None` before the first answer.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn epoch(&self) -> Result<Option<Epoch>, StoreError> {
        let epoch = self.connection.query_row("SELECT epoch FROM identity", [], |row| {
            row.get::<_, Option<Parsed<Epoch>>>(0).map(|epoch| epoch.map(|parsed| parsed.0))
        })?;
        Ok(epoch)
    }

    /// How much work there is.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn counts(&self) -> Result<WorkCounts, StoreError> {
        let counts = self.connection.query_row(
            "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'held'),
                    count(*) FILTER (WHERE state = 'refused'), count(*) FILTER (WHERE state = 'applied'),
                    count(*) FILTER (WHERE state = 'quarantined'),
                    (SELECT count(*) FROM photo WHERE state = 'waiting' AND (upload_url IS NULL OR upload_offset < size)),
                    (SELECT count(*) FROM photo WHERE state = 'waiting' AND upload_url IS NOT NULL AND upload_offset = size),
                    (SELECT count(*) FROM photo WHERE state = 'refused'),
                    (SELECT count(*) FROM draft),
                    count(*) FILTER (WHERE state = 'refused' AND EXISTS (
                        SELECT 1 FROM inspection AS i JOIN inspection AS n ON n.replaces = i.inspection_id
                        WHERE i.op_id = operation.op_id))
             FROM operation",
            [],
            |row| {
                Ok(WorkCounts {
                    waiting: row.get(0)?,
                    held: row.get(1)?,
                    refused: row.get(2)?,
                    acknowledged: row.get(3)?,
                    quarantined: row.get(4)?,
                    photos_waiting: row.get(5)?,
                    photos_unjudged: row.get(6)?,
                    photos_refused: row.get(7)?,
                    drafts: row.get(8)?,
                    refused_corrected: row.get(9)?,
                })
            },
        )?;
        Ok(counts)
    }

    fn transaction(&mut self) -> Result<rusqlite::Transaction<'_>, StoreError> {
        Ok(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}
