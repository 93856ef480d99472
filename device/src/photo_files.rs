//! Photo originals (照片原件) on disk, by content.
//!
//! Invariants: a file that has its name is whole, so a row that names it can be written after it; an original is
//! never changed, and deleted only where [`crate::free_originals`] says why it may.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sync_core::engine::{PhotoBytes, PhotoUnreadable};
use sync_core::field::{PhotoClaims, check_photo_format};
use sync_core::ids::{PhotoHash, QuestionCode};
use sync_core::limits;
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::durable;
use crate::error::DeviceError;

/// The folder of originals.
#[derive(Debug, Clone)]
pub struct PhotoFiles(PathBuf);

impl PhotoFiles {
    /// In this folder, which is there.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Takes a copy of a photo, durable when this returns, and answers its line for the manifest. Time and place are
    /// the photo's own where its EXIF has them; else the time is `now`.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] with `photo_*` codes about `field`; [`DeviceError::File`] when there is no such
    /// file or no space.
    pub fn take(
        &self,
        source_file: &Path,
        question: Option<QuestionCode>,
        source: PhotoSource,
        now: Instant,
        field: &str,
    ) -> Result<PhotoEntry, DeviceError> {
        let failed = |source| DeviceError::File { path: source_file.to_path_buf(), source };
        let size = std::fs::metadata(source_file).map_err(failed)?.len();
        if size > limits::PHOTO_MAX_BYTES {
            return Err(DeviceError::refused(ProblemKind::PhotoTooLarge, field));
        }
        let bytes = std::fs::read(source_file).map_err(failed)?;
        check_photo_format(&bytes).map_err(|kind| DeviceError::refused(kind, field))?;
        let sha256 = PhotoHash::of(&bytes);
        let kept = self.path(&sha256);
        if std::fs::metadata(&kept).is_ok_and(|found| found.len() != size) || !kept.exists() {
            durable::write(&kept, &bytes).map_err(|source| DeviceError::File { path: kept, source })?;
        }
        let claims = PhotoClaims::read(&bytes);
        Ok(PhotoEntry {
            sha256,
            size,
            taken_at: claims.taken_at.unwrap_or(now),
            point: claims.point,
            source,
            question,
        })
    }

    /// Bytes of all originals here.
    ///
    /// # Errors
    /// [`DeviceError::File`].
    pub fn total_bytes(&self) -> Result<u64, DeviceError> {
        let sizes = std::fs::read_dir(&self.0)
            .and_then(|mut entries| entries.try_fold(0_u64, |sum, entry| Ok(sum + entry?.metadata()?.len())));
        sizes.map_err(|source| DeviceError::File { path: self.0.clone(), source })
    }

    /// Where an original is.
    #[must_use]
    pub fn path(&self, photo: &PhotoHash) -> PathBuf {
        self.0.join(photo.as_str())
    }
}

impl PhotoBytes for PhotoFiles {
    fn read(&self, photo: &PhotoHash, offset: u64, length: usize) -> Result<Vec<u8>, PhotoUnreadable> {
        let mut bytes = vec![0; length];
        File::open(self.path(photo))
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(&mut bytes)
            })
            .map_err(|_| PhotoUnreadable(photo.clone()))?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_kept_whole_under_its_hash_and_read_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let files = PhotoFiles::new(folder.path().to_path_buf());
        let source = folder.path().join("a.jpg");
        std::fs::write(&source, b"\xff\xd8\xff\xe0 a scene").unwrap();
        let now = "2024-10-08T01:00:00Z".parse().unwrap();
        let entry = files.take(&source, None, PhotoSource::Camera, now, "photos[0]").unwrap();
        assert_eq!((entry.size, entry.taken_at, entry.point), (12, now, None));
        assert_eq!(files.read(&entry.sha256, 7, 5).unwrap(), b"scene");
        assert!(files.read(&entry.sha256, 7, 6).is_err(), "shorter than asked for");
        // A file cut short by an old accident is made whole again by the next copy.
        std::fs::write(files.path(&entry.sha256), b"cut").unwrap();
        files.take(&source, None, PhotoSource::Camera, now, "photos[0]").unwrap();
        assert_eq!(PhotoHash::of(&std::fs::read(files.path(&entry.sha256)).unwrap()), entry.sha256);
    }

    #[test]
    fn what_is_no_picture_is_refused_and_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("photos");
        std::fs::create_dir(&kept).unwrap();
        let source = folder.path().join("a.jpg");
        std::fs::write(&source, "not a picture").unwrap();
        let now = "2024-10-08T01:00:00Z".parse().unwrap();
        let refused =
            PhotoFiles::new(kept.clone()).take(&source, None, PhotoSource::Camera, now, "photos[2]");
        let Err(DeviceError::Refused(problems)) = refused else { panic!("{refused:?}") };
        assert!(problems[0].is(ProblemKind::PhotoNotAnImage));
        assert_eq!(problems[0].field.as_deref(), Some("photos[2]"));
        assert_eq!(std::fs::read_dir(kept).unwrap().count(), 0);
    }
}
