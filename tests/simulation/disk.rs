//! The disk of a tablet: its databases in a folder, and what a crash in the middle of a write leaves of them.
//!
//! A crash is played on the files themselves. They are copied before and after an effect. SQLite's log only grows
//! within an effect, so cutting it anywhere between its two lengths is a power cut in the middle of that write; the
//! databases are written in a fixed order, so what comes after the cut one is as it was before.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::dice::Dice;

/// Files in memory are as good as others here: a crash is played on their content.
const MEMORY: &str = "/dev/shm";

/// The databases in the order in which one effect writes them.
const WRITE_ORDER: [&str; 3] = ["work.db", "master-next.db", "master.db"];
/// What SQLite calls the log of a database.
const LOG_SUFFIX: &str = "-wal";

/// A folder that ends with this value, in memory where the system has such a place.
pub fn scratch() -> TempDir {
    let builder = tempfile::Builder::new().prefix("lantian-simulation-").to_owned();
    if Path::new(MEMORY).is_dir() { builder.tempdir_in(MEMORY).unwrap() } else { builder.tempdir().unwrap() }
}

/// The content of a folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Reads a folder.
pub fn read(folder: &Path) -> Files {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// Writes a folder anew.
pub fn write(folder: &PathBuf, files: &Files) {
    fs::create_dir_all(folder).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// What a crash within an effect leaves, that found `before` and would have left `after`.
pub fn torn(dice: &mut Dice, before: &Files, after: &Files) -> Files {
    let names =
        |files: &Files| files.keys().filter(|name| !name.ends_with(LOG_SUFFIX)).cloned().collect::<Vec<_>>();
    if names(before) != names(after) {
        // A file appeared or took another's place: that step is one rename.
        return if dice.happens(500) { before.clone() } else { after.clone() };
    }
    let mut left = after.clone();
    let cut_at = dice.below(WRITE_ORDER.len());
    for (place, database) in WRITE_ORDER.iter().enumerate().skip(cut_at) {
        let log = format!("{database}{LOG_SUFFIX}");
        let same_file = before.get(*database) == after.get(*database);
        let cut = match (before.get(&log), after.get(&log)) {
            (old, Some(new)) if place == cut_at && same_file => {
                let old = old.map_or(&[][..], Vec::as_slice);
                // A log that was begun anew is overwritten, not extended.
                new.starts_with(old).then(|| {
                    let grown = new.len() - old.len();
                    new[..old.len() + dice.below(grown + 1)].to_vec()
                })
            }
            _ => None,
        };
        match cut {
            Some(cut) => {
                left.insert(log, cut);
            }
            None => {
                for name in [(*database).to_owned(), log] {
                    match before.get(&name) {
                        Some(bytes) => left.insert(name, bytes.clone()),
                        None => left.remove(&name),
                    };
                }
            }
        }
    }
    left
}
