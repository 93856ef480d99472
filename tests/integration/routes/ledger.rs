//! The ledger: every yuan can be traced, nothing can be rewritten unseen, and totals are the sum of entries.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::{Value, json};
use server::ledger::chain::Fault;
use server::services::verify_ledger::{Verification, verify_ledger};
use sync_core::ids::CaseId;
use tests::review::{Review, decision, read};
use tests::{MACUN, problem};

async fn verification(review: &Review) -> Verification {
    let mut connection = review.server.connection().await;
    verify_ledger(&mut connection, MACUN).await.unwrap()
}

/// Three entries: two deductions and a reversal.
async fn three_entries() -> Review {
    let review = Review::start().await;
    let (one, other) = (review.case(&["hoarding"]).await, review.case(&["hoarding"]).await);
    review.decide(one, "confirm").await;
    review.decide(other, "confirm").await;
    review.decide_by_two(one, &decision("dismiss", 2)).await;
    review
}

#[tokio::test]
async fn an_entry_names_case_charge_clause_pack_and_decision() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;

    let entry = review.entries().await.remove(0);

    let shown = review.show(case).await;
    assert_eq!((&entry["case_id"], &entry["charge_id"]), (&json!(case), &shown["charges"][0]["charge_id"]));
    assert_eq!((&entry["clause"], &entry["pack_id"]), (&shown["charges"][0]["clause"], &json!("macun-2024")));
    assert_eq!((&entry["unit_name"], &entry["grid"]), (&json!("东街道"), &json!("410804/001/001")));
    assert_eq!((&entry["amount_yuan"], &entry["posting_no"]), (&json!("100000.00"), &json!(1)));
    let by = json!({
        "decision_no": 1, "kind": "confirm", "actor_name": "zhang", "reason": "现场复核",
        "decided_at": "2026-11-22T02:00:00.000Z",
    });
    assert_eq!(entry["decision"], by);
}

