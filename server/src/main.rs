//! The server program: see [`server::cli`].

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use server::cli::{self, Cli};

/// The C library's allocator keeps what an export took, once for each thread that wrote one (ADR 0016).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
