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

/// Changes kept files behind the trigger that refuses it.
async fn tamper(review: &Review, statement: &str) {
    let sql = format!(
        "ALTER TABLE month_exports DISABLE TRIGGER month_exports_append_only; {statement};
         ALTER TABLE month_exports ENABLE TRIGGER month_exports_append_only"
    );
    review.server.execute(&sql).await.unwrap();
}

/// Replaces a kept file by another one whose own hash fits.
fn another(name: &str) -> String {
    format!("UPDATE month_exports SET bytes = 'x', sha256 = sha256('x') WHERE name = '{name}'")
}

#[tokio::test]
async fn a_kept_file_that_is_not_the_one_of_the_closing_is_named_with_its_month() {
    let added = "INSERT INTO month_exports SELECT district, month, 'a.csv', media_type, bytes, sha256
                 FROM month_exports WHERE name = 'lines.txt'";
    let removed = "DELETE FROM month_exports WHERE name = 'totals-en.csv'";
    let table = [
        (another("lines.txt"), "lines.txt"),
        (another("totals-zh.xlsx"), "totals-zh.xlsx"),
        (removed.to_owned(), "totals-en.csv"),
        (added.to_owned(), "a.csv"),
    ];
    for (statement, name) in table {
        let review = Review::start().await;
        closed_october(&review).await;

        tamper(&review, &statement).await;

        let verified = ledger(&review, &["verify"]).await;
        let told = said(&verified);
        assert!(!verified.status.success(), "{statement}: {told}");
        assert!(told.contains(&format!("the kept file {name} of 2026-10")), "{statement}: {told}");
    }
}

#[tokio::test]
async fn of_a_month_closed_before_hashes_were_recorded_the_lines_alone_are_compared() {
    let review = Review::start().await;
    closed_october(&review).await;
    let forgotten = "ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only;
                     DELETE FROM audit_events WHERE action = 'month_files_kept'";
    review.server.execute(forgotten).await.unwrap();
    assert!(ledger(&review, &["verify"]).await.status.success());

    tamper(&review, &another("totals-zh.xlsx")).await;
    assert!(ledger(&review, &["verify"]).await.status.success());

    tamper(&review, &another("lines.txt")).await;
    let told = said(&ledger(&review, &["verify"]).await);
    assert!(told.contains("the kept file lines.txt of 2026-10"), "{told}");
}
