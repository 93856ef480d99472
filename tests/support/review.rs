//! Review for tests: a district with an inspector's device, a supervisor and finance, cases pushed by the device with
//! their evidence at hand, and decisions over HTTP.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use jiff::civil::{Date, date};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use server::admin::adopt_pack::{AdoptionDays, PackToAdopt, adopt_pack};
use server::db::schema::photos;
use server::db::targets::{TargetWrite, insert_targets};
use server::db::types::Time;
use server::problem::ApiError;
use server::services::close_month::{ClosedMonth, Closing, close_month};
use sync_core::ids::{CaseId, DecisionRequestId};
use sync_core::model::inspection::Inspection;
use sync_core::model::photo::PhotoEntry;
use sync_core::model::target::{Target, TargetContent};
use sync_core::policy::{PolicyPack, builtin_packs};
use sync_core::time::{Clock, Instant, Month};
use sync_core::wire::push::Outcome;

use crate::district::{TestDevice, TestDistrict, TestOffice, TestRole};
use crate::field::Occurring as _;
use crate::field::{new_site, photo_entry, visit};
use crate::server::{TestServer, problem};

/// The amount of site dust in the shipped version of the Macun pack.
pub const SITE_DUST: &str = "en = \"Site without the six 100% dust measures\"\namount = 100_000";
/// The same, cheaper.
pub const CHEAPER: &str = "en = \"Site without the six 100% dust measures\"\namount = 80_000";
/// What is replaced in the Macun pack to leave the amount for site dust to the office, and by what.
pub const AMOUNT_LEFT_TO_OFFICE: (&str, &str) = (
    "en = \"Site without the six 100% dust measures\"\namount = 100_000",
    "en = \"Site without the six 100% dust measures\"\namount = \"entered\"",
);

/// A district at work.
pub struct Review {
    /// The server.
    pub server: TestServer,
    /// Macun.
    pub macun: TestDistrict,
    /// The device of an inspector of the whole district.
    pub device: TestDevice,
    /// A supervisor of the whole district, named `zhang`.
    pub supervisor: TestOffice,
    /// Finance.
    pub finance: TestOffice,
    /// Another supervisor of the whole district, named `sun`: the second person of what `zhang` proposes.
    pub second: TestOffice,
    /// Finance too: the second person, named `zhou`.
    pub reviewer: TestOffice,
}

impl Review {
    /// Starts one.
    pub async fn start() -> Self {
        let server = TestServer::start().await;
        let macun = server.macun().await;
        let device = server.inspector(&macun, "li", "").await;
        let supervisor = server.user(&macun, "zhang", &[TestRole::supervisor("")]).await;
        let finance = server.user(&macun, "qian", &[TestRole::finance()]).await;
        let second = server.user(&macun, "sun", &[TestRole::supervisor("")]).await;
        let second = server.office(&second).await;
        let reviewer = server.user(&macun, "zhou", &[TestRole::finance()]).await;
        let (supervisor, finance) = (server.office(&supervisor).await, server.office(&finance).await);
        let reviewer = server.office(&reviewer).await;
        Self { server, macun, device, supervisor, second, finance, reviewer }
    }

    /// Somebody else in the office.
    pub async fn office(&self, name: &str, role: TestRole) -> TestOffice {
        let user = self.server.user(&self.macun, name, &[role]).await;
        self.server.office(&user).await
    }

    /// A visit to a new site in `001/001`, with a photo for each measure that failed.
    pub async fn visit(&self, failed: &[&str]) -> Inspection {
        let site = self.server.site(&self.macun, "001/001").await;
        self.visit_to(&site, failed)
    }

    /// A registered site with a name of its own, in the second street office's `002/001`.
    pub async fn western_site(&self, name: &str) -> Target {
        let content = TargetContent {
            name: name.to_owned(),
            unit_id: self.macun.streets[1],
            ..new_site(&self.macun, "002/001")
        };
        let target = Target { content, version: 1 };
        let row = TargetWrite::new(&self.macun.code, &target, self.server.clock.now());
        let connection = self.server.connection().await;
        insert_targets(&connection, &[row]).await.unwrap();
        target
    }

