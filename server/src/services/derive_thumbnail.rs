//! Derives a thumbnail (缩略图) that is not kept, as after a restore, whose backup has originals only.

use actix_web::web::Bytes;
use sync_core::ids::{PhotoHash, RegionCode};

use crate::photos::photo_store::PhotoObject;
use crate::photos::picture::{Picture, ThumbnailSize};
use crate::problem::ApiError;
use crate::state::AppState;

/// The thumbnail of a verified photo, made from its original and kept where there is none yet.
///
/// # Errors
/// Faults of the store; `internal_error` where the original cannot be read any more.
pub async fn derive_thumbnail(
    state: &AppState,
    district: &RegionCode,
    photo: &PhotoHash,
    size: ThumbnailSize,
) -> Result<Bytes, ApiError> {
    let store = &state.photos.store;
    let copy = PhotoObject::Thumbnail(photo, size);
    match store.get(district, copy).await {
        Err(object_store::Error::NotFound { .. }) => {}
        kept => return kept.map_err(ApiError::internal),
    }
    let original = store.get(district, PhotoObject::Original(photo)).await.map_err(ApiError::internal)?;
    let worker = state.photos.image_workers.free().await.map_err(ApiError::internal)?;
    let deriving = worker.run(move || {
        let picture = Picture::open(&original).map_err(ApiError::internal)?;
        picture.thumbnail(size).map_err(ApiError::internal)
    });
    let thumbnail = deriving.await.map_err(ApiError::internal)??;
    store.put_copy(district, copy, thumbnail.clone()).await.map_err(ApiError::internal)?;
    Ok(thumbnail.into())
}
