//! `cargo xtask demo`: one day of the product, played by the `demo` program, which fails when a total is wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::install;
use crate::run::{cargo, run as run_program};

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
    play(arguments.release)
}

/// Plays the day on a machine that has what it needs.
///
/// # Errors
/// The day's failure.
pub fn play(release: bool) -> Result<(), Error> {
    // The whole workspace, as `cargo xtask test` builds it: a part of it alone would compile dependencies anew.
    let mut build = cargo("build");
    run_program(build.args(["--workspace", "--bins"]).args(release.then_some("--release")))?;
    run_program(&mut Command::new(program("demo", release)?))
}

/// A program of the workspace, beside this one or in the folder of the other profile; it must be built.
fn program(name: &str, release: bool) -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(Error::io("find", Path::new("xtask")))?;
    let profiles = own.parent().and_then(Path::parent).unwrap_or(Path::new("target"));
    Ok(profiles.join(if release { "release" } else { "debug" }).join(name))
}
