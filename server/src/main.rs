//! The server program: see [`server::cli`].

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::Parser;
use server::cli::{self, Cli};

/// What tells the C library how many arenas to allocate from, and how many (ADR 0016).
const ARENAS: (&str, &str) = ("MALLOC_ARENA_MAX", "2");

fn main() -> ExitCode {
    begin_with_few_arenas();
    run()
}

#[tokio::main]
async fn run() -> ExitCode {
    match cli::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Begins again, as the same process, where the environment does not say it: the C library reads it once, at the start.
fn begin_with_few_arenas() {
    let (name, few) = ARENAS;
    if std::env::var_os(name).is_some() {
        return;
    }
    let mut given = std::env::args_os();
    let (Ok(program), Some(called)) = (std::env::current_exe(), given.next()) else { return };
    // It returns only where that cannot be done: then the program goes on with more memory.
    let _ = Command::new(program).arg0(called).args(given).env(name, few).exec();
}
