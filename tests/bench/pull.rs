//! Pull: what a fresh device takes at first, page after page, and what it asks for once it has everything.

use std::time::{Duration, Instant};

use anyhow::Result;
use tests::TestDevice;

use crate::office::Bench;
use crate::processes::Spent;
use crate::report::{Table, milliseconds, per_second, percentile, rate};

/// How often a device that has everything asks.
const IDLE_PULLS: usize = 100;

/// Measures both.
pub async fn measure(bench: &Bench, entries: usize) -> Result<Table> {
    let device = bench.devices(1, &format!("pull{entries}")).await.remove(0);
    let before = Spent::so_far(bench.program.id())?;
    let began = Instant::now();
    let (changes, cursor) = device.pull_all(None).await;
    let took = began.elapsed();
    let (server, database) =
        Spent::so_far(bench.program.id())?.since(before).seconds_per_thousand(changes.len());
    let idle = idle_pulls(&device, &cursor).await;
    let mut table = Table::new(
        format!("Pull at {entries} ledger entries"),
        &[
            "rows at first",
            "rows/s",
            "server CPU s per 1,000 rows",
            "PostgreSQL CPU s per 1,000 rows",
            "nothing new, p50",
            "nothing new, p99",
        ],
    );
    table.row([
        changes.len().to_string(),
        per_second(rate(changes.len(), took)),
        format!("{server:.4}"),
        format!("{database:.4}"),
        milliseconds(percentile(&idle, 50)),
        milliseconds(percentile(&idle, 99)),
    ]);
    Ok(table)
}

async fn idle_pulls(device: &TestDevice, cursor: &str) -> Vec<Duration> {
    let mut latencies = Vec::with_capacity(IDLE_PULLS);
    for _ in 0..IDLE_PULLS {
        let began = Instant::now();
        device.page(Some(cursor)).await;
        latencies.push(began.elapsed());
    }
    latencies
}
