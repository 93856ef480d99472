//! `cargo xtask demo`: one day of the product, played by the `demo` program, which fails when a total is wrong.

use crate::error::Error;
use crate::install;
use crate::run::{cargo, replace_with, run as run_program};

/// How to build.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Build with optimisations; takes minutes the first time.
    #[arg(long)]
    pub release: bool,
}

/// Becomes the demo program, and so returns only when that fails to start.
///
/// # Errors
/// What is missing and cannot be installed.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    install::for_serving()?;
    let profile = arguments.release.then_some("--release");
    // The demonstration starts the server as the program beside it.
    let mut server = cargo("build");
    server.args(["--package", "server", "--bin", "server"]).args(profile);
    run_program(&mut server)?;
    let mut demo = cargo("run");
    demo.args(["--package", "tests", "--bin", "demo"]).args(profile);
    Err(replace_with(&mut demo))
}
