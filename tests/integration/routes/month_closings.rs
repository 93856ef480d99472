//! Closing of months: what forbids it, what is kept of it, and that nothing posts to a closed month whatever races.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use server::db::periods;
use server::services::verify_ledger::{Verification, verify_ledger};
use sha2::{Digest, Sha256};
use sync_core::ids::{CaseId, DecisionRequestId};
use sync_core::time::Month;
use tests::field::Occurring as _;
use tests::review::{Review, accepted, decision, proposed, read};
use tests::{MACUN, TestOffice, TestRole, problem};

/// A day of the month before the tests' clock.
const IN_OCTOBER: &str = "2026-10-15T02:00:00Z";

async fn confirmed_in_october(review: &Review) -> CaseId {
    let case = review.case_at(&["hoarding", "material_cover"], IN_OCTOBER).await;
    review.decide(case, "confirm").await;
    case
}

async fn checklist(review: &Review, month: &str) -> Value {
    read(review.finance.request(Method::GET, &format!("/api/v1/months/{month}/checklist"))).await
}

/// The codes that closing would be refused with.
fn problems(checklist: &Value) -> Vec<&str> {
    let required = checklist["required"].as_array().unwrap();
    required.iter().filter_map(|line| line["problem"].as_str()).collect()
}

async fn exports(review: &Review, month: &str) -> Value {
    read(review.finance.request(Method::GET, &format!("/api/v1/months/{month}/exports"))).await
}

async fn file(review: &Review, month: &str, name: &str) -> Vec<u8> {
    let path = format!("/api/v1/months/{month}/exports/{name}");
    let response = review.finance.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{name}");
    response.bytes().await.unwrap().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn the_checklist_says_what_stays_pending_and_why() {
    let review = Review::start().await;
    review.case_at(&["hoarding", "material_cover"], IN_OCTOBER).await;
    let mut bare = review.visit(&["hoarding"]).await;
    bare.photos.clear();
    bare.occurs_at(IN_OCTOBER.parse().unwrap());
    review.push(&bare).await;
    let mut doubtful = review.visit(&["hoarding"]).await;
    doubtful.fix = None;
    doubtful.occurs_at(IN_OCTOBER.parse().unwrap());
    review.push(&doubtful).await;
    review.case(&["hoarding"]).await;

    let checklist = checklist(&review, "2026-10").await;

    assert_eq!((&checklist["closable"], problems(&checklist)), (&json!(true), vec![]));
    let pending: Vec<_> = checklist["pending"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let count = |name: &str| line[name].as_i64().unwrap();
            let yuan = line["amount_yuan"].as_str().unwrap();
            (line["reason"].as_str().unwrap(), count("cases"), count("charges"), yuan)
        })
        .collect();
    let expected = [
        ("awaiting_evidence", 1, 1, "100000.00"),
        ("under_review", 2, 3, "300000.00"),
        ("flagged", 1, 1, "100000.00"),
    ];
    assert_eq!(pending, expected);
}

#[tokio::test]
async fn possible_duplicates_are_a_memo_of_their_own() {
    let review = Review::start().await;
    let site = review.server.site(&review.macun, "001/001").await;
    for _ in 0..2 {
        let mut visit = review.visit_to(&site, &["hoarding"]);
        visit.occurs_at(IN_OCTOBER.parse().unwrap());
        review.push(&visit).await;
    }

    let checklist = checklist(&review, "2026-10").await;

    let pending = checklist["pending"].as_array().unwrap();
    let reasons: Vec<_> = pending.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["under_review", "duplicate_proposed"]);
    assert_eq!(checklist["closable"], true);
}

