//! Snapshot files (快照文件) of a process: registers built for one user's scope, kept for the next who asks.
//!
//! A file's name says all that is known of it, so a restarted server finds what was built before, and nothing has to be
//! kept in step: `<key>-<number>-<milliseconds>-<sha256>.zst`. The key stands for district, user, scope, epoch and form
//! of the database; another one of these is another key.
//!
//! Invariants: a file that has its name is whole and durable; one build at a time; files are limited in number and age.
//! Losing any of them costs a build.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use sync_core::time::Instant;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Changes that a snapshot may lie behind and still be given out: two pages of a pull.
const FRESH_CHANGES: u64 = 2 * 1000;
/// Seconds that a snapshot is kept (a day): an interrupted download can be resumed so long.
const KEPT_SECONDS: i64 = 24 * 3600;
/// Snapshots kept, the newest.
const KEPT_FILES: usize = 64;
/// How a directory in which one is built begins.
const BUILDING: &str = "building-";

/// A snapshot that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Whose it is.
    pub key: String,
    /// The change number up to which it reaches.
    pub number: u64,
    /// When it was built.
    pub built_at: Instant,
    /// SHA-256 of its bytes, as 64 hex digits.
    pub sha256: String,
}

impl SnapshotFile {
    fn name(&self) -> String {
        let Self { key, number, built_at, sha256 } = self;
        format!("{key}-{number}-{}-{sha256}.zst", built_at.as_millisecond())
    }

    fn of_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".zst")?.split('-');
        let (key, number, millis, sha256) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            key: key.to_owned(),
            number: number.parse().ok()?,
            built_at: Instant::from_millisecond(millis.parse().ok()?).ok()?,
            sha256: sha256.to_owned(),
        })
    }
}

/// The directory of snapshots.
#[derive(Debug)]
pub struct Snapshots {
    dir: PathBuf,
    /// Held while one is built.
    pub turn: Mutex<()>,
}

impl Snapshots {
    /// Opens the directory, and makes it where it is absent.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        Ok(Self { dir, turn: Mutex::new(()) })
    }

    /// The newest snapshot of this key that is fresh at this number and time.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn fresh(&self, key: &str, number: u64, now: Instant) -> io::Result<Option<SnapshotFile>> {
        let files = self.list()?.into_iter().filter(|file| {
            let behind = number.checked_sub(file.number);
            file.key == key && is_kept(file, now) && behind.is_some_and(|behind| behind <= FRESH_CHANGES)
        });
        Ok(files.max_by_key(|file| (file.number, file.built_at)))
    }

    /// The snapshot of this key with these bytes, however old, while it is kept.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn find(&self, key: &str, sha256: &str) -> io::Result<Option<SnapshotFile>> {
        Ok(self.list()?.into_iter().find(|file| file.key == key && file.sha256 == sha256))
    }

    /// Opens a snapshot to be read.
    ///
    /// # Errors
    /// Whatever the file system says, also when it was removed meanwhile.
    pub fn read(&self, file: &SnapshotFile) -> io::Result<File> {
        File::open(self.dir.join(file.name()))
    }

    /// A directory to build one in, which ends with the value.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn building(&self) -> io::Result<Building> {
        let dir = self.dir.join(format!("{BUILDING}{}", Uuid::new_v4().simple()));
        fs::create_dir(&dir)?;
        Ok(Building { dir })
    }

    /// Takes in what was built, a closed and durable file.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn keep(&self, built: &Path, file: &SnapshotFile) -> io::Result<()> {
        fs::rename(built, self.dir.join(file.name()))?;
        File::open(&self.dir)?.sync_all()
    }

    /// Removes what is too old or too many.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn prune(&self, now: Instant) -> io::Result<()> {
        let mut files = self.list()?;
        files.sort_by_key(|file| std::cmp::Reverse(file.built_at));
        for (place, file) in files.iter().enumerate() {
            if place >= KEPT_FILES || !is_kept(file, now) {
                gone(fs::remove_file(self.dir.join(file.name())))?;
            }
        }
        Ok(())
    }

    /// Other files in the directory are none of ours and left alone.
    fn list(&self) -> io::Result<Vec<SnapshotFile>> {
        let names = fs::read_dir(&self.dir)?.map(|entry| entry.map(|entry| entry.file_name()));
        let files = names.filter_map(|name| match name {
            Ok(name) => name.to_str().and_then(SnapshotFile::of_name).map(Ok),
            Err(error) => Some(Err(error)),
        });
        files.collect()
    }
}

fn is_kept(file: &SnapshotFile, now: Instant) -> bool {
    now.seconds_since(file.built_at) < KEPT_SECONDS
}

/// Another process may have removed it.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A directory in which a snapshot is built.
#[derive(Debug)]
pub struct Building {
    dir: PathBuf,
}

impl Building {
    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(%error, dir = %self.dir.display(), "what a snapshot was built in cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Instant {
        "2024-10-08T00:00:00Z".parse::<Instant>().unwrap().plus_seconds(hours * 3600)
    }

    fn keep(snapshots: &Snapshots, key: &str, number: u64, built_at: Instant) -> SnapshotFile {
        let building = snapshots.building().unwrap();
        let built = building.file("built");
        fs::write(&built, key).unwrap();
        let sha256 = format!("{number:064}");
        let file = SnapshotFile { key: key.to_owned(), number, built_at, sha256 };
        snapshots.keep(&built, &file).unwrap();
        file
    }

    #[test]
    fn the_newest_of_the_own_key_is_given_out_while_it_is_not_far_behind() {
        let dir = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::open(dir.path().join("snapshots")).unwrap();
        keep(&snapshots, "a", 10, at(0));
        let newer = keep(&snapshots, "a", 20, at(1));
        keep(&snapshots, "b", 30, at(2));
        let fresh = |number, hours| snapshots.fresh("a", number, at(hours)).unwrap();
        assert_eq!(fresh(20 + FRESH_CHANGES, 3), Some(newer.clone()));
        assert_eq!(fresh(21 + FRESH_CHANGES, 3), None, "too far behind");
        assert_eq!(fresh(19, 3).map(|file| file.number), Some(10), "not from the future");
        assert_eq!(fresh(20, 25), None, "a day old");
        assert_eq!(snapshots.find("b", &newer.sha256).unwrap(), None, "nobody else's");
    }

    #[test]
    fn old_ones_go_and_too_many_go_and_nothing_stays_of_what_was_begun() {
        let dir = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::open(dir.path().join("snapshots")).unwrap();
        let old = keep(&snapshots, "a", 1, at(0));
        for number in 0..=u64::try_from(KEPT_FILES).unwrap() {
            keep(&snapshots, "a", 10 + number, at(20).plus_seconds(i64::try_from(number).unwrap()));
        }
        snapshots.prune(at(24)).unwrap();
        let left = snapshots.list().unwrap();
        assert_eq!(left.len(), KEPT_FILES);
        assert!(!left.contains(&old) && left.iter().all(|file| file.number > 10));
        assert_eq!(fs::read_dir(&snapshots.dir).unwrap().count(), KEPT_FILES);
    }
}
