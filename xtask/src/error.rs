//! Why a task failed; each message says what to do or names the program that said it.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The private PostgreSQL.
    #[error(transparent)]
    Cluster(#[from] private_postgres::Error),
    /// A program could not be started.
    #[error("could not run {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// A program ran and failed; what it had to say it has printed.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The whole command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// Something that is not on this machine and that this program cannot install.
    #[error("{what} is missing. Install it: {how}")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// How to install it.
        how: &'static str,
    },
    /// Packages on the wrong side of a fence.
    #[error("{package} must not depend on {}; `cargo tree --package {package} --invert NAME` says why it does", found.join(", "))]
    Fence {
        /// The package inside the fence.
        package: &'static str,
        /// The packages that should have stayed outside.
        found: Vec<String>,
    },
    /// The checked-in schema is not the migrated one.
    #[error("{} differs from the migrations from line {line} on; run `cargo xtask schema`", path.display())]
    SchemaDiffers {
        /// The checked-in file.
        path: PathBuf,
        /// The first line that differs, from 1.
        line: usize,
    },
    /// A column of a type that the schema writer does not know.
    #[error("{table}.{column} has type {sql_type}: add it to SQL_TYPES in xtask/src/schema.rs")]
    UnknownType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// PostgreSQL's name of the type.
        sql_type: String,
    },
    /// A table that diesel cannot describe.
    #[error("table {table} has no primary key")]
    NoPrimaryKey {
        /// The table.
        table: String,
    },
    /// What is left after all migrations were reverted.
    #[error("the down.sql files leave behind: {}", left.join(", "))]
    NotReverted {
        /// Kinds and names.
        left: Vec<String>,
    },
    /// Mistakes that the suite did not catch, or that prove nothing any more.
    #[error("{}", wrong.join("; "))]
    Mutants {
        /// Names and what became of them.
        wrong: Vec<String>,
    },
    /// The tablet's module cannot be bound or could not load.
    #[error("the tablet's module: {reason}")]
    Module {
        /// Why.
        reason: String,
    },
    /// Tablets cannot reach this machine.
    #[error(
        "this machine has no address in a network that a tablet could reach: connect it to one (`ip address` shows them)"
    )]
    NoAddress,
    /// What should be an address with a port, or fit a code, is not.
    #[error("`{given}` is no address and port to listen on, such as 0.0.0.0:8443")]
    NoSocketAddress {
        /// What was given.
        given: String,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {socket}: {source}; choose another with {how}")]
    PortTaken {
        /// Which.
        socket: SocketAddr,
        /// The option or variable that chooses it.
        how: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The local certificate authority cannot be used.
    #[error("the local certificate authority in {} is damaged ({reason}); move the folder away for a new one, which tablets must then be given", folder.display())]
    Authority {
        /// Where it lies.
        folder: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file could not be used.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: an operating system error with what was tried on which path.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