#[tokio::test]
async fn months_close_in_order_after_their_end_and_once() {
    let review = Review::start().await;
    confirmed_in_october(&review).await;
    for (month, code) in [("2026-12", "month_not_over"), ("2026-11", "month_not_over")] {
        assert_eq!(problems(&checklist(&review, month).await), [code], "{month}");
        assert_eq!(review.try_close(month).await.unwrap_err(), code, "{month}");
    }
    review.server.clock.set("2026-12-05T02:00:00Z".parse().unwrap());
    review.server.extend_sessions().await;
    assert_eq!(problems(&checklist(&review, "2026-11").await), ["earlier_month_open"]);
    assert_eq!(review.try_close("2026-11").await.unwrap_err(), "earlier_month_open");

    review.try_close("2026-10").await.unwrap();

    assert_eq!(review.try_close("2026-10").await.unwrap_err(), "period_closed");
    assert_eq!(problems(&checklist(&review, "2026-10").await), ["period_closed"]);
    assert_eq!(review.try_close("2026-09").await.unwrap_err(), "period_closed");
    review.try_close("2026-11").await.unwrap();
}

#[tokio::test]
async fn a_month_is_over_at_midnight_in_shanghai() {
    let review = Review::start().await;
    review.server.clock.set("2026-10-31T15:59:59Z".parse().unwrap());
    assert_eq!(review.try_close("2026-10").await.unwrap_err(), "month_not_over");

    review.server.clock.advance_seconds(1);

    review.try_close("2026-10").await.unwrap();
}

#[tokio::test]
async fn a_broken_chain_forbids_closing_wherever_it_breaks() {
    let review = Review::start().await;
    confirmed_in_october(&review).await;
    review.close(date(2026, 10, 1)).await;
    review.server.clock.set("2026-12-05T02:00:00Z".parse().unwrap());
    review.server.extend_sessions().await;
    assert!(problems(&checklist(&review, "2026-11").await).is_empty());
    let tamper = "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_append_only;
                  UPDATE ledger_entries SET amount_fen = 1 WHERE entry_no = 1";
    review.server.execute(tamper).await.unwrap();

    assert_eq!(review.try_close("2026-11").await.unwrap_err(), "ledger_broken");
}

#[tokio::test]
async fn an_open_proposal_on_a_case_of_the_month_forbids_closing_and_a_later_one_does_not() {
    let review = Review::start().await;
    let (october, november) = (confirmed_in_october(&review).await, review.case(&["hoarding"]).await);
    let propose = async |case: CaseId, version: u32| {
        let sql = format!(
            "INSERT INTO proposals (district, proposal_id, request_id, kind, case_id, expected_version, request,
                                    proposed_by, proposed_at, state)
             VALUES ('{MACUN}', gen_random_uuid(), gen_random_uuid(), 'adjust', '{case}', {version}, '{{}}', '{}', now(), 'open')",
            review.supervisor.user.user_id
        );
        review.server.execute(&sql).await.unwrap();
    };
    propose(november, 1).await;
    assert!(problems(&checklist(&review, "2026-10").await).is_empty());

    propose(october, 2).await;

    assert_eq!(problems(&checklist(&review, "2026-10").await), ["proposals_open"]);
    assert_eq!(review.try_close("2026-10").await.unwrap_err(), "proposals_open");
}

#[tokio::test]
async fn a_proposal_that_is_outdated_does_not_keep_a_month_open() {
    let review = Review::start().await;
    let case = confirmed_in_october(&review).await;
    review.propose(case, &decision("dismiss", 2)).await;
    assert_eq!(problems(&checklist(&review, "2026-10").await), ["proposals_open"]);

    // A report or an escalation changes the case and ends no proposal.
    review.server.execute(&format!("UPDATE cases SET version = 3 WHERE case_id = '{case}'")).await.unwrap();

    assert!(problems(&checklist(&review, "2026-10").await).is_empty());
    review.close(date(2026, 10, 1)).await;
}

#[tokio::test]
async fn a_proposed_merge_is_open_business_of_every_month_that_its_cases_are_of() {
    let review = Review::start().await;
    let site = review.server.site(&review.macun, "001/001").await;
    let mut early = review.visit_to(&site, &["hoarding"]);
    early.occurs_at(IN_OCTOBER.parse().unwrap());
    let early = review.push(&early).await;
    review.decide(early, "confirm").await;
    let late = review.push(&review.visit_to(&site, &["hoarding"])).await;

    let merging = json!({
        "request_id": DecisionRequestId::fresh(), "expected_version": review.show(late).await["version"],
        "absorbed": [{ "case_id": early, "expected_version": review.show(early).await["version"] }],
        "unit_id": null, "reason": "同一工地同一问题",
    });
    let path = format!("/api/v1/cases/{late}/merge");
    proposed(review.supervisor.request(Method::POST, &path).json(&merging).send().await.unwrap()).await;

    assert_eq!(problems(&checklist(&review, "2026-10").await), ["proposals_open"]);
}

