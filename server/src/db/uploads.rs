//! Rows of `uploads` (上传任务): how far each resumable upload is, and what was found out about it.
//!
//! Invariants: `received` is what is durable in the part file, written while the row is locked or before it is there; a
//! verdict is written once and stays until the upload expires.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::ids::{DeviceId, PhotoHash, UploadId, UserId};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::uploads;
use crate::db::statement::statement;
use crate::db::types::{StoredValueError, Time, stored};
use crate::photos::limits::BATCH_ROWS;
use crate::photos::part_files::UploadKey;
use crate::problem::ApiError;

/// A stored upload.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = uploads, check_for_backend(diesel::pg::Pg))]
struct UploadRow {
    district: String,
    upload_id: Uuid,
    user_id: Uuid,
    sha256: String,
    length: i64,
    received: i64,
    expires_at: Time,
    finished_at: Option<Time>,
    refusal: Option<String>,
}

/// What was found out about the bytes of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The photo is kept.
    Verified,
    /// The content is refused with this problem; `photo_hash_mismatch` where it is not the one announced.
    Refused(ProblemKind),
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Which.
    pub key: UploadKey,
    /// Whose.
    pub user_id: UserId,
    /// The photo it is to become.
    pub sha256: PhotoHash,
    /// Bytes in all.
    pub length: u64,
    /// Bytes that are durable.
    pub received: u64,
    /// When it is removed.
    pub expires_at: Instant,
    /// What was found out, once it was.
    pub verdict: Option<Verdict>,
}

impl Upload {
    /// Whether all bytes are here.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.received == self.length
    }

    /// Whether all bytes are here and nobody has judged them yet.
    #[must_use]
    pub const fn awaits_verdict(&self) -> bool {
        self.is_complete() && self.verdict.is_none()
    }
}

impl TryFrom<UploadRow> for Upload {
    type Error = StoredValueError;

    fn try_from(row: UploadRow) -> Result<Self, StoredValueError> {
        Ok(Self {
            key: key(&row.district, row.upload_id)?,
            user_id: UserId(row.user_id),
            sha256: stored("uploads.sha256", &row.sha256)?,
            // A check keeps 0 ≤ received ≤ length.
            length: row.length.unsigned_abs(),
            received: row.received.unsigned_abs(),
            expires_at: row.expires_at.0,
            verdict: row.finished_at.map(|_| verdict_of(row.refusal.as_deref())),
        })
    }
}

/// The verdict on a finished upload. A code that this build does not know is some refusal of the content.
fn verdict_of(refusal: Option<&str>) -> Verdict {
    refusal.map_or(Verdict::Verified, |code| {
        Verdict::Refused(ProblemKind::from_code(code).unwrap_or(ProblemKind::PhotoNotAnImage))
    })
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

/// An upload to begin.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The upload as it is to stand.
    pub upload: Upload,
    /// By which device, if by one.
    pub device_id: Option<DeviceId>,
    /// When it begins.
    pub created_at: Instant,
    /// How many open uploads the user may have.
    pub open_max: i64,
}

/// What became of the wish to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The row is written as wished.
    AsWished,
    /// The content is kept already: the row is written as one that is verified and stands at its end.
    Kept,
    /// The content is kept, and it has another length; nothing is written.
    LengthDiffers,
    /// The user has too many open uploads; nothing is written.
    TooMany,
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Nullable<BigInt>)]
    kept: Option<i64>,
    #[diesel(sql_type = BigInt)]
    open: i64,
}

