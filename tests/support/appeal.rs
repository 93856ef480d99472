//! Appeals for tests: confirmed cases, the unit's appeals over HTTP, and the office's outcomes.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use sync_core::ids::{CaseId, DecisionRequestId};

use crate::district::TestOffice;
use crate::review::{Review, accepted, decision, read};

impl Review {
    /// A case confirmed now, with 100,000 yuan for each of these measures on the first street office.
    pub async fn charged(&self, failed: &[&str]) -> CaseId {
        let case = self.case(failed).await;
        self.decide(case, "confirm").await;
        case
    }

    /// An appeal against the case as it stands, which is filed.
    pub async fn appeal(&self, liaison: &TestOffice, case: CaseId) -> Value {
        let version = self.show(case).await["version"].clone();
        accepted(liaison.appeal(case, &appeal_request(version)).await).await
    }

    /// What the supervisor asks for to reduce the case's first charge to this, as it stands.
    pub async fn reduction(&self, case: CaseId, fen: i64) -> Value {
        let shown = self.show(case).await;
        let mut request = decision("appeal_reduce", shown["version"].clone());
        request["amounts"] = json!([{ "charge_id": shown["charges"][0]["charge_id"], "amount": fen }]);
        request
    }

    /// The supervisor's request for this decision on the case as it stands.
    pub async fn asking(&self, case: CaseId, kind: &str) -> Value {
        decision(kind, self.show(case).await["version"].clone())
    }
}

impl TestOffice {
    /// Appeals.
    pub async fn appeal(&self, case: CaseId, request: &Value) -> Response {
        let path = format!("/api/v1/cases/{case}/appeals");
        self.request(Method::POST, &path).json(request).send().await.unwrap()
    }

    /// Takes an appeal back.
    pub async fn withdraw(&self, appeal: &Value) -> Response {
        let path = format!("/api/v1/appeals/{}/withdrawal", appeal["appeal_id"].as_str().unwrap());
        self.request(Method::POST, &path).send().await.unwrap()
    }

    /// The appeals that it sees.
    pub async fn appeals(&self, query: &str) -> Vec<Value> {
        let list = read(self.request(Method::GET, &format!("/api/v1/appeals{query}"))).await;
        list["appeals"].as_array().unwrap().clone()
    }
}

/// An appeal with a fresh request id.
#[must_use]
pub fn appeal_request(expected_version: impl Into<Value>) -> Value {
    json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": expected_version.into(),
        "grounds": "围挡当日正在更换，已提供施工记录",
    })
}