    /// A visit to a site, with a photo for each measure that failed.
    #[must_use]
    pub fn visit_to(&self, site: &Target, failed: &[&str]) -> Inspection {
        let mut visit = visit(&self.device, site, failed);
        let shots = failed.iter().map(|measure| format!("{measure} {}", visit.inspection_id));
        visit.photos = shots.map(|shot| photo_entry(shot.as_bytes(), &visit)).collect();
        visit
    }

    /// Makes photos verified, as if they had been uploaded.
    pub async fn verify(&self, manifest: &[PhotoEntry]) {
        let row = |photo: &PhotoEntry| {
            (
                photos::district.eq(self.macun.code.as_str().to_owned()),
                photos::sha256.eq(photo.sha256.as_str().to_owned()),
                photos::size.eq(i64::try_from(photo.size).unwrap()),
                photos::state.eq("verified"),
                photos::received_at.eq(Time(self.server.clock.now())),
            )
        };
        let rows: Vec<_> = manifest.iter().map(row).collect();
        let mut connection = self.server.connection().await;
        diesel::insert_into(photos::table).values(rows).execute(&mut connection).await.unwrap();
    }

    /// Pushes a visit whose photos are verified already; its case of construction site dust is under review.
    pub async fn push(&self, visit: &Inspection) -> CaseId {
        self.verify(&visit.photos).await;
        assert_eq!(self.device.push(&[self.device.submit(visit)]).await, [Outcome::Applied]);
        CaseId::derive(visit.lineage, &"site_dust".parse().unwrap())
    }

    /// A case under review of a site where these measures failed: 100,000 yuan each.
    pub async fn case(&self, failed: &[&str]) -> CaseId {
        self.push(&self.visit(failed).await).await
    }

    /// The same, at another time.
    pub async fn case_at(&self, failed: &[&str], occurred_at: &str) -> CaseId {
        let occurred_at: Instant = occurred_at.parse().unwrap();
        let mut visit = self.visit(failed).await;
        visit.occurs_at(occurred_at);
        self.push(&visit).await
    }

    /// A case as the supervisor sees it.
    pub async fn show(&self, case: CaseId) -> Value {
        read(self.supervisor.request(Method::GET, &format!("/api/v1/cases/{case}"))).await
    }

    /// The supervisor's decision on the case as it stands.
    pub async fn decide(&self, case: CaseId, kind: &str) -> Value {
        let version = self.show(case).await["version"].clone();
        let request = decision(kind, version);
        accepted(self.supervisor.decide(case, &request).await).await
    }

    /// What the supervisor asks for and the second person agrees to: the decision.
    pub async fn decide_by_two(&self, case: CaseId, request: &Value) -> Value {
        let proposal = self.propose(case, request).await;
        let approved = accepted(self.second.review(&proposal, "approval").await).await;
        approved["decision"].clone()
    }

    /// What the supervisor asks for and a second person must review: the proposal.
    pub async fn propose(&self, case: CaseId, request: &Value) -> Value {
        proposed(self.supervisor.decide(case, request).await).await
    }

    /// Adopts another version of the Macun pack from this day on: the shipped one with this text replaced. The shipped
    /// one ends the day before.
    pub async fn new_version(&self, text: &str, by: &str, from: Date) -> PolicyPack {
        self.new_version_with(&[(text, by)], from).await
    }

    /// The same, with several texts replaced, each by the one beside it.
    pub async fn new_version_with(&self, texts: &[(&str, &str)], from: Date) -> PolicyPack {
        let shipped = builtin_packs().iter().find(|pack| pack.file == "macun-2024.toml").unwrap();
        let mut source = shipped.source.to_owned();
        for (text, by) in texts {
            assert!(source.contains(text), "{text}");
            source = source.replacen(text, by, 1);
        }
        let pack = PolicyPack::load(&source, "macun-2024.toml").unwrap();
        let mut connection = self.server.connection().await;
        let eve = from.yesterday().unwrap();
        let shipped_days = AdoptionDays { from: Some(date(2024, 9, 30)), until: Some(eve) };
        let newer_days = AdoptionDays { from: Some(from), until: None };
        for (source, days) in [(shipped.source, shipped_days), (source.as_str(), newer_days)] {
            let (district, now) = (&self.macun.code, self.server.clock.now());
            let pack = PackToAdopt { source, file: shipped.file, days, affects_past: true };
            adopt_pack(&mut connection, district, pack, None, now).await.unwrap();
        }
        pack
    }

