//! `pg_dump` and `pg_restore`: found in the server's own major version, run with the address in the environment, for a
//! password must not stand among a process's arguments.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use tokio_postgres::config::{Config, Host};

use super::BackupError;

/// Where Debian and its relatives put every installed version.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";
/// Characters of a program's last words that an error carries.
const MESSAGE_CHARS: usize = 600;

/// The programs for one database.
#[derive(Debug, Clone)]
pub(super) struct ClientPrograms {
    named: Option<PathBuf>,
    major: u32,
    environment: Vec<(&'static str, String)>,
    database: String,
}

impl ClientPrograms {
    /// For the database at `url`, which is served by PostgreSQL `major`; `named` is where its programs are, if known.
    pub(super) fn of(url: &str, major: u32, named: Option<&Path>) -> Result<Self, BackupError> {
        let config: Config = url.parse().map_err(BackupError::Address)?;
        let mut environment = Vec::new();
        let host = config.get_hosts().first().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.to_string_lossy().into_owned(),
        });
        let password = config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let port = config.get_ports().first().map(ToString::to_string);
        let user = config.get_user().map(str::to_owned);
        let parts = [("PGHOST", host), ("PGPORT", port), ("PGUSER", user.clone()), ("PGPASSWORD", password)];
        environment.extend(parts.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let database = config.get_dbname().map(str::to_owned).or(user).unwrap_or_default();
        Ok(Self { named: named.map(Path::to_owned), major, environment, database })
    }

    fn find(&self, program: &'static str) -> Result<PathBuf, BackupError> {
        let debian = PathBuf::from(format!("{DEBIAN_VERSIONS}/{}/bin", self.major));
        let on_path = std::env::var_os("PATH");
        let on_path = on_path.iter().flat_map(std::env::split_paths);
        let told = std::env::var_os("PG_BINDIR").map(PathBuf::from);
        let mut folders = told.into_iter().chain(self.named.clone()).chain([debian]).chain(on_path);
        let found = folders.find(|folder| folder.join(program).is_file());
        let missing = BackupError::ProgramMissing { program, major: self.major };
        found.map(|folder| folder.join(program)).ok_or(missing)
    }

    async fn run(
        &self,
        program: &'static str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<(), BackupError> {
        let path = self.find(program)?;
        let failed = |message: String| BackupError::Program { program, message };
        let output = Command::new(&path)
            .args(arguments)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        let words: Vec<char> = String::from_utf8_lossy(&output.stderr).trim().chars().collect();
        let last = words.iter().skip(words.len().saturating_sub(MESSAGE_CHARS));
        Err(failed(last.collect()))
    }

    /// Dumps what the exported snapshot sees into `file`; unfinished uploads are left out, for their files are no photos.
    pub(super) async fn dump(&self, snapshot: &str, file: &Path) -> Result<(), BackupError> {
        let snapshot = format!("--snapshot={snapshot}");
        let database = format!("--dbname={}", self.database);
        let without = format!("--exclude-table-data={}", super::snapshot::LEFT_OUT);
        let fixed = ["--format=custom", "--no-owner", "--no-privileges"];
        let given = [&snapshot, &database, &without].map(String::as_str);
        let into = [OsStr::new("--file"), file.as_os_str()];
        let arguments = fixed.into_iter().chain(given).map(OsStr::new).chain(into);
        self.run("pg_dump", arguments).await
    }

    /// Restores a dump, all of it or nothing.
    pub(super) async fn restore(&self, file: &Path) -> Result<(), BackupError> {
        let database = format!("--dbname={}", self.database);
        let fixed = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"];
        let arguments = fixed.into_iter().chain([database.as_str()]).map(OsStr::new);
        self.run("pg_restore", arguments.chain([file.as_os_str()])).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_by_the_environment_and_never_by_the_arguments() {
        let url = "postgres://an:secret%40word@db.example:6000/lantian";
        let programs = ClientPrograms::of(url, 15, None).unwrap();
        assert!(programs.environment.contains(&("PGPASSWORD", "secret@word".to_owned())));
        assert!(programs.environment.contains(&("PGPORT", "6000".to_owned())));
        assert_eq!(programs.database, "lantian");
    }

    #[test]
    fn a_missing_program_is_named_with_the_version_it_must_have() {
        let nowhere = Path::new("/nowhere");
        let programs = ClientPrograms::of("postgres:///lantian", 99, Some(nowhere)).unwrap();
        let missing = programs.find("pg_undump").unwrap_err().to_string();
        assert!(missing.contains("pg_undump") && missing.contains("99"), "{missing}");
    }
}
