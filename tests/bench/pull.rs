//! Pull: what a fresh device takes at first, page after page, what it asks for once it has everything, and what
//! happened in an hour.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sync_core::ids::ChangeId;
use sync_core::wire::cursor::Cursor;
use tests::TestDevice;
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::office::Bench;
use crate::processes::Spent;
use crate::report::{Report, Table, milliseconds, per_second, percentile, rate};

/// Rows of the first pull that are measured; the rest is more of the same.
const ROWS_MAX: usize = 20_000;

/// How often a device that has everything, or all but an hour, asks.
const REPEATS: usize = 50;

/// Changes in that hour.
const HOUR_CHANGES: i64 = 100;

/// Measures all three.
pub async fn measure(bench: &Bench, entries: usize, report: &mut Report) -> Result<()> {
    let mut table = Table::new(
        format!("Pull at {entries} ledger entries"),
        &[
            "what",
            "rows",
            "rows/s",
            "server CPU s per 1,000 rows",
            "PostgreSQL CPU s per 1,000 rows",
            "p50",
            "p99",
        ],
    );
    let device = bench.devices(1, &format!("pull{entries}")).await.remove(0);
    let before = Spent::so_far(bench.program.id())?;
    let began = Instant::now();
    let mut page = device.page(None).await;
    let (mut rows, mut latencies) = (page.changes.len(), vec![began.elapsed()]);
    while page.more && rows < ROWS_MAX {
        let asked = Instant::now();
        page = device.page(Some(&page.cursor)).await;
        latencies.push(asked.elapsed());
        rows += page.changes.len();
    }
    let what = "a fresh device, page by page";
    tell(bench, &mut table, what, rows, began.elapsed(), before, &latencies)?;
    let (server, database) = Spent::so_far(bench.program.id())?.since(before).seconds_per_thousand(rows);
    report.cost("pull of a fresh device, rows", entries, server + database);

    for (what, behind) in [("nothing new", 0), ("what happened in an hour", HOUR_CHANGES)] {
        let cursor = cursor_behind(bench, &page.cursor, behind).await?;
        let before = Spent::so_far(bench.program.id())?;
        let began = Instant::now();
        let (rows, latencies) = repeat(&device, &cursor).await;
        tell(bench, &mut table, what, rows, began.elapsed(), before, &latencies)?;
        if behind > 0 {
            let (server, database) =
                Spent::so_far(bench.program.id())?.since(before).seconds_per_thousand(REPEATS);
            report.cost("pull of an hour", entries, server + database);
        }
    }
    report.table(&table);
    Ok(())
}

fn tell(
    bench: &Bench,
    table: &mut Table,
    what: &str,
    rows: usize,
    took: Duration,
    before: Spent,
    latencies: &[Duration],
) -> Result<()> {
    let (server, database) = Spent::so_far(bench.program.id())?.since(before).seconds_per_thousand(rows);
    let of_rows = |figure: String| if rows == 0 { String::new() } else { figure };
    table.row([
        what.to_owned(),
        rows.to_string(),
        of_rows(per_second(rate(rows, took))),
        of_rows(format!("{server:.4}")),
        of_rows(format!("{database:.4}")),
        milliseconds(percentile(latencies, 50)),
        milliseconds(percentile(latencies, 99)),
    ]);
    Ok(())
}

async fn repeat(device: &TestDevice, cursor: &str) -> (usize, Vec<Duration>) {
    let (mut rows, mut latencies) = (0, Vec::with_capacity(REPEATS));
    for _ in 0..REPEATS {
        let began = Instant::now();
        rows += device.page(Some(cursor)).await.changes.len();
        latencies.push(began.elapsed());
    }
    (rows, latencies)
}

/// The cursor of a device that has everything but the last so many numbers.
async fn cursor_behind(bench: &Bench, of_same_scope: &str, numbers: i64) -> Result<String> {
    let (client, connection) = tokio_postgres::connect(bench.fixtures.database_url(), NoTls).await?;
    tokio::spawn(connection);
    let sql = "SELECT number, change_id::text FROM changes
               WHERE district = $1 AND ordinal = 1 AND number <= (SELECT max(number) FROM changes) - $2
               ORDER BY number DESC LIMIT 1";
    let row = client.query_one(sql, &[&bench.district.code.as_str(), &numbers]).await?;
    let (number, change): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
    let cursor = Cursor::decode(of_same_scope).context("a cursor of the server")?;
    let change = ChangeId(change.parse::<Uuid>()?);
    Ok(Cursor { number: u64::try_from(number)?, change, ..cursor }.encode())
}
