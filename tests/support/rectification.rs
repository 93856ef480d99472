//! The closed loop for tests: orders, reports and steps over HTTP, and what a tablet records on the spot.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use server::db::schema::sessions;
use server::db::types::Time;
use sync_core::ids::{CaseId, DecisionRequestId};
use sync_core::time::Instant;
use sync_core::wire::field_record::{RectificationCheck, RectificationReport};
use sync_core::wire::operation::{Body, Operation};

use crate::district::{TestDevice, TestOffice, TestRole};
use crate::review::{Review, accepted, read};

/// Seconds that sessions last after the clock was moved.
const SESSION_SECONDS: i64 = 3600;

impl Review {
    /// Moves the clock to an instant; whoever is signed in stays so.
    pub async fn travel(&self, to: &str) {
        let to: Instant = to.parse().unwrap();
        self.server.clock.set(to);
        diesel::update(sessions::table)
            .set(sessions::expires_at.eq(Time(to.plus_seconds(SESSION_SECONDS))))
            .execute(&mut self.server.connection().await)
            .await
            .unwrap();
    }

    /// The liaison of the first street office, whose cases those of `case` are.
    pub async fn liaison(&self) -> TestOffice {
        self.office("liaison", TestRole::liaison(self.macun.streets[0])).await
    }

    /// The supervisor's step on the case as it stands, which succeeds.
    pub async fn step(&self, case: CaseId, step: Value) -> Value {
        let version = self.show(case).await["version"].clone();
        accepted(self.supervisor.step(case, &step_request(version, step)).await).await
    }

    /// A case under review that was ordered to be rectified in these working days.
    pub async fn ordered(&self, working_days: u32) -> CaseId {
        let case = self.case(&["hoarding"]).await;
        self.step(case, order(json!({ "working_days": working_days }))).await;
        case
    }

    /// The present round of a case as its page shows it.
    pub async fn round(&self, case: CaseId) -> Value {
        self.show(case).await["rectification"].as_array().unwrap().last().unwrap().clone()
    }

    /// A report of the first round by the liaison, which succeeds.
    pub async fn report(&self, liaison: &TestOffice, case: CaseId) -> Value {
        accepted(liaison.report(case, &report(1)).await).await
    }

    /// The list of rounds as the supervisor sees it.
    pub async fn rounds(&self, query: &str) -> Value {
        read(self.supervisor.request(Method::GET, &format!("/api/v1/rectifications{query}"))).await
    }
}

impl TestOffice {
    /// Asks for a step.
    pub async fn step(&self, case: CaseId, request: &Value) -> Response {
        self.post(&format!("/api/v1/cases/{case}/rectification/steps"), request).await
    }

    /// Reports.
    pub async fn report(&self, case: CaseId, request: &Value) -> Response {
        self.post(&format!("/api/v1/cases/{case}/rectification/reports"), request).await
    }

    /// Gives a case back.
    pub async fn give_back(&self, case: CaseId, expected_version: Value) -> Response {
        let request = json!({
            "request_id": DecisionRequestId::fresh(), "expected_version": expected_version,
            "reason": "不属我单位管辖",
        });
        self.post(&format!("/api/v1/cases/{case}/rectification/returns"), &request).await
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }
}

impl TestDevice {
    /// The operation that reports a round.
    #[must_use]
    pub fn report(&self, case_id: CaseId, round: u16) -> Operation {
        let text = "围挡已补齐".to_owned();
        let report = RectificationReport { case_id, round, text, photos: vec![], fix: None };
        self.operation(Body::ReportRectification(report))
    }

    /// The operation that re-checks a round.
    #[must_use]
    pub fn recheck(&self, case_id: CaseId, round: u16, passed: bool) -> Operation {
        let text = "现场查看".to_owned();
        let check = RectificationCheck { case_id, round, passed, text, photos: vec![], fix: None };
        self.operation(Body::RecheckRectification(check))
    }
}

/// A step with a fresh request id and a reason.
#[must_use]
pub fn step_request(expected_version: impl Into<Value>, step: Value) -> Value {
    json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": expected_version.into(),
        "reason": "按规定",
        "step": step,
    })
}

/// The step that orders rectification within a span.
#[must_use]
pub fn order(span: Value) -> Value {
    json!({ "kind": "order_rectification", "requirement": "补齐围挡", "span": span })
}

/// A step without anything beside its kind.
#[must_use]
pub fn plain(kind: &str) -> Value {
    json!({ "kind": kind })
}

/// A report of a round with a fresh request id.
#[must_use]
pub fn report(round: u16) -> Value {
    json!({ "request_id": DecisionRequestId::fresh(), "round": round, "text": "围挡已补齐，见照片" })
}
