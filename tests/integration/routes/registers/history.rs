//! Cases of the past: on record by file, once, and never charged again.

use reqwest::Method;
use serde_json::{Value, json};
use server::services::replay_ledger::{Extent, Replayed, replay_ledger};
use sync_core::ids::{CaseId, DecisionRequestId};
use tests::review::{Review, accepted, decision, read};
use tests::{TestOffice, TestRole, problem};

use super::{administrator, counts, export, faults, import, preview, run, sites};

const HEAD: &str = "编号,发现时间,扣缴事项,台账编号,地点,经度,纬度,网格编码,责任单位,发现层级,发现单位,\
                    扣缴金额（元）,扣缴月份,备注,文号\n";

/// One case at a registered site, charged on paper, and one at a spot, of which no charge is known.
fn past() -> String {
    format!(
        "{HEAD}2025-017,2025-03-05 08:30,施工工地未落实六个百分之百,GD-1,,,,,,省,省环保督导组,100000,2025-03,围挡缺失,豫环督〔2025〕7号\n\
         2025-018,2025-04-01,露天焚烧,,西河滩,113.3,35.2,410804/002,,区县,区督导组,,,,\n"
    )
}

async fn with_site() -> (Review, TestOffice) {
    let review = Review::start().await;
    let office = administrator(&review).await;
    run(&office, "targets", sites(&[("GD-1", "一号工地")])).await;
    (review, office)
}

