//! `cargo xtask up`: the server with demonstration data, in the foreground.

use crate::error::Error;
use crate::install;
use crate::run::{cargo, replace_with};

/// How to build.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Build with optimisations; takes minutes the first time.
    #[arg(long)]
    pub release: bool,
}

/// Becomes the server, and so returns only when that fails.
///
/// # Errors
/// What is missing and cannot be installed.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    install::for_serving()?;
    let mut server = cargo("run");
    server.args(["--package", "server", "--bin", "server"]);
    server.args(arguments.release.then_some("--release")).args(["--", "serve", "--demo"]);
    Err(replace_with(&mut server))
}
