//! The victims: the server program and the private PostgreSQL that it starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use private_postgres::{Cluster, Options};
use tests::server_process::ServerProcess;

/// The folder of the private cluster below the server's data.
const CLUSTER: &str = "pg";
/// The database in it.
const DATABASE: &str = "lantian";
/// How often it is asked whether a killed process is gone.
const POLL: Duration = Duration::from_millis(10);

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// The server alone; its PostgreSQL is found again or cleared away by the next one.
    Server,
    /// PostgreSQL with everything below it; the server sees that and ends.
    Database,
    /// Both at the same moment.
    Both,
}

/// Server and PostgreSQL.
pub struct Victims {
    files: PathBuf,
    server: Option<ServerProcess>,
}

impl Victims {
    /// Starts them with the demonstration district.
    pub fn start(files: &Path) -> Self {
        let mut victims = Self { files: files.to_owned(), server: None };
        victims.start_again();
        victims
    }

    /// Starts what was killed; says where it serves now.
    pub fn start_again(&mut self) -> String {
        self.server = None;
        let data = self.data();
        let server = ServerProcess::start(&self.files, |command| {
            command.args(["serve", "--demo"]).env_remove("DATABASE_URL").env("LANTIAN_DATA_DIR", data);
        });
        self.server.insert(server.unwrap()).url().to_owned()
    }

    /// Where it serves.
    pub fn url(&self) -> &str {
        self.server.as_ref().unwrap().url()
    }

    /// Where the server keeps its files.
    pub fn data(&self) -> PathBuf {
        self.files.join("server")
    }

    /// The address of the database.
    pub fn database_url(&self) -> String {
        Cluster::url_of_running(&Options::new(self.data().join(CLUSTER)), DATABASE).unwrap()
    }

    /// Kills, without a word before.
    pub fn kill(&mut self, victim: Victim) {
        let server = self.server.as_ref().unwrap().id();
        let mut ids = Vec::new();
        if victim != Victim::Server {
            ids = descendants(self.postmaster());
        }
        if victim != Victim::Database {
            ids.push(server);
        }
        let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
        // One that ended by itself meanwhile is no fault.
        let _ = Command::new("kill").arg("-KILL").args(&ids).output();
        while ids.iter().any(|id| is_alive(id)) {
            std::thread::sleep(POLL);
        }
        // Reaps it, and ends a server that lost its PostgreSQL.
        self.server = None;
    }

    fn postmaster(&self) -> u32 {
        let file = self.data().join(CLUSTER).join("data/postmaster.pid");
        fs::read_to_string(file).unwrap().lines().next().unwrap().trim().parse().unwrap()
    }
}

/// A process and all below it.
fn descendants(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut next = 0;
    while let Some(parent) = all.get(next).copied() {
        next += 1;
        let children =
            fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    all
}

/// Whether it runs; one that waits to be reaped does not.
fn is_alive(id: &str) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(')').map(|(_, rest)| !rest.trim_start().starts_with('Z')))
        .unwrap_or(false)
}
