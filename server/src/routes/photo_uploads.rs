//! Uploads of photos by tus 1.0.0 (断点续传), with creation, checksum and expiration: any tus client can use them.
//!
//! Beyond the protocol, `Lantian-Photo: verified` in an answer says that the server keeps the whole photo and that its
//! hash holds; the sender needs its own copy for nothing more. An answer to a chunk is written after its bytes are
//! durable, and work on a chunk once received is not given up when the sender is gone.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::middleware::{Next, from_fn};
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, head, options, patch, post, web,
};
use sync_core::ids::UserId;
use sync_core::limits::PHOTO_MAX_BYTES;
use sync_core::wire::problem::ProblemKind;
use tokio::time::timeout;
use utoipa_actix_web::scope::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::UploadPhoto;
use crate::db::uploads::{self, Upload};
use crate::photos::chunk_body::{ChunkBody, PieceEnd};
use crate::photos::limits::{PIECE_MAX_BYTES, PIECE_TIME_LIMIT};
use crate::photos::part_files::UploadKey;
use crate::photos::tus::{self, ChunkChecksum};
use crate::problem::ApiError;
use crate::services::append_chunk::{Appended, append_chunk};
use crate::services::create_upload::{Created, create_upload};
use crate::services::finish_upload::{Finished, finish_upload};
use crate::state::AppState;

/// Where uploads are.
const UPLOADS: &str = "/api/v1/photos/uploads";

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(
        scope(UPLOADS)
            .wrap(from_fn(speak_tus))
            .service(describe)
            .service(create)
            .service(stand)
            .service(append)
            .service(append_by_post),
    );
}

/// Names the version in every answer, also in problems.
async fn speak_tus<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let version = HeaderValue::from_static(tus::VERSION);
    let name_version =
        |error: &actix_web::Error| ApiError::of(error).header(tus::TUS_RESUMABLE, version.clone());
    let mut response = next.call(request).await.map_err(|error| name_version(&error))?;
    let problem = response.response().error().map(name_version);
    Ok(match problem {
        Some(problem) => response.into_response(HttpResponse::from_error(problem)).map_into_right_body(),
        None => {
            response.headers_mut().insert(tus::TUS_RESUMABLE, version);
            response.map_into_left_body()
        }
    })
}

/// What the server speaks.
#[utoipa::path(
    tag = "photos",
    security(("device" = []), ("session" = [])),
    responses((status = 204, description = "Version, extensions and limits.")),
)]
#[options("")]
async fn describe(_: Authorised<UploadPhoto>) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((tus::TUS_VERSION, tus::VERSION))
        .insert_header((tus::TUS_EXTENSION, tus::EXTENSIONS))
        .insert_header((tus::TUS_MAX_SIZE, PHOTO_MAX_BYTES))
        .insert_header((tus::TUS_CHECKSUM_ALGORITHM, tus::CHECKSUM_ALGORITHMS))
        .finish()
}

/// Begins an upload. For a content that the server keeps already it stands at its end.
#[utoipa::path(
    tag = "photos",
    security(("device" = []), ("session" = [])),
    params(
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Length" = u64, Header, description = "Bytes of the photo."),
        ("Upload-Metadata" = String, Header, description = "`sha256` and the base64 of the 64 lower hex digits."),
    ),
    responses((status = 201, description = "It is at `Location`.")),
)]
#[post("")]
async fn create(
    actor: Authorised<UploadPhoto>,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    tus::check_version(request.headers())?;
    let length = tus::upload_length(request.headers())?;
    let sha256 = tus::photo_hash(request.headers())?;
    let upload = match create_upload(&state, &actor, sha256, length).await? {
        Created::Upload(upload) => upload,
        Created::LengthDiffers => {
            return Err(ApiError::new(ProblemKind::PhotoHashMismatch).field(tus::UPLOAD_LENGTH.as_str()));
        }
        Created::TooMany => return Err(ProblemKind::RateLimited.into()),
    };
    let location = format!("{UPLOADS}/{}", upload.key.upload_id);
    Ok(standing(HttpResponse::Created(), &upload).insert_header((LOCATION, location)).finish())
}

/// How much of the upload is durable.
#[utoipa::path(
    tag = "photos",
    security(("device" = []), ("session" = [])),
    params(("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 200, description = "`Upload-Offset` and `Upload-Length`.")),
)]
#[head("/{upload_id}")]
async fn stand(
    actor: Authorised<UploadPhoto>,
    state: web::Data<AppState>,
    upload_id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    tus::check_version(request.headers())?;
    let key = key(&actor, &upload_id)?;
    let mut upload = find(&state, &key, actor.user_id).await?;
    if upload.awaits_verdict() {
        // The process that received the last byte ended before its verdict.
        upload = actix_web::rt::spawn(judge(state, upload)).await.map_err(ApiError::internal)??;
    }
    Ok(standing(HttpResponse::Ok(), &upload)
        .insert_header((tus::UPLOAD_LENGTH, upload.length))
        .insert_header((tus::UPLOAD_METADATA, tus::metadata(&upload.sha256)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish())
}

/// Appends bytes at the offset where the upload stands. The last ones bring the verdict on the photo.
#[utoipa::path(
    tag = "photos",
    security(("device" = []), ("session" = [])),
    params(
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Offset" = u64, Header, description = "Where the upload stands."),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha256` or `sha1` and the base64 of the digest."),
    ),
    request_body(content = [u8], content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "The bytes are durable; `Upload-Offset` is where it stands now.")),
)]
#[patch("/{upload_id}")]
async fn append(
    actor: Authorised<UploadPhoto>,
    state: web::Data<AppState>,
    upload_id: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    receive(actor, state, &upload_id, &request, payload).await
}