    /// Adopts a version of the Macun pack from November on that leaves the amount for site dust to the office.
    pub async fn amounts_left_to_office(&self) -> PolicyPack {
        self.new_version_with(&[AMOUNT_LEFT_TO_OFFICE], date(2026, 11, 1)).await
    }

    /// A month's totals as finance sees them.
    pub async fn totals(&self, month: &str) -> Value {
        read(self.finance.request(Method::GET, &format!("/api/v1/months/{month}/totals"))).await
    }

    /// Every ledger entry as finance sees it.
    pub async fn entries(&self) -> Vec<Value> {
        let list = read(self.finance.request(Method::GET, "/api/v1/ledger/entries?limit=500")).await;
        list["entries"].as_array().unwrap().clone()
    }

    /// Closes a month: finance asks for it and a second person of finance reviews it.
    pub async fn close(&self, month: Date) {
        self.try_close(&Month::of(month).to_string()).await.unwrap();
    }

    /// The same, where it may be refused: the month's digest and files, or the stable code.
    ///
    /// # Errors
    /// The code.
    pub async fn try_close(&self, month: &str) -> Result<Value, String> {
        let request = json!({ "request_id": DecisionRequestId::fresh(), "reason": null });
        let proposal = self.propose_closing(&self.finance, month, &request).await;
        if proposal.status() != StatusCode::ACCEPTED {
            return Err(problem(proposal).await.code.to_string());
        }
        let approval = self.reviewer.review(&proposal.json().await.unwrap(), "approval").await;
        if approval.status() != StatusCode::OK {
            return Err(problem(approval).await.code.to_string());
        }
        Ok(read(self.finance.request(Method::GET, &format!("/api/v1/months/{month}/exports"))).await)
    }

    /// Somebody asks for a month to be closed.
    pub async fn propose_closing(&self, office: &TestOffice, month: &str, request: &Value) -> Response {
        let path = format!("/api/v1/months/{month}/closing");
        office.request(Method::POST, &path).json(request).send().await.unwrap()
    }

    /// A closing by finance and its second person, past the proposal.
    #[must_use]
    pub fn closing(&self, month: &str) -> Closing {
        Closing {
            district: self.macun.code.clone(),
            month: month.parse().unwrap(),
            request_id: DecisionRequestId::fresh(),
            actor: self.finance.user.user_id,
            reviewer: self.reviewer.user.user_id,
            reason: None,
        }
    }

    /// Closes a month past the proposal, by these people.
    ///
    /// # Errors
    /// The code.
    pub async fn close_by(&self, closing: &Closing) -> Result<ClosedMonth, String> {
        let now = self.server.clock.now();
        let mut connection = self.server.connection().await;
        connection
            .transaction(async |connection| close_month(connection, closing, now).await)
            .await
            .map_err(|refusal| ApiError::from(refusal).kind().code().to_owned())
    }
}

impl TestOffice {
    /// Sends a decision.
    pub async fn decide(&self, case: CaseId, request: &Value) -> Response {
        let path = format!("/api/v1/cases/{case}/decisions");
        self.request(Method::POST, &path).json(request).send().await.unwrap()
    }
}

impl TestOffice {
    /// Approves, rejects or withdraws a proposal: `approval`, `rejection` with a reason, or `withdrawal`.
    pub async fn review(&self, proposal: &Value, how: &str) -> Response {
        let path = format!("/api/v1/proposals/{}/{how}", proposal["proposal_id"].as_str().unwrap());
        let request = self.request(Method::POST, &path);
        let request =
            if how == "rejection" { request.json(&json!({ "reason": "依据不足" })) } else { request };
        request.send().await.unwrap()
    }
}

/// A decision with a fresh request id and a reason.
#[must_use]
pub fn decision(kind: &str, expected_version: impl Into<Value>) -> Value {
    json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": expected_version.into(),
        "kind": kind,
        "reason": "现场复核",
    })
}

/// The answer of a request that succeeds.
///
/// # Panics
/// When it does not.
pub async fn read(request: reqwest::RequestBuilder) -> Value {
    accepted(request.send().await.unwrap()).await
}

/// The answer of a request that needs a second person.
///
/// # Panics
/// When it does not.
pub async fn proposed(response: Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(status, StatusCode::ACCEPTED, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The answer of a response that is a success.
///
/// # Panics
/// When it is none.
pub async fn accepted(response: Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{text}");
    serde_json::from_str(&text).unwrap()
}
