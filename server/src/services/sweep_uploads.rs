//! Clears what uploads left behind (清理): after a crash, and when they expire.
//!
//! What can be left, and what becomes of it:
//! - an upload with all its bytes and no verdict: it is judged, so that an original published just before a crash gets
//!   its row. That row is the only way to an original without one, for the upload stays until its verdict commits;
//! - an expired upload: its row goes, then its file;
//! - a file whose upload is gone or finished: it goes. A row appears before its file, so a file seen here without a row
//!   has none any more;
//! - a row whose file is gone: the next append or verdict notices and removes it.
//!
//! Must not: remove anything of the store. Several processes may sweep at the same time.

use std::collections::HashSet;

use sync_core::ids::UploadId;
use uuid::Uuid;

use crate::db::uploads;
use crate::problem::ApiError;
use crate::services::finish_upload::finish_upload;
use crate::state::AppState;

/// Clears everything that is there to be cleared.
///
/// # Errors
/// Faults of the database, the file system and the store.
pub async fn sweep_uploads(state: &AppState) -> Result<(), ApiError> {
    judge_the_complete(state).await?;
    let files = state.photos.uploads.list().await.map_err(ApiError::internal)?;
    let mut connection = state.connection().await?;
    let expired = uploads::remove_expired(&mut connection, state.clock.now()).await?;
    let unfinished = uploads::unfinished_among(&mut connection, &files).await?;
    drop(connection);
    let unfinished: HashSet<_> = unfinished.into_iter().collect();
    for leftover in files.iter().filter(|file| !unfinished.contains(file)) {
        state.photos.uploads.remove(leftover).await.map_err(ApiError::internal)?;
        tracing::info!(upload = %leftover, "the file of an upload that is over is removed");
    }
    if expired > 0 {
        tracing::info!(expired, "uploads have expired");
    }
    Ok(())
}

async fn judge_the_complete(state: &AppState) -> Result<(), ApiError> {
    let mut after = UploadId(Uuid::nil());
    loop {
        let complete = uploads::awaiting_verdict(&mut *state.connection().await?, after).await?;
        let Some(last) = complete.last() else { return Ok(()) };
        after = last.key.upload_id;
        for upload in &complete {
            let finished = finish_upload(state, upload).await?;
            tracing::info!(upload = %upload.key, ?finished, "an upload that awaited its verdict was judged");
        }
    }
}
