//! A server that keeps its promises, with tricks to break any single answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{HttpRequest, HttpResponse, Method, TransportError};
use crate::ids::{Epoch, OperationId, PhotoHash, UserId};
use crate::time::Instant;
use crate::wire::operation::peek_id;
use crate::wire::problem::{Problem, ProblemKind};
use crate::wire::push::{Missing, OperationResult, Outcome, PushRequest, PushResponse};

/// What goes wrong with one request.
pub(super) enum Trick {
    /// The server does not see the request.
    Unreachable,
    /// The server does what was asked; the answer is lost.
    AnswerLost,
    /// This comes back, and the server does nothing.
    Instead(HttpResponse),
}

/// Which trick is played on a request, given how often the same line was asked before.
type Tricks = dyn FnMut(&HttpRequest, usize) -> Option<Trick>;

pub(super) struct Upload {
    sha256: PhotoHash,
    length: usize,
    bytes: Vec<u8>,
}

pub(super) struct Server {
    pub(super) now: Instant,
    pub(super) token_seconds: i64,
    pub(super) user_id: Option<UserId>,
    pub(super) epoch: Epoch,
    pub(super) log: Vec<String>,
    /// What became of operations, by id.
    pub(super) stored: BTreeMap<OperationId, Outcome>,
    /// What becomes of these operations.
    pub(super) fates: BTreeMap<OperationId, Outcome>,
    /// An operation waits until the other is stored.
    pub(super) waits_for: BTreeMap<OperationId, OperationId>,
    /// No answer line for these operations, though they are stored.
    pub(super) unanswered: BTreeSet<OperationId>,
    /// Sizes of the batches pushed.
    pub(super) batches: Vec<usize>,
    /// Answers to pulls, then empty pages.
    pub(super) pages: VecDeque<serde_json::Value>,
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) photos: BTreeMap<PhotoHash, Vec<u8>>,
    /// Whether the first bytes of a photo are taken with its creation.
    pub(super) takes_first_bytes: bool,
    /// Whether a whole photo is judged when asked about; else the verdict comes by pull.
    pub(super) judges_when_asked: bool,
    /// Refuses photos with this problem.
    pub(super) refuses_photos: Option<ProblemKind>,
    /// Asked before every request.
    pub(super) trick: Box<Tricks>,
}

impl Server {
    pub(super) fn new() -> Self {
        Self {
            now: "2024-10-08T01:00:00Z".parse().unwrap(),
            token_seconds: 600,
            user_id: None,
            epoch: Epoch::fresh(),
            log: Vec::new(),
            stored: BTreeMap::new(),
            fates: BTreeMap::new(),
            waits_for: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            batches: Vec::new(),
            pages: VecDeque::new(),
            uploads: BTreeMap::new(),
            photos: BTreeMap::new(),
            takes_first_bytes: true,
            judges_when_asked: true,
            refuses_photos: None,
            trick: Box::new(|_, _| None),
        }
    }

    /// With a trick on the first `times` requests whose line begins so.
    pub(super) fn tricked(
        mut self,
        line: &'static str,
        times: usize,
        trick: impl Fn() -> Trick + 'static,
    ) -> Self {
        self.play(line, times, trick);
        self
    }

    /// Plays a trick on the next `times` requests whose line begins so, and no other any more.
    pub(super) fn play(&mut self, line: &'static str, times: usize, trick: impl Fn() -> Trick + 'static) {
        let mut left = times;
        self.trick = Box::new(move |request, _| {
            let plays = left > 0 && line_of(request).starts_with(line);
            left -= usize::from(plays);
            plays.then(&trick)
        });
    }

    pub(super) fn asked(&self, line: &str) -> usize {
        self.log.iter().filter(|logged| logged.starts_with(line)).count()
    }

    /// A page of changes, put in line.
    pub(super) fn page(&mut self, cursor: &str, more: bool, changes: serde_json::Value) {
        self.pages.push_back(json!({ "cursor": cursor, "more": more, "changes": changes }));
    }

