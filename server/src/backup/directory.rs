//! The directory of a backup: files are complete under their names or not there.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sync_core::ids::{PhotoHash, RegionCode};

use super::BackupError;
use super::manifest::{FORM, KeptFile, KeptPhoto, MANIFEST_FILE, Manifest};

/// What dumps are called, before the moment they were taken at.
const DUMP_PREFIX: &str = "database-";
/// What files that are still written to end with.
const PART: &str = ".part";
/// Digits of a photo's hash that name its folder.
const FOLDER_DIGITS: usize = 2;
/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;

/// A directory that holds a backup, or will.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The directory at this path.
    pub(super) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Makes it where it is missing.
    pub(super) fn create(&self) -> Result<(), BackupError> {
        fs::create_dir_all(&self.root).map_err(BackupError::file(&self.root))
    }

    /// Where a new dump is written; it counts once the manifest names it.
    pub(super) fn dump(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The name of a dump.
    pub(super) fn dump_name(moment: i64) -> String {
        format!("{DUMP_PREFIX}{moment}.dump")
    }

    /// Where a photo is kept.
    pub(super) fn photo(&self, district: &RegionCode, sha256: &PhotoHash) -> PathBuf {
        let folder: String = sha256.as_str().chars().take(FOLDER_DIGITS).collect();
        self.root.join("photos").join(district.as_str()).join(folder).join(sha256.as_str())
    }

    /// Whether the photo is here with the bytes that it is named by. A copy may have rotted since an earlier backup, which
    /// would be told by a restore: when the original is gone.
    pub(super) fn has_photo(&self, photo: &KeptPhoto) -> bool {
        let path = self.photo(&photo.district, &photo.sha256);
        measure(&path)
            .is_ok_and(|(size, sha256)| size == photo.size && sha256.as_str() == photo.sha256.as_str())
    }

    /// Keeps a photo whose bytes were checked against its hash.
    pub(super) fn keep_photo(&self, photo: &KeptPhoto, bytes: &[u8]) -> Result<(), BackupError> {
        let path = self.photo(&photo.district, &photo.sha256);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(BackupError::file(folder))?;
        }
        write_whole(&path, bytes)
    }

    /// A dump that was written, made durable.
    pub(super) fn seal_dump(&self, name: &str) -> Result<KeptFile, BackupError> {
        let path = self.dump(name);
        let fault = || BackupError::file(&path);
        File::open(&path).and_then(|file| file.sync_all()).map_err(fault())?;
        let (size, sha256) = measure(&path).map_err(fault())?;
        Ok(KeptFile { name: name.to_owned(), size, sha256 })
    }

    /// Writes the manifest, from when on the backup is the one it names; dumps of earlier backups go.
    pub(super) fn finish(&self, manifest: &Manifest) -> Result<(), BackupError> {
        let path = self.root.join(MANIFEST_FILE);
        let not_json = |error: serde_json::Error| io::Error::other(error);
        let json = serde_json::to_vec_pretty(manifest).map_err(not_json).map_err(BackupError::file(&path))?;
        write_whole(&path, &json)?;
        let fault = || BackupError::file(&self.root);
        for entry in fs::read_dir(&self.root).map_err(fault())? {
            let entry = entry.map_err(fault())?;
            let name = entry.file_name();
            let is_dump = name.to_str().is_some_and(|name| name.starts_with(DUMP_PREFIX));
            if is_dump && name.to_str() != Some(manifest.database.name.as_str()) {
                fs::remove_file(entry.path()).map_err(BackupError::file(&entry.path()))?;
            }
        }
        Ok(())
    }

    /// Reads the manifest.
    pub(super) fn manifest(&self) -> Result<Manifest, BackupError> {
        let path = self.root.join(MANIFEST_FILE);
        let json = fs::read(&path).map_err(BackupError::file(&path))?;
        let none = |message: String| BackupError::Manifest { path: path.clone(), message };
        let manifest: Manifest = serde_json::from_slice(&json).map_err(|error| none(error.to_string()))?;
        let is_plain_name = Path::new(&manifest.database.name).file_name().is_some_and(|name| {
            name.to_str() == Some(manifest.database.name.as_str()) && manifest.database.name != ".."
        });
        if manifest.form != FORM {
            return Err(none(format!("its form is {}, this release reads {FORM}", manifest.form)));
        }
        if !is_plain_name {
            return Err(none("its dump is not a file of the directory".to_owned()));
        }
        Ok(manifest)
    }

    /// Checks every file that the manifest names.
    pub(super) fn verify(&self, manifest: &Manifest) -> Result<(), BackupError> {
        let dump = self.dump(&manifest.database.name);
        verify_file(&dump, manifest.database.size, &manifest.database.sha256)?;
        for photo in &manifest.photos {
            let path = self.photo(&photo.district, &photo.sha256);
            verify_file(&path, photo.size, photo.sha256.as_str())?;
        }
        Ok(())
    }

    /// The bytes of a photo.
    pub(super) fn read_photo(&self, photo: &KeptPhoto) -> Result<Vec<u8>, BackupError> {
        let path = self.photo(&photo.district, &photo.sha256);
        fs::read(&path).map_err(BackupError::file(&path))
    }
}

fn verify_file(path: &Path, size: u64, sha256: &str) -> Result<(), BackupError> {
    let (found_size, found_sha256) = measure(path).map_err(BackupError::file(path))?;
    let differs = |what| Err(BackupError::Corrupt { path: path.to_owned(), what });
    match (found_size == size, found_sha256 == sha256) {
        (false, _) => differs("size"),
        (true, false) => differs("SHA-256"),
        (true, true) => Ok(()),
    }
}

/// Size and SHA-256.
fn measure(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut size) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        size = size.saturating_add(u64::try_from(read).unwrap_or_default());
    }
    Ok((size, hex::encode(hash.finalize())))
}

/// Writes, makes durable, and only then names the file.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let mut part = path.as_os_str().to_owned();
    part.push(PART);
    let part = PathBuf::from(part);
    let write = || {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(BackupError::file(path))
}
