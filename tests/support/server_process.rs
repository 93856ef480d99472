//! The server program, as a child on a free port.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long the server may take from its start to readiness.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often readiness is asked for.
const START_POLL: Duration = Duration::from_millis(100);

/// The server program that was built with this one: beside it, or above where cargo keeps tests.
///
/// # Errors
/// There is none: tests do not build it, `cargo build --workspace` does.
pub fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let places = own.ancestors().skip(1).take(2);
    let found = places.map(|place| place.join("server")).find(|program| program.is_file());
    found
        .with_context(|| format!("no server program beside {}: run `cargo build --workspace`", own.display()))
}

/// A running server; it is stopped with this value.
pub struct ServerProcess {
    child: Child,
    url: String,
}

impl ServerProcess {
    /// Starts the server program that stands beside this one, as `configure` says (subcommand, environment), on a free
    /// port with its log below `files`, and waits until it is ready.
    ///
    /// # Errors
    /// It cannot be started or is not ready in time; then with the end of its log.
    pub fn start(files: &Path, configure: impl FnOnce(&mut Command)) -> Result<Self> {
        let program = program()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let log = std::fs::File::create(files.join("server.log"))?;
        let mut command = Command::new(&program);
        configure(&mut command);
        let child = command
            .env("LANTIAN_LISTEN", format!("127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let mut server = Self { child, url: format!("http://127.0.0.1:{port}") };
        server.wait_until_ready().with_context(|| last_lines(&files.join("server.log")))?;
        Ok(server)
    }

    /// Where it serves.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        poll_readiness(&self.url, || match self.child.try_wait()? {
            Some(status) => bail!("the server ended with {status}"),
            None => Ok(()),
        })
    }

    /// Stops it as an operator would, and sees that it ends in order.
    ///
    /// # Errors
    /// It does not.
    pub fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(asked.success(), "the server cannot be asked to stop");
        let status = self.child.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // After `stop` there is nothing left to end; after a failure the private database must end too.
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Waits until a server that somebody else started is ready.
///
/// # Errors
/// It is not, within a minute.
pub fn wait_until_ready(url: &str) -> Result<()> {
    poll_readiness(url, || Ok(()))
}

/// Asks again and again, as long as `alive` finds nothing wrong.
fn poll_readiness(url: &str, mut alive: impl FnMut() -> Result<()>) -> Result<()> {
    let began = Instant::now();
    let ready = format!("{url}/readyz");
    while began.elapsed() < START_LIMIT {
        alive()?;
        if reqwest::blocking::get(&ready).is_ok_and(|response| response.status().is_success()) {
            return Ok(());
        }
        std::thread::sleep(START_POLL);
    }
    bail!("the server is not ready after {} s", START_LIMIT.as_secs())
}

fn last_lines(log: &Path) -> String {
    const LINES: usize = 15;
    let Ok(file) = std::fs::File::open(log) else { return "the server left no log".to_owned() };
    let lines: Vec<_> = BufReader::new(file).lines().map_while(Result::ok).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(LINES)).map(String::as_str);
    format!("the server's log ends:\n{}", last.collect::<Vec<_>>().join("\n"))
}
