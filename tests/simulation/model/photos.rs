//! Photos: tus creation with first bytes, where an upload stands, chunks with checksums, and the verdict by the hash.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use sync_core::engine::{HttpRequest, HttpResponse};
use sync_core::ids::PhotoHash;
use sync_core::model::case::ReviewState;
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::entity;

use super::{Model, NewLog, Upload, problem};
use crate::cast::Enrolled;

const UPLOADS: &str = "/api/v1/photos/uploads";

impl Model {
    pub(super) fn create_upload(&mut self, device: &Enrolled, request: &HttpRequest) -> HttpResponse {
        let Some((sha256, length)) = asked_for(request) else {
            return problem(ProblemKind::MalformedRequest);
        };
        if !fits_checksum(request) {
            return HttpResponse { status: 460, headers: Vec::new(), body: Vec::new() };
        }
        let path = format!("{UPLOADS}/{}", self.dice.id(self.now));
        let there = self.state.photos.contains(&sha256);
        let bytes = if there { vec![0; length] } else { request.body.clone() };
        let upload = Upload { sha256, length, bytes, user: device.user_id };
        let mut answer = stands_at(201, upload.bytes.len());
        answer.headers.push(("Location".to_owned(), path.clone()));
        if there {
            answer.headers.push(verified());
            // Who brings what another device brought must hear of it too.
            self.log(vec![NewLog::of_user(entity::PHOTO, &upload.sha256, device.user_id)]);
        }
        self.state.uploads.insert(path, upload);
        answer
    }

    /// Tells where an upload stands; one that is whole is judged first.
    pub(super) fn tell_upload(&mut self, path: &str) -> HttpResponse {
        let Some(upload) = self.state.uploads.get(path).cloned() else {
            return problem(ProblemKind::UploadUnknown);
        };
        if upload.bytes.len() < upload.length {
            return stands_at(200, upload.bytes.len());
        }
        let known = self.state.photos.contains(&upload.sha256);
        if !known && PhotoHash::of(&upload.bytes) != upload.sha256 {
            return problem(ProblemKind::PhotoHashMismatch);
        }
        self.verify(&upload);
        let mut answer = stands_at(200, upload.length);
        answer.headers.push(verified());
        answer
    }

    pub(super) fn append(&mut self, path: &str, request: &HttpRequest) -> HttpResponse {
        let Some(upload) = self.state.uploads.get_mut(path) else {
            return problem(ProblemKind::UploadUnknown);
        };
        let offset: Option<usize> =
            request.header_value("Upload-Offset").and_then(|value| value.parse().ok());
        if offset != Some(upload.bytes.len()) || upload.bytes.len() + request.body.len() > upload.length {
            return problem(ProblemKind::UploadOffsetMismatch);
        }
        if !fits_checksum(request) {
            return HttpResponse { status: 460, headers: Vec::new(), body: Vec::new() };
        }
        upload.bytes.extend_from_slice(&request.body);
        stands_at(204, upload.bytes.len())
    }

    /// The verdict on some uploads that are whole, as the real server's background gives it when it comes round.
    pub(super) fn judge_uploads(&mut self) {
        let whole: Vec<Upload> = self
            .state
            .uploads
            .values()
            .filter(|upload| upload.bytes.len() == upload.length)
            .cloned()
            .collect();
        for upload in whole {
            if PhotoHash::of(&upload.bytes) == upload.sha256 && self.dice.happens(500) {
                self.verify(&upload);
            }
        }
    }

    fn verify(&mut self, upload: &Upload) {
        if !self.state.photos.insert(upload.sha256.clone()) {
            return;
        }
        let mut changes = vec![NewLog::of_user(entity::PHOTO, &upload.sha256, upload.user)];
        for case in self.state.cases.values_mut() {
            let lacks = case.evidence.missing_of(|photo| self.state.photos.contains(photo)) > 0;
            if case.row.review_state == ReviewState::AwaitingEvidence && !lacks {
                case.row.review_state = ReviewState::UnderReview;
                case.row.version += 1;
                changes.push(NewLog::of_case(&case.row, Some(case.row.grid.clone())));
            }
        }
        self.log(changes);
    }
}

fn asked_for(request: &HttpRequest) -> Option<(PhotoHash, usize)> {
    let length = request.header_value("Upload-Length")?.parse().ok()?;
    let metadata = request.header_value("Upload-Metadata")?.strip_prefix("sha256 ")?;
    let digest = String::from_utf8(STANDARD.decode(metadata).ok()?).ok()?;
    Some((digest.parse().ok()?, length))
}

fn fits_checksum(request: &HttpRequest) -> bool {
    let told = request.header_value("Upload-Checksum").and_then(|value| value.strip_prefix("sha256 "));
    told.is_none_or(|told| told == STANDARD.encode(Sha256::digest(&request.body)))
}

fn stands_at(status: u16, offset: usize) -> HttpResponse {
    let headers = vec![("Upload-Offset".to_owned(), offset.to_string())];
    HttpResponse { status, headers, body: Vec::new() }
}

fn verified() -> (String, String) {
    ("Lantian-Photo".to_owned(), "verified".to_owned())
}
