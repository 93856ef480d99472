//! The ledger replays from inspections and decisions to the same entries and digests, and whatever was tampered with is
//! found.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use server::ledger::replay::{EvidenceFault, ReplayFault};
use server::services::replay_ledger::{Difference, Extent, ReplayError, Replayed, replay_ledger};
use sync_core::ids::{CaseId, DecisionRequestId, InspectionId};
use tests::TestRole;
use tests::field::Occurring as _;
use tests::field::correction;
use tests::review::{Review, SITE_DUST, accepted, decision};

const IN_OCTOBER: &str = "2026-10-15T02:00:00Z";
const DEARER: &str = "en = \"Site without the six 100% dust measures\"\namount = 120_000";

async fn replay(review: &Review, extent: Extent) -> Result<Replayed, ReplayError> {
    let mut connection = review.server.connection().await;
    replay_ledger(&mut connection, &review.macun.code, extent, |_| {}).await
}

async fn difference(review: &Review) -> Difference {
    match replay(review, Extent::All).await.unwrap() {
        Replayed::Differs(difference) => difference,
        same @ Replayed::Same { .. } => panic!("{same:?}"),
    }
}

/// October, closed: a case confirmed, one returned, corrected and confirmed, one dismissed after posting; and one
/// reversed after the closing. Returns the month's digest.
async fn a_closed_october(review: &Review) -> String {
    let plain = review.case_at(&["hoarding", "material_cover"], IN_OCTOBER).await;
    review.decide(plain, "confirm").await;

    let mut first = review.visit(&["hoarding"]).await;
    first.occurs_at(IN_OCTOBER.parse().unwrap());
    let corrected = review.push(&first).await;
    review.decide(corrected, "return").await;
    let mut second = correction(&first, &["hoarding"]);
    second.notes = "补充说明".to_owned();
    review.device.push(&[review.device.amend(&second)]).await;
    review.decide(corrected, "confirm").await;

    let dismissed = review.case_at(&["hoarding"], IN_OCTOBER).await;
    review.decide(dismissed, "confirm").await;
    review.decide_by_two(dismissed, &decision("dismiss", 2)).await;

    let digest = close_october(review).await;
    review.decide_by_two(plain, &decision("dismiss", 2)).await;
    digest
}

