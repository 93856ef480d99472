//! What the office reads: totals, lists, filters, search, exports; beside PostgreSQL copying as many rows as CSV.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, pin_mut};
use jiff::ToSpan;
use jiff::civil::Date;
use reqwest::Method;
use sync_core::time::Month;
use tests::TestOffice;
use tokio_postgres::{Client, NoTls};

use crate::office::Bench;
use crate::processes::Spent;
use crate::report::{Report, Table, milliseconds, percentile};
use crate::seed::{COMMON_WORD, EVERY_WORD, RARE_WORD};

/// Cases of an export.
const EXPORTED: i64 = 20_000;

/// What a question may take in the middle.
const TOTALS_MAX: Duration = Duration::from_millis(50);
const LIST_MAX: Duration = Duration::from_millis(100);
const EXPORT_MAX: Duration = Duration::from_millis(300);

/// What is asked, how often, by whom, and what it may take.
struct Question {
    what: &'static str,
    path: String,
    times: usize,
    by_finance: bool,
    most: Duration,
}

/// Measures every read.
pub async fn measure(bench: &Bench, entries: usize, times: usize, report: &mut Report) -> Result<()> {
    let mut table = Table::new(
        format!("Reads at {entries} ledger entries"),
        &["what", "p50", "p95", "server CPU", "PostgreSQL CPU", "bytes"],
    );
    let (client, connection) = tokio_postgres::connect(bench.fixtures.database_url(), NoTls).await?;
    tokio::spawn(connection);
    let from = first_day_of_export(&client).await?;
    for question in questions(bench, times, from) {
        let office = if question.by_finance { &bench.finance } else { &bench.supervisor };
        let asked = ask(bench, office, &question).await;
        let Asked { p50, p95, server, database, bytes } = asked.with_context(|| question.path.clone())?;
        table.row([
            question.what.to_owned(),
            milliseconds(p50),
            milliseconds(p95),
            milliseconds(server),
            milliseconds(database),
            bytes.to_string(),
        ]);
        report.aim(
            format!("{}, {entries} entries", question.what),
            format!("< {}", milliseconds(question.most)),
            milliseconds(p50),
            p50 < question.most,
        );
    }
    let (rows, took) = copy_cases(&client, from).await?;
    let nothing = String::new;
    table.row([
        format!("floor of the exports: PostgreSQL copies these {rows} cases as CSV"),
        milliseconds(took),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
    ]);
    report.table(&table);
    Ok(())
}

fn questions(bench: &Bench, times: usize, from: Date) -> Vec<Question> {
    let today = bench.now().record_date();
    let month = Month::of(today.saturating_sub(1.month()));
    let (last, before) = (month.first_day(), today.saturating_sub(2.month()));
    let unit = bench.district.streets[0];
    let grid = bench.district.grid("001/002");
    let export = (times / 5).max(2);
    let totals = |what, path: String| Question { what, path, times, by_finance: true, most: TOTALS_MAX };
    let list = |what, query: String| Question {
        what,
        path: format!("/api/v1/cases{query}"),
        times,
        by_finance: false,
        most: LIST_MAX,
    };
    let file =
        |what, path: String| Question { what, path, times: export, by_finance: false, most: EXPORT_MAX };
    vec![
        totals("month totals", format!("/api/v1/months/{month}/totals")),
        totals("months", "/api/v1/months".to_owned()),
        Question {
            most: LIST_MAX,
            ..totals("entries of a month, a page", format!("/api/v1/ledger/entries?month={month}"))
        },
        list("case list", String::new()),
        list("case list of a state", "?state=under_review".to_owned()),
        list("case list of a unit in two months", format!("?unit={unit}&from={before}&to={today}")),
        list("case list of a unit", format!("?unit={unit}")),
        list("case list of a grid", format!("?grid={grid}")),
        list("case list with doubts", "?flagged=true".to_owned()),
        list("two characters, in 1 of 200 cases", format!("?text={RARE_WORD}")),
        list("two characters, in 1 of 8 cases", format!("?text={COMMON_WORD}")),
        list("two characters, in every case", format!("?text={EVERY_WORD}")),
        list("two characters in a grid and a month", format!("?text={COMMON_WORD}&grid={grid}&from={last}")),
        file("20,000 cases as CSV", format!("/api/v1/cases.csv?from={from}")),
        file("20,000 cases as XLSX", format!("/api/v1/cases.xlsx?from={from}")),
        Question {
            by_finance: true,
            ..file("a month's totals as XLSX", format!("/api/v1/months/{month}/totals.xlsx"))
        },
    ]
}

/// What the answers to a question took and cost.
struct Asked {
    p50: Duration,
    p95: Duration,
    server: Duration,
    database: Duration,
    bytes: usize,
}

async fn ask(bench: &Bench, office: &TestOffice, question: &Question) -> Result<Asked> {
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
    let times = u32::try_from(question.times)?;
    Ok(Asked {
        p50: percentile(&latencies, 50),
        p95: percentile(&latencies, 95),
        server: cost.server / times,
        database: cost.database / times,
        bytes,
    })
}

async fn get(office: &TestOffice, path: &str) -> Result<usize> {
    let response = office.request(Method::GET, path).send().await?;
    let status = response.status();
    let body = response.bytes().await?;
    ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
    Ok(body.len())
}

/// The day from which on there are as many cases as an export has, or some more.
async fn first_day_of_export(client: &Client) -> Result<Date> {
    let sql = "SELECT min((occurred_at AT TIME ZONE 'Asia/Shanghai')::date)::text
               FROM (SELECT occurred_at FROM cases ORDER BY occurred_at DESC LIMIT $1) AS latest";
    let day: String = client.query_one(sql, &[&EXPORTED]).await?.try_get(0)?;
    Ok(day.parse()?)
}

/// The floor under an export.
async fn copy_cases(client: &Client, from: Date) -> Result<(usize, Duration)> {
    let copy = format!(
        "COPY (SELECT c.case_id, c.occurred_at, c.item, c.kind, t.code, t.name, c.grid, g.name, u.name, u.budget_code,
                      c.level, w.name, c.review_state, c.rectification_state, c.flags, c.reason, s.clause, s.amount
               FROM cases c JOIN units u USING (district, unit_id) JOIN targets t USING (district, target_id)
               JOIN grids g ON (g.district, g.path) = (c.district, c.grid)
               JOIN users w ON (w.district, w.user_id) = (c.district, c.author)
               JOIN (SELECT case_id, min(clause) AS clause, sum(amount_fen) AS amount
                     FROM charges JOIN cases USING (district, case_id)
                     WHERE occurred_at >= '{from}'::timestamp AT TIME ZONE 'Asia/Shanghai' GROUP BY case_id) AS s
                 USING (case_id)
               WHERE occurred_at >= '{from}'::timestamp AT TIME ZONE 'Asia/Shanghai'
               ORDER BY occurred_at DESC) TO STDOUT CSV"
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
