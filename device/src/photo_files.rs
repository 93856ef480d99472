//! Photo originals (照片原件) on disk, by content.
//!
//! Invariants: a file that has its name is whole, so a row that names it can be written after it; an original is
//! never changed, and deleted only where [`crate::free_originals`] says why it may.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use exif::{Exif, In, Tag, Value};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sync_core::engine::{PhotoBytes, PhotoUnreadable};
use sync_core::field::check_photo_format;
use sync_core::geo::Point;
use sync_core::ids::{PhotoHash, QuestionCode};
use sync_core::limits;
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::time::{Instant, RECORD_ZONE};
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
        let exif = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(&bytes)).ok();
        Ok(PhotoEntry {
            sha256,
            size,
            taken_at: exif.as_ref().and_then(taken_at).unwrap_or(now),
            point: exif.as_ref().and_then(taken_where),
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

/// When the picture was taken; in the zone of record where the camera does not name one.
fn taken_at(exif: &Exif) -> Option<Instant> {
    let text = |tag| match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(parts) => String::from_utf8(parts.first()?.clone()).ok(),
        _ => None,
    };
    let local = DateTime::strptime("%Y:%m:%d %H:%M:%S", text(Tag::DateTimeOriginal)?.trim()).ok()?;
    let zoned = match text(Tag::OffsetTimeOriginal) {
        Some(offset) => format!("{local}{}", offset.trim()).parse().ok()?,
        None => local.to_zoned(TimeZone::get(RECORD_ZONE).ok()?).ok()?.timestamp(),
    };
    Some(Instant::new(zoned))
}

/// Where the picture was taken, where that is a place on the globe.
fn taken_where(exif: &Exif) -> Option<Point> {
    let degrees = |value_tag, sign_tag, negative: u8| {
        let Value::Rational(parts) = &exif.get_field(value_tag, In::PRIMARY)?.value else { return None };
        let [degrees, minutes, seconds] = parts.as_slice() else { return None };
        let sum = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3600.0;
        let Value::Ascii(sign) = &exif.get_field(sign_tag, In::PRIMARY)?.value else { return None };
        let is_negative = sign.first()?.first() == Some(&negative);
        Some(if is_negative { -sum } else { sum })
    };
    let point = Point {
        lon: degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W')?,
        lat: degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S')?,
    };
    point.is_on_globe().then_some(point)
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

    /// A JPEG of nothing but EXIF.
    fn with_exif(offset: Option<&str>) -> Vec<u8> {
        use exif::experimental::Writer;
        use exif::{Field, Rational};
        let field = |tag, value| Field { tag, ifd_num: In::PRIMARY, value };
        let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
        let degrees = |whole, minutes, seconds_100| {
            let part = |num, denom| Rational { num, denom };
            Value::Rational(vec![part(whole, 1), part(minutes, 1), part(seconds_100, 100)])
        };
        let mut fields = vec![
            field(Tag::DateTimeOriginal, ascii("2024:10:08 09:30:00")),
            field(Tag::GPSLatitude, degrees(35, 16, 1200)),
            field(Tag::GPSLatitudeRef, ascii("N")),
            field(Tag::GPSLongitude, degrees(113, 19, 4800)),
            field(Tag::GPSLongitudeRef, ascii("E")),
        ];
        fields.extend(offset.map(|offset| field(Tag::OffsetTimeOriginal, ascii(offset))));
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        let mut tiff = std::io::Cursor::new(Vec::new());
        writer.write(&mut tiff, false).unwrap();
        let exif = [b"Exif\0\0".as_slice(), tiff.get_ref()].concat();
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [b"\xff\xd8\xff\xe1".as_slice(), &length, &exif, b"\xff\xd9"].concat()
    }

    #[test]
    fn time_and_place_are_the_photos_own_where_it_says_them() {
        let folder = tempfile::tempdir().unwrap();
        let files = PhotoFiles::new(folder.path().to_path_buf());
        let source = folder.path().join("a.jpg");
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        for (offset, taken) in [(None, "2024-10-08T01:30:00Z"), (Some("+00:00"), "2024-10-08T09:30:00Z")] {
            std::fs::write(&source, with_exif(offset)).unwrap();
            let entry = files.take(&source, None, PhotoSource::Camera, now, "photos[0]").unwrap();
            assert_eq!(entry.taken_at, taken.parse().unwrap());
            let point = entry.point.unwrap();
            assert!((point.lon - 113.33).abs() < 1e-9 && (point.lat - 35.27).abs() < 1e-9, "{point:?}");
        }
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
