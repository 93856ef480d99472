//! Coverage duties over HTTP, by the Xiping pack: every purifier checked every month, a fifth of them measured.

use reqwest::Method;
use serde_json::{Value, json};
use server::admin::adopt_pack::{AdoptionDays, PackToAdopt, adopt_pack};
use server::db::targets::{TargetWrite, insert_targets};
use sync_core::model::inspection::{Inspection, Measurement};
use sync_core::model::target::{FactValue, Target, TargetContent};
use sync_core::policy::{PolicyPack, builtin_packs};
use sync_core::time::{Clock, Instant};
use sync_core::wire::operation::Operation;
use sync_core::wire::push::Outcome;
use tests::field::Occurring as _;
use tests::field::{correction, new_site, visit};
use tests::review::read;
use tests::{TestDevice, TestDistrict, TestOffice, TestRole, TestServer, problem};

const XIPING: &str = "411721";
const CHECKED: &str = "catering_monthly";
const MEASURED: &str = "catering_measured";
const CLEANED: &str = "purifier_cleaning";
const LAST_CLEANED: &str = "last_cleaned";

/// The duty of zhumadian-2017 五（六）.
const CLEANING: &str = r#"
[[coverage]]
code = "purifier_cleaning"
zh = "半年清理净化器和烟道"
en = "Purifier and flue cleaned every half year"
clause = "catering"
kind = "catering_device"
percent = 100
every = "half_yearly"
fact = "last_cleaned"
"#;

/// Xiping with its draft adopted from 2025 on, an inspector of the whole district and an administrator.
struct Xiping {
    server: TestServer,
    district: TestDistrict,
    pack: PolicyPack,
    device: TestDevice,
    office: TestOffice,
}

impl Xiping {
    async fn start() -> Self {
        Self::with("").await
    }

    /// The same with more in its pack.
    async fn with(more: &str) -> Self {
        let server = TestServer::start().await;
        let district = server.district(XIPING).await;
        let shipped = builtin_packs().iter().find(|pack| pack.file == "xiping-2024.toml").unwrap();
        let source = format!("{}{more}", shipped.source);
        let days = AdoptionDays { from: Some("2025-01-01".parse().unwrap()), until: None };
        let adopted = PackToAdopt { source: &source, file: shipped.file, days, affects_past: false };
        let mut connection = server.connection().await;
        adopt_pack(&mut connection, &district.code, adopted, None, server.clock.now()).await.unwrap();
        drop(connection);
        let device = server.inspector(&district, "li", "").await;
        let user = server.user(&district, "admin", &[TestRole::administrator()]).await;
        let office = server.office(&user).await;
        let pack = PolicyPack::load(&source, shipped.file).unwrap();
        Self { server, district, pack, device, office }
    }

    async fn person(&self, name: &str, role: TestRole) -> TestOffice {
        let user = self.server.user(&self.district, name, &[role]).await;
        self.server.office(&user).await
    }

    /// A purifier with a register number that tells its place among others, registered at this time.
    async fn outlet(&self, code: &str, grid: &str, created_at: &str) -> Target {
        self.outlet_cleaned(code, grid, created_at, None).await
    }

    /// The same with the day on record on which it was cleaned.
    async fn outlet_cleaned(&self, code: &str, grid: &str, created_at: &str, on: Option<&str>) -> Target {
        let street = usize::from(grid.starts_with("002"));
        let content = TargetContent {
            kind: "catering_device".parse().unwrap(),
            code: Some(code.to_owned()),
            name: format!("餐馆 {code}"),
            unit_id: self.district.streets[street],
            facts: on
                .map(|day| (LAST_CLEANED.parse().unwrap(), FactValue::Text(day.to_owned())))
                .into_iter()
                .collect(),
            ..new_site(&self.district, grid)
        };
        let target = Target { content, version: 1 };
        let row = TargetWrite::new(&self.district.code, &target, created_at.parse().unwrap());
        let connection = self.server.connection().await;
        insert_targets(&connection, &[row]).await.unwrap();
        target
    }

    /// So many of them, numbered from 1, in `001/001` since September.
    async fn outlets(&self, count: usize) -> Vec<Target> {
        let mut outlets = Vec::new();
        for number in 1..=count {
            outlets.push(self.outlet(&format!("CY-{number}"), "001/001", "2026-09-01T00:00:00Z").await);
        }
        outlets
    }

