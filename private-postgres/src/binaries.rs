//! Finding the PostgreSQL programs of this machine.
//!
//! Order: the folder that was named, the newest `/usr/lib/postgresql/*/bin`, the real place of `postgres` on
//! `PATH`, `pg_config --bindir`, and last the cluster's own `bin`. A data directory can only be served by the
//! major version that made it. It must not install anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;

/// The oldest major version that is used.
pub const OLDEST_MAJOR: u32 = 15;

/// Where Debian and its relatives put every installed version.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";

/// The folder with `postgres` and `initdb` of one PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    pub(crate) dir: PathBuf,
    major: u32,
}

impl Binaries {
    /// Finds the programs that can serve `data` (`needed`: the content of its `PG_VERSION`), or the first at
    /// all when there is no data directory yet.
    ///
    /// # Errors
    /// [`Error::BinDirUnusable`], [`Error::MajorMissing`] or [`Error::BinariesMissing`].
    pub(crate) fn find(
        named: Option<&Path>,
        own: &Path,
        data: &Path,
        needed: Option<&str>,
    ) -> Result<Self, Error> {
        let installed: Vec<Self> = match named {
            Some(dir) => {
                vec![Self::probe(dir).ok_or_else(|| Error::BinDirUnusable { dir: dir.to_owned() })?]
            }
            None => candidates(own).iter().filter_map(|dir| Self::probe(dir)).collect(),
        };
        let found: Vec<u32> = installed.iter().map(|binaries| binaries.major).collect();
        let mut fitting =
            installed.into_iter().filter(|it| needed.is_none_or(|needed| needed == it.major.to_string()));
        fitting.next().ok_or_else(|| match needed {
            Some(needed) if !found.is_empty() => {
                Error::MajorMissing { data: data.to_owned(), needed: needed.to_owned(), found }
            }
            _ => Error::BinariesMissing,
        })
    }

    /// The PostgreSQL in `dir`, if there is one and it is not too old.
    fn probe(dir: &Path) -> Option<Self> {
        let dir = dir.canonicalize().ok()?;
        if !dir.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
        let major = major_of(std::str::from_utf8(&output.stdout).ok()?)?;
        (major >= OLDEST_MAJOR).then_some(Self { dir, major })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; betas read `18beta1`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number.get(..end)?.parse().ok()
}

/// The folders to look in, in order, each once.
fn candidates(own: &Path) -> Vec<PathBuf> {
    let mut dirs = debian_versions();
    let on_path = std::env::var_os("PATH").and_then(|path| {
        let real = std::env::split_paths(&path).find_map(|dir| dir.join("postgres").canonicalize().ok())?;
        real.parent().map(Path::to_owned)
    });
    dirs.extend(on_path);
    dirs.extend(configured());
    dirs.push(own.to_owned());
    let mut seen = std::collections::HashSet::new();
    dirs.retain(|dir| seen.insert(dir.clone()));
    dirs
}

/// Debian's version folders, newest first.
fn debian_versions() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(DEBIAN_VERSIONS) else { return Vec::new() };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    versions.into_iter().map(|(_, dir)| dir).collect()
}

/// What `pg_config` says; distributions that keep the programs off `PATH` still ship it.
fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(std::str::from_utf8(&output.stdout).ok()?.trim()))
}

#[cfg(test)]
mod tests {
    use super::major_of;

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(major_of("mysqld 8.0"), None);
    }
}
