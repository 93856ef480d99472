//! Upload: one photo by tus 1.0.0 (creation, creation-with-upload, checksum), from wherever it stands.
//!
//! Invariants: the local original is never touched here; a photo counts as verified only by the server's word. An
//! upload's address outlives the round (the store keeps it), so that half a photo is never sent twice. The first chunk
//! goes with the creation; a server that ignores it stands at the beginning and gets it again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::http::{HttpRequest, HttpResponse, Method};
use crate::ids::PhotoHash;
use crate::limits;
use crate::store::{QueuedPhoto, Upload};
use crate::wire::problem::ProblemKind;
use crate::wire::push::Rejection;

/// Where uploads are created; the addresses the server gives out lie below it.
const UPLOADS: &str = "/api/v1/photos/uploads";
/// The protocol version of every tus request.
const TUS_VERSION: &str = "1.0.0";
/// Times one photo may begin again, be asked about or resent in one round before it waits for the next.
const DETOURS: u32 = 6;

/// The answer's header with the server's verdict: [`VERIFIED`] once it has the whole photo and its hash holds, else the
/// code it is refused with. The answer to a `HEAD` says it in no other way.
const VERDICT_HEADER: &str = "Lantian-Photo";
/// The verdict on a photo that the server keeps.
const VERIFIED: &str = "verified";

/// What the server may say of a photo's bytes that sending them again will not change.
const REFUSALS: [ProblemKind; 6] = [
    ProblemKind::PhotoNotAnImage,
    ProblemKind::PhotoTruncated,
    ProblemKind::PhotoTooManyPixels,
    ProblemKind::PhotoTooLarge,
    ProblemKind::PhotoUnsupportedFormat,
    ProblemKind::PhotoHashMismatch,
];

/// A photo on its way.
#[derive(Debug)]
pub(super) struct PhotoUpload {
    /// Its place in the store's queue.
    pub(super) position: i64,
    /// Which.
    pub(super) sha256: PhotoHash,
    /// Its bytes in all.
    pub(super) size: u64,
    /// The upload's path on the server, once created.
    path: Option<String>,
    /// How much the server has, once it said so.
    offset: Option<u64>,
    detours: u32,
}

/// What to ask next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NextForUpload {
    /// Create it with its first bytes.
    Create {
        /// Bytes.
        length: usize,
    },
    /// Ask where it stands.
    Ask(HttpRequest),
    /// Send the chunk from here.
    Send {
        /// First byte.
        offset: u64,
        /// Bytes.
        length: usize,
    },
    /// The server has all of it.
    Complete,
}

impl NextForUpload {
    /// The bytes of the photo that it carries: from which on, and how many.
    pub(super) const fn bytes(&self) -> Option<(u64, usize)> {
        match self {
            Self::Create { length } => Some((0, *length)),
            Self::Send { offset, length } => Some((*offset, *length)),
            Self::Ask(_) | Self::Complete => None,
        }
    }
}

/// What an answer means for the photo.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UploadProgress {
    /// Go on; the path, where it is new, is worth keeping.
    Continue,
    /// The server has all bytes and has verified them.
    Verified,
    /// The photo itself is refused for good.
    Refused(Rejection),
    /// Too many detours, or an answer that makes no sense: leave it for the next round.
    LeaveForNextRound,
}

impl PhotoUpload {
    pub(super) fn new(photo: QueuedPhoto) -> Self {
        let path = photo.upload.map(|upload| upload.url);
        Self {
            position: photo.position,
            sha256: photo.sha256,
            size: photo.size,
            path,
            offset: None,
            detours: 0,
        }
    }

    /// How far it is, for the store to keep; `None` while nothing is created.
    pub(super) fn progress(&self) -> Option<Upload> {
        let path = self.path.clone()?;
        Some(Upload { url: path, offset: self.offset.unwrap_or(0) })
    }

    /// The next request.
    pub(super) fn next(&self) -> NextForUpload {
        match (&self.path, self.offset) {
            (None, _) => NextForUpload::Create { length: chunk_of(self.size) },
            (Some(path), None) => NextForUpload::Ask(tus(Method::Head, path)),
            (Some(_), Some(offset)) if offset >= self.size => NextForUpload::Complete,
            (Some(_), Some(offset)) => NextForUpload::Send { offset, length: chunk_of(self.size - offset) },
        }
    }

