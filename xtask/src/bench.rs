//! `cargo xtask bench`: what the product reaches, in ratios against floors measured beside it by the `bench` program.

use std::path::PathBuf;
use std::process::Command;

use crate::database::Database;
use crate::error::Error;
use crate::install;
use crate::run::{build_programs, program, run as run_program};

/// How much is measured.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A small version of everything, not optimised, to see that it runs.
    #[arg(long)]
    pub quick: bool,
    /// Ledger entries at which it is measured, in rising order.
    #[arg(long, default_value = "10000,1000000")]
    pub entries: String,
    /// Writes the tables to this file too.
    #[arg(long)]
    pub markdown: Option<PathBuf>,
}

/// Installs what is missing and measures, on the PostgreSQL of `DATABASE_URL` or a private one that keeps what it
/// commits.
///
/// # Errors
/// What is missing and cannot be installed; an operation or a read that failed.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let programs = install::for_serving()?;
    let database = Database::open_durable(programs)?;
    build_programs(!arguments.quick)?;
    measure(&database, arguments)
}

/// The small version, on a machine that has what it needs and with the programs built.
///
/// # Errors
/// An operation or a read that failed.
pub fn measure_quickly(database: &Database) -> Result<(), Error> {
    measure(database, &Arguments { quick: true, entries: String::new(), markdown: None })
}

fn measure(database: &Database, arguments: &Arguments) -> Result<(), Error> {
    let mut bench = Command::new(program("bench", !arguments.quick)?);
    bench.env("DATABASE_URL", &database.url);
    if arguments.quick {
        bench.arg("--quick");
    } else {
        bench.args(["--entries", &arguments.entries]);
    }
    if let Some(file) = &arguments.markdown {
        bench.arg("--markdown").arg(file);
    }
    run_program(&mut bench)
}
