//! Gives the verdicts that uploads await (校验队列): those just acknowledged, and those a process left behind that ended.
//!
//! The queue is the table, so nothing is lost with a process, and memory is bounded by the image workers. Another
//! process that judges the same upload changes nothing. One upload that cannot be judged now holds up no other; it is
//! told in the log and tried again with the next round.

use futures::StreamExt;
use futures::stream;
use sync_core::ids::UploadId;
use uuid::Uuid;

use crate::db::uploads;
use crate::problem::ApiError;
use crate::services::finish_upload::finish_upload;
use crate::state::AppState;

/// Judges everything that awaits a verdict, as many at a time as there are image workers, and counts what still does.
///
/// # Errors
/// Faults of the database when looking for them.
pub async fn judge_uploads(state: &AppState) -> Result<(), ApiError> {
    let mut after = UploadId(Uuid::nil());
    loop {
        let mut connection = state.connection().await?;
        let unjudged = uploads::next_unjudged(&mut connection, after).await?;
        let Some(last) = unjudged.last() else {
            state.metrics.photos_unjudged(uploads::count_unjudged(&mut connection).await?);
            return Ok(());
        };
        drop(connection);
        after = last.key.upload_id;
        stream::iter(&unjudged)
            .for_each_concurrent(state.config.image_workers, async |upload| {
                if let Err(error) = finish_upload(state, upload).await {
                    tracing::error!(upload = %upload.key, %error, "an upload could not be judged");
                }
            })
            .await;
    }
}
