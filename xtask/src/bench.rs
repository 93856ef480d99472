//! `cargo xtask bench`: what the product reaches, in ratios against floors measured beside it by the `bench` program.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::database::Database;
use crate::error::Error;
use crate::run::{build_programs, program, run as run_program};
use crate::{install, web};

/// Names the folder of the built screens to the server.
const WEB_ROOT: &str = "LANTIAN_WEB_ROOT";

/// Names the folder of the tablet's built screens to the server.
const TABLET_ROOT: &str = "LANTIAN_TABLET_ROOT";
/// Targets with which it is seen that the tablet's bench runs.
const QUICK_TARGETS: usize = 600;

/// How much is measured.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A small version of everything, not optimised, to see that it runs.
    #[arg(long)]
    pub quick: bool,
    /// Ledger entries at which it is measured, in rising order.
    #[arg(long, default_value = "10000,1000000")]
    pub entries: String,
    /// Measures these parts alone: push, pull, reads, photos, record, bootstrap.
    #[arg(long)]
    pub only: Option<String>,
    /// Measures the screens alone, in a browser, in a district with this many cases.
    #[arg(long, num_args = 0..=1, default_missing_value = "100000")]
    pub screens: Option<usize>,
    /// Measures the tablet alone, in a browser, with this many targets in its register.
    #[arg(long, num_args = 0..=1, default_missing_value = "100000", conflicts_with = "screens")]
    pub tablet: Option<usize>,
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
    if arguments.screens.is_some() || arguments.tablet.is_some() {
        web::build()?;
    }
    measure(&database, arguments)
}

/// The small version, on a machine that has what it needs and with programs and screens built.
///
/// # Errors
/// An operation or a read that failed.
pub fn measure_quickly(database: &Database) -> Result<(), Error> {
    let quick = |tablet| Arguments {
        quick: true,
        entries: String::new(),
        only: None,
        screens: None,
        tablet,
        markdown: None,
    };
    measure(database, &quick(None))?;
    measure(database, &quick(Some(QUICK_TARGETS)))
}

fn measure(database: &Database, arguments: &Arguments) -> Result<(), Error> {
    let mut bench = Command::new(program("bench", !arguments.quick)?);
    bench.env("DATABASE_URL", &database.url);
    if arguments.quick {
        bench.arg("--quick");
    }
    let browsed = [("--screens", arguments.screens), ("--tablet", arguments.tablet)];
    if let Some((option, count)) = browsed.into_iter().find_map(|(option, count)| Some((option, count?))) {
        for (name, folder) in [(WEB_ROOT, web::BUILT), (TABLET_ROOT, web::TABLET)] {
            bench.env(name, std::path::absolute(folder).map_err(Error::io("find", Path::new(folder)))?);
        }
        bench.arg(option).arg(count.to_string()).arg("--browser").arg(install::browser()?);
        // The server program inherits what the bench has, and refuses what it does not know.
        bench.env_remove(install::BROWSER);
    } else if !arguments.quick {
        bench.args(["--entries", &arguments.entries]);
    }
    if let Some(parts) = &arguments.only {
        bench.args(["--only", parts]);
    }
    if let Some(file) = &arguments.markdown {
        bench.arg("--markdown").arg(file);
    }
    run_program(&mut bench)
}
