//! The tablet with a large register, in a browser: the district is set up and served here, and what an inspector waits for
//! is measured by `web/e2e/bench/tablet.ts`, which slows the browser down and writes its figures into a file.
//!
//! The server finds the built screens by `LANTIAN_TABLET_ROOT`; the browser runs on the same machine as everything else.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use server::db::changes::{NewChange, record_changes};
use server::db::targets::{TargetWrite, insert_targets};
use server::services::import_register::TRANSACTION_ROWS;
use sync_core::geo::Point;
use sync_core::model::target::{Target, TargetContent};
use tests::field::{SOMEWHERE, new_site};

use crate::machine::Machine;
use crate::office::{Bench, QUIET_GRID};
use crate::report::Report;
use crate::screens::{Browsed, in_browser};

/// Of the inspector, on a database that is thrown away.
const PASSWORD: &str = "measured-in-a-browser";
/// How the register's names begin and end, by turns: some hundreds have each in common.
const STREETS: [&str; 7] = ["马村", "冯营", "九里山", "待王", "安阳城", "演马", "武王"];
const SITES: [&str; 5] = ["安置房工地", "学校扩建工地", "道路改造工地", "厂房工地", "河道整治工地"];
/// Degrees from one site to the next, some sixty metres: a district of twenty kilometres.
const STEP_DEGREES: f64 = 0.000_6;

/// What is measured with.
#[derive(Debug)]
pub struct Inspecting {
    /// Targets of the register.
    pub targets: usize,
    /// How often each thing is done.
    pub runs: usize,
    /// The browser.
    pub browser: PathBuf,
}

/// Sets up, serves and measures.
///
/// # Errors
/// A district that cannot be set up; a screen that does not show what it should.
pub async fn measure(inspecting: &Inspecting, markdown: Option<&Path>) -> Result<()> {
    let mut report = Report::new(&Machine::this()?);
    let files = tempfile::Builder::new().prefix("lantian-bench-").tempdir()?;
    let bench = Bench::start(files.path(), 0).await?;
    let side = (1..).find(|side: &usize| side * side >= inspecting.targets).unwrap_or(1);
    register(&bench, inspecting.targets, side).await.context("the register")?;
    let (inspector, code) = bench.enrolment_code("tablet", QUIET_GRID).await?;
    bench.fixtures.set_password(&inspector, PASSWORD).await;
    let middle = point(side * (side / 2) + side / 2, side);
    let given = format!("{code} {PASSWORD} {},{} {}", middle.lon, middle.lat, inspecting.runs);
    let title = format!(
        "The tablet with {} targets, in a browser slowed down to a quarter in two ways (without network)",
        inspecting.targets
    );
    let told = [("LANTIAN_BENCH_TABLET", given)];
    let browsed = Browsed { program: "tablet", told: &told, title, judged_at: 99 };
    in_browser(&bench, files.path(), &inspecting.browser, browsed, &mut report).await?;
    report.finish(markdown)?;
    let Bench { program, .. } = bench;
    tokio::task::spawn_blocking(move || program.stop()).await?
}

/// Where a site stands in a square of so many a side.
fn point(number: usize, side: usize) -> Point {
    Point {
        lon: SOMEWHERE.lon + (number % side) as f64 * STEP_DEGREES,
        lat: SOMEWHERE.lat + (number / side) as f64 * STEP_DEGREES,
    }
}

/// Registers targets in the inspector's grid, so many a transaction as an import does.
async fn register(bench: &Bench, count: usize, side: usize) -> Result<()> {
    let target = |number: usize| {
        let (street, kind) = (STREETS[number % STREETS.len()], SITES[number % SITES.len()]);
        let site = new_site(&bench.district, QUIET_GRID);
        let content =
            TargetContent { name: format!("{street}{number}号{kind}"), point: point(number, side), ..site };
        Target { content, version: 1 }
    };
    let targets: Vec<Target> = (0..count).map(target).collect();
    let mut connection = bench.fixtures.connection().await;
    let new = |target: &Target| {
        NewChange::of_target(target.content.target_id, None, Some(target.content.grid.clone()))
    };
    eprintln!("a register of {count} targets …");
    for targets in targets.chunks(TRANSACTION_ROWS) {
        let row = |target: &Target| TargetWrite::new(&bench.district.code, target, bench.now());
        let rows: Vec<_> = targets.iter().map(row).collect();
        insert_targets(&connection, &rows).await?;
        let changes: Vec<_> = targets.iter().map(new).collect();
        record_changes(&mut connection, &bench.district.code, &changes).await?;
    }
    eprintln!("registered");
    Ok(())
}
