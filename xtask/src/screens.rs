//! The screens' own checks (网页): types, lint and tests; the day stories in a real browser; and their pictures.
//!
//! Stories and pictures start a server of their own on a private PostgreSQL, from programs that must be built.

use std::path::Path;

use crate::error::Error;
use crate::run::{build_programs, program, run};
use crate::{install, web};

/// Names the folder of the built programs.
const PROGRAMS: &str = "LANTIAN_PROGRAMS";

/// Types, lint and tests of the sources.
///
/// # Errors
/// What npm says of the first that fails.
pub fn check() -> Result<(), Error> {
    ["typecheck", "lint", "test"].into_iter().try_for_each(|script| run(web::npm().args(["run", script])))
}

/// Plays the stories of `web/e2e`; programs and screens must be built.
///
/// # Errors
/// The failure of a story; [`Error::Missing`] without a browser.
pub fn play_stories(postgres: &Path) -> Result<(), Error> {
    in_browser("e2e", postgres)
}

/// Writes the pictures of `docs/screenshots`.
///
/// # Errors
/// What is missing and cannot be installed; what fails to build.
pub fn take_pictures() -> Result<(), Error> {
    let postgres = install::for_serving()?;
    build_programs(false)?;
    web::build()?;
    in_browser("pictures", &postgres)
}

fn in_browser(script: &str, postgres: &Path) -> Result<(), Error> {
    let browser = install::browser()?;
    let server = program("server", false)?;
    let mut npm = web::npm();
    npm.args(["run", script, "--workspace", "e2e"]).env(install::BROWSER, browser).env("PG_BINDIR", postgres);
    run(npm.env(PROGRAMS, server.parent().unwrap_or(Path::new("target/debug"))))
}
