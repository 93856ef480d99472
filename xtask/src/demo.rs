//! `cargo xtask demo`: one day of the product, played by the `demo` program, which fails when a total is wrong.

use std::process::Command;

use crate::error::Error;
use crate::install;
use crate::run::{build_programs, program, run as run_program};

/// How to build.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Build with optimisations; takes minutes the first time.
    #[arg(long)]
    pub release: bool,
}

/// Installs what is missing and plays the day.
///
/// # Errors
/// What is missing and cannot be installed; the day's own failure.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    install::for_serving()?;
    build_programs(arguments.release)?;
    play(arguments.release)
}

/// Plays the day on a machine that has what it needs, with the programs that are built.
///
/// # Errors
/// The day's failure.
pub fn play(release: bool) -> Result<(), Error> {
    run_program(&mut Command::new(program("demo", release)?))
}
