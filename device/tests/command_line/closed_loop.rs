use serde_json::{Value, json};
use sync_core::ids::CaseId;

use super::tablet::{GRID, PICTURE, SITE, STOCKPILE, Tablet, UNIT};

const CASE: &str = "01890000-0000-7000-8000-0000000000c1";
const LEAD: &str = "01890000-0000-7000-8000-0000000000f1";

/// A tablet that pulled an order and a fire point lead.
fn tablet() -> Tablet {
    let tablet = Tablet::enrolled();
    let case = json!({
        "case_id": CASE, "lineage": SITE, "inspection_id": SITE, "author": UNIT, "item": "site_dust",
        "target_id": STOCKPILE, "grid": GRID, "unit_id": UNIT, "occurred_at": "2024-10-08T00:00:00Z", "pack": null,
        "review_state": "confirmed", "rectification_state": "assigned", "flags": [], "version": 3, "reason": null,
        "charges": [],
    });
    let round = json!({
        "case_id": CASE, "round": 2, "state": "rectified", "step": "supervision", "pause": null, "unit_id": UNIT,
        "grid": GRID, "requirement": "补齐围挡", "ordered_at": "2024-10-08T00:00:00Z",
        "deadline": "2024-10-15T10:00:00Z", "report": null, "later": "kept",
    });
    let lead = json!({
        "fire_point_id": LEAD, "source": "satellite", "point": { "lon": 113.31, "lat": 35.26 }, "grid": GRID,
        "seen_at": "2024-10-08T01:00:00Z", "note": "村西麦田", "state": "lead", "inspection_id": null,
    });
    tablet.pull_rows(&[("case", CASE, case), ("rectification", CASE, round), ("fire_point", LEAD, lead)]);
    tablet
}

fn kinds(tablet: &Tablet) -> Vec<Value> {
    let log = tablet.run(&["log"]).done();
    log.as_array().unwrap().iter().map(|line| line["kind"].clone()).collect()
}

#[test]
fn an_order_is_listed_with_its_case_and_rechecked_offline_with_a_photo() {
    let tablet = tablet();
    let orders = tablet.run(&["orders"]).done();
    assert_eq!((&orders[0]["round"], &orders[0]["target_name"]), (&json!(2), &json!("演马砂石料堆场")));
    let photo = tablet.picture("fence.jpg", PICTURE);

    tablet.run(&["recheck", CASE, "--result", "pass", "--photo", &photo]).done();

    assert_eq!(kinds(&tablet), [json!("recheck_rectification")]);
    assert_eq!(tablet.run(&["status"]).done()["photos_waiting"], 1);
    let records = tablet.run(&["orders"]).done()[0]["records"].clone();
    assert_eq!(
        (&records[0]["kind"], &records[0]["state"]),
        (&json!("recheck_rectification"), &json!("waiting"))
    );
    let said = tablet.say(&["orders"]);
    assert!(said.out.contains("第2轮  待复核  2024-10-15 18:00:00"), "{}", said.out);
}

#[test]
fn a_report_names_what_was_done_and_the_round_the_tablet_heard_of() {
    let tablet = tablet();
    assert_eq!(tablet.run(&["report", CASE]).refused(), ("text_required".to_owned(), "text".to_owned()));
    tablet.run(&["report", CASE, "--text", "已补齐"]).done();
    assert_eq!(kinds(&tablet), [json!("report_rectification")]);
}

#[test]
fn a_failed_recheck_says_why_and_an_unknown_case_is_refused() {
    let tablet = tablet();
    let refused = tablet.run(&["recheck", CASE, "--result", "fail"]).refused();
    assert_eq!(refused, ("text_required".to_owned(), "text".to_owned()));
    let unordered = CaseId::fresh().to_string();
    for (case, code) in [(unordered.as_str(), "rectification_unknown"), ("nonsense", "case_unknown")] {
        assert_eq!(tablet.run(&["recheck", case, "--result", "pass"]).refused().0, code);
    }
    assert!(kinds(&tablet).is_empty(), "nothing was stored");
}

#[test]
fn a_fire_point_is_verified_as_nothing_found_or_by_an_own_inspection() {
    let tablet = tablet();
    assert_eq!(tablet.run(&["fire-points"]).done()[0]["state"], "lead");
    assert_eq!(tablet.run(&["verify-fire", LEAD]).refused().0, "text_required", "what was seen instead");
    let fire = tablet
        .run(&["inspect", "--kind", "straw_point", "--grid", GRID, "--answer", "no_straw_burning=fail"])
        .done();
    let inspection = fire["inspection_id"].as_str().unwrap();

    tablet.run(&["verify-fire", LEAD, "--inspection", inspection]).done();

    assert_eq!(kinds(&tablet), [json!("verify_fire_point"), json!("submit_inspection")]);
    let said = tablet.say(&["fire-points"]);
    assert!(said.out.contains("卫星  待核查"), "{}", said.out);
}