#[tokio::test]
async fn entries_are_found_by_month_unit_and_item_a_page_at_a_time() {
    let review = three_entries().await;
    let numbers = async |query: &str| {
        let path = format!("/api/v1/ledger/entries{query}");
        let list = read(review.finance.request(Method::GET, &path)).await;
        let entries = list["entries"].as_array().unwrap();
        (entries.iter().map(|e| e["entry_no"].as_i64().unwrap()).collect::<Vec<_>>(), list["next"].as_i64())
    };
    let [east, west] = review.macun.streets;

    assert_eq!(numbers("").await, (vec![1, 2, 3], None));
    assert_eq!(numbers("?limit=3").await, (vec![1, 2, 3], None));
    assert_eq!(numbers("?limit=2").await, (vec![1, 2], Some(2)));
    assert_eq!(numbers("?limit=2&after=2").await, (vec![3], None));
    assert_eq!(numbers("?after=3").await, (vec![], None));
    assert_eq!(numbers("?month=2026-11").await.0.len(), 3);
    assert_eq!(numbers("?month=2026-10").await.0.len(), 0);
    assert_eq!(numbers(&format!("?unit={east}&item=site_dust")).await.0.len(), 3);
    assert_eq!(numbers(&format!("?unit={west}")).await.0.len(), 0);
    for (query, field) in
        [("month=2026", "month"), ("unit=1", "unit"), ("after=x", "after"), ("limit=501", "limit")]
    {
        let path = format!("/api/v1/ledger/entries?{query}");
        let refused = problem(review.finance.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(refused.field.as_deref(), Some(field), "{query}");
    }
}

#[tokio::test]
async fn ledger_and_decisions_refuse_to_be_rewritten() {
    let review = three_entries().await;
    for statement in [
        "UPDATE ledger_entries SET amount_fen = 1 WHERE entry_no = 1",
        "DELETE FROM ledger_entries WHERE entry_no = 3",
        "UPDATE decisions SET reason = '' WHERE decision_no = 1",
        "DELETE FROM decisions",
        "TRUNCATE ledger_entries CASCADE",
    ] {
        let refused = review.server.execute(statement).await.unwrap_err().to_string();
        assert!(refused.contains("is append-only"), "{statement}: {refused}");
    }
    assert_eq!(verification(&review).await, Verification::Sound { entries: 3 });
}

#[tokio::test]
async fn tampering_behind_the_triggers_back_is_found_where_it_was_done() {
    let broken = |entry_no, fault| Verification::Broken { entry_no, fault };
    let table = [
        ("UPDATE ledger_entries SET amount_fen = 1 WHERE entry_no = 2", broken(2, Fault::Altered)),
        ("UPDATE ledger_entries SET period = '2026-10-01' WHERE entry_no = 1", broken(1, Fault::Altered)),
        ("UPDATE ledger_entries SET hash = sha256('') WHERE entry_no = 2", broken(2, Fault::Altered)),
        ("DELETE FROM ledger_entries WHERE entry_no = 2", broken(2, Fault::Missing)),
        ("DELETE FROM ledger_entries WHERE entry_no = 3", broken(2, Fault::HeadDiffers)),
        ("UPDATE districts SET entry_number = 2", broken(3, Fault::HeadDiffers)),
        ("UPDATE month_sums SET amount_fen = amount_fen + 1", broken(3, Fault::SumDiffers)),
        ("DELETE FROM month_sums", broken(3, Fault::SumDiffers)),
    ];
    for (statement, expected) in table {
        let review = three_entries().await;
        let sql = format!(
            "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_append_only; {statement};
             ALTER TABLE ledger_entries ENABLE TRIGGER ledger_entries_append_only"
        );
        review.server.execute(&sql).await.unwrap();
        assert_eq!(verification(&review).await, expected, "{statement}");
    }
}

#[tokio::test]
async fn a_ledger_cut_off_below_a_closed_month_is_found_though_its_head_was_cut_too() {
    let review = Review::start().await;
    let case = review.case_at(&["hoarding"], "2026-10-20T02:00:00Z").await;
    review.decide(case, "confirm").await;
    review.close(jiff::civil::date(2026, 10, 1)).await;
    let other = review.case(&["hoarding"]).await;
    review.decide(other, "confirm").await;

    let cut =
        "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_append_only; DELETE FROM ledger_entries;
               DELETE FROM month_sums; UPDATE districts SET entry_number = 0, entry_hash = DEFAULT";
    review.server.execute(cut).await.unwrap();

    let found = verification(&review).await;
    assert_eq!(found, Verification::Broken { entry_no: 0, fault: Fault::ClosedDiffers });
}

#[tokio::test]
async fn an_empty_ledger_is_sound() {
    let review = Review::start().await;
    assert_eq!(verification(&review).await, Verification::Sound { entries: 0 });
}

/// How many cases and decisions one random run has.
const CASES: usize = 10;
const DECISIONS: usize = 60;
/// Runs, each from a seed of its own.
const RUNS: usize = 2;

#[tokio::test]
async fn after_any_decisions_totals_are_the_sum_of_entries_and_of_posted_charges() {
    for _ in 0..RUNS {
        let seed: u64 = rand::random();
        println!("seed {seed}");
        random_run(&mut ChaCha8Rng::seed_from_u64(seed)).await;
    }
}

async fn random_run(random: &mut ChaCha8Rng) {
    let review = Review::start().await;
    let mut cases = Vec::new();
    for _ in 0..CASES {
        let measures = ["hoarding", "material_cover", "vehicle_washing"];
        cases.push(review.case(&measures[..random.random_range(1..=3)]).await);
    }
    let mut last = json!(null);
    for _ in 0..DECISIONS {
        let case = cases[random.random_range(0..CASES)];
        let kind = ["confirm", "confirm", "return", "dismiss"][random.random_range(0..4)];
        // A retry of the last request, a stale version, or a decision on the case as it stands.
        let request = match random.random_range(0..6) {
            0 if last != json!(null) => last.clone(),
            1 => decision(kind, 1),
            _ => decision(kind, review.show(case).await["version"].clone()),
        };
        let response = review.supervisor.decide(case, &request).await;
        if response.status() == 202 {
            let proposal: Value = response.json().await.unwrap();
            review.second.review(&proposal, ["approval", "rejection"][random.random_range(0..2)]).await;
        }
        last = request;
    }
    check_books(&review, &cases).await;
}

async fn check_books(review: &Review, cases: &[CaseId]) {
    let entries = review.entries().await;
    let amount = |entry: &Value| entry["amount"].as_i64().unwrap();
    let total: i64 = entries.iter().map(amount).sum();
    assert_eq!(review.totals("2026-11").await["total"]["posted"], total);

    let mut posted = 0;
    for case in cases {
        let shown = review.show(*case).await;
        for charge in shown["charges"].as_array().unwrap() {
            let stands = charge["posted"].as_i64().unwrap();
            let expected = if charge["state"] == "posted" { charge["amount"].as_i64().unwrap() } else { 0 };
            assert_eq!(stands, expected, "{charge}");
            assert_eq!(charge["state"] == "posted", shown["review_state"] == "confirmed", "{shown}");
            posted += stands;
        }
    }
    assert_eq!(posted, total, "the ledger is the sum of posted charges");

    let mut deductions = BTreeMap::<String, usize>::new();
    for entry in entries.iter().filter(|entry| entry["kind"] == "deduction") {
        *deductions.entry(entry["charge_id"].to_string()).or_default() += 1;
    }
    assert!(deductions.values().all(|count| *count == 1), "one deduction a charge: {deductions:?}");
    let entries = i64::try_from(entries.len()).unwrap();
    assert_eq!(verification(review).await, Verification::Sound { entries });
}

/// Invariant 2, where no code stands before it: what must be there once is refused by PostgreSQL itself.
#[tokio::test]
async fn one_charge_a_measure_one_deduction_a_posting_and_one_reversal_an_entry_are_keys() {
    let review = three_entries().await;
    // A row like that one, with another value in these columns.
    let again = async |table: &str, of: &str, other: &str| {
        let sql = format!(
            "INSERT INTO {table} SELECT (json_populate_record(r, json_build_object({other}))).*
             FROM {table} AS r WHERE {of} LIMIT 1"
        );
        review.server.execute(&sql).await.unwrap_err().to_string()
    };
    let other_entry = "'entry_no', 99, 'hash', '\\x99'";

    let charge = again("charges", "true", "'charge_id', gen_random_uuid()").await;
    let deduction = again("ledger_entries", "kind = 'deduction'", other_entry).await;
    let reversal = again("ledger_entries", "kind = 'reversal'", other_entry).await;

    assert!(charge.contains("charges_measure_key"), "{charge}");
    assert!(deduction.contains("ledger_entries_posting_key"), "{deduction}");
    assert!(reversal.contains("ledger_entries_reversal_key"), "{reversal}");
}
