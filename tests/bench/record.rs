//! Record and queue: what an inspector waits for on pressing "submit" without a network, beside SQLite writing the same
//! rows.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use device::{Device, NewInspection, SystemClock, enrol};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use sync_core::model::inspection::{Answer, Verdict};

use crate::office::{Bench, QUIET_GRID};
use crate::report::{Report, Table, milliseconds, percentile};

/// The tables of `work.db` that an inspection is written to.
const TABLES: [&str; 2] = ["operation", "inspection"];

/// What an inspector may wait at most, of a hundred but one.
const WAIT_MAX: Duration = Duration::from_millis(5);

/// Measures it, on a device that holds the register of its grid.
pub async fn measure(bench: &Bench, count: usize, report: &mut Report) -> Result<()> {
    let mut table = Table::new("Device: record and queue an inspection", &["what", "p50", "p99", "times"]);
    let (_, code) = bench.enrolment_code("record", QUIET_GRID).await?;
    let (files, url) = (bench.files().join("device"), bench.program.url().to_owned());
    let quiet = bench.district.grid(QUIET_GRID);
    let site = bench.sites.iter().find(|site| site.content.grid == quiet).context("no site there")?;
    let target = site.content.target_id;
    // The device is a blocking program, as on the tablet.
    let (recorded, floor) = tokio::task::spawn_blocking(move || {
        enrol(&files, &url, &code, "bench")?;
        let mut device = Device::open(&files, Arc::new(SystemClock))?;
        device.pull()?;
        let recorded = record(&mut device, target, count)?;
        drop(device);
        Ok::<_, anyhow::Error>((recorded, write_rows(&work_database(&files)?, &files.join("floor.db"))?))
    })
    .await??;
    for (what, sample) in [("record and queue", &recorded), ("floor: SQLite writes the same rows", &floor)] {
        table.row([
            what.to_owned(),
            milliseconds(percentile(sample, 50)),
            milliseconds(percentile(sample, 99)),
            sample.len().to_string(),
        ]);
    }
    report.table(&table);
    let wait = percentile(&recorded, 99);
    report.aim("device: record and queue, p99", "< 5 ms", milliseconds(wait), wait < WAIT_MAX);
    Ok(())
}

fn record(device: &mut Device, target: sync_core::ids::TargetId, count: usize) -> Result<Vec<Duration>> {
    (0..count)
        .map(|_| {
            let answer = |question: &str| -> Result<Answer> {
                Ok(Answer {
                    question: question.parse()?,
                    verdict: Verdict::Fail,
                    note: String::new(),
                    points: Vec::new(),
                })
            };
            let new = NewInspection {
                target: Some(target),
                answers: vec![answer("hoarding")?, answer("vehicle_washing")?],
                notes: Some("围挡缺口约十米，洗车平台停用。".to_owned()),
                ..NewInspection::default()
            };
            let began = Instant::now();
            device.record(new)?;
            Ok(began.elapsed())
        })
        .collect()
}

/// The one `work.db` below the device's directory.
fn work_database(dir: &Path) -> Result<std::path::PathBuf> {
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name == "work.db") {
                return Ok(path);
            }
        }
    }
    anyhow::bail!("the device has no work.db")
}

/// Writes every row of those tables to a database of the same tables, one transaction an inspection.
fn write_rows(from: &Path, to: &Path) -> Result<Vec<Duration>> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut floor = Connection::open(to)?;
    floor.pragma_update(None, "journal_mode", "wal")?;
    floor.pragma_update(None, "synchronous", "full")?;
    let mut schema =
        source.prepare("SELECT sql FROM sqlite_master WHERE tbl_name IN (?1, ?2) AND sql IS NOT NULL")?;
    for sql in schema.query_map(TABLES, |row| row.get::<_, String>(0))? {
        floor.execute_batch(&sql?)?;
    }
    let rows: Vec<Vec<Vec<Value>>> =
        TABLES.iter().map(|table| rows_of(&source, table)).collect::<Result<_>>()?;
    let count = rows.first().map_or(0, Vec::len);
    (0..count)
        .map(|number| {
            let began = Instant::now();
            let transaction = floor.transaction()?;
            for (table, rows) in TABLES.iter().zip(&rows) {
                let row = rows.get(number).context("tables of different length")?;
                let places = vec!["?"; row.len()].join(", ");
                transaction
                    .prepare_cached(&format!("INSERT INTO {table} VALUES ({places})"))?
                    .execute(params_from_iter(row))?;
            }
            transaction.commit()?;
            Ok(began.elapsed())
        })
        .collect()
}

fn rows_of(source: &Connection, table: &str) -> Result<Vec<Vec<Value>>> {
    let mut select = source.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = select.column_count();
    let rows = select.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
