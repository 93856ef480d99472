//! A PostgreSQL for tests: the one of `DATABASE_URL`, otherwise a private one that starts empty.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use private_postgres::{Cluster, Options};
use tempfile::TempDir;

use crate::error::Error;
use crate::run::output;

/// The private cluster of the tests, and the one of the benches.
const CLUSTER: &str = "var/test-pg";
const DURABLE_CLUSTER: &str = "var/bench-pg";

/// Where that goes when this workspace lies where PostgreSQL may not go: anybody may pass this one.
const ELSEWHERE: &str = "/var/tmp";

/// Every test's server holds a pool of its own.
const MAX_CONNECTIONS: u32 = 200;

/// Between the fields of a row that psql prints.
const FIELD_SEPARATOR: char = '\t';

/// A running PostgreSQL. A private one stops when this is dropped.
#[derive(Debug)]
pub struct Database {
    /// The address of a database from which others can be created.
    pub url: String,
    psql: PathBuf,
    /// Before its directory: fields are dropped in order.
    _cluster: Option<Cluster>,
    _elsewhere: Option<TempDir>,
}

impl Database {
    /// Connects to `DATABASE_URL`, or starts a cluster with `programs` whose writes need not survive the machine.
    ///
    /// # Errors
    /// [`Error::Cluster`].
    pub fn open(programs: PathBuf) -> Result<Self, Error> {
        Self::start(programs, true)
    }

    /// The same with writes that are durable, as in service.
    ///
    /// # Errors
    /// [`Error::Cluster`].
    pub fn open_durable(programs: PathBuf) -> Result<Self, Error> {
        Self::start(programs, false)
    }

    fn start(programs: PathBuf, scratch: bool) -> Result<Self, Error> {
        let psql = programs.join("psql");
        if let Ok(url) = std::env::var("DATABASE_URL") {
            return Ok(Self { url, psql, _cluster: None, _elsewhere: None });
        }
        let mut options = Options::new(if scratch { CLUSTER } else { DURABLE_CLUSTER });
        options.bin_dir = Some(programs);
        options.scratch = scratch;
        options.settings = vec![("max_connections".to_owned(), MAX_CONNECTIONS.to_string())];
        let mut elsewhere = None;
        let cluster = match Cluster::start(&options) {
            Err(
                error @ (private_postgres::Error::AncestorClosed { .. }
                | private_postgres::Error::SocketPathTooLong { .. }),
            ) => {
                println!("{error}; using a directory in {ELSEWHERE}");
                let directory = tempfile::Builder::new()
                    .prefix("lantian-test-pg-")
                    .permissions(Permissions::from_mode(0o755))
                    .tempdir_in(ELSEWHERE)
                    .map_err(Error::io("create", ELSEWHERE.as_ref()))?;
                directory.path().clone_into(&mut options.root);
                elsewhere = Some(directory);
                Cluster::start(&options)?
            }
            started => started?,
        };
        Ok(Self { url: cluster.url("postgres"), psql, _cluster: Some(cluster), _elsewhere: elsewhere })
    }

    /// Runs `script`, in `database` or in the one of the address, and returns the rows that it prints.
    ///
    /// # Errors
    /// [`Error::Failed`] at the first statement that fails; psql says which.
    pub fn run(&self, database: Option<&str>, script: &str) -> Result<Vec<Vec<String>>, Error> {
        let mut psql = Command::new(&self.psql);
        psql.env("PGCLIENTENCODING", "UTF8").env("PGOPTIONS", "--client_min_messages=warning");
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]);
        psql.arg(format!("--field-separator={FIELD_SEPARATOR}")).arg("--dbname").arg(&self.url);
        // \connect keeps what else is in the address, whatever its form.
        let connect = database.map(|name| format!("\\connect {name}\n")).unwrap_or_default();
        let printed = output(psql.args(["--file", "-"]), &format!("{connect}{script}"))?;
        Ok(printed.lines().map(|row| row.split(FIELD_SEPARATOR).map(str::to_owned).collect()).collect())
    }
}
