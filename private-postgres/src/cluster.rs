//! The cluster: start, address, stop.

use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::directories::{Directories, OWN_PROGRAMS, remove};
use crate::error::Error;
use crate::postmaster::{Postmaster, initdb};
use crate::stale_run;

/// The role that owns the cluster; on the private socket it needs no password.
pub const SUPERUSER: &str = "postgres";

/// Time that [`Options::start_limit`] gives by default. Recovery of a large cluster takes a while, and one
/// that is interrupted has to start again; a postmaster that fails is noticed at once.
const START_LIMIT: Duration = Duration::from_secs(300);

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cluster's directory, made if missing: data, socket, lock and log are in it.
    pub root: PathBuf,
    /// The folder of `postgres` and `initdb`; none searches the machine. From `PG_BINDIR`.
    pub bin_dir: Option<PathBuf>,
    /// Settings (`name`, `value`) for this run, as in `postgresql.conf`.
    pub settings: Vec<(String, String)>,
    /// How long the start may take.
    pub start_limit: Duration,
    /// For tests: each start throws away the data of the one before, and nothing is made to survive the loss
    /// of power.
    pub scratch: bool,
}

impl Options {
    /// A cluster in `root`, with the programs of `PG_BINDIR` if that is set.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let bin_dir = std::env::var_os("PG_BINDIR").map(PathBuf::from);
        Self { root: root.into(), bin_dir, settings: Vec::new(), start_limit: START_LIMIT, scratch: false }
    }

    /// The folder of the programs that would make a new cluster here.
    ///
    /// # Errors
    /// [`Error::BinariesMissing`], [`Error::BinDirUnusable`].
    pub fn find_programs(&self) -> Result<PathBuf, Error> {
        let own = self.root.join(OWN_PROGRAMS);
        Binaries::find(self.bin_dir.as_deref(), &own, &self.root, None).map(|binaries| binaries.dir)
    }
}

/// A running PostgreSQL, stopped when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    postmaster: Mutex<Postmaster>,
    directories: Directories,
    bin_dir: PathBuf,
    /// After the postmaster: fields are dropped in order, and the lock goes last.
    _lock: File,
}

impl Cluster {
    /// Starts the cluster in `options.root`, making it first where there is none, and returns when it takes
    /// connections. Blocks the calling thread, which may be any.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process runs it; see [`Error`] for everything else that can be missing.
    pub fn start(options: &Options) -> Result<Self, Error> {
        if !cfg!(target_os = "linux") {
            return Err(Error::Unsupported);
        }
        let directories = Directories::at(&options.root)?;
        let lock = directories.lock()?;
        let account = Account::choose(&directories.data)?;
        account.check_passage(&directories.root)?;
        stale_run::clear(&directories)?;
        if options.scratch {
            remove(std::fs::remove_dir_all(&directories.data), &directories.data)?;
        }
        let major = directories.data_major()?;
        let binaries = Binaries::find(
            options.bin_dir.as_deref(),
            &directories.own_bin,
            &directories.data,
            major.as_deref(),
        )?;
        account.check_passage(&binaries.dir)?;
        Directories::make_private(&directories.run, &account)?;
        if major.is_none() {
            initdb(&binaries, &account, &directories, options)?;
        }
        let postmaster = Postmaster::start(&binaries, &account, &directories, options)?;
        Ok(Self { postmaster: Mutex::new(postmaster), directories, bin_dir: binaries.dir, _lock: lock })
    }

    /// The address of `database` as the superuser, for tokio-postgres, diesel-async and libpq alike:
    /// `postgres:///name?host=%2Fpath%2Frun&user=postgres`. The database need not exist; `postgres` does.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url_at(self.socket_dir(), database)
    }

    /// The address of `database` in the cluster that another process runs in `options.root`. Whether one runs there is
    /// seen when connecting.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::SocketPathTooLong`].
    pub fn url_of_running(options: &Options, database: &str) -> Result<String, Error> {
        Ok(url_at(&Directories::at(&options.root)?.run, database))
    }

    /// The directory of the unix socket; only the account that PostgreSQL runs as, and root, may enter.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.directories.run
    }

    /// Where `psql`, `pg_dump` and the other programs of this version are.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// The process id of the postmaster.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.postmaster().pid().as_raw()
    }

    /// False once the postmaster has ended, for whatever reason. A program that serves from this cluster asks
    /// each second and ends when it is false: a single lost backend recovers by itself, a postmaster does not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.postmaster().end().is_none()
    }

    /// Stops it in order (what dropping does too, without an answer).
    ///
    /// # Errors
    /// [`Error::Unkillable`].
    pub fn stop(self) -> Result<(), Error> {
        let mut postmaster = self.postmaster();
        if postmaster.stop() {
            return Ok(());
        }
        let pids = vec![postmaster.pid().as_raw()];
        Err(Error::Unkillable { data: self.directories.data.clone(), pids })
    }

    fn postmaster(&self) -> MutexGuard<'_, Postmaster> {
        self.postmaster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.postmaster().stop();
    }
}

fn url_at(socket_dir: &Path, database: &str) -> String {
    let database = percent_encoded(database.as_bytes());
    let host = percent_encoded(socket_dir.as_os_str().as_bytes());
    format!("postgres:///{database}?host={host}&user={SUPERUSER}")
}

/// `bytes` as part of a URL: everything but RFC 3986's unreserved characters is escaped.
fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte))
            }
            // Writing to a string does not fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
        text
    })
}
