//! Uploads of photos by tus 1.0.0 (断点续传), with creation, creation-with-upload, checksum and expiration: any tus client
//! can use them.
//!
//! An answer to a chunk is written after its bytes are durable, and waits for nothing else: the verdict on the photo is
//! given in the background, or at once to whoever asks with `HEAD`. Beyond the protocol, `Lantian-Photo` in an answer
//! is that verdict: `verified` says that the server keeps the whole photo and that its hash holds, so that the sender
//! needs its own copy for nothing more; any other value is the code of the problem it was refused with. Work on a chunk
//! once received is not given up when the sender is gone.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::Bytes;
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, head, options, patch, post, web,
};
use sync_core::ids::UserId;
use sync_core::limits::{PHOTO_MAX_BYTES, UPLOAD_CHUNK_BYTES};
use sync_core::wire::problem::ProblemKind;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use utoipa_actix_web::scope::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::UploadPhoto;
use crate::db::uploads::{self, Upload, Verdict};
use crate::photos::chunk_body::{ChunkBody, Piece, PieceEnd};
use crate::photos::limits::{PIECE_MAX_BYTES, PIECE_TIME_LIMIT};
use crate::photos::part_files::UploadKey;
use crate::photos::tus::{self, ChunkChecksum};
use crate::problem::ApiError;
use crate::services::append_chunk::{Appended, append_chunk};
use crate::services::create_upload::{Created, create_upload};
use crate::services::finish_upload::finish_upload;
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

