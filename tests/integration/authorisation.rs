//! Who may call what: every operation of the OpenAPI document, by every kind of caller.
//!
//! An operation without a row here fails the test: a route cannot be added without saying who may use it. Whether
//! somebody sees the right things within what is allowed is tested beside each route.

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use server::problem::PROBLEM_MEDIA_TYPE;
use sync_core::ids::{AssignmentId, DeviceId, UserId};
use sync_core::wire::problem::Problem;
use tests::{MACUN, TestDevice, TestDistrict, TestRole, TestServer, TestUser};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Anonymous,
    Device,
    Supervisor,
    Liaison,
    Finance,
    Administrator,
}

use Caller::{Administrator, Anonymous, Device, Finance, Liaison, Supervisor};

const EVERYBODY: &[Caller] = &[Anonymous, Device, Supervisor, Liaison, Finance, Administrator];
const SIGNED_IN: &[Caller] = &[Device, Supervisor, Liaison, Finance, Administrator];
const OFFICE: &[Caller] = &[Supervisor, Liaison, Finance, Administrator];
/// Who sees the whole district's accounts.
const ACCOUNTS: &[Caller] = &[Supervisor, Finance, Administrator];

/// One operation: who may call it, and a body that can be read.
struct Row {
    operation: &'static str,
    callers: &'static [Caller],
    body: fn() -> Value,
}

const fn row(operation: &'static str, callers: &'static [Caller], body: fn() -> Value) -> Row {
    Row { operation, callers, body }
}

fn nothing() -> Value {
    Value::Null
}

/// An entry that no register has, in paths and bodies alike.
const ENTRY_ID: &str = "01890000-0000-7000-8000-000000000009";

fn target() -> Value {
    json!({
        "target_id": ENTRY_ID, "expected_version": 1, "kind": "castle", "name": "x", "address": "",
        "point": { "lon": 113.0, "lat": 35.0 }, "grid": MACUN, "unit_id": UserId::fresh(),
    })
}

fn unit() -> Value {
    json!({
        "unit_id": ENTRY_ID, "expected_version": 1, "name": "街道", "kind": "bureau", "budget_code": "9",
    })
}

fn grid() -> Value {
    json!({ "path": "410804/009", "expected_version": 1, "name": "x", "unit_id": ENTRY_ID })
}

fn zone() -> Value {
    json!({
        "zone_id": ENTRY_ID, "expected_version": 1, "kind": "no_burn", "name": "x", "polygon": [],
        "from": "2026-01-01",
    })
}