#[tokio::test]
async fn one_person_cannot_close_a_month() {
    let review = Review::start().await;
    let mut alone = review.closing("2026-10");
    alone.reviewer = alone.actor;
    assert_eq!(review.close_by(&alone).await.unwrap_err(), "same_person");

    let request = json!({ "request_id": DecisionRequestId::fresh(), "reason": null });
    let proposal = review.propose_closing(&review.finance, "2026-10", &request).await;
    let proposal: Value = proposal.json().await.unwrap();
    let own = problem(review.finance.review(&proposal, "approval").await).await;
    assert_eq!(own.code.as_str(), "same_person");
    let supervisor = problem(review.supervisor.review(&proposal, "approval").await).await;
    assert_eq!(supervisor.code.as_str(), "proposal_unknown", "a month is finance's");
    assert_eq!(problems(&checklist(&review, "2026-10").await), Vec::<&str>::new(), "still open");
}

#[tokio::test]
async fn a_month_is_proposed_once_and_closed_with_both_names() {
    let review = Review::start().await;
    let request = json!({ "request_id": DecisionRequestId::fresh(), "reason": "十月结账" });
    let propose = async |office: &TestOffice, request: &Value| {
        let response = review.propose_closing(office, "2026-10", request).await;
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap())
    };

    let (first, again) = tokio::join!(propose(&review.finance, &request), propose(&review.finance, &request));

    assert_eq!((first.0, &first.1), (202, &again.1), "the same request is one proposal");
    let other = json!({ "request_id": DecisionRequestId::fresh(), "reason": null });
    assert_eq!(propose(&review.reviewer, &other).await.1["code"], "proposal_open");
    assert_eq!(propose(&review.reviewer, &request).await.1["code"], "decision_id_reused");
    let long = json!({ "request_id": DecisionRequestId::fresh(), "reason": "长".repeat(4001) });
    assert_eq!(propose(&review.finance, &long).await.1["code"], "text_too_long");
    accepted(review.reviewer.review(&first.1, "approval").await).await;
    let people = "SELECT actor.username || ' ' || reviewer.username || ' ' || reason AS text FROM decisions
                  JOIN users AS actor ON actor.user_id = decisions.actor
                  JOIN users AS reviewer ON reviewer.user_id = decisions.reviewer WHERE kind = 'close_month'";
    assert_eq!(review.server.texts(people).await, ["qian zhou 十月结账"]);
    assert_eq!(
        propose(&review.finance, &request).await.1["state"],
        "approved",
        "the first answer, as it stands now"
    );
    assert_eq!(propose(&review.finance, &other).await.1["code"], "period_closed");
}

#[tokio::test]
async fn a_closed_month_keeps_its_files_byte_for_byte() {
    let review = Review::start().await;
    let case = confirmed_in_october(&review).await;
    let closed = review.try_close("2026-10").await.unwrap();
    let before = exports(&review, "2026-10").await;
    let csv = file(&review, "2026-10", "totals-zh.csv").await;

    review.decide_by_two(case, &decision("dismiss", 2)).await;
    review
        .server
        .execute("UPDATE units SET name = '改名街道', budget_code = '999' WHERE name = '东街道'")
        .await
        .unwrap();

    assert_eq!(exports(&review, "2026-10").await, before);
    assert_eq!(file(&review, "2026-10", "totals-zh.csv").await, csv);
    assert!(String::from_utf8(csv.clone()).unwrap().contains("东街道"));
    let ordinary =
        review.finance.request(Method::GET, "/api/v1/months/2026-10/totals.csv").send().await.unwrap();
    assert_eq!(
        ordinary.bytes().await.unwrap(),
        csv,
        "the ordinary export of a closed month is the kept file"
    );
    for listed in before["files"].as_array().unwrap() {
        let bytes = file(&review, "2026-10", listed["name"].as_str().unwrap()).await;
        assert_eq!((&listed["sha256"], &listed["size"]), (&json!(sha256(&bytes)), &json!(bytes.len())));
    }
    assert_eq!(before, closed);
    let lines = file(&review, "2026-10", "lines.txt").await;
    assert_eq!(json!(sha256(&lines)), closed["digest"], "the digest is the hash of the lines");
    let text = String::from_utf8(lines).unwrap();
    assert!(text.contains(
        "entries\t2\ntotal_fen\t20000000\n101\tsite_dust\thoarding\tdeduction\t10000000\t2026-10\t"
    ));
}

