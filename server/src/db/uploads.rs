//! Rows of `uploads` (上传任务): how far each resumable upload is.
//!
//! Invariant: `received` is what is durable in the part file, written while the row is locked.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{DeviceId, PhotoHash, RegionCode, UploadId, UserId};
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::uploads;
use crate::db::types::{StoredValueError, Time, stored};
use crate::photos::limits::BATCH_ROWS;
use crate::photos::part_files::UploadKey;
use crate::problem::ApiError;

/// A stored upload.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = uploads, check_for_backend(diesel::pg::Pg))]
struct UploadRow {
    district: String,
    upload_id: Uuid,
    user_id: Uuid,
    device_id: Option<Uuid>,
    sha256: String,
    length: i64,
    received: i64,
    created_at: Time,
    expires_at: Time,
    finished_at: Option<Time>,
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Which.
    pub key: UploadKey,
    /// Whose.
    pub user_id: UserId,
    /// By which device, if by one.
    pub device_id: Option<DeviceId>,
    /// The photo it is to become.
    pub sha256: PhotoHash,
    /// Bytes in all.
    pub length: u64,
    /// Bytes that are durable.
    pub received: u64,
    /// When it began.
    pub created_at: Instant,
    /// When it is removed.
    pub expires_at: Instant,
    /// When its photo was verified.
    pub finished_at: Option<Instant>,
}

impl Upload {
    /// Whether all bytes are here and nobody has judged them yet.
    #[must_use]
    pub fn awaits_verdict(&self) -> bool {
        self.received == self.length && self.finished_at.is_none()
    }
}

impl TryFrom<UploadRow> for Upload {
    type Error = StoredValueError;

    fn try_from(row: UploadRow) -> Result<Self, StoredValueError> {
        Ok(Self {
            key: key(&row.district, row.upload_id)?,
            user_id: UserId(row.user_id),
            device_id: row.device_id.map(DeviceId),
            sha256: stored("uploads.sha256", &row.sha256)?,
            // A check keeps 0 ≤ received ≤ length.
            length: row.length.unsigned_abs(),
            received: row.received.unsigned_abs(),
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
            finished_at: row.finished_at.map(Instant::from),
        })
    }
}

fn key(district: &str, upload_id: Uuid) -> Result<UploadKey, StoredValueError> {
    Ok(UploadKey { district: stored("uploads.district", district)?, upload_id: UploadId(upload_id) })
}

/// Bytes as the column holds them; every length was checked against the photo limit.
fn column(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

macro_rules! row {
    ($key:expr) => {
        uploads::district.eq($key.district.as_str().to_owned()).and(uploads::upload_id.eq($key.upload_id.0))
    };
}

/// Stores a new upload.
///
/// # Errors
/// Faults of the database.
pub async fn insert(conn: &mut Connection, upload: &Upload) -> Result<(), ApiError> {
    let row = UploadRow {
        district: upload.key.district.as_str().to_owned(),
        upload_id: upload.key.upload_id.0,
        user_id: upload.user_id.0,
        device_id: upload.device_id.map(|device| device.0),
        sha256: upload.sha256.as_str().to_owned(),
        length: column(upload.length),
        received: column(upload.received),
        created_at: Time(upload.created_at),
        expires_at: Time(upload.expires_at),
        finished_at: upload.finished_at.map(Time),
    };
    diesel::insert_into(uploads::table).values(row).execute(conn).await?;
    Ok(())
}

/// How many uploads of the user are unfinished.
///
/// # Errors
/// Faults of the database.
pub async fn count_unfinished(
    conn: &mut Connection,
    district: &RegionCode,
    user: UserId,
) -> Result<i64, ApiError> {
    let unfinished = uploads::table
        .filter(uploads::district.eq(district.as_str()))
        .filter(uploads::user_id.eq(user.0))
        .filter(uploads::finished_at.is_null());
    Ok(unfinished.count().get_result(conn).await?)
}

/// The user's upload, unless it has expired.
///
/// # Errors
/// Faults of the database.
pub async fn find(
    conn: &mut Connection,
    key: &UploadKey,
    user: UserId,
    now: Instant,
) -> Result<Option<Upload>, ApiError> {
    let row: Option<UploadRow> = uploads::table
        .filter(row!(key).and(uploads::user_id.eq(user.0)).and(uploads::expires_at.gt(Time(now))))
        .select(UploadRow::as_select())
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(Upload::try_from).transpose()?)
}

