//! The snapshot of a device's register (快照): a file in parts, resumed where it stopped.
//!
//! Whose it is, the access token says: no address leads to anybody else's. The entity tag is the SHA-256 of the file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use actix_web::body::SizedStream;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, ContentEncoding, ETAG, EntityTag, Header, IfMatch, IfRange,
    Range,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get, web};
use futures::stream;
use sync_core::wire::problem::ProblemKind;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::PullChanges;
use crate::problem::ApiError;
use crate::services::sync::build_snapshot::{known_snapshot, snapshot_for};
use crate::state::AppState;

/// Bytes that are read from the file at a time (128 KiB).
const READ_BYTES: u64 = 128 * 1024;

/// What the file is; its compression is its own and not the transfer's.
const MEDIA_TYPE: &str = "application/vnd.lantian.register+zstd";

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(snapshot);
}

/// The register of the own scope as one file: SQLite, zstd. `ETag` is its SHA-256; `Range` with `If-Match` (or
/// `If-Range`) resumes. It reaches up to some change; pull what came after from the cursor in it.
#[utoipa::path(
    tag = "sync",
    security(("device" = [])),
    params(
        ("Range" = Option<String>, Header, description = "One range of bytes."),
        ("If-Match" = Option<String>, Header, description = "The tag of the file that was begun: another one is `snapshot_changed`."),
        ("If-Range" = Option<String>, Header, description = "The same: another one is sent whole."),
    ),
    responses(
        (status = 200, description = "The file.", content_type = "application/vnd.lantian.register+zstd"),
        (status = 206, description = "The range asked for.", content_type = "application/vnd.lantian.register+zstd"),
    )
)]
#[get("/api/v1/sync/snapshot")]
async fn snapshot(
    actor: Authorised<PullChanges>,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let state = state.into_inner();
    let must_be = match IfMatch::parse(&request) {
        Ok(IfMatch::Items(tags)) if !tags.is_empty() => tags.into_iter().next(),
        Ok(IfMatch::Any | IfMatch::Items(_)) | Err(_) => None,
    };
    let may_be = match IfRange::parse(&request) {
        Ok(IfRange::EntityTag(tag)) => Some(tag),
        Ok(IfRange::Date(_)) | Err(_) => None,
    };
    let begun = must_be.as_ref().or(may_be.as_ref());
    let known = match begun {
        Some(tag) => known_snapshot(&state, &actor, tag.tag()).await?,
        None => None,
    };
    let resumes = known.is_some();
    let file = match known {
        Some(known) => known,
        None if must_be.is_some() => return Err(ProblemKind::SnapshotChanged.into()),
        None => snapshot_for(&state, &actor).await?,
    };
    let mut source = state.snapshots.read(&file).map_err(ApiError::internal)?;
    let length = source.metadata().map_err(ApiError::internal)?.len();
    let range = Range::parse(&request).ok().filter(|_| begun.is_none() || resumes);
    let range = match range {
        None => None,
        Some(range) => Some(one_range(&range, length).ok_or(ProblemKind::RangeNotSatisfiable)?),
    };
    let (mut response, first, last) = match range {
        None => (HttpResponse::Ok(), 0, length.saturating_sub(1)),
        Some((first, last)) => {
            let mut response = HttpResponse::PartialContent();
            response.insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{length}")));
            (response, first, last)
        }
    };
    source.seek(SeekFrom::Start(first)).map_err(ApiError::internal)?;
    let size = last.saturating_sub(first).saturating_add(1).min(length);
    Ok(response
        .content_type(MEDIA_TYPE)
        .insert_header((ETAG, EntityTag::new_strong(file.sha256).to_string()))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((CACHE_CONTROL, "private, no-transform"))
        .insert_header(ContentEncoding::Identity)
        .body(SizedStream::new(size, parts(source, size))))
}

/// The first and last byte of the only range asked for.
fn one_range(range: &Range, length: u64) -> Option<(u64, u64)> {
    let Range::Bytes(ranges) = range else { return None };
    match ranges.as_slice() {
        [only] => only.to_satisfiable_range(length),
        _ => None,
    }
}

/// So many bytes of the file from where it stands, a piece at a time.
fn parts(source: File, size: u64) -> impl futures::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold((source, size), |(mut source, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::new();
            source.by_ref().take(left.min(READ_BYTES)).read_to_end(&mut piece)?;
            Ok::<_, std::io::Error>((source, piece))
        });
        let (source, piece) = read.await.map_err(std::io::Error::other)??;
        if piece.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let read = u64::try_from(piece.len()).unwrap_or(left);
        Ok(Some((Bytes::from(piece), (source, left.saturating_sub(read)))))
    })
}
