//! The load: inspectors who record and sync without pause, and a supervisor who confirms what comes in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use device::{Device, HttpTransport, NewInspection, NewPhoto, SystemClock, enrol};
use reqwest::blocking::Client;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use server::auth::authorised::CSRF_HEADER;
use server::demo_district::{DemoDistrict, PASSWORD};
use sync_core::engine::Extent;
use sync_core::geo::{Fix, MockFlag};
use sync_core::ids::{DecisionRequestId, OperationId, PhotoHash};
use sync_core::model::assignment::Role;
use sync_core::model::inspection::{Answer, Verdict};
use sync_core::model::photo::PhotoSource;
use sync_core::store::{OperationState, PhotoState};
use sync_core::time::{Clock, Instant};
use tests::small_photo::small_photo;

/// Inspectors at work.
const INSPECTORS: usize = 3;
/// The kind whose targets they visit.
const KIND: &str = "construction_site";
/// The question that fails.
const QUESTION: &str = "hoarding";
/// Bytes of a photo beside its picture: more than a chunk's worth, so that uploads are cut in the middle.
const PADDING: usize = 400_000;
/// Operations of one tablet at most.
const OPERATIONS_MAX: usize = 100_000;
/// Rounds after which a tablet must have nothing left once the server stays.
const SETTLING_ROUNDS: usize = 10;

/// What was acknowledged.
#[derive(Debug, Default, Clone)]
pub struct Acknowledged {
    /// Operations that a device was told are applied.
    pub operations: BTreeSet<OperationId>,
    /// Photos that a device was told are verified.
    pub photos: BTreeSet<PhotoHash>,
    /// Decisions that the supervisor was told are made, by number: the request.
    pub decisions: BTreeMap<i64, DecisionRequestId>,
}

/// Everybody at work.
pub struct Load {
    files: PathBuf,
    url: Mutex<String>,
    over: AtomicBool,
    acknowledged: Mutex<Acknowledged>,
}

/// A worker's tablet, back from work; the supervisor has none.
pub type Returned = Option<Device>;

impl Load {
    /// Enrols the inspectors.
    pub fn begin(files: &Path, url: &str) -> Self {
        let demo = DemoDistrict::build().unwrap();
        let inspectors = demo
            .sign_ins
            .iter()
            .filter(|person| person.assignment.role == Role::Inspector && person.enrolment_code.is_some());
        for (number, person) in inspectors.take(INSPECTORS).enumerate() {
            let code = person.enrolment_code.as_deref().unwrap();
            enrol(&home(files, number), url, code, "平板").unwrap();
        }
        Self {
            files: files.to_owned(),
            url: Mutex::new(url.to_owned()),
            over: AtomicBool::new(false),
            acknowledged: Mutex::new(Acknowledged::default()),
        }
    }

    /// Everybody begins.
    pub fn work(self: &Arc<Self>) -> Vec<JoinHandle<Returned>> {
        let mut workers: Vec<_> = (0..INSPECTORS)
            .map(|number| {
                let load = Arc::clone(self);
                std::thread::spawn(move || Some(load.inspect(number)))
            })
            .collect();
        let load = Arc::clone(self);
        workers.push(std::thread::spawn(move || {
            load.supervise();
            None
        }));
        workers
    }

    /// The server is elsewhere now.
    pub fn move_to(&self, url: &str) {
        url.clone_into(&mut self.url.lock().unwrap());
    }

    /// Everybody comes to an end.
    pub fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// What was acknowledged so far.
    pub fn acknowledged(&self) -> Acknowledged {
        self.acknowledged.lock().unwrap().clone()
    }

    /// The server stays: every tablet sends what it has left.
    pub fn settle(&self, tablets: Vec<Returned>, acknowledged: &mut Acknowledged) {
        for mut tablet in tablets.into_iter().flatten() {
            let idle = (0..SETTLING_ROUNDS).any(|_| {
                let report = tablet.round(Extent::Sync, &HttpTransport::new(&self.url())).unwrap();
                report.waiting_operations + report.waiting_photos + report.unjudged_photos == 0
            });
            assert!(idle, "a tablet still has something after {SETTLING_ROUNDS} rounds");
            note(&tablet, acknowledged);
        }
    }