    pub(super) fn restart(&mut self, reason: &str) {
        self.pages.push_back(json!({ "answer": "restart", "reason": reason, "epoch": self.epoch }));
    }

    pub(super) fn carry(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let line = line_of(request);
        let before = self.asked(&line);
        self.log.push(line);
        match (self.trick)(request, before) {
            Some(Trick::Unreachable) => Err(TransportError::Unreachable("no network".to_owned())),
            Some(Trick::AnswerLost) => {
                self.answer(request);
                Err(TransportError::Interrupted("connection reset".to_owned()))
            }
            Some(Trick::Instead(response)) => Ok(response),
            None => Ok(self.answer(request)),
        }
    }

    fn answer(&mut self, request: &HttpRequest) -> HttpResponse {
        let path = request.path.split('?').next().unwrap();
        match (request.method, path) {
            (Method::Post, _) if path.ends_with("/challenge") => ok(json!({
                "challenge": "prove it", "expires_at": self.now.plus_seconds(60)
            })),
            (Method::Post, _) if path.ends_with("/token") => {
                let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
                assert_eq!(body["signature"], "signed prove it");
                ok(json!({
                    "access_token": "good", "expires_at": self.now.plus_seconds(self.token_seconds), "epoch": self.epoch
                }))
            }
            _ => {
                assert_eq!(request.header_value("authorization"), Some("Bearer good"));
                match (request.method, path) {
                    (Method::Post, "/api/v1/sync/push") => self.push(request),
                    (Method::Get, "/api/v1/sync/pull") => self.pull(),
                    // It knows neither: registers come page by page, and nobody compares them.
                    (Method::Get, "/api/v1/sync/snapshot" | "/api/v1/sync/digest") => {
                        problem(ProblemKind::NotFound)
                    }
                    _ => self.tus(request),
                }
            }
        }
    }

    fn push(&mut self, request: &HttpRequest) -> HttpResponse {
        let body: PushRequest = serde_json::from_slice(&request.body).unwrap();
        assert!(body.operations.len() <= crate::limits::PUSH_MAX_OPERATIONS);
        assert!(request.body.len() <= crate::limits::PUSH_MAX_BYTES);
        self.batches.push(body.operations.len());
        let ids = body.operations.iter().map(|raw| peek_id(raw.get().as_bytes()).unwrap());
        let results: Vec<_> =
            ids.map(|op_id| OperationResult { op_id, outcome: self.apply(op_id) }).collect();
        let results = results.into_iter().filter(|result| !self.unanswered.contains(&result.op_id)).collect();
        ok(serde_json::to_value(PushResponse { results, epoch: self.epoch, server_time: self.now }).unwrap())
    }

    fn apply(&mut self, op_id: OperationId) -> Outcome {
        if let Some(before) = self.stored.get(&op_id) {
            let rejection = match before {
                Outcome::Rejected(rejection) => Some(rejection.clone()),
                _ => None,
            };
            return Outcome::Duplicate { rejection };
        }
        if let Some(awaited) = self.waits_for.get(&op_id).filter(|awaited| !self.stored.contains_key(awaited))
        {
            return Outcome::Held { missing: vec![Missing::Target(crate::ids::TargetId(awaited.0))] };
        }
        let outcome = self.fates.get(&op_id).cloned().unwrap_or(Outcome::Applied);
        self.stored.insert(op_id, outcome.clone());
        outcome
    }

    fn pull(&mut self) -> HttpResponse {
        let mut answer = self
            .pages
            .pop_front()
            .unwrap_or_else(|| json!({ "cursor": "end", "more": false, "changes": [] }));
        if answer.get("answer").is_none() {
            answer["answer"] = json!("page");
            answer["user_id"] = json!(self.user_id);
            answer["epoch"] = json!(self.epoch);
            answer["server_time"] = json!(self.now);
        }
        ok(answer)
    }

