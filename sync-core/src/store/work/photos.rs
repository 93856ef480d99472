//! The photo queue (照片队列): which originals to upload, how far each is, and when its file may go.
//!
//! Invariant: a local original may be deleted only after the server has verified its hash, a backup reaches past
//! that moment, and no draft names it (invariant 3 of the design).

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};

use super::WorkStore;
use crate::ids::PhotoHash;
use crate::store::columns::{Json, Millis, Parsed, id_list};
use crate::store::error::StoreError;
use crate::time::Instant;
use crate::wire::pull::PhotoRow;
use crate::wire::push::Rejection;

/// A resumable upload in progress (tus 1.0.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Where it was created.
    pub url: String,
    /// Bytes the server has acknowledged.
    pub offset: u64,
}

/// A photo to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedPhoto {
    /// Its place in the queue, to ask for the next one after it.
    pub position: i64,
    /// Which.
    pub sha256: PhotoHash,
    /// Size of the original in bytes.
    pub size: u64,
    /// The upload to resume, if one was begun.
    pub upload: Option<Upload>,
}

/// How a photo stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhotoState {
    /// Not judged yet (待上传、待核验).
    Waiting {
        /// The upload to resume, if one was begun.
        upload: Option<Upload>,
    },
    /// The server has it and its hash is right (已核验).
    Verified {
        /// The server's clock when the device learned it.
        at: Instant,
    },
    /// The server will not have it (被拒绝).
    Refused(Rejection),
}

