//! Why a cluster could not be started or stopped. Every message says what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::binaries::OLDEST_MAJOR;
use crate::directories::SOCKET_PATH_LIMIT_BYTES;

/// Why a cluster could not be started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not Linux.
    #[error(
        "a private PostgreSQL needs Linux; set DATABASE_URL to a PostgreSQL {OLDEST_MAJOR} or later instead"
    )]
    Unsupported,
    /// No PostgreSQL on this machine.
    #[error(
        "no PostgreSQL {OLDEST_MAJOR} or later found. Run `cargo xtask up`, or install it (Debian and Ubuntu: \
         `apt-get install postgresql`; Fedora: `dnf install postgresql-server`), or set PG_BINDIR to the folder \
         of its `postgres` and `initdb`, or set DATABASE_URL to a running one"
    )]
    BinariesMissing,
    /// The folder that was named does not hold a PostgreSQL.
    #[error(
        "{} does not hold `postgres` and `initdb` of PostgreSQL {OLDEST_MAJOR} or later; correct PG_BINDIR or unset it",
        dir.display()
    )]
    BinDirUnusable {
        /// The folder that was named.
        dir: PathBuf,
    },
    /// The data directory was made by a major version that is not installed.
    #[error(
        "{} was made by PostgreSQL {needed}, which is not installed (found: {found:?}). Install PostgreSQL \
         {needed}, or dump it there and restore it here",
        data.display()
    )]
    MajorMissing {
        /// The data directory.
        data: PathBuf,
        /// The major version that made it.
        needed: String,
        /// The major versions that are installed.
        found: Vec<u32>,
    },
    /// Another process holds the directory's cluster.
    #[error(
        "another process runs the PostgreSQL in {}; stop it first, or use another directory",
        root.display()
    )]
    Locked {
        /// The directory that was given to [`crate::Options::new`].
        root: PathBuf,
    },
    /// Started as root, and the account that is switched to cannot reach a directory.
    #[error(
        "PostgreSQL refuses to run as root and so runs as `{account}`, which may not pass {}; run \
         `chmod o+x` on that directory, or use another one, or do not run as root",
        dir.display()
    )]
    AncestorClosed {
        /// The directory that cannot be passed.
        dir: PathBuf,
        /// The account that cannot pass it.
        account: String,
    },
    /// Started as root, and there is no account to switch to.
    #[error(
        "PostgreSQL refuses to run as root and there is neither a `postgres` nor a `nobody` account; add one: \
         `useradd --system postgres`"
    )]
    AccountMissing,
    /// The data directory belongs to somebody else, or to root.
    #[error(
        "{} belongs to user id {owner}, as whom PostgreSQL cannot run here; start as its owner, or `chown -R` it",
        data.display()
    )]
    ForeignData {
        /// The data directory.
        data: PathBuf,
        /// The user id that owns it.
        owner: u32,
    },
    /// The socket's path would be longer than the operating system allows.
    #[error(
        "the socket path {} has {} bytes and may have {SOCKET_PATH_LIMIT_BYTES}; use a directory with a shorter path",
        socket.display(),
        socket.as_os_str().len()
    )]
    SocketPathTooLong {
        /// The socket that could not be bound.
        socket: PathBuf,
    },
    /// `initdb` failed.
    #[error("initdb failed ({status}): {output}")]
    Initdb {
        /// How it ended.
        status: ExitStatus,
        /// What it printed.
        output: String,
    },
    /// PostgreSQL ended before it was ready.
    #[error("PostgreSQL ended before it was ready ({status}): {log}")]
    EndedEarly {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// PostgreSQL runs but did not get ready in [`crate::Options::start_limit`].
    #[error("PostgreSQL was not ready in time: {log}")]
    NotReady {
        /// The last lines of its log.
        log: String,
    },
    /// Processes that could not be ended, even by SIGKILL.
    #[error("these PostgreSQL processes of {} do not end: {pids:?}", data.display())]
    Unkillable {
        /// The data directory that they work in.
        data: PathBuf,
        /// Their process ids.
        pids: Vec<i32>,
    },
    /// The operating system refused something.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: `create`, `lock`…
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: an operating system error with what was tried on which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