    fn tus(&mut self, request: &HttpRequest) -> HttpResponse {
        assert_eq!(request.header_value("Tus-Resumable"), Some("1.0.0"));
        if request.path == "/api/v1/photos/uploads" {
            return self.create(request);
        }
        let Some(upload) = self.uploads.get_mut(&request.path) else {
            return problem(ProblemKind::UploadUnknown);
        };
        if request.method == Method::Head {
            let mut answer = at(200, upload.bytes.len());
            if upload.bytes.len() == upload.length && self.judges_when_asked {
                let refusal = self.refuses_photos;
                answer.status = refusal.map_or(200, ProblemKind::status);
                answer.headers.push(verdict(refusal));
            }
            return answer;
        }
        if request.header_value("Upload-Offset") != Some(&upload.bytes.len().to_string()) {
            return problem(ProblemKind::UploadOffsetMismatch);
        }
        check_chunk(request);
        upload.bytes.extend_from_slice(&request.body);
        let stands_at = upload.bytes.len();
        self.keep_whole(&request.path);
        at(204, stands_at)
    }

    /// Keeps the photo of an upload that has all its bytes.
    fn keep_whole(&mut self, path: &str) {
        let upload = &self.uploads[path];
        if upload.bytes.len() == upload.length && self.refuses_photos.is_none() {
            assert_eq!(PhotoHash::of(&upload.bytes), upload.sha256);
            self.photos.insert(upload.sha256.clone(), upload.bytes.clone());
        }
    }

    fn create(&mut self, request: &HttpRequest) -> HttpResponse {
        let metadata = request.header_value("Upload-Metadata").unwrap().strip_prefix("sha256 ").unwrap();
        let sha256: PhotoHash =
            String::from_utf8(STANDARD.decode(metadata).unwrap()).unwrap().parse().unwrap();
        let length = request.header_value("Upload-Length").unwrap().parse().unwrap();
        let path = format!("/api/v1/photos/uploads/{}", self.uploads.len());
        let location = ("Location".to_owned(), format!("https://air.example{path}"));
        check_chunk(request);
        let mut answer = match self.photos.get(&sha256).cloned() {
            Some(bytes) => {
                self.uploads.insert(path.clone(), Upload { sha256, length, bytes });
                let mut answer = at(201, length);
                answer.headers.push(verdict(None));
                answer
            }
            None => {
                let bytes = if self.takes_first_bytes { request.body.clone() } else { Vec::new() };
                let stands_at = bytes.len();
                self.uploads.insert(path.clone(), Upload { sha256, length, bytes });
                self.keep_whole(&path);
                at(201, stands_at)
            }
        };
        answer.headers.push(location);
        answer
    }
}

fn check_chunk(request: &HttpRequest) {
    assert_eq!(request.header_value("Content-Type"), Some("application/offset+octet-stream"));
    let checksum = format!("sha256 {}", STANDARD.encode(Sha256::digest(&request.body)));
    assert_eq!(request.header_value("Upload-Checksum"), Some(checksum.as_str()));
    assert!((1..=crate::limits::UPLOAD_CHUNK_BYTES).contains(&request.body.len()));
}

fn verdict(refusal: Option<ProblemKind>) -> (String, String) {
    let verdict = refusal.map_or("verified", ProblemKind::code);
    ("lantian-photo".to_owned(), verdict.to_owned())
}

pub(super) fn line_of(request: &HttpRequest) -> String {
    format!("{} {}", request.method.as_str(), request.path)
}

pub(super) fn ok(body: serde_json::Value) -> HttpResponse {
    HttpResponse { status: 200, headers: Vec::new(), body: serde_json::to_vec(&body).unwrap() }
}

pub(super) fn problem(kind: ProblemKind) -> HttpResponse {
    let body = serde_json::to_vec(&Problem::new(kind)).unwrap();
    HttpResponse { status: kind.status(), headers: Vec::new(), body }
}

pub(super) fn page_of_a_portal() -> HttpResponse {
    HttpResponse {
        status: 200,
        headers: Vec::new(),
        body: b"<html>please log in to the hotel</html>".to_vec(),
    }
}

fn at(status: u16, offset: usize) -> HttpResponse {
    let headers = vec![("upload-offset".to_owned(), offset.to_string())];
    HttpResponse { status, headers, body: Vec::new() }
}
