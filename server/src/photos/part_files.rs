//! The files of unfinished uploads (未完成上传), one each.
//!
//! Invariants: whoever appends holds the row lock of the upload, or begins it under an id that nobody else knows; the
//! row says how much is durable, and what a file has beyond that (a crash between file and row) is cut off before the
//! next append. The first bytes may be here before their row: a file without one is a leftover once it is old.
//!
//! Must not: be read before all bytes are there.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use sync_core::ids::{RegionCode, UploadId};

/// Between district and upload in a file's name.
const SEPARATOR: char = '_';

/// Which upload: the key of its row, and the name of its file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadKey {
    /// The district.
    pub district: RegionCode,
    /// The upload.
    pub upload_id: UploadId,
}

impl fmt::Display for UploadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SEPARATOR}{}", self.district, self.upload_id)
    }
}

impl UploadKey {
    fn of_file_name(name: &str) -> Option<Self> {
        let (district, upload_id) = name.split_once(SEPARATOR)?;
        Some(Self { district: district.parse().ok()?, upload_id: upload_id.parse().ok()? })
    }
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The bytes are on the disk.
    Durable,
    /// The file has less than was acknowledged: the disk lost it, and the upload must begin again.
    Lost,
}

/// The directory of part files.
#[derive(Debug, Clone)]
pub struct PartFiles {
    dir: Arc<PathBuf>,
}

impl PartFiles {
    /// Opens the directory, and makes it where it is absent.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn open(dir: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&dir)?;
        Ok(Self { dir: Arc::new(dir) })
    }

    fn path(&self, upload: &UploadKey) -> PathBuf {
        self.dir.join(upload.to_string())
    }

    /// Writes the bytes at the offset `at`, where the file durably ends.
    ///
    /// # Errors
    /// Whatever the file system says; the file may then be longer than what is durable.
    pub async fn append(&self, upload: &UploadKey, at: u64, bytes: Bytes) -> Result<Appended> {
        let (dir, path) = (self.dir.clone(), self.path(upload));
        blocking(move || {
            let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            let length = file.metadata()?.len();
            if length < at {
                return Ok(Appended::Lost);
            }
            if length > at {
                file.set_len(at)?;
            }
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            if at == 0 {
                File::open(dir.as_path())?.sync_all()?;
            }
            Ok(Appended::Durable)
        })
        .await
    }

    /// The first `length` bytes; `None` where the file has fewer or is gone.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub async fn read(&self, upload: &UploadKey, length: u64) -> Result<Option<Vec<u8>>> {
        let path = self.path(upload);
        blocking(move || {
            let file = match File::open(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                opened => opened?,
            };
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes)?;
            Ok((u64::try_from(bytes.len()) == Ok(length)).then_some(bytes))
        })
        .await
    }

    /// Removes the file, if it is there.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub async fn remove(&self, upload: &UploadKey) -> Result<()> {
        match tokio::fs::remove_file(self.path(upload)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The uploads whose file nobody has written to for so long, by the clock of the file system. Other files in the
    /// directory are none of ours and left alone.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub async fn untouched_for(&self, age: Duration) -> Result<Vec<UploadKey>> {
        let dir = self.dir.clone();
        blocking(move || {
            let mut keys = Vec::new();
            for entry in std::fs::read_dir(dir.as_path())? {
                let entry = entry?;
                let Some(key) = entry.file_name().to_str().and_then(UploadKey::of_file_name) else {
                    continue;
                };
                let modified = match entry.metadata().and_then(|facts| facts.modified()) {
                    // Somebody finished it meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    modified => modified?,
                };
                if modified.elapsed().is_ok_and(|elapsed| elapsed >= age) {
                    keys.push(key);
                }
            }
            Ok(keys)
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tempfile::TempDir;

    use super::*;

    /// Part files in a directory that ends with the first value.
    fn files() -> (TempDir, PartFiles, UploadKey) {
        let dir = tempfile::tempdir().unwrap();
        let upload = UploadKey { district: "410804".parse().unwrap(), upload_id: UploadId::fresh() };
        let files = PartFiles::open(dir.path().to_owned()).unwrap();
        (dir, files, upload)
    }

    #[tokio::test]
    async fn what_a_crash_left_behind_the_durable_offset_is_cut_off() {
        let (_dir, files, upload) = files();
        files.append(&upload, 0, Bytes::from_static(b"one two and garbage")).await.unwrap();
        files.append(&upload, 4, Bytes::from_static(b"2")).await.unwrap();
        assert_eq!(files.read(&upload, 5).await.unwrap().unwrap(), b"one 2");
        assert_eq!(files.read(&upload, 6).await.unwrap(), None, "the garbage is gone");
    }

    #[tokio::test]
    async fn a_file_that_lost_acknowledged_bytes_is_not_filled_with_zeros() {
        let (_dir, files, upload) = files();
        assert_eq!(files.append(&upload, 3, Bytes::from_static(b"x")).await.unwrap(), Appended::Lost);
        files.remove(&upload).await.unwrap();
        assert_eq!(files.read(&upload, 0).await.unwrap(), None);
        files.remove(&upload).await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_writes_to_is_listed_if_it_is_an_upload() {
        let (_dir, files, upload) = files();
        files.append(&upload, 0, Bytes::new()).await.unwrap();
        std::fs::write(files.dir.join("lost+found"), b"").unwrap();
        assert_eq!(files.untouched_for(Duration::ZERO).await.unwrap(), std::slice::from_ref(&upload));

        let hour = Duration::from_secs(3600);
        assert_eq!(files.untouched_for(hour).await.unwrap(), []);
        let file = File::options().write(true).open(files.path(&upload)).unwrap();
        file.set_modified(SystemTime::now() - hour).unwrap();
        assert_eq!(files.untouched_for(hour).await.unwrap(), [upload]);
    }
}
