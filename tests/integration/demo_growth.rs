//! `demo grow` fills the demonstration with months of work over the real API: everything there is, sound, and the same
//! from the same seed.

use std::collections::BTreeSet;
use std::process::Command;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use server::demo_district::DISTRICT;
use server::services::replay_ledger::{Extent, Replayed, replay_ledger};
use tests::TestServer;

/// October, and the first days of the month after it, in which it closes.
const BEGINS: &str = "2026-10-01T00:00:00Z";
const ENDS: &str = "2026-11-12T02:00:00Z";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Grows a demonstration of its own from this seed.
async fn grown(seed: u64) -> TestServer {
    let server = TestServer::demonstration(BEGINS, ENDS).await;
    let mut demo = Command::new(env!("CARGO_BIN_EXE_demo"));
    demo.args(["grow", "--scale", "small", "--server", &server.url, "--seed", &seed.to_string()]);
    let played = tokio::task::spawn_blocking(move || demo.output()).await.unwrap().unwrap();
    let (out, err) = (String::from_utf8_lossy(&played.stdout), String::from_utf8_lossy(&played.stderr));
    assert!(played.status.success(), "{out}\n{err}");
    assert!(!out.contains("   ! "), "something was refused:\n{out}");
    server
}

/// What a query says, line by line.
async fn lines(server: &TestServer, sql: &str) -> Vec<String> {
    let mut connection = server.connection().await;
    let lines: Vec<Line> = diesel::sql_query(sql).load(&mut connection).await.unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

async fn values(server: &TestServer, column: &str, table: &str) -> BTreeSet<String> {
    lines(server, &format!("SELECT DISTINCT {column} AS line FROM {table}")).await.into_iter().collect()
}

/// Everything that a seed decides: cases with their states and money, the digest of the closed month, decisions in order.
async fn essence(server: &TestServer) -> Vec<String> {
    let cases = "SELECT concat_ws(' ', c.case_id, c.item, c.review_state, c.rectification_state, c.version,
                     (SELECT sum(amount_fen) FROM ledger_entries e WHERE e.case_id = c.case_id)) AS line
                 FROM cases c ORDER BY c.case_id";
    let decisions =
        "SELECT concat_ws(' ', decision_no, kind, case_id) AS line FROM decisions ORDER BY decision_no";
    let months = "SELECT concat_ws(' ', month, encode(digest, 'hex')) AS line FROM periods ORDER BY month";
    let mut essence = lines(server, cases).await;
    essence.extend(lines(server, decisions).await);
    essence.extend(lines(server, months).await);
    essence
}

#[tokio::test]
async fn a_grown_district_has_every_state_and_a_sound_ledger_and_a_seed_gives_the_same_again() {
    let (server, again) = tokio::join!(grown(7), grown(7));

    for (column, table, expected) in [
        ("review_state", "cases", "awaiting_evidence under_review returned confirmed dismissed merged"),
        ("state", "rectifications", "assigned paused returned rectified verified failed closed"),
        ("step", "rectification_steps", "supervision summons accountability"),
        ("state", "proposals", "open approved rejected withdrawn"),
        ("state", "appeals", "open decided withdrawn"),
        (
            "kind",
            "decisions",
            "appeal_uphold appeal_reduce appeal_reverse enter_amounts re_attribute re_evaluate",
        ),
        ("state", "fire_points", "lead confirmed not_found"),
        ("state", "subsidies", "entered approved paid cancelled"),
        ("state", "duplicate_proposals", "proposed merged kept_apart"),
        ("kind", "ledger_entries", "deduction reversal adjustment transfer"),
    ] {
        let found = values(&server, column, table).await;
        for state in expected.split(' ') {
            assert!(found.contains(state), "no {table}.{column} {state}: {found:?}");
        }
    }

    let mut connection = server.connection().await;
    let district = DISTRICT.parse().unwrap();
    let replayed = replay_ledger(&mut connection, &district, Extent::All, |_| {}).await.unwrap();
    let Replayed::Same { months, .. } = replayed else { panic!("{replayed:?}") };
    assert_eq!(months.iter().map(|(month, _)| month.to_string()).collect::<Vec<_>>(), ["2026-10"]);

    assert_eq!(essence(&server).await, essence(&again).await);
}