async fn close_october(review: &Review) -> String {
    review.try_close("2026-10").await.unwrap()["digest"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_closed_month_replays_to_its_digest_and_so_does_all_that_follows() {
    let review = Review::start().await;
    let digest = a_closed_october(&review).await;
    let months = vec![("2026-10".parse().unwrap(), digest)];

    let month = replay(&review, Extent::Month("2026-10".parse().unwrap())).await.unwrap();
    let all = replay(&review, Extent::All).await.unwrap();

    assert_eq!(month, Replayed::Same { decisions: 6, entries: 5, months: months.clone() });
    assert_eq!(all, Replayed::Same { decisions: 7, entries: 7, months });
}

#[tokio::test]
async fn money_that_people_moved_by_hand_replays_too() {
    let review = Review::start().await;
    let moved = review.case_at(&["hoarding", "material_cover"], IN_OCTOBER).await;
    review.decide(moved, "confirm").await;
    let mut elsewhere = decision("re_attribute", 2);
    elsewhere["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(moved, &elsewhere).await).await;
    let mut adjust = decision("adjust", 3);
    adjust["amounts"] =
        json!([{ "charge_id": review.show(moved).await["charges"][0]["charge_id"], "amount": 3_000_000 }]);
    review.decide_by_two(moved, &adjust).await;
    let digest = close_october(&review).await;
    review.decide_by_two(moved, &decision("dismiss", 4)).await;

    let all = replay(&review, Extent::All).await.unwrap();

    let months = vec![("2026-10".parse().unwrap(), digest)];
    assert_eq!(all, Replayed::Same { decisions: 5, entries: 9, months });
}

#[tokio::test]
async fn duplicates_that_were_merged_replay_as_one_case() {
    let review = Review::start().await;
    let site = review.server.site(&review.macun, "001/001").await;
    let mut cases = Vec::new();
    for failed in [&["hoarding"][..], &["hoarding", "material_cover"]] {
        let mut visit = review.visit_to(&site, failed);
        visit.occurs_at(IN_OCTOBER.parse().unwrap());
        cases.push(review.push(&visit).await);
    }
    let (survivor, absorbed) = (cases[0], cases[1]);
    let merge = json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": review.show(survivor).await["version"],
        "absorbed": [{ "case_id": absorbed, "expected_version": review.show(absorbed).await["version"] }],
        "unit_id": null,
        "reason": "同一工地同一问题",
    });
    let path = format!("/api/v1/cases/{survivor}/merge");
    accepted(review.supervisor.request(Method::POST, &path).json(&merge).send().await.unwrap()).await;
    review.decide(survivor, "confirm").await;
    let months = vec![("2026-10".parse().unwrap(), close_october(&review).await)];

    let all = replay(&review, Extent::All).await.unwrap();

    assert_eq!(all, Replayed::Same { decisions: 3, entries: 2, months });
}

/// A case of the past, charged on paper.
async fn import_past(review: &Review) {
    let file = "编号,发现时间,扣缴事项,台账编号,地点,经度,纬度,网格编码,责任单位,发现层级,发现单位,\
                扣缴金额（元）,扣缴月份,备注,文号\n\
                2025-018,2025-04-01,露天焚烧,,西河滩,113.3,35.2,410804/002,,区县,区督导组,100000,2025-04,,\n";
    let administrator = review.office("admin", TestRole::administrator()).await;
    let import = async |query: &str| -> Value {
        let path = format!("/api/v1/imports/history{query}");
        accepted(administrator.request(Method::POST, &path).body(file).send().await.unwrap()).await
    };
    let shown = import("").await;
    let done = import(&format!("?dry_run=false&digest={}", shown["digest"].as_str().unwrap())).await;
    assert_eq!((&done["applied"], &done["counts"]["new"]), (&json!(true), &json!(1)));
}

/// What a group found in October, entered from its paper without photos.
async fn enter_finding(review: &Review) -> CaseId {
    let site = review.server.site(&review.macun, "001/001").await;
    let finding = json!({
        "request_id": InspectionId::fresh(),
        "occurred_at": IN_OCTOBER,
        "place": { "at": "target", "target_id": site.content.target_id, "point": null },
        "answers": [{ "question": "hoarding", "verdict": "fail" }],
        "level": "provincial",
        "document": {
            "number": "豫环督〔2026〕17号", "issuer": "省生态环境保护督察组", "date": "2026-10-20", "title": "问题交办单",
        },
    });
    let request = review.supervisor.request(Method::POST, "/api/v1/findings").json(&finding);
    let entered = accepted(request.send().await.unwrap()).await;
    entered["cases"][0]["case_id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn corrections_new_judgements_missing_evidence_and_findings_from_paper_replay_too() {
    let review = Review::start().await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.occurs_at(IN_OCTOBER.parse().unwrap());
    let amended = review.push(&visit).await;
    review.decide(amended, "confirm").await;
    let corrected = correction(&visit, &["material_cover"]);
    review.device.push(&[review.device.amend(&corrected)]).await;
    let mut accept = decision("accept_amendment", review.show(amended).await["version"].clone());
    accept["inspection_id"] = json!(corrected.inspection_id);
    review.decide_by_two(amended, &accept).await;

    let anew = review.case_at(&["hoarding"], IN_OCTOBER).await;
    let mut bare = review.visit(&["hoarding"]).await;
    bare.occurs_at(IN_OCTOBER.parse().unwrap());
    review.device.push(&[review.device.submit(&bare)]).await;
    let unseen = CaseId::derive(bare.lineage, &"site_dust".parse().unwrap());
    let newer = review.new_version(SITE_DUST, DEARER, date(2026, 10, 1)).await;
    let mut re_evaluate = decision("re_evaluate", 1);
    re_evaluate["pack_hash"] = json!(newer.hash());
    accepted(review.supervisor.decide(anew, &re_evaluate).await).await;
    review.decide(anew, "confirm").await;

    import_past(&review).await;
    let found = enter_finding(&review).await;
    for case in [unseen, found] {
        let without = decision("evidence_unobtainable", review.show(case).await["version"].clone());
        accepted(review.supervisor.decide(case, &without).await).await;
        review.decide(case, "confirm").await;
    }

    let digest = close_october(&review).await;
    let all = replay(&review, Extent::All).await.unwrap();

    let months = vec![("2026-10".parse().unwrap(), digest)];
    let Replayed::Same { entries, months: replayed, .. } = all else { panic!("{all:?}") };
    assert_eq!((entries, replayed), (6, months));
}

#[tokio::test]
async fn an_empty_ledger_replays_and_an_open_month_does_not() {
    let review = Review::start().await;
    let empty = Replayed::Same { decisions: 0, entries: 0, months: vec![] };
    assert_eq!(replay(&review, Extent::All).await.unwrap(), empty);
    let open = replay(&review, Extent::Month("2026-10".parse().unwrap())).await;
    assert!(matches!(open, Err(ReplayError::NotClosed(_))), "{open:?}");
}

#[tokio::test]
async fn a_month_without_entries_replays_to_its_own_digest() {
    let review = Review::start().await;
    review.close(date(2026, 9, 1)).await;
    let digest = close_october(&review).await;
    let Replayed::Same { months, .. } = replay(&review, Extent::All).await.unwrap() else {
        panic!("differs")
    };
    assert_eq!(months.last().unwrap().1, digest);
}

#[tokio::test]
async fn whatever_was_tampered_with_is_found() {
    type Expected = fn(&Difference) -> bool;
    let table: [(&str, &str, Expected); 9] = [
        ("ledger_entries", "UPDATE ledger_entries SET amount_fen = 1 WHERE entry_no = 2", |d| {
            *d == Difference::Entry { entry_no: 2, field: "amount_fen" }
        }),
        ("ledger_entries", "DELETE FROM ledger_entries WHERE entry_no = 7", |d| {
            *d == Difference::EntryMissing(7)
        }),
        (
            "decisions",
            "UPDATE decisions SET detail = jsonb_set(detail, '{money,0,charges,0,amount}', '1') WHERE decision_no = 1",
            |d| matches!(d, Difference::Fault(ReplayFault::Basis { decision_no: 1, .. })),
        ),
        (
            "decisions",
            "UPDATE decisions SET detail = jsonb_set(detail, '{money,0,posts}', 'false') WHERE decision_no = 1",
            |d| matches!(d, Difference::Entry { .. } | Difference::EntryMissing(_) | Difference::Fault(_)),
        ),
        (
            "decisions",
            "UPDATE decisions SET detail = jsonb_set(detail, '{digest}', '\"00\"') WHERE kind = 'close_month'",
            |d| matches!(d, Difference::Fault(ReplayFault::DigestDiffers { .. })),
        ),
        ("decisions", "DELETE FROM decisions WHERE kind = 'return'", |d| {
            *d == Difference::Fault(ReplayFault::DecisionMissing(2))
        }),
        (
            "inspections",
            "UPDATE inspections SET sealed = jsonb_set(sealed, '{answers,0,verdict}', '\"pass\"')",
            |d| matches!(d, Difference::Evidence(EvidenceFault::SealedAltered(_))),
        ),
        ("operations", "UPDATE operations SET bytes = bytes || ' '::bytea", |d| {
            matches!(d, Difference::Evidence(EvidenceFault::BytesAltered(_)))
        }),
        ("periods", "UPDATE periods SET digest = sha256('')", |d| matches!(d, Difference::Month(_))),
    ];
    let review = Review::start().await;
    a_closed_october(&review).await;
    for (tampered, statement, expected) in table {
        // What is tampered with is put back by the copy.
        let sql = format!(
            "CREATE TABLE untouched AS TABLE {tampered};
             ALTER TABLE {tampered} DISABLE TRIGGER ALL;
             {statement};"
        );
        review.server.execute(&sql).await.unwrap();

        let found = difference(&review).await;

        assert!(expected(&found), "{statement}: {found}");
        let restore = format!(
            "DELETE FROM {tampered};
             INSERT INTO {tampered} SELECT * FROM untouched;
             DROP TABLE untouched;
             ALTER TABLE {tampered} ENABLE TRIGGER ALL;"
        );
        review.server.execute(&restore).await.unwrap();
    }
    assert!(matches!(replay(&review, Extent::All).await.unwrap(), Replayed::Same { .. }));
}

#[tokio::test]
async fn a_pack_that_was_changed_is_found() {
    let review = Review::start().await;
    a_closed_october(&review).await;
    review.server.execute("UPDATE packs SET source = replace(source, '100_000', '100_001')").await.unwrap();
    let found = difference(&review).await;
    assert!(matches!(found, Difference::Evidence(EvidenceFault::PackAltered(_))), "{found}");
}

#[tokio::test]
async fn the_register_may_change_and_a_closed_month_does_not() {
    let review = Review::start().await;
    a_closed_october(&review).await;
    review
        .server
        .execute("UPDATE units SET budget_code = budget_code || '9', name = name || '（新）'")
        .await
        .unwrap();
    assert!(matches!(replay(&review, Extent::All).await.unwrap(), Replayed::Same { .. }));
}