const MATRIX: &[Row] = &[
    row("GET /healthz", EVERYBODY, nothing),
    row("GET /readyz", EVERYBODY, nothing),
    row("GET /metrics", EVERYBODY, nothing),
    row("GET /api/v1/web-settings", EVERYBODY, nothing),
    row("POST /api/v1/sessions", EVERYBODY, || json!({ "username": "nobody", "password": "guess" })),
    row("GET /api/v1/sessions", OFFICE, nothing),
    row("GET /api/v1/sessions/current", OFFICE, nothing),
    row("DELETE /api/v1/sessions/current", OFFICE, nothing),
    row("DELETE /api/v1/sessions/{session_id}", OFFICE, nothing),
    row("PUT /api/v1/account/password", OFFICE, || json!({ "current": "guess", "new": "long enough" })),
    row(
        "POST /api/v1/devices/enrol",
        EVERYBODY,
        || json!({ "code": "x", "public_key": "x", "device_name": "x", "incarnation": DeviceId::fresh() }),
    ),
    row("POST /api/v1/devices/{device_id}/challenge", EVERYBODY, nothing),
    row("POST /api/v1/devices/{device_id}/token", EVERYBODY, || {
        json!({
            "challenge": "x", "signature": "x", "user_id": UserId::fresh(), "incarnation": DeviceId::fresh(),
        })
    }),
    row("POST /api/v1/devices/recovery-key", &[Device], || json!({ "password": "wrong" })),
    row("GET /api/v1/devices", &[Administrator], nothing),
    row("POST /api/v1/devices/{device_id}/revoke", &[Administrator], nothing),
    row("GET /api/v1/users", &[Administrator], nothing),
    row("POST /api/v1/users", &[Administrator], || json!({ "username": "", "name": "" })),
    row("PUT /api/v1/users/{user_id}", &[Administrator], || json!({ "name": "" })),
    row("POST /api/v1/users/{user_id}/disable", &[Administrator], nothing),
    row("POST /api/v1/users/{user_id}/enable", &[Administrator], nothing),
    row("POST /api/v1/users/{user_id}/password", &[Administrator], nothing),
    row("POST /api/v1/users/{user_id}/enrolment-codes", &[Administrator], nothing),
    row(
        "POST /api/v1/users/{user_id}/assignments",
        &[Administrator],
        || json!({ "role": "finance", "grid": MACUN, "from": "2026-11-01" }),
    ),
    row(
        "POST /api/v1/assignments/{assignment_id}/end",
        &[Administrator],
        || json!({ "until": "2026-12-31" }),
    ),
    row(
        "POST /api/v1/assignments/{assignment_id}/move",
        &[Administrator],
        || json!({ "grid": MACUN, "from": "2026-12-01" }),
    ),
    row(
        "POST /api/v1/sync/push",
        &[Device],
        || json!({ "protocol": 1, "epoch": null, "incarnation": DeviceId::fresh(), "operations": [] }),
    ),
    row("GET /api/v1/sync/digest", &[Device], nothing),
    row("GET /api/v1/sync/snapshot", &[Device], nothing),
    row("GET /api/v1/sync/pull", &[Device], nothing),
    row("OPTIONS /api/v1/photos/uploads", SIGNED_IN, nothing),
    row("POST /api/v1/photos/uploads", SIGNED_IN, nothing),
    row("HEAD /api/v1/photos/uploads/{upload_id}", SIGNED_IN, nothing),
    row("PATCH /api/v1/photos/uploads/{upload_id}", SIGNED_IN, nothing),
    row("POST /api/v1/photos/uploads/{upload_id}", SIGNED_IN, nothing),
    row("GET /api/v1/photos/{sha256}/{form}", SIGNED_IN, nothing),
    row("GET /api/v1/inspections/{inspection_id}/photos/{ordinal}/stamped", SIGNED_IN, nothing),
    row("GET /api/v1/events", SIGNED_IN, nothing),
    row("GET /api/v1/overview", OFFICE, nothing),
    row("GET /api/v1/decisions", ACCOUNTS, nothing),
    row("GET /api/v1/audit-events", &[Administrator], nothing),
    row("GET /api/v1/calendar/deadline", OFFICE, nothing),
    row("GET /api/v1/kinds", OFFICE, nothing),
    row("GET /api/v1/ledger/verification", ACCOUNTS, nothing),
    row("GET /api/v1/cases", OFFICE, nothing),
    row("GET /api/v1/cases/{case_id}/neighbours", OFFICE, nothing),
    row("GET /api/v1/cases/{case_id}", OFFICE, nothing),
    row("POST /api/v1/cases/{case_id}/decisions", &[Supervisor], || {
        json!({
            "request_id": UserId::fresh(), "expected_version": 1, "kind": "dismiss", "reason": "重复上报",
        })
    }),
    row("POST /api/v1/cases/{case_id}/merge", &[Supervisor], || {
        json!({
            "request_id": UserId::fresh(), "expected_version": 1, "reason": "同一火点",
            "absorbed": [{ "case_id": UserId::fresh(), "expected_version": 1 }],
        })
    }),
    row("POST /api/v1/cases/{case_id}/keep-apart", &[Supervisor], || {
        json!({
            "request_id": UserId::fresh(), "expected_version": 1, "reason": "两个火点",
            "others": [{ "case_id": UserId::fresh(), "expected_version": 1 }],
        })
    }),
    row("POST /api/v1/cases/{case_id}/rectification/steps", &[Supervisor], || {
        json!({
            "request_id": UserId::fresh(), "expected_version": 1, "step": { "kind": "close_rectification" },
        })
    }),
    row(
        "POST /api/v1/cases/{case_id}/rectification/reports",
        &[Liaison],
        || json!({ "request_id": UserId::fresh(), "round": 1, "text": "已整改" }),
    ),
    row(
        "POST /api/v1/cases/{case_id}/rectification/returns",
        &[Liaison],
        || json!({ "request_id": UserId::fresh(), "expected_version": 1, "reason": "非我单位" }),
    ),
    row("GET /api/v1/appeals", OFFICE, nothing),
    row(
        "POST /api/v1/cases/{case_id}/appeals",
        &[Liaison],
        || json!({ "request_id": UserId::fresh(), "expected_version": 1, "grounds": "认定有误" }),
    ),
    row("POST /api/v1/appeals/{appeal_id}/withdrawal", &[Liaison], nothing),
    row("GET /api/v1/rectifications", OFFICE, nothing),
    row("GET /api/v1/rectifications/ratios", OFFICE, nothing),
    row("GET /api/v1/fire-points", &[Supervisor, Finance, Administrator], nothing),
    row("POST /api/v1/fire-points", &[Supervisor], || {
        json!({
            "fire_point_id": UserId::fresh(), "source": "satellite", "point": { "lon": 113.3, "lat": 35.2 },
            "grid": "410804/001", "seen_at": "2026-11-20T02:00:00Z",
        })
    }),
    row("POST /api/v1/findings", &[Supervisor], || {
        json!({
            "request_id": UserId::fresh(), "occurred_at": "2026-11-20T02:00:00Z", "answers": [],
            "place": { "at": "target", "target_id": UserId::fresh() }, "level": "provincial",
            "document": { "issuer": "省督导组", "date": "2026-11-21", "title": "交办函" },
        })
    }),
    row("GET /api/v1/demonstration/clock", &[Administrator], nothing),
    row("PUT /api/v1/demonstration/clock", &[Administrator], || json!({ "now": null })),
    row("GET /api/v1/coverage", OFFICE, nothing),
    row("GET /api/v1/coverage/{duty}/gap", OFFICE, nothing),
    row("GET /api/v1/targets", OFFICE, nothing),
    row("GET /api/v1/targets/{target_id}", OFFICE, nothing),
    row("POST /api/v1/targets", &[Administrator], target),
    row("PUT /api/v1/targets/{target_id}", &[Administrator], target),
    row("DELETE /api/v1/targets/{target_id}", &[Administrator], nothing),
    row("GET /api/v1/units", OFFICE, nothing),
    row("POST /api/v1/units", &[Administrator], unit),
    row("PUT /api/v1/units/{unit_id}", &[Administrator], unit),
    row("DELETE /api/v1/units/{unit_id}", &[Administrator], nothing),
    row("GET /api/v1/grids", OFFICE, nothing),
    row("POST /api/v1/grids", &[Administrator], grid),
    row("PUT /api/v1/grids/{path}", &[Administrator], grid),
    row("GET /api/v1/zones", OFFICE, nothing),
    row("POST /api/v1/zones", &[Administrator], zone),
    row("PUT /api/v1/zones/{zone_id}", &[Administrator], zone),
    row("POST /api/v1/imports/{register}", &[Administrator], nothing),
    row("GET /api/v1/registers/{file}", &[Administrator], nothing),
    row("GET /api/v1/packs", OFFICE, nothing),
    row("POST /api/v1/packs", &[Administrator], nothing),
    row("GET /api/v1/packs/{hash}", OFFICE, nothing),
    row("GET /api/v1/packs/{hash}/difference", OFFICE, nothing),
    row("GET /api/v1/packs/{hash}/past-effect", &[Administrator], nothing),
    row("POST /api/v1/packs/{hash}/adoption", &[Administrator], || json!({ "from": "2026-11-01" })),
    row(
        "POST /api/v1/decisions/confirmations",
        &[Supervisor],
        || json!({ "confirmations": [], "reason": null }),
    ),
    row("GET /api/v1/proposals", &[Supervisor, Finance], nothing),
    row("POST /api/v1/proposals/{proposal_id}/approval", &[Supervisor, Finance], nothing),
    row(
        "POST /api/v1/proposals/{proposal_id}/rejection",
        &[Supervisor, Finance],
        || json!({ "reason": "依据不足" }),
    ),
    row("POST /api/v1/proposals/{proposal_id}/withdrawal", &[Supervisor, Finance], nothing),
    row("GET /api/v1/ledger/entries", OFFICE, nothing),
    row("GET /api/v1/months/{month}/checklist", ACCOUNTS, nothing),
    row(
        "POST /api/v1/months/{month}/closing",
        &[Finance],
        || json!({ "request_id": UserId::fresh(), "reason": null }),
    ),
    row("GET /api/v1/months/{month}/exports", ACCOUNTS, nothing),
    row("GET /api/v1/months/{month}/exports/{name}", ACCOUNTS, nothing),
    row("GET /api/v1/ledger/entries/{entry_no}/trace", OFFICE, nothing),
    row("GET /api/v1/months/{month}/executions", OFFICE, nothing),
    row("POST /api/v1/months/{month}/executions", &[Finance], || {
        json!({
            "request_id": UserId::fresh(), "unit_id": UserId::fresh(), "voucher": "记-1", "date": "2026-11-01",
            "amount": 1,
        })
    }),
    row(
        "POST /api/v1/months/{month}/executions/{execution_id}/cancellation",
        &[Finance],
        || json!({ "request_id": UserId::fresh(), "reason": "凭证号有误" }),
    ),
    row("GET /api/v1/years/{year}/totals", OFFICE, nothing),
    row("GET /api/v1/years/{year}/totals.csv", OFFICE, nothing),
    row("GET /api/v1/years/{year}/totals.xlsx", OFFICE, nothing),
    row("GET /api/v1/subsidies", ACCOUNTS, nothing),
    row("GET /api/v1/subsidies.csv", ACCOUNTS, nothing),
    row("GET /api/v1/subsidies.xlsx", ACCOUNTS, nothing),
    row("POST /api/v1/subsidies", &[Finance], || {
        json!({
            "request_id": UserId::fresh(), "payee": "某企业", "credit_code": "x", "target_id": null,
            "pack_id": "mengzhou-2023", "rule": "grade_a", "publication": "公示", "published_on": "2023-10-20",
        })
    }),
    row("POST /api/v1/subsidies/{subsidy_id}/approval", &[Finance], nothing),
    row(
        "POST /api/v1/subsidies/{subsidy_id}/payment",
        &[Finance],
        || json!({ "voucher": "记-1", "date": "2026-11-01" }),
    ),
    row("POST /api/v1/subsidies/{subsidy_id}/cancellation", &[Finance], || json!({ "reason": "重复" })),
    row("GET /api/v1/months", OFFICE, nothing),
    row("GET /api/v1/months/{month}/totals", OFFICE, nothing),
    row("GET /api/v1/months/{month}/totals.csv", OFFICE, nothing),
    row("GET /api/v1/months/{month}/totals.xlsx", OFFICE, nothing),
    row("GET /api/v1/months/{month}/entries.csv", OFFICE, nothing),
    row("GET /api/v1/months/{month}/entries.xlsx", OFFICE, nothing),
    row("GET /api/v1/cases.csv", OFFICE, nothing),
    row("GET /api/v1/cases.xlsx", OFFICE, nothing),
    row("GET /api/v1/cases.geojson", OFFICE, nothing),
    row("GET /api/v1/targets.geojson", OFFICE, nothing),
    row("GET /api/v1/prints/months/{month}/units/{unit_id}/deduction-notice", OFFICE, nothing),
    row("GET /api/v1/prints/cases/{case_id}/rectification-order", OFFICE, nothing),
    row("GET /api/v1/prints/cases/{case_id}/inspection-record", OFFICE, nothing),
];