/// Begins an upload, with its first bytes where the request carries them: a small photo needs no other request. For a
/// content that the server keeps already it stands at its end.
#[utoipa::path(
    tag = "photos",
    security(("device" = []), ("session" = [])),
    params(
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Length" = u64, Header, description = "Bytes of the photo."),
        ("Upload-Metadata" = String, Header, description = "`sha256` and the base64 of the 64 lower hex digits."),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha256` or `sha1` and the base64 of the digest."),
    ),
    request_body(
        content = [u8],
        content_type = "application/offset+octet-stream",
        description = "The first bytes, at most 256 KiB; none with another content type.",
    ),
    responses((status = 201, description = "It is at `Location`; `Upload-Offset` is how much of it is durable.")),
)]
#[post("")]
async fn create(
    actor: Authorised<UploadPhoto>,
    state: web::Data<AppState>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    tus::check_version(request.headers())?;
    let length = tus::upload_length(request.headers())?;
    let sha256 = tus::photo_hash(request.headers())?;
    let (first, memory) = if request.content_type() == tus::CHUNK_MEDIA_TYPE {
        let mut receiver = Receiver::new(&state, &request, payload, UPLOAD_CHUNK_BYTES)?;
        let (piece, memory) = receiver.next().await?;
        match piece.end {
            PieceEnd::Complete => (piece.bytes, Some(memory)),
            PieceEnd::Full => return Err(ProblemKind::PayloadTooLarge.into()),
            // Nobody would learn where an upload with half a beginning is.
            PieceEnd::Cut => return Err(cut()),
        }
    } else {
        (Bytes::new(), None)
    };

    // A task of its own: a sender that is gone must not end it between file and row.
    let creating = actix_web::rt::spawn(async move {
        let created = create_upload(&state, &actor, sha256, length, first).await;
        drop(memory);
        created
    });
    let upload = match creating.await.map_err(ApiError::internal)?? {
        Created::Upload(upload) => upload,
        Created::LengthDiffers => {
            return Err(ApiError::new(ProblemKind::PhotoHashMismatch).field(tus::UPLOAD_LENGTH.as_str()));
        }
        Created::TooLong => return Err(too_long()),
        Created::TooMany => return Err(ProblemKind::RateLimited.into()),
    };
    let location = format!("{UPLOADS}/{}", upload.key.upload_id);
    Ok(standing(HttpResponse::Created(), &upload)?.insert_header((LOCATION, location)).finish())
}

/// How much of the upload is durable; of a complete one, the verdict on the photo.
#[utoipa::path(
    tag = "photos",
    security(("device" = []), ("session" = [])),
    params(("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((
        status = 200,
        description = "`Upload-Offset` and `Upload-Length`; at the end `Lantian-Photo`, which has the verdict too where \
                       the answer is a refusal.",
    )),
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
        upload = actix_web::rt::spawn(judge(state, upload)).await.map_err(ApiError::internal)??;
    }
    Ok(standing(HttpResponse::Ok(), &upload)?
        .insert_header((tus::UPLOAD_LENGTH, upload.length))
        .insert_header((tus::UPLOAD_METADATA, tus::metadata(&upload.sha256)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish())
}

/// Appends bytes at the offset where the upload stands.
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
    let key = key(&actor, upload_id)?;
    let mut receiver = Receiver::new(&state, request, payload, PIECE_MAX_BYTES)?;
    // A device's chunk is received before its row is looked at, a long body not in vain.
    if receiver.expects_more_than(UPLOAD_CHUNK_BYTES) {
        let stands_at = find(&state, &key, actor.user_id).await?.received;
        if stands_at != offset {
            return Err(offset_differs(stands_at));
        }
    }

    loop {
        let (piece, memory) = receiver.next().await?;
        let (state, key, user) = (state.clone(), key.clone(), actor.user_id);
        // A task of its own: a sender that is gone must not end it between file and row.
        let appending = actix_web::rt::spawn(async move {
            let appended = append_chunk(&state, &key, user, offset, piece.bytes).await;
            drop(memory);
            durable(appended?)
        });
        let upload = appending.await.map_err(ApiError::internal)??;
        match piece.end {
            PieceEnd::Full => offset = upload.received,
            PieceEnd::Complete => return Ok(standing(HttpResponse::NoContent(), &upload)?.finish()),
            PieceEnd::Cut => return Err(cut()),
        }
    }
}

/// Receives a body piece by piece, within the memory there is for chunks, and checks it where it has a checksum.
struct Receiver {
    state: web::Data<AppState>,
    checksum: Option<ChunkChecksum>,
    /// Bytes that the body declares.
    declared: Option<usize>,
    body: ChunkBody,
    piece_max: usize,
}

impl Receiver {
    fn new(
        state: &web::Data<AppState>,
        request: &HttpRequest,
        payload: web::Payload,
        piece_max: usize,
    ) -> Result<Self, ApiError> {
        let headers = request.headers();
        Ok(Self {
            state: state.clone(),
            checksum: ChunkChecksum::of(headers)?,
            declared: headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()),
            body: ChunkBody::new(payload),
            piece_max,
        })
    }

    fn expects_more_than(&self, bytes: usize) -> bool {
        self.declared.is_none_or(|declared| declared > bytes)
    }

    /// The next piece, with the memory it takes. One with a checksum is whole and has it.
    async fn next(&mut self) -> Result<(Piece, OwnedSemaphorePermit), ApiError> {
        // Memory is taken before the bytes come; what the body declares bounds what it can need.
        let reserved = self.declared.unwrap_or(self.piece_max).min(self.piece_max);
        let permits = u32::try_from(reserved).unwrap_or(u32::MAX);
        let memory = self.state.photos.chunk_memory.clone().acquire_many_owned(permits);
        let memory = timeout(PIECE_TIME_LIMIT, memory).await;
        let memory = memory.map_err(ApiError::unavailable)?.map_err(ApiError::internal)?;
        let piece = self.body.next_piece(reserved, self.piece_max, PIECE_TIME_LIMIT).await;
        if let Some(checksum) = &self.checksum {
            match piece.end {
                PieceEnd::Full => return Err(ProblemKind::PayloadTooLarge.into()),
                PieceEnd::Cut => return Err(cut()),
                PieceEnd::Complete if !checksum.matches(&piece.bytes) => {
                    return Err(ProblemKind::UploadChecksumMismatch.into());
                }
                PieceEnd::Complete => {}
            }
        }
        Ok((piece, memory))
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
        Appended::TooLong => Err(too_long()),
        Appended::Unknown | Appended::Lost => Err(ProblemKind::UploadUnknown.into()),
    }
}

async fn judge(state: web::Data<AppState>, upload: Upload) -> Result<Upload, ApiError> {
    let verdict = finish_upload(&state, &upload).await?.ok_or(ProblemKind::UploadUnknown)?;
    Ok(Upload { verdict: Some(verdict), ..upload })
}

fn offset_differs(stands_at: u64) -> ApiError {
    ApiError::new(ProblemKind::UploadOffsetMismatch)
        .field(tus::UPLOAD_OFFSET.as_str())
        .header(tus::UPLOAD_OFFSET, HeaderValue::from(stands_at))
}

fn cut() -> ApiError {
    ApiError::new(ProblemKind::MalformedRequest).detail("the body was cut off or came too slowly")
}

fn too_long() -> ApiError {
    ApiError::new(ProblemKind::PayloadTooLarge).field(tus::UPLOAD_LENGTH.as_str())
}

/// The headers that say where an upload stands; the problem, where its photo was refused.
fn standing(mut response: HttpResponseBuilder, upload: &Upload) -> Result<HttpResponseBuilder, ApiError> {
    response.insert_header((tus::UPLOAD_OFFSET, upload.received));
    match upload.verdict {
        Some(Verdict::Verified) => {
            response.insert_header((tus::LANTIAN_PHOTO, tus::VERIFIED));
        }
        Some(Verdict::Refused(problem)) => {
            let code = HeaderValue::from_static(problem.code());
            return Err(ApiError::new(problem).header(tus::LANTIAN_PHOTO, code));
        }
        None if upload.is_complete() => {}
        None => {
            response.insert_header((tus::UPLOAD_EXPIRES, tus::http_date(upload.expires_at)));
        }
    }
    Ok(response)
}
