//! The command line (终端命令行): reads the arguments and runs one command.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use device::SystemClock;
use device::cli::{Cli, run};

fn main() -> ExitCode {
    run(&Cli::parse(), Arc::new(SystemClock), &mut std::io::stdout(), &mut std::io::stderr())
}