    fn visit(&self, outlet: &Target, occurred_at: &str) -> Inspection {
        let mut visit = visit(&self.device, outlet, &[]);
        visit.occurs_at(occurred_at.parse::<Instant>().unwrap());
        visit.context.pack = Some(self.pack.reference());
        visit
    }

    async fn send(&self, mut operation: Operation) {
        operation.header.pack_version = Some(self.pack.hash().clone());
        assert_eq!(self.device.push(&[operation]).await, [Outcome::Applied]);
    }

    /// Records a visit without a finding.
    async fn inspect(&self, outlet: &Target, occurred_at: &str) -> Inspection {
        let visit = self.visit(outlet, occurred_at);
        self.send(self.device.submit(&visit)).await;
        visit
    }

    /// Records a visit in which the fume was measured.
    async fn measure(&self, outlet: &Target, occurred_at: &str) -> Inspection {
        let mut visit = self.visit(outlet, occurred_at);
        visit.measurements = vec![fume()];
        self.send(self.device.submit(&visit)).await;
        visit
    }

    async fn duty(&self, duty: &str, month: &str) -> Value {
        duty_of(&self.office, duty, &format!("month={month}")).await
    }

    async fn gap(&self, duty: &str, query: &str) -> Value {
        gap_of(&self.office, duty, query).await
    }
}

fn fume() -> Measurement {
    Measurement { code: "fume".parse().unwrap(), value: 0.8 }
}

async fn duty_of(office: &TestOffice, duty: &str, query: &str) -> Value {
    let coverage = read(office.request(Method::GET, &format!("/api/v1/coverage?{query}"))).await;
    let duties = coverage["duties"].as_array().unwrap();
    duties.iter().find(|found| found["code"] == duty).unwrap().clone()
}

async fn gap_of(office: &TestOffice, duty: &str, query: &str) -> Value {
    read(office.request(Method::GET, &format!("/api/v1/coverage/{duty}/gap?{query}"))).await
}

async fn refusal(office: &TestOffice, path: &str) -> (String, Option<String>) {
    let response = office.request(Method::GET, path).send().await.unwrap();
    let refused = problem(response).await;
    (refused.code.to_string(), refused.field)
}

/// Targets, covered, required, and whether that is enough.
fn counts(row: &Value) -> (i64, i64, i64, bool) {
    let count = |name: &str| row[name].as_i64().unwrap();
    (count("targets"), count("covered"), count("required"), row["fulfilled"].as_bool().unwrap())
}

