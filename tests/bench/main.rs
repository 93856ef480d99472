//! The benches (`cargo xtask bench`): ratios against floors measured beside them in the same run.
//!
//! A real PostgreSQL, the real server program as a process of its own, real HTTP, real device stores. Nothing here
//! asserts a time: what is checked is that every operation was applied and every read answered.
#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "figures are floats, and a bench that fails is a bench that stops"
)]

mod bootstrap;
mod floor_database;
mod floor_files;
mod machine;
mod office;
mod photos;
mod processes;
mod pull;
mod push;
mod reads;
mod record;
mod report;
mod screens;
mod seed;
mod tablet;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

use crate::bootstrap::Sizes;
use crate::machine::Machine;
use crate::office::Bench;
use crate::photos::Picture;
use crate::processes::{forget_peak, resident};
use crate::push::Load;
use crate::report::{Report, Table};
use crate::screens::Browsing;
use crate::seed::Without;
use crate::tablet::Inspecting;

/// Resident megabytes that the server program shall stay below under load.
const MEMORY_MAX_MB: u64 = 150;

/// How long the server rests before its memory is read again.
const REST: Duration = Duration::from_secs(2);

/// How often an inspector does each thing on the tablet.
const TABLET_RUNS: usize = 25;
/// The same to see that it runs.
const TABLET_RUNS_QUICK: usize = 2;

/// What is measured.
#[derive(Debug, Parser)]
struct Arguments {
    /// A small version of everything, to see that it runs.
    #[arg(long)]
    quick: bool,
    /// Ledger entries at which it is measured, in rising order.
    #[arg(long, value_delimiter = ',', default_value = "10000,1000000")]
    entries: Vec<usize>,
    /// Measures these parts alone.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Measures the screens alone, in a browser, with this many cases.
    #[arg(long, requires = "browser")]
    screens: Option<usize>,
    /// Measures the tablet alone, in a browser, with this many targets.
    #[arg(long, requires = "browser", conflicts_with = "screens")]
    tablet: Option<usize>,
    /// The browser to measure in.
    #[arg(long)]
    browser: Option<PathBuf>,
    /// Writes the tables to this file too.
    #[arg(long)]
    markdown: Option<PathBuf>,
}

/// A part of a run; the first three at each number of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Durable pushes.
    Push,
    /// Pulls of a fresh device and of one that is a little behind.
    Pull,
    /// Totals, lists, searches, exports.
    Reads,
    /// Uploads of photos, and what decoding costs.
    Photos,
    /// Record and queue on a device.
    Record,
    /// Registers to a device, pulls of one that is far behind, commit to heard.
    Bootstrap,
}

/// How much is done.
struct Extent {
    only: Vec<Part>,
    sites: usize,
    entries: Vec<usize>,
    without: Without,
    loads: Vec<Load>,
    photo_loads: Vec<(usize, usize)>,
    reads: usize,
    records: usize,
    decodings: usize,
    bootstrap: Sizes,
}

impl Extent {
    fn of(arguments: &Arguments) -> Self {
        let load = |devices, pushes, operations, photo| Load { devices, pushes, operations, photo };
        if arguments.quick {
            return Self {
                only: arguments.only.clone(),
                sites: 600,
                entries: vec![400],
                without: Without { dismissed: 20, undecided: 0 },
                loads: vec![load(1, 1, 1, false), load(2, 1, 1, true), load(2, 1, 5, false)],
                photo_loads: vec![(1, 1)],
                reads: 2,
                records: 5,
                decodings: 1,
                bootstrap: Sizes { register: 600, behind: [10, 300], changes_heard: 3 },
            };
        }
        Self {
            only: arguments.only.clone(),
            sites: 16_000,
            entries: arguments.entries.clone(),
            without: Without { dismissed: 20_000, undecided: 0 },
            loads: vec![
                load(1, 200, 1, false),
                load(8, 40, 1, false),
                load(32, 15, 1, false),
                load(8, 2, 50, false),
                load(1, 25, 1, true),
                load(8, 6, 1, true),
                load(32, 2, 1, true),
            ],
            photo_loads: vec![(1, 60), (8, 15), (32, 5)],
            reads: 20,
            records: 500,
            decodings: 20,
            bootstrap: Sizes { register: 200_000, behind: [100, 100_000], changes_heard: 200 },
        }
    }

    fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let (Some(cases), Some(browser)) = (arguments.screens, arguments.browser.clone()) {
        return screens::measure(&Browsing { cases, browser }, arguments.markdown.as_deref()).await;
    }
    if let (Some(targets), Some(browser)) = (arguments.tablet, arguments.browser.clone()) {
        let runs = if arguments.quick { TABLET_RUNS_QUICK } else { TABLET_RUNS };
        return tablet::measure(&Inspecting { targets, runs, browser }, arguments.markdown.as_deref()).await;
    }
    let extent = Extent::of(&arguments);
    let mut report = Report::new(&Machine::this()?);
    let files = tempfile::Builder::new().prefix("lantian-bench-").tempdir()?;
    let bench = Bench::start(files.path(), extent.sites).await?;
    let mut memory = Memory::new(&bench)?;
    memory.tell(&bench, "idle, after its start")?;

    let picture = Picture::draw(bench.now())?;
    let mut present = 0;
    for &entries in &extent.entries {
        seed::seed(&bench, present, entries, extent.without).await.context("seeding")?;
        present = entries;
        forget_peak(bench.program.id())?;
        if extent.has(Part::Push) {
            push::measure(&bench, entries, &extent.loads, &picture, &mut report).await.context("push")?;
            memory.tell(&bench, format!("pushes at {entries} entries"))?;
        }
        if extent.has(Part::Pull) {
            pull::measure(&bench, entries, &mut report).await.context("pull")?;
            memory.tell(&bench, format!("pulls at {entries} entries"))?;
        }
        if extent.has(Part::Reads) {
            reads::measure(&bench, entries, extent.reads, &mut report).await.context("reads")?;
            memory.tell(&bench, format!("reads and exports at {entries} entries"))?;
        }
    }
    if extent.has(Part::Photos) {
        photos::measure_uploads(&bench, &picture, &extent.photo_loads, &mut report)
            .await
            .context("photos")?;
        memory.tell(&bench, "photos with decoding")?;
        photos::measure_decoding(&picture, extent.decodings, &mut report)?;
    }
    if extent.has(Part::Record) {
        record::measure(&bench, extent.records, &mut report).await.context("device")?;
        memory.tell(&bench, "records")?;
    }
    if extent.has(Part::Bootstrap) {
        bootstrap::measure(&bench, &extent.bootstrap, &mut report).await.context("bootstrap")?;
        memory.tell(&bench, "bootstrap")?;
    }
    tokio::time::sleep(REST).await;
    memory.tell(&bench, "at rest afterwards")?;
    memory.finish(&mut report);
    report.finish(arguments.markdown.as_deref())?;
    let Bench { program, .. } = bench;
    tokio::task::spawn_blocking(move || program.stop()).await?
}

/// The memory of the server program in the course of a run.
struct Memory {
    table: Table,
    most_mb: u64,
}

impl Memory {
    fn new(bench: &Bench) -> Result<Self> {
        forget_peak(bench.program.id())?;
        let table = Table::new("Resident memory of the server program", &["when", "MB then", "MB at most"]);
        Ok(Self { table, most_mb: 0 })
    }

    /// Notes what it is now and was at most since the last time.
    fn tell(&mut self, bench: &Bench, when: impl Into<String>) -> Result<()> {
        let resident = resident(bench.program.id())?;
        forget_peak(bench.program.id())?;
        self.most_mb = self.most_mb.max(resident.peak_mb);
        self.table.row([when.into(), resident.now_mb.to_string(), resident.peak_mb.to_string()]);
        Ok(())
    }

    fn finish(self, report: &mut Report) {
        report.table(&self.table);
        let Self { most_mb, .. } = self;
        report.aim(
            "memory of the server program",
            format!("< {MEMORY_MAX_MB} MB"),
            format!("{most_mb} MB at most"),
            most_mb < MEMORY_MAX_MB,
        );
    }
}