    /// The request that creates the upload with its first bytes.
    pub(super) fn creation(&self, first: Vec<u8>) -> HttpRequest {
        let request = tus(Method::Post, UPLOADS)
            .header("Upload-Length", self.size.to_string())
            .header("Upload-Metadata", format!("sha256 {}", STANDARD.encode(self.sha256.as_str())));
        carrying(request, first)
    }

    /// The request that carries a chunk.
    pub(super) fn chunk(&self, offset: u64, bytes: Vec<u8>) -> HttpRequest {
        let request = tus(Method::Patch, self.path.as_deref().unwrap_or(UPLOADS))
            .header("Upload-Offset", offset.to_string());
        carrying(request, bytes)
    }

    /// Takes an answer other than 401, 429 and 5xx.
    pub(super) fn answered(&mut self, response: &HttpResponse) -> UploadProgress {
        let told = response.header_value(VERDICT_HEADER);
        if told.is_some_and(|verdict| verdict.eq_ignore_ascii_case(VERIFIED)) {
            return UploadProgress::Verified;
        }
        if let Some(kind) = REFUSALS.iter().find(|kind| told == Some(kind.code())) {
            return UploadProgress::Refused(kind.rejection(None));
        }
        match (&self.path, self.offset, response.status) {
            (None, _, 201) => self.created(response),
            (Some(_), None, 200 | 204) | (Some(_), Some(_), 204) => self.stands_at(response),
            (Some(_), _, 404 | 410) => {
                self.path = None;
                self.offset = None;
                self.detour()
            }
            (Some(_), Some(_), 409) => {
                self.offset = None;
                self.detour()
            }
            (None, _, 460) | (Some(_), Some(_), 460) => self.detour(),
            _ => match response.problem().filter(|problem| REFUSALS.iter().any(|kind| problem.is(*kind))) {
                Some(problem) => UploadProgress::Refused(problem.into()),
                None => UploadProgress::LeaveForNextRound,
            },
        }
    }

    fn created(&mut self, response: &HttpResponse) -> UploadProgress {
        let location = response.header_value("Location");
        let Some(path) = location.and_then(|address| address.find(UPLOADS).and_then(|at| address.get(at..)))
        else {
            return UploadProgress::LeaveForNextRound;
        };
        self.path = Some(path.to_owned());
        // A server that says where it stands saves the question; one that has the content stands at its end.
        self.stands_at(response)
    }

    fn stands_at(&mut self, response: &HttpResponse) -> UploadProgress {
        let stands_at = response.header_number("Upload-Offset").filter(|offset| *offset <= self.size);
        match (response.status, stands_at) {
            // A created upload about which nothing is said is asked about.
            (201, _) => self.offset = stands_at,
            // A chunk moves it forward; one that does not would never end.
            (_, Some(offset)) if self.offset.is_none_or(|before| before < offset) => {
                self.offset = Some(offset)
            }
            _ => return UploadProgress::LeaveForNextRound,
        }
        UploadProgress::Continue
    }

    const fn detour(&mut self) -> UploadProgress {
        self.detours += 1;
        if self.detours > DETOURS { UploadProgress::LeaveForNextRound } else { UploadProgress::Continue }
    }
}

/// Bytes of the next chunk when so many are left.
fn chunk_of(left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(limits::UPLOAD_CHUNK_BYTES)
}

fn carrying(request: HttpRequest, bytes: Vec<u8>) -> HttpRequest {
    let checksum = STANDARD.encode(Sha256::digest(&bytes));
    let request = request
        .header("Upload-Checksum", format!("sha256 {checksum}"))
        .header("Content-Type", "application/offset+octet-stream");
    HttpRequest { body: bytes, ..request }
}

fn tus(method: Method, path: &str) -> HttpRequest {
    HttpRequest::new(method, path).header("Tus-Resumable", TUS_VERSION)
}