fn codes(gap: &Value) -> Vec<&str> {
    gap["targets"].as_array().unwrap().iter().map(|target| target["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_purifier_has_to_be_checked_in_the_month() {
    let xiping = Xiping::start().await;
    let outlets = xiping.outlets(3).await;

    let none = xiping.duty(CHECKED, "2026-11").await;
    assert_eq!(counts(&none["total"]), (3, 0, 3, false));
    assert_eq!(none["total"]["share_bp"], 0);
    assert_eq!((&none["from"], &none["to"]), (&"2026-11-01".into(), &"2026-11-30".into()));
    assert_eq!((&none["percent"], &none["kind"]), (&100.into(), &"catering_device".into()));
    assert!(none["citation"].as_str().unwrap().ends_with("六（六）"), "{none}");

    xiping.inspect(&outlets[0], "2026-11-03T02:00:00Z").await;
    xiping.inspect(&outlets[0], "2026-11-04T02:00:00Z").await;
    xiping.inspect(&outlets[1], "2026-11-05T02:00:00Z").await;
    let partly = xiping.duty(CHECKED, "2026-11").await;
    assert_eq!(counts(&partly["total"]), (3, 2, 3, false), "a second visit covers nothing more");
    assert_eq!((&partly["total"]["share_bp"], &partly["total"]["missing"]), (&6_666.into(), &1.into()));

    xiping.inspect(&outlets[2], "2026-11-06T02:00:00Z").await;
    let full = xiping.duty(CHECKED, "2026-11").await;
    assert_eq!(counts(&full["total"]), (3, 3, 3, true));
    assert_eq!(full["total"]["share_bp"], 10_000);
}

#[tokio::test]
async fn a_fifth_has_to_be_measured_and_a_visit_without_the_measurement_does_not_count() {
    let xiping = Xiping::start().await;
    let outlets = xiping.outlets(6).await;
    for outlet in &outlets {
        xiping.inspect(outlet, "2026-11-03T02:00:00Z").await;
    }
    assert_eq!(counts(&xiping.duty(MEASURED, "2026-11").await["total"]), (6, 0, 2, false));

    xiping.measure(&outlets[4], "2026-11-04T02:00:00Z").await;
    assert_eq!(counts(&xiping.duty(MEASURED, "2026-11").await["total"]), (6, 1, 2, false));
    xiping.measure(&outlets[5], "2026-11-05T02:00:00Z").await;
    assert_eq!(counts(&xiping.duty(MEASURED, "2026-11").await["total"]), (6, 2, 2, true));
    assert_eq!(codes(&xiping.gap(MEASURED, "").await), ["CY-1", "CY-2", "CY-3", "CY-4"]);
}

#[tokio::test]
async fn a_purifier_is_cleaned_in_the_half_year_that_its_date_on_record_lies_in() {
    let xiping = Xiping::with(CLEANING).await;
    let mut outlets = Vec::new();
    for (code, cleaned) in [
        ("CY-1", Some("2026-06-30")),
        ("CY-2", Some("2026-07-01")),
        ("CY-3", Some("2026-01-01")),
        ("CY-4", None),
    ] {
        outlets.push(xiping.outlet_cleaned(code, "001/001", "2026-01-05T00:00:00Z", cleaned).await);
    }

    let second = xiping.duty(CLEANED, "2026-11").await;
    assert_eq!(
        (&second["from"], &second["to"], &second["fact"]),
        (&json!("2026-07-01"), &json!("2026-12-31"), &json!(LAST_CLEANED))
    );
    assert_eq!(counts(&second["total"]), (4, 1, 4, false));
    let gap = xiping.gap(CLEANED, "").await;
    assert_eq!(codes(&gap), ["CY-4", "CY-3", "CY-1"], "never, then the longest ago");
    assert_eq!(
        (&gap["targets"][0]["last_inspected_on"], &gap["targets"][2]["last_inspected_on"]),
        (&Value::Null, &json!("2026-06-30"))
    );

    xiping.inspect(&outlets[0], "2026-11-03T02:00:00Z").await;
    assert_eq!(
        counts(&xiping.duty(CLEANED, "2026-11").await["total"]),
        (4, 1, 4, false),
        "a visit cleans nothing"
    );
    assert_eq!(xiping.duty(CLEANED, "2026-06").await["total"]["covered"], 2);

    let mut content = serde_json::to_value(&outlets[0].content).unwrap();
    let path = format!("/api/v1/targets/{}", outlets[0].content.target_id);
    content["facts"][LAST_CLEANED] = json!("2026-12-30");
    content["expected_version"] = json!(1);
    let changed = xiping.office.request(Method::PUT, &path).json(&content).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    assert_eq!(xiping.duty(CLEANED, "2026-11").await["total"]["covered"], 1, "a date to come is no cleaning");
    content["facts"][LAST_CLEANED] = json!("2026-11-10");
    content["expected_version"] = json!(2);
    let changed = xiping.office.request(Method::PUT, &path).json(&content).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    assert_eq!(xiping.duty(CLEANED, "2026-11").await["total"]["covered"], 2);
    assert_eq!(
        xiping.duty(CLEANED, "2026-06").await["total"]["covered"],
        2,
        "an inspection sealed the date of June"
    );
    assert_eq!(codes(&xiping.gap(CLEANED, "month=2026-06").await), ["CY-2", "CY-4"]);
}

#[tokio::test]
async fn a_month_begins_and_ends_at_midnight_in_shanghai() {
    let xiping = Xiping::start().await;
    let outlets = xiping.outlets(2).await;
    xiping.inspect(&outlets[0], "2026-10-31T15:59:59Z").await;
    assert_eq!(xiping.duty(CHECKED, "2026-10").await["total"]["covered"], 1);
    assert_eq!(xiping.duty(CHECKED, "2026-11").await["total"]["covered"], 0);

    xiping.inspect(&outlets[1], "2026-10-31T16:00:00Z").await;
    assert_eq!(xiping.duty(CHECKED, "2026-10").await["total"]["covered"], 1);
    assert_eq!(xiping.duty(CHECKED, "2026-11").await["total"]["covered"], 1);
    assert_eq!(codes(&xiping.gap(CHECKED, "month=2026-10").await), ["CY-2"]);
    assert_eq!(codes(&xiping.gap(CHECKED, "month=2026-11").await), ["CY-1"]);
}

#[tokio::test]
async fn an_inspection_that_was_corrected_counts_no_more() {
    let xiping = Xiping::start().await;
    let outlets = xiping.outlets(1).await;
    let first = xiping.measure(&outlets[0], "2026-11-03T02:00:00Z").await;
    assert_eq!(xiping.duty(MEASURED, "2026-11").await["total"]["covered"], 1);

    let mut unmeasured = correction(&first, &[]);
    unmeasured.measurements.clear();
    xiping.send(xiping.device.amend(&unmeasured)).await;
    assert_eq!(xiping.duty(MEASURED, "2026-11").await["total"]["covered"], 0);
    assert_eq!(xiping.duty(CHECKED, "2026-11").await["total"]["covered"], 1, "the correction itself counts");

    let mut earlier = correction(&unmeasured, &[]);
    earlier.occurs_at("2026-10-30T02:00:00Z".parse().unwrap());
    xiping.send(xiping.device.amend(&earlier)).await;
    assert_eq!(xiping.duty(CHECKED, "2026-11").await["total"]["covered"], 0);
    assert_eq!(xiping.duty(CHECKED, "2026-10").await["total"]["covered"], 1);
}

#[tokio::test]
async fn targets_are_those_of_the_register_at_the_periods_end() {
    let xiping = Xiping::start().await;
    let outlets = xiping.outlets(2).await;
    xiping.outlet("CY-9", "001/001", "2026-10-31T16:00:00Z").await;
    assert_eq!(xiping.duty(CHECKED, "2026-10").await["total"]["targets"], 2);
    assert_eq!(xiping.duty(CHECKED, "2026-11").await["total"]["targets"], 3);

    let path = format!("/api/v1/targets/{}?expected_version=1", outlets[0].content.target_id);
    let removed = xiping.office.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(removed.status(), 204);
    assert_eq!(xiping.duty(CHECKED, "2026-10").await["total"]["targets"], 2, "it was there in October");
    assert_eq!(xiping.duty(CHECKED, "2026-11").await["total"]["targets"], 2);
    assert_eq!(codes(&xiping.gap(CHECKED, "month=2026-11").await), ["CY-2", "CY-9"]);
}

#[tokio::test]
async fn figures_are_by_street_and_unit_and_everybody_sees_the_own_part() {
    let xiping = Xiping::start().await;
    let east = xiping.outlets(2).await;
    let west = xiping.outlet("CY-8", "002/001", "2026-09-01T00:00:00Z").await;
    xiping.outlet("CY-9", "002", "2026-09-01T00:00:00Z").await;
    for outlet in [&east[0], &east[1], &west] {
        xiping.inspect(outlet, "2026-11-03T02:00:00Z").await;
    }

    let all = xiping.duty(CHECKED, "2026-11").await;
    assert_eq!(counts(&all["total"]), (4, 3, 4, false));
    let grids = all["grids"].as_array().unwrap();
    let paths: Vec<_> = grids.iter().map(|row| row["grid"].as_str().unwrap()).collect();
    assert_eq!(paths, ["411721/001", "411721/002"]);
    assert_eq!((counts(&grids[0]), counts(&grids[1])), ((2, 2, 2, true), (2, 1, 2, false)));
    assert_eq!(grids[1]["grid_name"], "网格002");
    let units = all["units"].as_array().unwrap();
    let eastern = units.iter().find(|row| row["unit_name"] == "东街道").unwrap();
    let western = units.iter().find(|row| row["unit_name"] == "西街道").unwrap();
    assert_eq!((counts(eastern), counts(western)), ((2, 2, 2, true), (2, 1, 2, false)));

    let community = duty_of(&xiping.office, CHECKED, "month=2026-11&grid=411721/002/001").await;
    assert_eq!(counts(&community["total"]), (1, 1, 1, true));

    let liaison = xiping.person("liaison", TestRole::liaison(xiping.district.streets[0])).await;
    let supervisor = xiping.person("supervisor", TestRole::supervisor("002")).await;
    for (office, seen, uncovered) in [(liaison, (2, 2, 2, true), 0), (supervisor, (2, 1, 2, false), 1)] {
        let own = duty_of(&office, CHECKED, "month=2026-11").await;
        assert_eq!(counts(&own["total"]), seen);
        assert_eq!((own["grids"].as_array().unwrap().len(), own["units"].as_array().unwrap().len()), (1, 1));
        assert_eq!(codes(&gap_of(&office, CHECKED, "month=2026-11").await).len(), uncovered);
    }
}

#[tokio::test]
async fn the_gap_names_the_longest_without_inspection_first_and_shrinks() {
    let xiping = Xiping::start().await;
    let outlets = xiping.outlets(4).await;
    xiping.inspect(&outlets[0], "2026-10-20T02:00:00Z").await;
    xiping.inspect(&outlets[1], "2026-09-10T16:30:00Z").await;

    let gap = xiping.gap(CHECKED, "").await;
    assert_eq!(codes(&gap), ["CY-3", "CY-4", "CY-2", "CY-1"], "never inspected comes first");
    let (never, longest) = (&gap["targets"][0], &gap["targets"][2]);
    assert!(never["last_inspected_on"].is_null());
    assert_eq!(longest["last_inspected_on"], "2026-09-11", "a day of Shanghai");
    assert_eq!((&longest["grid"], &longest["unit_name"]), (&"411721/001/001".into(), &"东街道".into()));
    assert_eq!(longest["point"]["lon"], outlets[1].content.point.lon);

    let mut paged = Vec::new();
    let mut query = "limit=1".to_owned();
    loop {
        let page = xiping.gap(CHECKED, &query).await;
        paged.extend(codes(&page).into_iter().map(str::to_owned));
        match page["next"].as_str() {
            Some(next) => query = format!("limit=1&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, codes(&gap));

    xiping.inspect(&outlets[2], "2026-11-20T02:00:00Z").await;
    assert_eq!(codes(&xiping.gap(CHECKED, "").await), ["CY-4", "CY-2", "CY-1"]);
}

#[tokio::test]
async fn without_a_pack_in_force_there_are_no_duties() {
    let xiping = Xiping::start().await;
    let before = read(xiping.office.request(Method::GET, "/api/v1/coverage?month=2024-12")).await;
    assert!(before["pack"].is_null() && before["duties"].as_array().unwrap().is_empty(), "{before}");
    let now = read(xiping.office.request(Method::GET, "/api/v1/coverage")).await;
    assert_eq!((&now["month"], &now["day"]), (&"2026-11".into(), &"2026-11-22".into()));
    assert_eq!(now["duties"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn wrong_months_duties_and_cursors_are_refused_by_name() {
    let xiping = Xiping::start().await;
    let because = |code: &str, field: &str| (code.to_owned(), Some(field.to_owned()));
    for month in ["2026-13", "2026-1", "november", "2026-11-01"] {
        let malformed = because("malformed_request", "month");
        assert_eq!(refusal(&xiping.office, &format!("/api/v1/coverage?month={month}")).await, malformed);
        let gap = format!("/api/v1/coverage/{CHECKED}/gap?month={month}");
        assert_eq!(refusal(&xiping.office, &gap).await, malformed);
    }
    for (path, code, field) in [
        ("/api/v1/coverage?month=9999-12", "malformed_request", "month"),
        ("/api/v1/coverage?grid=x", "malformed_request", "grid"),
        ("/api/v1/coverage/castles/gap", "duty_unknown", "duty"),
        ("/api/v1/coverage/catering_monthly/gap?month=2024-12", "duty_unknown", "duty"),
        ("/api/v1/coverage/catering_monthly/gap?cursor=x", "malformed_request", "cursor"),
        ("/api/v1/coverage/catering_monthly/gap?limit=0", "number_out_of_range", "limit"),
    ] {
        assert_eq!(refusal(&xiping.office, path).await, because(code, field), "{path}");
    }
}
