//! `cargo xtask up`: the server with its screens and demonstration data, in the foreground.

use std::process::Command;

use crate::error::Error;
use crate::run::{build_programs, program, replace_with, start};
use crate::{install, web};

/// Where the server listens unless told otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";

/// Whole months that are grown before the present one.
const MONTHS_BEFORE: &str = "2";

/// The server's configuration key of the built web application.
const WEB_ROOT: &str = "LANTIAN_WEB_ROOT";

/// The server's configuration key of the built tablet application.
const TABLET_ROOT: &str = "LANTIAN_TABLET_ROOT";

/// How to build.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Build with optimisations; takes minutes the first time.
    #[arg(long)]
    pub release: bool,
    /// Leave the district without cases: otherwise three months of them grow once the server is ready.
    #[arg(long)]
    pub empty: bool,
}

/// Becomes the server, and so returns only when that fails. What grows the district waits for it beside it.
///
/// # Errors
/// What is missing and cannot be installed.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    install::for_serving()?;
    let mut server = Command::new(program("server", arguments.release)?);
    if std::env::var_os(WEB_ROOT).is_none() {
        server.env(WEB_ROOT, web::build()?).env(TABLET_ROOT, web::TABLET);
    }
    build_programs(arguments.release)?;
    let address = std::env::var("LANTIAN_LISTEN").unwrap_or_else(|_| DEFAULT_ADDRESS.to_owned());
    println!("平板端 tablet: http://{address}/tablet/");
    if !arguments.empty {
        let mut growing = Command::new(program("demo", arguments.release)?);
        start(growing.args(["grow", "--server", &format!("http://{address}")]))?;
    }
    server.args(["serve", "--demo"]);
    if !arguments.empty {
        server.args(["--since-months", MONTHS_BEFORE]);
    }
    Err(replace_with(&mut server))
}
