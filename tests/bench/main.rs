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
mod seed;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;

use crate::machine::Machine;
use crate::office::Bench;
use crate::photos::Picture;
use crate::processes::resident_mb;
use crate::push::Load;
use crate::report::Table;

/// What is measured.
#[derive(Debug, Parser)]
struct Arguments {
    /// A small version of everything, to see that it runs.
    #[arg(long)]
    quick: bool,
    /// Ledger entries at which it is measured, in rising order.
    #[arg(long, value_delimiter = ',', default_value = "10000,1000000")]
    entries: Vec<usize>,
    /// Writes the tables to this file too.
    #[arg(long)]
    markdown: Option<PathBuf>,
}

/// How much is done.
struct Extent {
    entries: Vec<usize>,
    loads: Vec<Load>,
    photo_loads: Vec<(usize, usize)>,
    reads: usize,
    records: usize,
    decodings: usize,
}

impl Extent {
    fn of(arguments: &Arguments) -> Self {
        let load = |devices, pushes, operations, photo| Load { devices, pushes, operations, photo };
        if arguments.quick {
            return Self {
                entries: vec![400],
                loads: vec![load(1, 2, 1, false), load(2, 2, 1, true), load(2, 1, 5, false)],
                photo_loads: vec![(1, 2)],
                reads: 2,
                records: 5,
                decodings: 1,
            };
        }
        Self {
            entries: arguments.entries.clone(),
            loads: vec![
                load(1, 300, 1, false),
                load(8, 100, 1, false),
                load(32, 40, 1, false),
                load(8, 5, 50, false),
                load(1, 100, 1, true),
                load(8, 25, 1, true),
                load(32, 10, 1, true),
            ],
            photo_loads: vec![(1, 200), (8, 50), (32, 15)],
            reads: 30,
            records: 500,
            decodings: 50,
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let extent = Extent::of(&arguments);
    let machine = Machine::now()?;
    println!("{machine}\n");
    let files = tempfile::Builder::new().prefix("lantian-bench-").tempdir()?;
    let bench = Bench::start(files.path()).await?;
    let mut report = vec![format!("{machine}\n")];
    let mut tell = |table: &Table| {
        println!("{}", table.markdown());
        report.push(table.markdown());
    };
    let mut memory = Table::new("Memory of the server program", &["when", "resident MB"]);
    let pid = bench.program.id();
    memory.row(["idle, after its start".to_owned(), resident_mb(pid)?.to_string()]);

    let picture = Picture::draw(bench.now())?;
    let mut present = 0;
    for &entries in &extent.entries {
        eprintln!("seeding {entries} entries");
        seed::seed(&bench, present, entries).await.context("seeding")?;
        present = entries;
        tell(&push::measure(&bench, entries, &extent.loads, &picture).await.context("push")?);
        memory.row([format!("after pushes at {entries} entries"), resident_mb(pid)?.to_string()]);
        tell(&pull::measure(&bench, entries).await?);
        tell(&reads::measure(&bench, entries, extent.reads).await.context("reads")?);
        memory.row([format!("after reads at {entries} entries"), resident_mb(pid)?.to_string()]);
    }
    tell(&photos::measure_uploads(&bench, &picture, &extent.photo_loads).await.context("photos")?);
    memory.row(["after photos".to_owned(), resident_mb(pid)?.to_string()]);
    tell(&photos::measure_decoding(&picture, extent.decodings)?);
    tell(&record::measure(&bench, extent.records).await.context("device")?);
    tell(&memory);

    if let Some(file) = &arguments.markdown {
        std::fs::write(file, report.join("\n")).with_context(|| file.display().to_string())?;
    }
    let Bench { program, .. } = bench;
    tokio::task::spawn_blocking(move || program.stop()).await?
}
