//! Durable files: content first, then the name, then the folder, so that a file that has its name is whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Renames and makes the new name durable.
///
/// # Errors
/// Those of the file system.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// Writes a file whole: under a temporary name, synced, then renamed. An error leaves the old one as it was.
///
/// # Errors
/// Those of the file system, such as a full disk.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.new", uuid::Uuid::new_v4().simple()));
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| rename(&temporary, path));
    if written.is_err() {
        // Best effort: what is left over has a name nobody reads.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file; the rename is as durable as the platform makes it.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
