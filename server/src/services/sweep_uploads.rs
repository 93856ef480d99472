//! Clears what uploads left behind (清理): after a crash, and when they expire.
//!
//! What can be left, and what becomes of it:
//! - an upload with all its bytes and no verdict: it stays, however old, until it is judged, so that an original
//!   published just before a crash gets its row. The upload is the only way to an original without one;
//! - any other upload that has expired: its row goes, then its file;
//! - a file whose upload is gone or finished, or whose row was never written: it goes once it is old, for the first
//!   bytes are on the disk a moment before their row;
//! - a row whose file is gone: the next append or verdict notices and removes it.
//!
//! Must not: remove anything of the store. Several processes may sweep at the same time.

use std::collections::HashSet;

use crate::db::uploads;
use crate::photos::limits::LEFTOVER_AGE;
use crate::problem::ApiError;
use crate::state::AppState;

/// Clears everything that is there to be cleared.
///
/// # Errors
/// Faults of the database, the file system and the store.
pub async fn sweep_uploads(state: &AppState) -> Result<(), ApiError> {
    let files = state.photos.uploads.untouched_for(LEFTOVER_AGE).await.map_err(ApiError::internal)?;
    let mut connection = state.connection().await?;
    let expired = uploads::remove_expired(&mut connection, state.clock.now()).await?;
    let unfinished = if files.is_empty() {
        Vec::new()
    } else {
        uploads::unfinished_among(&mut connection, &files).await?
    };
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
