//! Appends bytes to an upload (续传): lock the row, compare the offset, write and fsync the file, then the row.
//!
//! Invariants: an offset is acknowledged only when its bytes are on the disk; of two appends at one offset one wins.
//! A crash between file and row leaves a file that is too long, and the next append cuts it. The acknowledgement of the
//! last bytes waits for no verdict; it asks for one.

use actix_web::web::Bytes;
use diesel_async::AsyncConnection;
use sync_core::ids::UserId;

use crate::db::uploads::{self, Upload};
use crate::photos::limits::UPLOAD_LIFETIME_SECONDS;
use crate::photos::part_files::{self, UploadKey};
use crate::problem::ApiError;
use crate::state::AppState;

/// What became of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// They are durable; the upload as it stands now.
    Durable(Upload),
    /// The upload stands elsewhere, at this offset.
    OffsetDiffers(u64),
    /// They go beyond the declared length.
    TooLong,
    /// There is no such upload of this user, or it has expired.
    Unknown,
    /// The disk lost bytes that were acknowledged: the upload is removed and must begin again.
    Lost,
}

/// Appends `bytes` at `offset`.
///
/// # Errors
/// Faults of the database and the file system; then the offset acknowledged last still stands.
pub async fn append_chunk(
    state: &AppState,
    key: &UploadKey,
    user: UserId,
    offset: u64,
    bytes: Bytes,
) -> Result<Appended, ApiError> {
    let mut connection = state.connection().await?;
    let now = state.clock.now();
    let appended = connection
        .transaction(async |conn| {
            let Some(mut upload) = uploads::lock(conn, key, user, now).await? else {
                return Ok::<_, ApiError>(Appended::Unknown);
            };
            if upload.received != offset {
                return Ok(Appended::OffsetDiffers(upload.received));
            }
            let received = offset.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            if received > upload.length {
                return Ok(Appended::TooLong);
            }
            if bytes.is_empty() {
                return Ok(Appended::Durable(upload));
            }
            match state.photos.uploads.append(key, offset, bytes).await.map_err(ApiError::internal)? {
                part_files::Appended::Durable => {}
                part_files::Appended::Lost => {
                    uploads::remove_unfinished(conn, key).await?;
                    return Ok(Appended::Lost);
                }
            }
            upload.received = received;
            upload.expires_at = now.plus_seconds(UPLOAD_LIFETIME_SECONDS);
            uploads::set_received(conn, key, received, upload.expires_at).await?;
            Ok(Appended::Durable(upload))
        })
        .await?;
    if appended == Appended::Lost {
        tracing::error!(upload = %key, "acknowledged bytes of an upload are gone from the disk; it begins again");
        state.photos.uploads.remove(key).await.map_err(ApiError::internal)?;
    }
    if let Appended::Durable(upload) = &appended
        && upload.awaits_verdict()
    {
        state.photos.verdicts.wake();
    }
    Ok(appended)
}
