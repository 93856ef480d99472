//! What the office reads: totals, lists, filters, search, exports; beside PostgreSQL copying as many rows as CSV.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, pin_mut};
use jiff::ToSpan;
use reqwest::Method;
use sync_core::time::Month;
use tests::TestOffice;
use tokio_postgres::NoTls;

use crate::office::Bench;
use crate::processes::Spent;
use crate::report::{Table, milliseconds, percentile};

/// Cases of an export.
const EXPORTED: usize = 20_000;

/// What is asked, how often, and by whom.
struct Question {
    what: &'static str,
    path: String,
    times: usize,
    by_finance: bool,
}

/// Measures every read.
pub async fn measure(bench: &Bench, entries: usize, times: usize) -> Result<Table> {
    let mut table = Table::new(
        format!("Reads at {entries} ledger entries"),
        &["what", "p50", "p95", "server CPU", "PostgreSQL CPU", "bytes"],
    );
    for question in questions(bench, times) {
        let office = if question.by_finance { &bench.finance } else { &bench.supervisor };
        table.row(ask(bench, office, &question).await.with_context(|| question.path.clone())?);
    }
    let (rows, took) = copy_cases(bench.fixtures.database_url()).await?;
    table.row([
        format!("floor: PostgreSQL copies {rows} cases as CSV"),
        milliseconds(took),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]);
    Ok(table)
}

fn questions(bench: &Bench, times: usize) -> Vec<Question> {
    let today = bench.now().record_date();
    let month = Month::of(today.saturating_sub(1.month()));
    let from = today.saturating_sub(2.month());
    let unit = bench.district.streets[0];
    let question =
        |what, path: &str, times, by_finance| Question { what, path: path.to_owned(), times, by_finance };
    let export = (times / 5).max(2);
    vec![
        question("month totals", &format!("/api/v1/months/{month}/totals"), times, true),
        question("months", "/api/v1/months", times, true),
        question(
            "ledger entries of a month, a page",
            &format!("/api/v1/ledger/entries?month={month}"),
            times,
            true,
        ),
        question("case list, first page", "/api/v1/cases", times, false),
        question("case list by state", "/api/v1/cases?state=under_review", times, false),
        question(
            "case list by unit and dates",
            &format!("/api/v1/cases?unit={unit}&from={from}&to={today}"),
            times,
            false,
        ),
        question(
            "case list by grid",
            &format!("/api/v1/cases?grid={}", bench.district.grid("001/002")),
            times,
            false,
        ),
        question("search of two characters, rare", "/api/v1/cases?text=文昌", times, false),
        question("search of two characters, in every case", "/api/v1/cases?text=工地", times, false),
        question("20,000 cases as CSV", &format!("/api/v1/cases.csv?limit={EXPORTED}"), export, false),
        question("20,000 cases as XLSX", &format!("/api/v1/cases.xlsx?limit={EXPORTED}"), export, false),
        question("a month's totals as XLSX", &format!("/api/v1/months/{month}/totals.xlsx"), export, true),
    ]
}

async fn ask(bench: &Bench, office: &TestOffice, question: &Question) -> Result<Vec<String>> {
    let mut latencies = Vec::with_capacity(question.times);
    // Once to warm up: plans, pages and prepared statements.
    let mut bytes = get(office, &question.path).await?;
    let before = Spent::so_far(bench.program.id())?;
    for _ in 0..question.times {
        let began = Instant::now();
        bytes = get(office, &question.path).await?;
        latencies.push(began.elapsed());
    }
    let cost = Spent::so_far(bench.program.id())?.since(before);
    let each = |spent: Duration| milliseconds(spent / u32::try_from(question.times).unwrap_or(u32::MAX));
    Ok(vec![
        question.what.to_owned(),
        milliseconds(percentile(&latencies, 50)),
        milliseconds(percentile(&latencies, 95)),
        each(cost.server),
        each(cost.database),
        bytes.to_string(),
    ])
}

async fn get(office: &TestOffice, path: &str) -> Result<usize> {
    let response = office.request(Method::GET, path).send().await?;
    let status = response.status();
    let body = response.bytes().await?;
    ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
    Ok(body.len())
}

/// The floor under an export.
async fn copy_cases(url: &str) -> Result<(usize, Duration)> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let copy = format!(
        "COPY (SELECT c.case_id, c.occurred_at, c.item, c.kind, c.grid, u.name, c.level, c.review_state,
                      c.rectification_state, c.flags, c.reason, sum(ch.amount_fen)
               FROM (SELECT * FROM cases ORDER BY occurred_at DESC, case_id LIMIT {EXPORTED}) AS c
               JOIN units u USING (district, unit_id) JOIN charges ch USING (district, case_id)
               GROUP BY c.case_id, c.occurred_at, c.item, c.kind, c.grid, u.name, c.level, c.review_state,
                        c.rectification_state, c.flags, c.reason) TO STDOUT CSV"
    );
    let began = Instant::now();
    let rows = client.copy_out(&copy).await?;
    pin_mut!(rows);
    let mut count = 0;
    while let Some(chunk) = rows.next().await {
        count += chunk?.iter().filter(|byte| **byte == b'\n').count();
    }
    Ok((count, began.elapsed()))
}