/// What says that a caller may not, and not that the request is wrong.
const REFUSALS: [&str; 6] = [
    "sign_in_required",
    "role_forbidden",
    "csrf_mismatch",
    "token_invalid",
    "token_expired",
    "device_revoked",
];

/// A district with somebody of every role, and things of it to ask for.
struct People {
    district: TestDistrict,
    inspector: TestUser,
    supervisor: TestUser,
    liaison: TestUser,
    finance: TestUser,
    administrator: TestUser,
}

impl People {
    async fn of(server: &TestServer, code: &str) -> Self {
        let district = server.district(code).await;
        let user = async |name: &str, role: TestRole| {
            server.user(&district, &format!("{name}-{code}"), &[role]).await
        };
        Self {
            inspector: user("inspector", TestRole::inspector("001")).await,
            supervisor: user("supervisor", TestRole::supervisor("")).await,
            liaison: user("liaison", TestRole::liaison(district.streets[0])).await,
            finance: user("finance", TestRole::finance()).await,
            administrator: user("administrator", TestRole::administrator()).await,
            district,
        }
    }

    fn office(&self, caller: Caller) -> &TestUser {
        match caller {
            Supervisor => &self.supervisor,
            Liaison => &self.liaison,
            Finance => &self.finance,
            _ => &self.administrator,
        }
    }
}

