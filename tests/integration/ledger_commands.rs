//! `server ledger verify` and `server ledger replay` as programs: what an auditor runs, and what it ends with.

use std::process::{Command, Output};

use tests::review::Review;
use tests::server_process::program;

const IN_OCTOBER: &str = "2026-10-15T02:00:00Z";

/// Runs `server ledger …` on the database of a test, by environment alone as an operator does.
async fn ledger(review: &Review, arguments: &[&str]) -> Output {
    let mut command = Command::new(program().unwrap());
    command.arg("ledger").args(arguments).env("DATABASE_URL", review.server.database_url());
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// October with one case of 100,000 yuan, closed. Returns its digest.
async fn closed_october(review: &Review) -> String {
    let case = review.case_at(&["hoarding"], IN_OCTOBER).await;
    review.decide(case, "confirm").await;
    review.try_close("2026-10").await.unwrap()["digest"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sound_month_verifies_and_replays_to_the_digest_that_closed_it() {
    let review = Review::start().await;
    let digest = closed_october(&review).await;

    let verified = ledger(&review, &["verify"]).await;
    let replayed = ledger(&review, &["replay", "--month", "2026-10"]).await;
    let open = ledger(&review, &["replay", "--month", "2026-11"]).await;

    assert!(
        verified.status.success() && said(&verified).contains("410804: 1 entries, sound"),
        "{verified:?}"
    );
    let told = said(&replayed);
    assert!(replayed.status.success() && told.contains(&format!("410804: 2026-10 {digest}")), "{told}");
    assert!(!open.status.success(), "{}", said(&open));
}

#[tokio::test]
async fn a_tampered_month_ends_both_with_a_failure_that_names_the_entry() {
    let review = Review::start().await;
    closed_october(&review).await;
    let tampered = "ALTER TABLE ledger_entries DISABLE TRIGGER ALL;
                    UPDATE ledger_entries SET amount_fen = 1 WHERE entry_no = 1;";
    review.server.execute(tampered).await.unwrap();

    for arguments in [&["verify"][..], &["replay", "--month", "2026-10"]] {
        let output = ledger(&review, arguments).await;
        assert!(!output.status.success(), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains("entry 1"), "{arguments:?}: {}", said(&output));
    }
}
