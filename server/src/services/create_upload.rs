//! Begins an upload (上传): a row; the file comes with the first bytes.

use sync_core::ids::{PhotoHash, UploadId};

use crate::auth::actor::{Actor, Via};
use crate::db::uploads::{self, Upload};
use crate::db::{Connection, photos};
use crate::photos::limits::{OPEN_UPLOADS_PER_USER, UPLOAD_LIFETIME_SECONDS};
use crate::photos::part_files::UploadKey;
use crate::problem::ApiError;
use crate::state::AppState;

/// What became of the wish to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// An upload that stands at its beginning, or, for a content the server keeps already, finished at its end.
    Upload(Upload),
    /// The server keeps this content, and it has another length.
    LengthDiffers,
    /// The user has [`OPEN_UPLOADS_PER_USER`] unfinished ones.
    TooMany,
}

/// Creates an upload of `length` bytes that are to become the photo. A content that was refused may come again.
///
/// # Errors
/// Faults of the database.
pub async fn create_upload(
    state: &AppState,
    actor: &Actor,
    sha256: PhotoHash,
    length: u64,
) -> Result<Created, ApiError> {
    let conn: &mut Connection = &mut *state.connection().await?;
    let now = state.clock.now();
    let kept = photos::verified_size(conn, &actor.district, &sha256).await?;
    if kept.is_some_and(|size| size != length) {
        return Ok(Created::LengthDiffers);
    }
    if kept.is_none()
        && uploads::count_unfinished(conn, &actor.district, actor.user_id).await? >= OPEN_UPLOADS_PER_USER
    {
        return Ok(Created::TooMany);
    }
    let upload = Upload {
        key: UploadKey { district: actor.district.clone(), upload_id: UploadId::fresh() },
        user_id: actor.user_id,
        device_id: match actor.via {
            Via::Device { device_id, .. } => Some(device_id),
            Via::Session { .. } => None,
        },
        sha256,
        length,
        received: kept.unwrap_or(0),
        created_at: now,
        expires_at: now.plus_seconds(UPLOAD_LIFETIME_SECONDS),
        finished_at: kept.map(|_| now),
    };
    uploads::insert(conn, &upload).await?;
    Ok(Created::Upload(upload))
}