/// Writes the row of a new upload, unless the content is kept or the user has too many open ones: in one statement,
/// for a photo's acknowledgement waits for it.
///
/// # Errors
/// Faults of the database.
pub async fn begin(conn: &mut Connection, new: &NewUpload) -> Result<Begun, ApiError> {
    let upload = &new.upload;
    let length = column(upload.length);
    let known: Known = statement(
        "WITH known AS (
             SELECT (SELECT size FROM photos WHERE district = $1 AND sha256 = $5 AND state = 'verified') AS kept,
                    (SELECT count(*) FROM uploads
                     WHERE district = $1 AND user_id = $3 AND received < length) AS open
         ), begun AS (
             INSERT INTO uploads (district, upload_id, user_id, device_id, sha256, length, received,
                                  created_at, expires_at, finished_at)
             SELECT $1, $2, $3, $4, $5, $6, coalesce(kept, $7), $8, $9, CASE WHEN kept IS NOT NULL THEN $8 END
             FROM known WHERE coalesce(kept = $6, open < $10)
         )
         SELECT kept, open FROM known",
    )
    .bind::<Text, _>(upload.key.district.as_str())
    .bind::<SqlUuid, _>(upload.key.upload_id.0)
    .bind::<SqlUuid, _>(upload.user_id.0)
    .bind::<Nullable<SqlUuid>, _>(new.device_id.map(|device| device.0))
    .bind::<Text, _>(upload.sha256.as_str())
    .bind::<BigInt, _>(length)
    .bind::<BigInt, _>(column(upload.received))
    .bind::<Timestamptz, _>(Time(new.created_at))
    .bind::<Timestamptz, _>(Time(upload.expires_at))
    .bind::<BigInt, _>(new.open_max)
    .get_result(conn)
    .await?;
    Ok(match known.kept {
        Some(size) if size == length => Begun::Kept,
        Some(_) => Begun::LengthDiffers,
        None if known.open >= new.open_max => Begun::TooMany,
        None => Begun::AsWished,
    })
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

/// Writes the verdict, unless there is one; whether there was none.
///
/// # Errors
/// Faults of the database.
pub async fn finish(
    conn: &mut Connection,
    key: &UploadKey,
    verdict: Verdict,
    now: Instant,
) -> Result<bool, ApiError> {
    let refusal = match verdict {
        Verdict::Verified => None,
        Verdict::Refused(problem) => Some(problem.code()),
    };
    let unfinished = uploads::table.filter(row!(key).and(uploads::finished_at.is_null()));
    let finished = (uploads::finished_at.eq(Time(now)), uploads::refusal.eq(refusal));
    Ok(diesel::update(unfinished).set(finished).execute(conn).await? > 0)
}

/// Removes it, unless it is finished; whether it was there.
///
/// # Errors
/// Faults of the database.
pub async fn remove_unfinished(conn: &mut Connection, key: &UploadKey) -> Result<bool, ApiError> {
    let unfinished = uploads::table.filter(row!(key).and(uploads::finished_at.is_null()));
    Ok(diesel::delete(unfinished).execute(conn).await? > 0)
}

/// The verdict on it, where it is there and has one.
///
/// # Errors
/// Faults of the database.
pub async fn verdict(conn: &mut Connection, key: &UploadKey) -> Result<Option<Verdict>, ApiError> {
    let refusal: Option<Option<String>> = uploads::table
        .filter(row!(key).and(uploads::finished_at.is_not_null()))
        .select(uploads::refusal)
        .first(conn)
        .await
        .optional()?;
    Ok(refusal.map(|code| verdict_of(code.as_deref())))
}

macro_rules! unjudged {
    () => {
        uploads::finished_at.is_null().and(uploads::received.eq(uploads::length))
    };
}

/// How many uploads have all their bytes and no verdict.
///
/// # Errors
/// Faults of the database.
pub async fn count_unjudged(conn: &mut Connection) -> Result<i64, ApiError> {
    Ok(uploads::table.filter(unjudged!()).count().get_result(conn).await?)
}

/// Some uploads of any district whose bytes are all here and that nobody judged: those after `after`, in order of
/// their ids.
///
/// # Errors
/// Faults of the database.
pub async fn next_unjudged(conn: &mut Connection, after: UploadId) -> Result<Vec<Upload>, ApiError> {
    let rows: Vec<UploadRow> = uploads::table
        .filter(unjudged!())
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
    let expired =
        uploads::table.filter(uploads::expires_at.le(Time(now))).filter(diesel::dsl::not(unjudged!()));
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
