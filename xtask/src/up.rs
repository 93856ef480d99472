//! `cargo xtask up`: the server with its screens and demonstration data, in the foreground.

use std::path::Path;
use std::process::Command;

use crate::error::Error;
use crate::lan::{self, Lan};
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

/// The server's configuration key of where it listens.
const LISTEN: &str = "LANTIAN_LISTEN";

/// How to build, and who can reach it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Build with optimisations; takes minutes the first time.
    #[arg(long)]
    pub release: bool,
    /// Leave the district without cases: otherwise three months of them grow once the server is ready.
    #[arg(long)]
    pub empty: bool,
    /// Serve over https in the local network, so that a real tablet can take it, with a page that says how.
    ///
    /// Nothing grows then: run it once without, and the same district has its cases.
    #[arg(long)]
    pub lan: bool,
    /// Where the page is served.
    #[arg(long, default_value_t = 8080, requires = "lan")]
    pub page_port: u16,
}

/// Becomes the server, and so returns only when that fails. What grows the district waits for it beside it.
///
/// # Errors
/// What is missing and cannot be installed; [`Lan::prepare`].
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let listen = std::env::var(LISTEN).ok();
    // Before anything is built: building replaces this very program, whose path is not to be had afterwards.
    let own = std::env::current_exe().map_err(Error::io("find", Path::new("xtask")))?;
    let lan = arguments.lan.then(|| Lan::prepare(listen.as_deref(), arguments.page_port)).transpose()?;
    install::for_serving()?;
    let mut server = Command::new(program("server", arguments.release)?);
    if std::env::var_os(WEB_ROOT).is_none() {
        server.env(WEB_ROOT, web::build()?).env(TABLET_ROOT, web::TABLET);
    }
    build_programs(arguments.release)?;
    server.args(["serve", "--demo"]);
    let grows = !arguments.empty && lan.is_none();
    match lan {
        Some(lan) => serve_in_the_network(&mut server, &lan, &own)?,
        None => {
            let address = listen.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
            println!("平板端 tablet: http://{address}/tablet/");
            if grows {
                let mut growing = Command::new(program("demo", arguments.release)?);
                start(growing.args(["grow", "--server", &format!("http://{address}")]))?;
            }
        }
    }
    if grows {
        server.args(["--since-months", MONTHS_BEFORE]);
    }
    Err(replace_with(&mut server))
}

/// Gives the server its certificate, and starts the install page beside it: `own` is this program.
fn serve_in_the_network(server: &mut Command, lan: &Lan, own: &Path) -> Result<(), Error> {
    server
        .env(LISTEN, lan.server.to_string())
        .env("LANTIAN_TLS_CERTIFICATE", &lan.certificate)
        .env("LANTIAN_TLS_KEY", &lan.key)
        .env("LANTIAN_PUBLIC_URL", lan.public_url());
    let mut page = Command::new(own);
    start(page.args(["install-page", &lan.page.to_string(), &lan.tablet()]).arg(&lan.authority))?;
    println!("平板端 tablet: {}", lan.tablet());
    println!("安装页 install page: {}\n{}", lan.install(), lan::page::qr_code(&lan.install())?.to_str());
    Ok(())
}
