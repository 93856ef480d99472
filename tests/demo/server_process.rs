//! The server program, as a child on a free port with a data directory of its own.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long the server may take from its start to readiness.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often readiness is asked for.
const START_POLL: Duration = Duration::from_millis(100);

/// A running server; it is stopped with this value.
pub struct ServerProcess {
    child: Child,
    url: String,
}

impl ServerProcess {
    /// Starts `server serve --demo`, which stands beside this program, and waits until it is ready.
    pub fn start(files: &Path) -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("server");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let log = std::fs::File::create(files.join("server.log"))?;
        let child = Command::new(&program)
            .args(["serve", "--demo"])
            .env_remove("DATABASE_URL")
            .env("LANTIAN_DATA_DIR", files.join("server"))
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
    pub fn url(&self) -> &str {
        &self.url
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let began = Instant::now();
        let ready = format!("{}/readyz", self.url);
        while began.elapsed() < START_LIMIT {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}");
            }
            if reqwest::blocking::get(&ready).is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
            std::thread::sleep(START_POLL);
        }
        bail!("the server is not ready after {} s", START_LIMIT.as_secs())
    }

    /// Stops it as an operator would, and sees that it ends in order.
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

fn last_lines(log: &Path) -> String {
    const LINES: usize = 15;
    let Ok(file) = std::fs::File::open(log) else { return "the server left no log".to_owned() };
    let lines: Vec<_> = BufReader::new(file).lines().map_while(Result::ok).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(LINES)).map(String::as_str);
    format!("the server's log ends:\n{}", last.collect::<Vec<_>>().join("\n"))
}