    fn url(&self) -> String {
        self.url.lock().unwrap().clone()
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn inspect(&self, number: usize) -> Device {
        let mut tablet = Device::open(&home(&self.files, number), Arc::new(SystemClock)).unwrap();
        tablet.round(Extent::PullOnly, &HttpTransport::new(&self.url())).unwrap();
        let mut visits = 0_u32;
        while !self.is_over() {
            self.record(&mut tablet, number, visits);
            visits += 1;
            // What fails waits for the next round; only the store's own failure is an error.
            tablet.round(Extent::Sync, &HttpTransport::new(&self.url())).unwrap();
            note(&tablet, &mut self.acknowledged.lock().unwrap());
        }
        tablet
    }

    fn record(&self, tablet: &mut Device, number: usize, visit: u32) {
        let found = tablet.search("", None).unwrap();
        let sites: Vec<_> = found.iter().filter(|f| f.entry.content.kind.as_str() == KIND).collect();
        let Some(site) = sites.get(usize::try_from(visit).unwrap() % sites.len().max(1)) else { return };
        let file = self.files.join(format!("photo-{number}-{visit}.jpg"));
        let mark = (u64::try_from(number).unwrap() << 32) | u64::from(visit);
        std::fs::write(&file, small_photo(mark.to_be_bytes(), PADDING)).unwrap();
        let now: Instant = SystemClock.now();
        let question = || QUESTION.parse().unwrap();
        tablet
            .record(NewInspection {
                target: Some(site.entry.content.target_id),
                fix: Some(Fix {
                    point: site.entry.content.point,
                    accuracy_metres: 5.0,
                    fixed_at: now,
                    provider: "gnss".to_owned(),
                    mock: MockFlag::No,
                }),
                answers: vec![Answer {
                    question: question(),
                    verdict: Verdict::Fail,
                    note: String::new(),
                    points: Vec::new(),
                }],
                photos: vec![NewPhoto { file, question: Some(question()), source: PhotoSource::Camera }],
                ..NewInspection::default()
            })
            .unwrap();
    }

    /// Confirms what is under review; whatever fails is tried again under the same request.
    fn supervise(&self) {
        let client = Client::new();
        let mut session: Option<(String, String)> = None;
        let mut unanswered: Option<(String, Value)> = None;
        while !self.is_over() {
            let Some((cookie, csrf)) = session.clone().or_else(|| sign_in(&client, &self.url())) else {
                continue;
            };
            session = Some((cookie.clone(), csrf.clone()));
            let (path, request) = match unanswered.take().or_else(|| next_case(&client, &self.url(), &cookie))
            {
                Some(next) => next,
                None => continue,
            };
            let sent = client
                .post(format!("{}{path}", self.url()))
                .header(COOKIE, &cookie)
                .header(CSRF_HEADER, &csrf)
                .json(&request)
                .send();
            match sent {
                Err(_) => unanswered = Some((path, request)),
                Ok(answer) if answer.status().is_server_error() => unanswered = Some((path, request)),
                Ok(answer) => {
                    let made = answer.status().is_success();
                    let body: Value = answer.json().unwrap_or_default();
                    if let (true, Some(number)) = (made, body["decision_no"].as_i64()) {
                        let id = request["request_id"].as_str().unwrap().parse().unwrap();
                        self.acknowledged.lock().unwrap().decisions.insert(number, id);
                    }
                }
            }
        }
    }
}

fn home(files: &Path, number: usize) -> PathBuf {
    files.join(format!("tablet-{number}"))
}

/// Takes note of what a tablet was told.
fn note(tablet: &Device, acknowledged: &mut Acknowledged) {
    let work = &tablet.store().work;
    let applied = work.operations(OPERATIONS_MAX).unwrap().into_iter();
    let applied = applied.filter(|entry| matches!(entry.state, OperationState::Applied { .. }));
    acknowledged.operations.extend(applied.map(|entry| entry.op_id));
    let taken: Vec<PhotoHash> = work
        .inspections(OPERATIONS_MAX)
        .unwrap()
        .into_iter()
        .flat_map(|own| own.inspection.photos.into_iter().map(|photo| photo.sha256))
        .collect();
    let states = work.photo_states(&taken).unwrap().into_iter();
    let verified = states.filter(|(_, state)| matches!(state, PhotoState::Verified { .. }));
    acknowledged.photos.extend(verified.map(|(photo, _)| photo));
}

fn sign_in(client: &Client, url: &str) -> Option<(String, String)> {
    let demo = DemoDistrict::build().unwrap();
    let person = demo.sign_ins.iter().find(|person| person.assignment.role == Role::Supervisor)?;
    let request = json!({ "username": person.username, "password": PASSWORD });
    let answer = client.post(format!("{url}/api/v1/sessions")).json(&request).send().ok()?;
    let cookie = answer.headers().get(SET_COOKIE)?.to_str().ok()?.split(';').next()?.to_owned();
    let body: Value = answer.json().ok()?;
    Some((cookie, body["csrf_token"].as_str()?.to_owned()))
}

/// The decision on the oldest case that can be confirmed: path and request.
fn next_case(client: &Client, url: &str, cookie: &str) -> Option<(String, Value)> {
    let list = client.get(format!("{url}/api/v1/cases?state=under_review&sort=oldest&limit=50"));
    let list: Value = list.header(COOKIE, cookie).send().ok()?.json().ok()?;
    let cases = list["cases"].as_array()?;
    let case = cases.iter().find(|case| case["flags"].as_array().is_some_and(Vec::is_empty))?;
    let request = json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": case["version"],
        "kind": "confirm",
        "reason": null,
    });
    Some((format!("/api/v1/cases/{}/decisions", case["case_id"].as_str()?), request))
}
