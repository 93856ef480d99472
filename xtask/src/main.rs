//! `cargo xtask`: what one does with this workspace beyond plain cargo. One module a command.
//!
//! It must not depend on the server or on sync-core: it is what builds them, from a bare machine.

mod bench;
mod chaos;
mod database;
mod demo;
mod error;
mod fence;
mod fuzz;
mod install;
mod lan;
mod mutants;
mod progress;
mod run;
mod schema;
mod screens;
mod simulate;
mod test;
mod up;
mod wasm;
mod web;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;

/// Builds, runs and tests Lantian (蓝天).
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Start the server with demonstration data, installing what is missing.
    ///
    /// The database is a private PostgreSQL below var/, or the one of DATABASE_URL.
    Up(up::Arguments),
    /// Play one day of the product, from inspections without network to the month's totals.
    Demo(demo::Arguments),
    /// Measure the product in ratios against floors measured beside it; docs/performance.md has the figures.
    ///
    /// With a million ledger entries it takes some ten minutes and as many gigabytes.
    Bench(bench::Arguments),
    /// Play seeded runs of the sync, with a network, clocks and crashes that fail, and judge every promise.
    ///
    /// Every tenth seed drives the real server, on a private PostgreSQL or the one of DATABASE_URL.
    Simulate(simulate::Arguments),
    /// Bend what comes from outside in every way, and expect whoever reads it to say so and go on.
    Fuzz(fuzz::Arguments),
    /// Kill server and PostgreSQL under load, again and again, and reckon up what was acknowledged.
    Chaos(chaos::Arguments),
    /// Put classic mistakes back into a scratch copy, one at a time, and expect a test to catch each.
    ///
    /// It compiles the server several times: half an hour on two cores.
    Mutants(mutants::Arguments),
    /// Everything that CI runs: format, lints, tests, dependency fence, schema, simulation, chaos,
    /// screens in a browser, documentation.
    ///
    /// The tests use a private PostgreSQL, or the one of DATABASE_URL (as a role that may create databases).
    Test,
    /// Take the pictures of docs/screenshots from the screens as they are.
    Screenshots,
    /// Build the tablet's module for browsers, installing what is missing.
    Wasm,
    /// Serve the install page; `up --lan` starts it.
    #[command(hide = true)]
    InstallPage(lan::page::Arguments),
    /// Write server/src/db/schema.rs from the migrations, after proving that they revert.
    Schema(schema::Arguments),
}

fn main() -> ExitCode {
    let done = enter_workspace().and_then(|()| match Arguments::parse().command {
        Task::Up(arguments) => up::run(&arguments),
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Chaos(arguments) => chaos::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Mutants(arguments) => mutants::run(&arguments),
        Task::Simulate(arguments) => simulate::run(&arguments),
        Task::Test => test::run(),
        Task::Screenshots => screens::take_pictures(),
        Task::Wasm => wasm::build(),
        Task::InstallPage(arguments) => lan::page::run(&arguments),
        Task::Schema(arguments) => schema::run(&arguments),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the workspace's folder the current one: every path in this program is relative to it.
fn enter_workspace() -> Result<(), Error> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    std::env::set_current_dir(root).map_err(Error::io("enter", root))
}