async fn cases(office: &TestOffice) -> Vec<Value> {
    let list = read(office.request(Method::GET, "/api/v1/cases?sort=oldest")).await;
    list["cases"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_case_of_the_past_is_on_record_and_found_and_nothing_is_charged_for_it() {
    let (review, office) = with_site().await;
    assert_eq!(counts(&preview(&office, "history", past()).await), [2, 0, 0, 0]);
    assert!(cases(&office).await.is_empty(), "a preview puts nothing on record");
    assert_eq!(counts(&run(&office, "history", past()).await), [2, 0, 0, 0]);

    let found = cases(&office).await;
    assert_eq!(found.len(), 2);
    let site = &found[0];
    assert_eq!((&site["review_state"], &site["target_code"]), (&json!("confirmed"), &json!("GD-1")));
    assert_eq!(
        (&site["occurred_at"], &site["level"]),
        (&json!("2025-03-05T00:30:00.000Z"), &json!("provincial"))
    );
    assert_eq!((&site["pending"], &site["posted"]), (&json!(0), &json!(0)));
    let spot = &found[1];
    assert_eq!((&spot["place"], &spot["unit_name"]), (&json!("西河滩"), &json!("西街道")));

    let shown = review.show(site["case_id"].as_str().unwrap().parse().unwrap()).await;
    assert!(shown.to_string().contains("2025-03 已按纸质流程扣缴 100000.00 元，不再扣缴"), "{shown}");
    assert!(review.entries().await.is_empty());
    let totals = review.totals("2025-03").await;
    assert!(!totals.to_string().contains("10000000"), "paper is not our ledger: {totals}");
    let found = read(office.request(Method::GET, "/api/v1/cases").query(&[("text", "2025-017")])).await;
    assert_eq!(found["cases"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_imported_twice_does_nothing_and_none_changes_what_is_on_record() {
    let (review, office) = with_site().await;
    run(&office, "history", past()).await;
    assert_eq!(counts(&run(&office, "history", past()).await), [0, 0, 2, 0]);
    assert_eq!(cases(&office).await.len(), 2);
    let other = past().replace("100000", "50000");
    let shown = preview(&office, "history", other).await;
    assert_eq!(counts(&shown), [0, 0, 1, 1]);
    assert_eq!(faults(&shown), [(2, "编号".to_owned(), "history_fixed".to_owned())]);
    for file in ["history.xlsx", "history.csv"] {
        for language in ["zh", "en"] {
            let bytes = export(&office, &format!("{file}?lang={language}")).await;
            assert_eq!(
                counts(&preview(&office, "history", bytes).await),
                [0, 0, 2, 0],
                "{file} in {language}"
            );
        }
    }
    assert_eq!(
        review.server.audit_actions().await,
        ["register_imported"; 2],
        "one for targets, one for cases"
    );
}

#[tokio::test]
async fn what_was_previewed_is_not_written_once_the_register_completes_it_otherwise() {
    let changes = [
        "UPDATE targets SET unit_id = (SELECT unit_id FROM units WHERE name = '西街道')",
        "UPDATE targets SET version = version + 1",
    ];
    for change in changes {
        let (review, office) = with_site().await;
        let shown = preview(&office, "history", past()).await;
        review.server.execute(change).await.unwrap();

        let query = format!("?dry_run=false&digest={}", shown["digest"].as_str().unwrap());
        let refused = problem(import(&office, "history", &query, past()).await).await;

        assert_eq!(refused.code.as_str(), "import_outdated", "{change}");
        assert!(cases(&office).await.is_empty());
    }
}

#[tokio::test]
async fn every_bad_cell_of_a_past_case_is_named() {
    let (_review, office) = with_site().await;
    let rows = [
        ",2025-03-05,施工工地未落实六个百分之百,GD-1,,,,,,省,督导组,,,,",
        "1,昨天,施工工地未落实六个百分之百,GD-1,,,,,,省,督导组,,,,",
        "2,2025-03-05,占道经营,GD-1,,,,,,省,督导组,,,,",
        "3,2025-03-05,施工工地未落实六个百分之百,GD-9,,,,,,省,督导组,,,,",
        "4,2025-03-05,施工工地未落实六个百分之百,,,,,,,省,督导组,,,,",
        "5,2025-03-05,施工工地未落实六个百分之百,GD-1,,35.2,113.3,,,省,督导组,,,,",
        "6,2025-03-05,施工工地未落实六个百分之百,GD-1,,113.3,,,,省,督导组,,,,",
        "7,2025-03-05,施工工地未落实六个百分之百,GD-1,,,,410804/009,南街道,部,,十万,三月,,",
        "8,2027-03-05,施工工地未落实六个百分之百,GD-1,,,,,,省,督导组,-5,,,",
    ];
    let shown = preview(&office, "history", format!("{HEAD}{}\n", rows.join("\n"))).await;
    let found: Vec<(u64, String)> = faults(&shown).into_iter().map(|(row, _, code)| (row, code)).collect();
    let expected = [
        (2, "text_required"),
        (3, "cell_not_a_time"),
        (4, "cell_not_one_of"),
        (5, "target_unknown"),
        (6, "text_required"),
        (6, "text_required"),
        (7, "coordinates_swapped"),
        (8, "text_required"),
        (9, "grid_unknown"),
        (9, "unit_unknown"),
        (9, "cell_not_one_of"),
        (9, "text_required"),
        (9, "cell_not_an_amount"),
        (9, "cell_bad_form"),
        (10, "occurrence_in_future"),
        (10, "cell_not_an_amount"),
    ];
    assert_eq!(found, expected.map(|(row, code)| (row, code.to_owned())));
    assert_eq!(counts(&shown), [0, 0, 0, 9]);
}

#[tokio::test]
async fn a_past_case_counts_as_confirmed_for_those_that_follow_on_its_target() {
    let (review, office) = with_site().await;
    run(&office, "history", past()).await;
    let list = read(office.request(Method::GET, "/api/v1/cases?state=confirmed")).await;
    assert_eq!(list["counts"], json!([{ "review_state": "confirmed", "cases": 2 }]));
    let liaison = review.office("liaison", TestRole::liaison(review.macun.streets[0])).await;
    assert_eq!(cases(&liaison).await.len(), 1, "a liaison sees the own unit's past");
}

#[tokio::test]
async fn what_was_charged_on_paper_is_never_charged_here_whatever_is_decided() {
    let (review, office) = with_site().await;
    run(&office, "history", past()).await;
    let case = |listed: &Value| listed["case_id"].as_str().unwrap().parse::<CaseId>().unwrap();
    let listed = cases(&office).await;
    let (site, spot) = (case(&listed[0]), case(&listed[1]));
    let fresh = review.case(&["hoarding"]).await;

    let mut elsewhere = decision("re_attribute", 1);
    elsewhere["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(site, &elsewhere).await).await;
    let mut adjust = decision("adjust", 2);
    adjust["level"] = json!("district");
    let adjusted = problem(review.supervisor.decide(site, &adjust).await).await;
    let merge = json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": 2,
        "absorbed": [{ "case_id": fresh, "expected_version": 1 }],
        "unit_id": review.macun.streets[1],
        "reason": "同一工地",
    });
    let request = review.supervisor.request(Method::POST, &format!("/api/v1/cases/{site}/merge"));
    let merged = problem(request.json(&merge).send().await.unwrap()).await;
    review.decide(spot, "dismiss").await;

    assert_eq!([adjusted.code.as_str(), merged.code.as_str()], ["case_state_forbids"; 2]);
    assert!(review.entries().await.is_empty());
    let mut connection = review.server.connection().await;
    let replayed = replay_ledger(&mut connection, &review.macun.code, Extent::All, |_| {}).await.unwrap();
    assert!(matches!(replayed, Replayed::Same { .. }), "{replayed:?}");
}
