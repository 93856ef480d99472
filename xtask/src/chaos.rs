//! `cargo xtask chaos`: server and PostgreSQL are killed under load by the `chaos` program, which then reckons up.

use std::process::Command;

use crate::error::Error;
use crate::install;
use crate::run::{build_programs, program, run as run_program};

/// Kills of the ordinary run.
const ORDINARY_KILLS: u32 = 3;

/// How often, and when.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How often something is killed.
    #[arg(long, default_value_t = ORDINARY_KILLS)]
    pub kills: u32,
    /// The seed of when and what.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Installs what is missing, builds, and kills.
///
/// # Errors
/// What is missing and cannot be installed; [`Error::Failed`] where something acknowledged is lost or charged twice.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    install::for_serving()?;
    build_programs(false)?;
    play(arguments)
}

/// The ordinary run, with the programs built.
///
/// # Errors
/// As [`run`].
pub fn play_ordinary() -> Result<(), Error> {
    play(&Arguments { kills: ORDINARY_KILLS, seed: 1 })
}

fn play(arguments: &Arguments) -> Result<(), Error> {
    let mut chaos = Command::new(program("chaos", false)?);
    chaos.args(["--kills", &arguments.kills.to_string(), "--seed", &arguments.seed.to_string()]);
    run_program(&mut chaos)
}