/// Things of the district that a stranger asks for.
struct Things {
    user: TestUser,
    device: TestDevice,
    assignment: AssignmentId,
}

impl Things {
    async fn of(server: &TestServer, people: &People) -> Self {
        let user = server.user(&people.district, "somebody", &[TestRole::inspector("002")]).await;
        let assignment = server.assignments_of(user.user_id).await[0];
        Self { device: server.device(&user).await, user, assignment }
    }

    fn path(&self, template: &str) -> String {
        let versioned = |name: &str| match template.ends_with(name) {
            true => format!("{ENTRY_ID}?expected_version=1"),
            false => ENTRY_ID.to_owned(),
        };
        template
            .replace("{user_id}", &self.user.user_id.to_string())
            .replace("{device_id}", &self.device.device_id.to_string())
            .replace("{assignment_id}", &self.assignment.to_string())
            .replace("{target_id}", &versioned("{target_id}"))
            .replace("{unit_id}", &versioned("{unit_id}"))
            .replace("{zone_id}", ENTRY_ID)
            .replace("{path}", "410804%2F009")
            .replace("{month}", "2026-11")
            .replace("{year}", "2026")
            .replace("{sha256}", &"0".repeat(64))
            .replace("{form}", "original")
            .replace("{ordinal}", "0")
            .split('/')
            .map(|part| if part.starts_with('{') { UserId::fresh().to_string() } else { part.to_owned() })
            .collect::<Vec<_>>()
            .join("/")
    }
}