#[tokio::test]
async fn the_same_findings_give_the_same_digest_whatever_ids_they_got_and_whenever_they_were_decided() {
    let digest = async |hours: i64| {
        let review = Review::start().await;
        review.server.clock.advance_seconds(hours * 60);
        confirmed_in_october(&review).await;
        review.try_close("2026-10").await.unwrap()["digest"].clone()
    };
    assert_eq!(digest(0).await, digest(7).await);
}

#[tokio::test]
async fn the_lines_can_be_written_down_again_with_psql() {
    let review = Review::start().await;
    confirmed_in_october(&review).await;
    review.close(date(2026, 10, 1)).await;
    let stored = String::from_utf8(file(&review, "2026-10", "lines.txt").await).unwrap();

    let lines = review
        .server
        .texts(
            "SELECT text FROM (
                 SELECT concat_ws(E'\\t', budget_code, item, measure, ledger_entries.kind, amount_fen,
                                  to_char(occurred_month, 'YYYY-MM'), grid, clause, pack_hash, posting_no) AS text
                 FROM ledger_entries JOIN units USING (district, unit_id)
                 WHERE district = '410804' AND period = '2026-10-01') AS lines
             ORDER BY text COLLATE \"C\"",
        )
        .await;

    let written: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert!(stored.ends_with(&format!("total_fen\t20000000\n{written}")), "{stored}");
}

