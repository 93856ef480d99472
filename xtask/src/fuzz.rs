//! `cargo xtask fuzz`: bent inputs for everything that reads from outside, played by the `fuzz` program.

use std::process::Command;

use crate::error::Error;
use crate::run::{build_programs, program, run as run_program};

/// For how long, and from which seed.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// For how many minutes in all; otherwise a fixed number of inputs for each target.
    #[arg(long)]
    pub minutes: Option<u64>,
    /// The seed of the inputs.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Only the targets whose name contains this.
    #[arg(default_value = "")]
    pub name: String,
}

/// Builds and bends.
///
/// # Errors
/// [`Error::Failed`] where something does not stand an input; it is kept below `var/fuzz`.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    build_programs(false)?;
    play(arguments)
}

/// The ordinary run, with the programs built.
///
/// # Errors
/// As [`run`].
pub fn play_ordinary() -> Result<(), Error> {
    play(&Arguments { minutes: None, seed: 1, name: String::new() })
}

fn play(arguments: &Arguments) -> Result<(), Error> {
    let mut fuzz = Command::new(program("fuzz", false)?);
    fuzz.args(["--seed", &arguments.seed.to_string()]);
    fuzz.args(arguments.minutes.map(|minutes| format!("--minutes={minutes}"))).arg(&arguments.name);
    run_program(&mut fuzz)
}
