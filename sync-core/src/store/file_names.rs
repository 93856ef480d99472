//! What both kinds of files name alike: the native ones and those of a browser.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// How a register is built that is to replace another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Built {
    /// Pulled page by page.
    ByPages,
    /// Unpacked from a snapshot.
    FromSnapshot,
}

/// A file that belongs to another: its path with a suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// What a failure of the disk becomes.
pub(super) fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |source| StoreError::File { path: path.to_path_buf(), source }
}
