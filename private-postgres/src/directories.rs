//! What lies where in a cluster's directory.
//!
//! ```text
//! var/pg/
//!   lock          held while a cluster runs
//!   data/         the data directory, complete or absent
//!   data.initdb/  one in the making; garbage once the lock is free
//!   run/          the unix socket
//!   bin/          the programs, or a link to them, where the machine has none of its own
//!   log, log.1    what PostgreSQL says, of this run and the one before
//! ```

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::error::Error;

/// Longest path of a unix socket: `sun_path` has 108 bytes with its final NUL.
pub(crate) const SOCKET_PATH_LIMIT_BYTES: usize = 107;

/// The number in the socket's name; nothing listens on a TCP port.
pub(crate) const PORT: &str = "5432";

/// The folder of programs that were unpacked for this cluster, in its directory.
pub(crate) const OWN_PROGRAMS: &str = "bin";

/// Lines of the log that an error carries.
const LOG_TAIL_LINES: usize = 20;

/// The paths of one cluster, absolute and free of symbolic links.
#[derive(Debug)]
pub(crate) struct Directories {
    pub(crate) root: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) unfinished: PathBuf,
    pub(crate) run: PathBuf,
    pub(crate) own_bin: PathBuf,
    pub(crate) log: PathBuf,
}

impl Directories {
    /// Makes `root` where it is missing, and names what is in it.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::SocketPathTooLong`].
    pub(crate) fn at(root: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(root).map_err(Error::io("create", root))?;
        let root = root.canonicalize().map_err(Error::io("resolve", root))?;
        let here = Self {
            data: root.join("data"),
            unfinished: root.join("data.initdb"),
            run: root.join("run"),
            own_bin: root.join(OWN_PROGRAMS),
            log: root.join("log"),
            root,
        };
        let socket = here.socket();
        if socket.as_os_str().len() > SOCKET_PATH_LIMIT_BYTES {
            return Err(Error::SocketPathTooLong { socket });
        }
        Ok(here)
    }

    /// Takes the lock; it is held until the file is closed.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Io`].
    pub(crate) fn lock(&self) -> Result<File, Error> {
        let path = self.root.join("lock");
        let file = File::create(&path).map_err(Error::io("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { root: self.root.clone() }),
            Err(TryLockError::Error(source)) => Err(Error::io("lock", &path)(source)),
        }
    }

    /// The major version that made the data directory, or none while there is no data directory.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn data_major(&self) -> Result<Option<String>, Error> {
        let path = self.data.join("PG_VERSION");
        match std::fs::read_to_string(&path) {
            Ok(major) => Ok(Some(major.trim().to_owned())),
            Err(source) if source.kind() == io::ErrorKind::NotFound && !self.data.exists() => Ok(None),
            Err(source) => Err(Error::io("read", &path)(source)),
        }
    }

    /// Makes `dir` for `account` alone, if it is not there yet.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn make_private(dir: &Path, account: &Account) -> Result<(), Error> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => {}
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::io("create", dir)(source)),
        }
        account.take(dir)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.run.join(format!(".s.PGSQL.{PORT}"))
    }

    pub(crate) fn postmaster_pid(&self) -> PathBuf {
        self.data.join("postmaster.pid")
    }

    /// Opens an empty log; the one of the run before stays beside it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn open_log(&self) -> Result<File, Error> {
        remove(std::fs::rename(&self.log, self.root.join("log.1")), &self.log)?;
        File::create(&self.log).map_err(Error::io("create", &self.log))
    }

    /// The last lines of the log.
    pub(crate) fn log_tail(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let skipped = lines.len().saturating_sub(LOG_TAIL_LINES);
        lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
    }
}

/// The result of removing `path`, where one that was not there is as good.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn remove(result: io::Result<()>, path: &Path) -> Result<(), Error> {
    match result {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(source)),
        _ => Ok(()),
    }
}
