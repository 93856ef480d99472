//! Begins an upload (上传): its first bytes, where they come along, and then its row, in one statement.
//!
//! Invariants: the bytes are on the disk before there is a row that tells of them. A failure leaves nothing but perhaps
//! a file without a row, which sweeping clears once it is old. Where it is not known whether the row was written, the
//! file stays.

use actix_web::web::Bytes;
use sync_core::ids::{PhotoHash, UploadId};

use crate::auth::actor::{Actor, Via};
use crate::db::uploads::{self, Begun, NewUpload, Upload, Verdict};
use crate::photos::limits::{OPEN_UPLOADS_PER_USER, UPLOAD_LIFETIME_SECONDS};
use crate::photos::part_files::UploadKey;
use crate::problem::ApiError;
use crate::state::AppState;

/// What became of the wish to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// An upload that stands after its first bytes, or, for a content the server keeps already, verified at its end.
    Upload(Upload),
    /// The server keeps this content, and it has another length.
    LengthDiffers,
    /// The first bytes go beyond the declared length.
    TooLong,
    /// The user has [`OPEN_UPLOADS_PER_USER`] open ones.
    TooMany,
}

/// Creates an upload of `length` bytes that are to become the photo, with its first bytes, which may be none or all. A
/// content that was refused may come again.
///
/// # Errors
/// Faults of the database and the file system; then there is no upload.
pub async fn create_upload(
    state: &AppState,
    actor: &Actor,
    sha256: PhotoHash,
    length: u64,
    first: Bytes,
) -> Result<Created, ApiError> {
    let received = u64::try_from(first.len()).unwrap_or(u64::MAX);
    if received > length {
        return Ok(Created::TooLong);
    }
    let now = state.clock.now();
    let upload = Upload {
        key: UploadKey { district: actor.district.clone(), upload_id: UploadId::fresh() },
        user_id: actor.user_id,
        sha256,
        length,
        received,
        expires_at: now.plus_seconds(UPLOAD_LIFETIME_SECONDS),
        verdict: None,
    };
    let device_id = match actor.via {
        Via::Device { device_id, .. } => Some(device_id),
        Via::Session { .. } => None,
    };
    let new = NewUpload { upload, device_id, created_at: now, open_max: OPEN_UPLOADS_PER_USER };
    let with_bytes = !first.is_empty();
    if with_bytes {
        let written = state.photos.uploads.append(&new.upload.key, 0, first).await;
        written.map_err(ApiError::internal)?;
    }
    let begun = uploads::begin(&mut *state.connection().await?, &new).await?;
    if with_bytes && begun != Begun::AsWished {
        state.photos.uploads.remove(&new.upload.key).await.map_err(ApiError::internal)?;
    }
    let upload = new.upload;
    Ok(match begun {
        Begun::AsWished => {
            if upload.awaits_verdict() {
                state.photos.verdicts.wake();
            }
            Created::Upload(upload)
        }
        Begun::Kept => {
            Created::Upload(Upload { received: length, verdict: Some(Verdict::Verified), ..upload })
        }
        Begun::LengthDiffers => Created::LengthDiffers,
        Begun::TooMany => Created::TooMany,
    })
}