/// Appends as `PATCH` does, for clients that can only `POST`: with `X-HTTP-Method-Override: PATCH`.
#[utoipa::path(
    tag = "photos",
    security(("device" = []), ("session" = [])),
    responses((status = 204, description = "As `PATCH`.")),
)]
#[post("/{upload_id}")]
async fn append_by_post(
    actor: Authorised<UploadPhoto>,
    state: web::Data<AppState>,
    upload_id: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    if !tus::is_override(request.headers(), "PATCH") {
        return Err(ProblemKind::MethodNotAllowed.into());
    }
    receive(actor, state, &upload_id, &request, payload).await
}

async fn receive(
    actor: Authorised<UploadPhoto>,
    state: web::Data<AppState>,
    upload_id: &str,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let headers = request.headers();
    tus::check_version(headers)?;
    if request.content_type() != tus::CHUNK_MEDIA_TYPE {
        return Err(ApiError::new(ProblemKind::UnsupportedMediaType).field(CONTENT_TYPE.as_str()));
    }
    let mut offset = tus::upload_offset(headers)?;
    let checksum = ChunkChecksum::of(headers)?;
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let key = key(&actor, upload_id)?;
    let stands_at = find(&state, &key, actor.user_id).await?.received;
    if stands_at != offset {
        return Err(offset_differs(stands_at));
    }

    let mut body = ChunkBody::new(payload);
    loop {
        // Memory is taken before the bytes come; what the body declares bounds what it can need.
        let reserved = declared.unwrap_or(PIECE_MAX_BYTES).min(PIECE_MAX_BYTES);
        let permits = u32::try_from(reserved).unwrap_or(u32::MAX);
        let memory = timeout(PIECE_TIME_LIMIT, state.photos.chunk_memory.clone().acquire_many_owned(permits));
        let memory = memory.await.map_err(ApiError::unavailable)?.map_err(ApiError::internal)?;
        let piece = body.next_piece(PIECE_MAX_BYTES, PIECE_TIME_LIMIT).await;
        if let Some(checksum) = &checksum {
            match piece.end {
                PieceEnd::Full => return Err(ProblemKind::PayloadTooLarge.into()),
                PieceEnd::Cut => return Err(cut()),
                PieceEnd::Complete if !checksum.matches(&piece.bytes) => {
                    return Err(ProblemKind::UploadChecksumMismatch.into());
                }
                PieceEnd::Complete => {}
            }
        }

        let (state, key, user) = (state.clone(), key.clone(), actor.user_id);
        // A task of its own: a sender that is gone must not end it between file and row.
        let appending = actix_web::rt::spawn(async move {
            let appended = append_chunk(&state, &key, user, offset, piece.bytes).await;
            drop(memory);
            match durable(appended?)? {
                upload if upload.awaits_verdict() => judge(state, upload).await,
                upload => Ok(upload),
            }
        });
        let upload = appending.await.map_err(ApiError::internal)??;
        match piece.end {
            PieceEnd::Full => offset = upload.received,
            PieceEnd::Complete => return Ok(standing(HttpResponse::NoContent(), &upload).finish()),
            PieceEnd::Cut => return Err(cut()),
        }
    }
}

fn key(actor: &Authorised<UploadPhoto>, upload_id: &str) -> Result<UploadKey, ApiError> {
    let upload_id = upload_id.parse().map_err(|_| ProblemKind::UploadUnknown)?;
    Ok(UploadKey { district: actor.district.clone(), upload_id })
}

async fn find(state: &AppState, key: &UploadKey, user: UserId) -> Result<Upload, ApiError> {
    let now = state.clock.now();
    let upload = uploads::find(&mut *state.connection().await?, key, user, now).await?;
    upload.ok_or_else(|| ProblemKind::UploadUnknown.into())
}

fn durable(appended: Appended) -> Result<Upload, ApiError> {
    match appended {
        Appended::Durable(upload) => Ok(upload),
        Appended::OffsetDiffers(stands_at) => Err(offset_differs(stands_at)),
        Appended::TooLong => {
            Err(ApiError::new(ProblemKind::PayloadTooLarge).field(tus::UPLOAD_LENGTH.as_str()))
        }
        Appended::Unknown | Appended::Lost => Err(ProblemKind::UploadUnknown.into()),
    }
}

async fn judge(state: web::Data<AppState>, upload: Upload) -> Result<Upload, ApiError> {
    match finish_upload(&state, &upload).await? {
        Finished::Verified => Ok(Upload { finished_at: Some(state.clock.now()), ..upload }),
        Finished::Refused(problem) => Err(problem.into()),
        Finished::HashDiffers => Err(ProblemKind::PhotoHashMismatch.into()),
        Finished::Unknown => Err(ProblemKind::UploadUnknown.into()),
    }
}

fn offset_differs(stands_at: u64) -> ApiError {
    ApiError::new(ProblemKind::UploadOffsetMismatch)
        .field(tus::UPLOAD_OFFSET.as_str())
        .header(tus::UPLOAD_OFFSET, HeaderValue::from(stands_at))
}

fn cut() -> ApiError {
    ApiError::new(ProblemKind::MalformedRequest).detail("the body was cut off or came too slowly")
}

/// The headers that say where an upload stands.
fn standing(mut response: HttpResponseBuilder, upload: &Upload) -> HttpResponseBuilder {
    response.insert_header((tus::UPLOAD_OFFSET, upload.received));
    if upload.finished_at.is_some() {
        response.insert_header((tus::LANTIAN_PHOTO, tus::VERIFIED));
    } else {
        response.insert_header((tus::UPLOAD_EXPIRES, tus::http_date(upload.expires_at)));
    }
    response
}