#[tokio::test]
async fn closed_months_and_their_files_refuse_to_be_rewritten() {
    let review = Review::start().await;
    review.close(date(2026, 10, 1)).await;
    for statement in [
        "UPDATE periods SET digest = sha256('')",
        "DELETE FROM periods",
        "UPDATE month_exports SET bytes = '', sha256 = sha256('')",
        "DELETE FROM month_exports",
        "UPDATE closed_names SET name = ''",
        "TRUNCATE closed_names",
        "DELETE FROM closed_cases",
        "TRUNCATE closed_cases",
    ] {
        let refused = review.server.execute(statement).await.unwrap_err().to_string();
        assert!(refused.contains("is append-only"), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn an_open_month_has_no_files_and_a_closed_one_no_other_than_its_own() {
    let review = Review::start().await;
    let code = async |path: &str| {
        let path = format!("/api/v1/months/{path}");
        problem(review.finance.request(Method::GET, &path).send().await.unwrap()).await.code.to_string()
    };
    assert_eq!(code("2026-10/exports").await, "month_not_closed");
    assert_eq!(code("2026-10/exports/totals-zh.csv").await, "not_found");
    assert_eq!(code("2026-13/exports").await, "malformed_request");
    assert_eq!(code("october/checklist").await, "malformed_request");

    review.close(date(2026, 10, 1)).await;

    assert_eq!(code("2026-10/exports/..%2Fsecret").await, "not_found");
}

#[tokio::test]
async fn a_liaison_does_not_see_other_units_money_in_checklist_or_files() {
    let review = Review::start().await;
    review.close(date(2026, 10, 1)).await;
    let liaison = review.office("liaison", TestRole::liaison(review.macun.streets[0])).await;
    for path in ["checklist", "exports", "exports/totals-zh.csv"] {
        let path = format!("/api/v1/months/2026-10/{path}");
        let refused = problem(liaison.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(refused.code.as_str(), "role_forbidden");
    }
}

/// How often closing races.
const ROUNDS: usize = 3;
/// Cases that are confirmed while the month is closed.
const CASES: usize = 6;

#[tokio::test]
async fn what_is_confirmed_while_the_month_closes_is_under_the_digest_or_in_the_next_month() {
    for _ in 0..ROUNDS {
        let review = Review::start().await;
        let mut cases = Vec::new();
        for _ in 0..CASES {
            cases.push(review.case_at(&["hoarding"], IN_OCTOBER).await);
        }
        let (one_closing, other_closing) = (review.closing("2026-10"), review.closing("2026-10"));
        let confirm = async |case: CaseId| {
            accepted(review.supervisor.decide(case, &decision("confirm", 1)).await).await;
        };

        let (one, two, _) = tokio::join!(
            review.close_by(&one_closing),
            review.close_by(&other_closing),
            futures::future::join_all(cases.iter().map(|case| confirm(*case))),
        );

        let (closed, refused) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(refused.unwrap_err(), "period_closed");
        let digest = closed.unwrap().digest;
        let mut connection = review.server.connection().await;
        let october: Month = "2026-10".parse().unwrap();
        let period =
            periods::find_closed(&mut connection, &review.macun.code, october).await.unwrap().unwrap();
        let entries = review.entries().await;
        assert_eq!(entries.len(), CASES);
        for entry in &entries {
            let before = entry["entry_no"].as_i64().unwrap() <= period.head.entry_no;
            assert_eq!(entry["period"] == "2026-10", before, "{entry}");
        }
        let under = format!("entries\t{}\n", period.head.entry_no);
        let lines = String::from_utf8(file(&review, "2026-10", "lines.txt").await).unwrap();
        assert!(lines.contains(&under) && sha256(lines.as_bytes()) == digest, "{lines}");
        let kept = review.server.texts("SELECT name AS text FROM month_exports ORDER BY name").await;
        let tables = ["entries-en", "entries-zh", "totals-en", "totals-zh"];
        let tables = tables.iter().flat_map(|name| [format!("{name}.csv"), format!("{name}.xlsx")]);
        let mut files: Vec<String> = tables.chain(["lines.txt".to_owned()]).collect();
        files.sort();
        assert_eq!(kept, files, "the files of one closing");
        let entries = i64::try_from(CASES).unwrap();
        assert_eq!(verify_ledger(&mut connection, MACUN).await.unwrap(), Verification::Sound { entries });
    }
}

#[tokio::test]
async fn a_dismissal_that_two_people_approve_while_the_month_closes_is_under_the_digest_or_the_closing_waits()
{
    for _ in 0..ROUNDS {
        let review = Review::start().await;
        let posted = confirmed_in_october(&review).await;
        let pending = review.case_at(&["hoarding"], IN_OCTOBER).await;
        let proposal = review.propose(posted, &decision("dismiss", 2)).await;
        let (closing, undecided) = (review.closing("2026-10"), decision("dismiss", 1));

        let (closed, approved, dismissed) = tokio::join!(
            review.close_by(&closing),
            review.second.review(&proposal, "approval"),
            review.supervisor.decide(pending, &undecided),
        );

        accepted(approved).await;
        accepted(dismissed).await;
        if let Err(code) = closed {
            assert_eq!(code, "proposals_open");
            review.close(date(2026, 10, 1)).await;
        }
        let entries = review.entries().await;
        let sum: i64 = entries.iter().map(|entry| entry["amount"].as_i64().unwrap()).sum();
        assert_eq!((entries.len(), sum), (4, 0));
        assert!(entries.iter().all(|entry| entry["period"] == "2026-10"), "{entries:?}");
        let lines = String::from_utf8(file(&review, "2026-10", "lines.txt").await).unwrap();
        assert!(lines.contains("entries\t4\ntotal_fen\t0\n"), "{lines}");
        let mut connection = review.server.connection().await;
        assert_eq!(verify_ledger(&mut connection, MACUN).await.unwrap(), Verification::Sound { entries: 4 });
    }
}