fn parts(row: &Row) -> (Method, &'static str) {
    let (method, path) = row.operation.split_once(' ').unwrap();
    (method.parse().unwrap(), path)
}

/// A request of this caller; each has a session of its own, because some rows end sessions.
async fn request(
    server: &TestServer,
    people: &People,
    caller: Caller,
    row: &Row,
    path: &str,
) -> RequestBuilder {
    let (method, _) = parts(row);
    let request = match caller {
        Anonymous => server.request(method, path),
        Device => server.device(&people.inspector).await.request(method, path),
        office => server.office(people.office(office)).await.request(method, path),
    };
    match (row.body)() {
        Value::Null => request,
        body => request.json(&body),
    }
}

/// The refusal's code, where the caller was refused; for a response without a body its status alone.
async fn refusal(request: RequestBuilder, method: &Method) -> Option<String> {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    if method == Method::HEAD {
        return matches!(status, 401 | 403).then(|| status.to_string());
    }
    if response.headers().get("content-type").is_none_or(|it| it != PROBLEM_MEDIA_TYPE) {
        return None;
    }
    let problem: Problem = response.json().await.ok()?;
    let code = problem.code.to_string();
    REFUSALS.contains(&code.as_str()).then_some(code)
}

fn documented() -> BTreeSet<String> {
    let document = serde_json::to_value(server::openapi::document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
            methods.map(move |method| format!("{method} {path}"))
        })
        .collect()
}

#[test]
fn every_operation_has_its_row_and_every_row_its_operation() {
    let rows: BTreeSet<String> = MATRIX.iter().map(|row| row.operation.to_owned()).collect();
    assert_eq!(rows.len(), MATRIX.len(), "an operation has two rows");
    assert_eq!(documented(), rows);
}

#[tokio::test]
async fn each_operation_is_for_those_that_its_row_names_and_for_nobody_else() {
    let server = TestServer::start().await;
    let people = People::of(&server, MACUN).await;
    let things = Things::of(&server, &people).await;
    for row in MATRIX {
        let (method, template) = parts(row);
        let path = things.path(template);
        for caller in EVERYBODY {
            let request = request(&server, &people, *caller, row, &path).await;
            let refused = refusal(request, &method).await;
            let expected = match caller {
                caller if row.callers.contains(caller) => None,
                Anonymous => Some(["sign_in_required", "401"]),
                _ => Some(["role_forbidden", "403"]),
            };
            let fits = match (&refused, expected) {
                (None, None) => true,
                (Some(code), Some(codes)) => codes.contains(&code.as_str()),
                _ => false,
            };
            assert!(fits, "{} as {caller:?} was answered {refused:?}", row.operation);
        }
    }
}

#[tokio::test]
async fn nothing_of_a_district_is_reached_from_another_one() {
    let server = TestServer::start().await;
    let people = People::of(&server, MACUN).await;
    let things = Things::of(&server, &people).await;
    let strangers = People::of(&server, "410802").await;
    let signed_in = MATRIX.iter().filter(|row| !row.callers.contains(&Anonymous));
    for row in signed_in.filter(|row| row.operation.contains("_id}")) {
        let (_, template) = parts(row);
        for caller in row.callers {
            let path = things.path(template);
            let response = request(&server, &strangers, *caller, row, &path).await.send().await.unwrap();
            let status = response.status().as_u16();
            // Requests without the headers of tus (405, 412) are not looked at further.
            assert!(
                matches!(status, 403 | 404 | 405 | 412 | 422),
                "{} as {caller:?}: {status}",
                row.operation
            );
        }
    }
}
