//! `cargo xtask test`: everything that CI runs, from a bare machine. What fails soonest comes first.

use std::process::Command;

use crate::database::Database;
use crate::error::Error;
use crate::progress::Progress;
use crate::run::{cargo, run as run_program};
use crate::{bench, chaos, demo, fence, fuzz, install, schema, screens, simulate, wasm, web};

/// Runs every check, and stops at the first that fails.
///
/// # Errors
/// Why that check failed.
pub fn run() -> Result<(), Error> {
    let mut progress = Progress::default();
    let programs = progress.step("tools", || {
        install::rust_components()?;
        install::for_serving()
    })?;
    progress.step("format", || run_program(cargo("fmt").args(["--all", "--check"])))?;
    progress.step("dependency fence", fence::check)?;
    let database = progress.step("database", || Database::open(programs.clone()))?;
    progress.step("schema", || schema::check(&database))?;
    progress.step("lints", || {
        run_program(cargo("clippy").args(["--workspace", "--all-targets", "--", "--deny", "warnings"]))
    })?;
    // Programs and tests in one build: by themselves the programs would get other features of shared dependencies,
    // and all of these would be compiled a second time.
    progress.step("build", || run_program(cargo("build").args(["--workspace", "--all-targets"])))?;
    progress.step("tests", || {
        let mut tests: Command = cargo("test");
        tests.args(["--workspace", "--no-fail-fast"]);
        run_program(tests.env("DATABASE_URL", &database.url).env("PG_BINDIR", &programs))
    })?;
    progress.step("simulation", || simulate::play_ordinary(&database, &programs))?;
    progress.step("fuzzing, small", fuzz::play_ordinary)?;
    progress.step("chaos", chaos::play_ordinary)?;
    progress.step("module", wasm::build)?;
    progress.step("screens", || web::build().and_then(|_| screens::check()))?;
    progress.step("screens in a browser", || screens::play_stories(&programs))?;
    progress.step("demonstration", || demo::play(false))?;
    progress.step("benches, small", || bench::measure_quickly(&database))?;
    progress.step("documentation", || {
        run_program(cargo("doc").args(["--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))
    })?;
    progress.summary();
    Ok(())
}
