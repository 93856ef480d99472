//! Photos as they are looked at (照片): the untouched original, its thumbnails, and the stamped copies of inspections.
//!
//! Whoever may see an inspection may see its photos; of any other photo nobody learns whether it exists. What is served
//! never changes under its address, so it is cached for good, by the asking browser alone.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, EntityTag, Header, IfNoneMatch, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get, web};
use serde::Deserialize;
use sync_core::ids::{InspectionId, PhotoHash};
use sync_core::wire::problem::ProblemKind;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::ReadPhotos;
use crate::db::photos::{self, StampState};
use crate::photos::photo_store::PhotoObject;
use crate::photos::picture::{PictureFormat, ThumbnailSize};
use crate::problem::ApiError;
use crate::services::derive_thumbnail::derive_thumbnail;
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(photo).service(stamped);
}

/// Which form of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum PhotoForm {
    /// The untouched original (原图).
    Original,
    /// A thumbnail for a case's page.
    Page,
    /// A thumbnail for lists.
    List,
}

/// A photo: the original, or an upright thumbnail as JPEG.
#[utoipa::path(
    tag = "photos",
    security(("device" = []), ("session" = [])),
    params(("sha256" = PhotoHash, Path), ("form" = inline(PhotoForm), Path)),
    responses((status = 200, description = "The picture.", content_type = "image/*"), (status = 304, description = "As known.")),
)]
#[get("/api/v1/photos/{sha256}/{form}")]
async fn photo(
    actor: Authorised<ReadPhotos>,
    state: web::Data<AppState>,
    path: web::Path<(String, PhotoForm)>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (hash, form) = path.into_inner();
    let hash: PhotoHash = hash.parse().map_err(|_| ProblemKind::PhotoUnknown)?;
    let original_type = photos::visible_media_type(&mut *state.connection().await?, &actor, &hash).await?;
    let original_type = original_type.ok_or(ProblemKind::PhotoUnknown)?;
    let jpeg = PictureFormat::Jpeg.media_type();
    let (object, media_type, tag) = match form {
        PhotoForm::Original => (PhotoObject::Original(&hash), original_type.as_str(), hash.to_string()),
        PhotoForm::Page => (PhotoObject::Thumbnail(&hash, ThumbnailSize::Page), jpeg, format!("{hash}-page")),
        PhotoForm::List => (PhotoObject::Thumbnail(&hash, ThumbnailSize::List), jpeg, format!("{hash}-list")),
    };
    serve(&state, &actor, &request, object, media_type, tag).await
}

/// The stamped copy (水印) of an inspection's photo, counted from 0 in its manifest. While it is pending there is none.
#[utoipa::path(
    tag = "photos",
    security(("device" = []), ("session" = [])),
    params(("inspection_id" = InspectionId, Path), ("ordinal" = i32, Path)),
    responses((status = 200, description = "A JPEG.", content_type = "image/jpeg"), (status = 304, description = "As known.")),
)]
#[get("/api/v1/inspections/{inspection_id}/photos/{ordinal}/stamped")]
async fn stamped(
    actor: Authorised<ReadPhotos>,
    state: web::Data<AppState>,
    path: web::Path<(InspectionId, i32)>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (inspection, ordinal) = path.into_inner();
    match photos::visible_stamp(&mut *state.connection().await?, &actor, inspection, ordinal).await? {
        None => return Err(ProblemKind::PhotoUnknown.into()),
        Some(StampState::Pending) => {
            return Err(ApiError::new(ProblemKind::PhotoUnknown).detail("the stamped copy is pending"));
        }
        Some(StampState::Made) => {}
    }
    let object = PhotoObject::Stamped(inspection, ordinal);
    let jpeg = PictureFormat::Jpeg.media_type();
    serve(&state, &actor, &request, object, jpeg, format!("{inspection}-{ordinal}")).await
}

async fn serve(
    state: &AppState,
    actor: &Authorised<ReadPhotos>,
    request: &HttpRequest,
    object: PhotoObject<'_>,
    media_type: &str,
    tag: String,
) -> Result<HttpResponse, ApiError> {
    let tag = EntityTag::new_strong(tag);
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    if is_known {
        return Ok(cached(HttpResponse::NotModified(), &tag).finish());
    }
    let bytes = match object {
        PhotoObject::Thumbnail(hash, size) => derive_thumbnail(state, &actor.district, hash, size).await?,
        kept => state.photos.store.get(&actor.district, kept).await.map_err(ApiError::internal)?,
    };
    // A picture and nothing else, whatever a browser makes of its bytes.
    Ok(cached(HttpResponse::Ok(), &tag)
        .content_type(media_type)
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .body(bytes))
}

fn cached(mut response: HttpResponseBuilder, tag: &EntityTag) -> HttpResponseBuilder {
    response.insert_header((ETAG, tag.to_string()));
    response.insert_header((CACHE_CONTROL, "private, max-age=31536000, immutable"));
    response
}