impl WorkStore {
    /// The first waiting photo after this place in the queue (`None`: from its head), so that one that fails now
    /// blocks none behind it.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn next_photo(&self, after: Option<i64>) -> Result<Option<QueuedPhoto>, StoreError> {
        self.queued(
            "SELECT upload_url, upload_offset, position, sha256, size FROM photo
             WHERE state = 'waiting' AND position > ?1 ORDER BY position LIMIT 1",
            after,
        )
    }

    /// The first photo after this place in the queue that the server has whole and has not judged yet.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn next_unjudged_photo(&self, after: Option<i64>) -> Result<Option<QueuedPhoto>, StoreError> {
        self.queued(
            "SELECT upload_url, upload_offset, position, sha256, size FROM photo
             WHERE state = 'waiting' AND upload_url IS NOT NULL AND upload_offset = size AND position > ?1
             ORDER BY position LIMIT 1",
            after,
        )
    }

    fn queued(&self, sql: &str, after: Option<i64>) -> Result<Option<QueuedPhoto>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let photo = statement
            .query_row([after.unwrap_or(0)], |row| {
                Ok(QueuedPhoto {
                    upload: read_upload(row)?,
                    position: row.get(2)?,
                    sha256: row.get::<_, Parsed<_>>(3)?.0,
                    size: row.get(4)?,
                })
            })
            .optional()?;
        Ok(photo)
    }

    /// Notes how far an upload is; `None` when the server does not know it any more and it starts over.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases, also for an offset past the photo's end.
    pub fn photo_progress(&mut self, photo: &PhotoHash, upload: Option<&Upload>) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE photo SET upload_url = ?2, upload_offset = ?3 WHERE sha256 = ?1 AND state = 'waiting'",
            params![photo.as_str(), upload.map(|u| &u.url), upload.map_or(0, |u| u.offset)],
        )?;
        Ok(())
    }

    /// Notes what became of a photo: verified, or refused with a reason. Verified is final.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn photo_settled(&mut self, photo: &PhotoRow, server_time: Instant) -> Result<(), StoreError> {
        self.photos_settled(std::slice::from_ref(photo), server_time)
    }

    /// The same for several. `server_time` is the server's clock **after** it judged them: a backup that reaches past it
    /// has them.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn photos_settled(&mut self, photos: &[PhotoRow], server_time: Instant) -> Result<(), StoreError> {
        if photos.is_empty() {
            return Ok(());
        }
        let transaction = self.transaction()?;
        super::settle::settle_photos(&transaction, photos, server_time)?;
        transaction.commit()?;
        Ok(())
    }

    /// How a photo stands; `None` for one that no sealed inspection names.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn photo_state(&self, photo: &PhotoHash) -> Result<Option<PhotoState>, StoreError> {
        Ok(self.photo_states(std::slice::from_ref(photo))?.remove(photo))
    }

    /// How these photos stand; those that no sealed inspection names are left out.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn photo_states(&self, photos: &[PhotoHash]) -> Result<BTreeMap<PhotoHash, PhotoState>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT upload_url, upload_offset, refusal, verified_at, sha256 FROM photo
             WHERE sha256 IN (SELECT value FROM json_each(?1))",
        )?;
        let states = statement.query_map([id_list(photos)], |row| {
            let refusal: Option<Json<Rejection>> = row.get(2)?;
            let verified_at: Option<Millis> = row.get(3)?;
            let state = match (refusal, verified_at) {
                (Some(Json(refusal)), _) => PhotoState::Refused(refusal),
                (None, Some(Millis(at))) => PhotoState::Verified { at },
                (None, None) => PhotoState::Waiting { upload: read_upload(row)? },
            };
            Ok((row.get::<_, Parsed<_>>(4)?.0, state))
        })?;
        Ok(states.collect::<Result<_, _>>()?)
    }

    /// The photos whose local originals may be deleted, in the order they were sealed.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn originals_that_may_go(&self) -> Result<Vec<PhotoHash>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT photo.sha256 FROM photo JOIN identity ON photo.verified_at <= identity.backed_up_through
             WHERE NOT EXISTS (SELECT 1 FROM draft WHERE instr(draft.json, photo.sha256) > 0)
             ORDER BY photo.position",
        )?;
        let photos = statement.query_map([], |row| Ok(row.get::<_, Parsed<_>>(0)?.0))?;
        Ok(photos.collect::<Result<_, _>>()?)
    }

    /// Of these originals those that nothing here names: no photo that was ever sealed, no draft, no own inspection or field
    /// record, no operation that is kept as it was sent. They were taken away again before anything was sealed.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn unnamed_originals(&self, here: &[PhotoHash]) -> Result<Vec<PhotoHash>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT here.value FROM json_each(?1) AS here
             WHERE NOT EXISTS (SELECT 1 FROM photo WHERE sha256 = here.value)
               AND NOT EXISTS (SELECT 1 FROM draft WHERE instr(json, here.value) > 0)
               AND NOT EXISTS (SELECT 1 FROM inspection WHERE instr(json, here.value) > 0)
               AND NOT EXISTS (SELECT 1 FROM field_record WHERE instr(json, here.value) > 0)
               AND NOT EXISTS (SELECT 1 FROM operation WHERE instr(CAST(bytes AS TEXT), here.value) > 0)",
        )?;
        let photos = statement.query_map([id_list(here)], |row| Ok(row.get::<_, Parsed<_>>(0)?.0))?;
        Ok(photos.collect::<Result<_, _>>()?)
    }

    /// Whether this user's work cannot do without the local original: queued and not yet in a backup, or in a draft.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn needs_original(&self, photo: &PhotoHash) -> Result<bool, StoreError> {
        let is_named = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM photo WHERE sha256 = ?1)
                 OR EXISTS (SELECT 1 FROM draft WHERE instr(draft.json, ?1) > 0)",
            [photo.as_str()],
            |row| row.get::<_, bool>(0),
        )?;
        Ok(is_named && !self.photo_may_go(photo)?)
    }

    /// Whether the local original may be deleted.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn photo_may_go(&self, photo: &PhotoHash) -> Result<bool, StoreError> {
        let may_go = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM photo JOIN identity ON photo.verified_at <= identity.backed_up_through
                            WHERE photo.sha256 = ?1)
                AND NOT EXISTS (SELECT 1 FROM draft WHERE instr(draft.json, ?1) > 0)",
            [photo.as_str()],
            |row| row.get(0),
        )?;
        Ok(may_go)
    }
}

/// Reads the upload from the columns `upload_url, upload_offset`, which must come first.
fn read_upload(row: &Row<'_>) -> rusqlite::Result<Option<Upload>> {
    let url: Option<String> = row.get(0)?;
    let offset = row.get(1)?;
    Ok(url.map(|url| Upload { url, offset }))
}
