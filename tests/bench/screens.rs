//! The screens over a district of many cases, in a browser: the district is seeded and served here, and what people wait
//! for is measured by `web/e2e/bench`, which writes its figures into a file.
//!
//! The server finds the built screens by `LANTIAN_WEB_ROOT`; the browser runs on the same machine as everything else.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::machine::Machine;
use crate::office::Bench;
use crate::report::{Report, Table, milliseconds, percentile};
use crate::seed::{COMMON_WORD, RARE_WORD, Without, seed};

/// Sites of the register.
const SITES: usize = 16_000;
/// Entries of a decided case.
const ENTRIES_A_CASE: usize = 4;
/// One in so many cases was dismissed.
const DISMISSED_ONE_IN: usize = 5;
/// One in so many cases waits for a decision.
const UNDECIDED_ONE_IN: usize = 50;
/// Of supervisor and finance, on a database that is thrown away.
const PASSWORD: &str = "measured in a browser";

/// What is browsed with.
#[derive(Debug)]
pub struct Browsing {
    /// Cases of the district.
    pub cases: usize,
    /// The browser.
    pub browser: PathBuf,
}

/// What somebody waited for, run by run.
#[derive(Debug, Deserialize)]
struct Figure {
    what: String,
    milliseconds: Vec<f64>,
    /// What it may take, where something is promised.
    most: Option<f64>,
}

/// Seeds, serves and measures.
///
/// # Errors
/// A district that cannot be seeded; a screen that does not show what it should.
pub async fn measure(browsing: &Browsing, markdown: Option<&Path>) -> Result<()> {
    let mut report = Report::new(&Machine::this()?);
    let files = tempfile::Builder::new().prefix("lantian-bench-").tempdir()?;
    let bench = Bench::start(files.path(), SITES).await?;
    let dismissed = browsing.cases / DISMISSED_ONE_IN;
    let without = Without { dismissed, undecided: browsing.cases / UNDECIDED_ONE_IN };
    seed(&bench, 0, (browsing.cases - dismissed) * ENTRIES_A_CASE, without).await.context("seeding")?;
    for office in [&bench.supervisor, &bench.finance] {
        bench.fixtures.set_password(&office.user, PASSWORD).await;
    }

    let title = format!("Screens at {} cases, in a browser on the same machine", browsing.cases);
    let told = [
        ("LANTIAN_BENCH_PASSWORD", PASSWORD.to_owned()),
        ("LANTIAN_BENCH_WORDS", format!("{RARE_WORD},{COMMON_WORD}")),
    ];
    let browsed = Browsed { program: "screens", told: &told, title, judged_at: 95 };
    in_browser(&bench, files.path(), &browsing.browser, browsed, &mut report).await?;
    report.finish(markdown)?;
    let Bench { program, .. } = bench;
    tokio::task::spawn_blocking(move || program.stop()).await?
}

/// A program of `web/e2e/bench`.
#[derive(Debug)]
pub struct Browsed<'a> {
    /// Its file, without the ending.
    pub program: &'a str,
    /// What it is told, by variables.
    pub told: &'a [(&'a str, String)],
    /// Of its table.
    pub title: String,
    /// The percentile that aims are judged at.
    pub judged_at: usize,
}

/// Runs a program before the district, and reports its figures.
///
/// # Errors
/// A program that fails.
pub async fn in_browser(
    bench: &Bench,
    files: &Path,
    browser: &Path,
    browsed: Browsed<'_>,
    report: &mut Report,
) -> Result<()> {
    let Browsed { program, told, title, judged_at } = browsed;
    let out = files.join("figures.json");
    let mut npm = Command::new("npm");
    npm.current_dir("web")
        .args(["run", "bench", "--workspace", "e2e", "--"])
        .arg(format!("bench/{program}.ts"));
    npm.env("LANTIAN_CHROMIUM", browser)
        .env("LANTIAN_E2E_URL", bench.program.url())
        .env("LANTIAN_BENCH_OUT", &out)
        .envs(told.iter().map(|(name, value)| (*name, value)));
    let done = tokio::task::spawn_blocking(move || npm.status()).await?.context("npm")?;
    ensure!(done.success(), "the browser's part failed: {done}");

    let figures: Vec<Figure> = serde_json::from_slice(&std::fs::read(&out)?)?;
    let mut table = Table::new(title, &["what", "p50", "p95", "p99", "runs"]);
    for figure in figures {
        let took: Vec<Duration> =
            figure.milliseconds.iter().map(|it| Duration::from_secs_f64(it / 1_000.0)).collect();
        let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(&took, percent));
        let [said50, said95, said99] = [p50, p95, p99].map(milliseconds);
        table.row([figure.what.clone(), said50, said95, said99, took.len().to_string()]);
        if let Some(most) = figure.most.map(|most| Duration::from_secs_f64(most / 1_000.0)) {
            let judged = percentile(&took, judged_at);
            report.aim(figure.what, format!("< {}", milliseconds(most)), milliseconds(judged), judged < most);
        }
    }
    report.table(&table);
    Ok(())
}
