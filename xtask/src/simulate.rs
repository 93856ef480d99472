//! `cargo xtask simulate`: seeded runs of the sync, played by the `simulate` program.

use std::path::Path;
use std::process::Command;

use crate::database::Database;
use crate::error::Error;
use crate::install;
use crate::run::{build_programs, program, run as run_program};

/// Seeds of the ordinary run.
const ORDINARY_SEEDS: u64 = 200;

/// Which seeds.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many seeds, from the first on.
    #[arg(long, default_value_t = ORDINARY_SEEDS)]
    pub seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    pub first: u64,
    /// One seed alone, with everything that happens in it.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Drive the real server with every seed, not every tenth.
    #[arg(long, conflicts_with = "model")]
    pub real: bool,
    /// Drive the model of the server with every seed.
    #[arg(long)]
    pub model: bool,
    /// Build with optimisations: for thousands of seeds.
    #[arg(long)]
    pub release: bool,
}

/// Installs what is missing, builds, and plays.
///
/// # Errors
/// What is missing and cannot be installed; [`Error::Failed`] where a run breaks a promise.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let programs = install::for_serving()?;
    let database = Database::open(programs.clone())?;
    build_programs(arguments.release)?;
    play(arguments, &database, &programs)
}

/// The ordinary run, with this database and the programs built.
///
/// # Errors
/// As [`run`].
pub fn play_ordinary(database: &Database, programs: &Path) -> Result<(), Error> {
    let arguments =
        Arguments { seeds: ORDINARY_SEEDS, first: 1, seed: None, real: false, model: false, release: false };
    play(&arguments, database, programs)
}

fn play(arguments: &Arguments, database: &Database, programs: &Path) -> Result<(), Error> {
    let mut simulate = Command::new(program("simulate", arguments.release)?);
    simulate.env("DATABASE_URL", &database.url).env("PG_BINDIR", programs);
    simulate.args(["--seeds", &arguments.seeds.to_string(), "--first", &arguments.first.to_string()]);
    simulate.args(arguments.seed.map(|seed| format!("--seed={seed}")));
    simulate.args(arguments.real.then_some("--real")).args(arguments.model.then_some("--model"));
    run_program(&mut simulate)
}