/// As [`find`], and keeps everybody else from appending until the transaction ends.
///
/// # Errors
/// Faults of the database.
pub async fn lock(
    conn: &mut Connection,
    key: &UploadKey,
    user: UserId,
    now: Instant,
) -> Result<Option<Upload>, ApiError> {
    let row: Option<UploadRow> = uploads::table
        .filter(row!(key).and(uploads::user_id.eq(user.0)).and(uploads::expires_at.gt(Time(now))))
        .select(UploadRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(Upload::try_from).transpose()?)
}

/// Writes how far it is. The row is locked.
///
/// # Errors
/// Faults of the database.
pub async fn set_received(
    conn: &mut Connection,
    key: &UploadKey,
    received: u64,
    expires_at: Instant,
) -> Result<(), ApiError> {
    diesel::update(uploads::table.filter(row!(key)))
        .set((uploads::received.eq(column(received)), uploads::expires_at.eq(Time(expires_at))))
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes that its photo is verified; whether there was something to write.
///
/// # Errors
/// Faults of the database.
pub async fn finish(conn: &mut Connection, key: &UploadKey, now: Instant) -> Result<bool, ApiError> {
    let unfinished = uploads::table.filter(row!(key).and(uploads::finished_at.is_null()));
    let rows = diesel::update(unfinished).set(uploads::finished_at.eq(Time(now))).execute(conn).await?;
    Ok(rows > 0)
}

/// Removes it, unless it is finished; whether it was there.
///
/// # Errors
/// Faults of the database.
pub async fn remove_unfinished(conn: &mut Connection, key: &UploadKey) -> Result<bool, ApiError> {
    let unfinished = uploads::table.filter(row!(key).and(uploads::finished_at.is_null()));
    Ok(diesel::delete(unfinished).execute(conn).await? > 0)
}

/// Whether it is there and finished.
///
/// # Errors
/// Faults of the database.
pub async fn is_finished(conn: &mut Connection, key: &UploadKey) -> Result<bool, ApiError> {
    let finished = uploads::table.filter(row!(key).and(uploads::finished_at.is_not_null()));
    Ok(diesel::select(diesel::dsl::exists(finished)).get_result(conn).await?)
}

/// Some uploads of any district whose bytes are all here, though nobody judged them: a process ended in between.
/// Those after `after`, in order of their ids.
///
/// # Errors
/// Faults of the database.
pub async fn awaiting_verdict(conn: &mut Connection, after: UploadId) -> Result<Vec<Upload>, ApiError> {
    let rows: Vec<UploadRow> = uploads::table
        .filter(uploads::finished_at.is_null())
        .filter(uploads::received.eq(uploads::length))
        .filter(uploads::upload_id.gt(after.0))
        .order(uploads::upload_id)
        .limit(BATCH_ROWS)
        .select(UploadRow::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(Upload::try_from).collect::<Result<_, _>>()?)
}

/// Removes the uploads of any district that have expired, except those that await their verdict.
///
/// # Errors
/// Faults of the database.
pub async fn remove_expired(conn: &mut Connection, now: Instant) -> Result<usize, ApiError> {
    let unjudged = uploads::finished_at.is_null().and(uploads::received.eq(uploads::length));
    let expired = uploads::table.filter(uploads::expires_at.le(Time(now))).filter(diesel::dsl::not(unjudged));
    Ok(diesel::delete(expired).execute(conn).await?)
}

/// Which of these uploads are unfinished.
///
/// # Errors
/// Faults of the database.
pub async fn unfinished_among(conn: &mut Connection, keys: &[UploadKey]) -> Result<Vec<UploadKey>, ApiError> {
    let rows: Vec<(String, Uuid)> = uploads::table
        .filter(uploads::district.eq_any(keys.iter().map(|key| key.district.as_str())))
        .filter(uploads::upload_id.eq_any(keys.iter().map(|key| key.upload_id.0)))
        .filter(uploads::finished_at.is_null())
        .select((uploads::district, uploads::upload_id))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|(district, id)| key(&district, id)).collect::<Result<_, _>>()?)
}
