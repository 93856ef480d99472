//! What a picture's EXIF (CIPA DC-008) claims: orientation, time, position, camera.
//!
//! Claims, not truth: whoever made the file could write them. They are compared with what the device recorded,
//! never a reason to refuse. Every fact that is absent, broken or impossible is `None`, each by itself.

use std::io::Cursor;

use exif::{Exif, In, Tag, Value};
use image::metadata::Orientation;
use jiff::{civil, tz::Offset};
use sync_core::{geo::Point, time::Instant};

/// The facts read from EXIF.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExifFacts {
    /// How the stored pixels must be turned to stand upright (tag Orientation, 1–8).
    pub orientation: Option<Orientation>,
    /// When the picture was taken (DateTimeOriginal, OffsetTimeOriginal).
    pub taken_at: Option<TakenAt>,
    /// Where the camera was (GPS tags); absent too where the file names another datum than WGS-84.
    pub position: Option<Point>,
    /// The camera's maker (Make).
    pub camera_make: Option<String>,
    /// The camera's model (Model).
    pub camera_model: Option<String>,
}

/// A camera's time: EXIF keeps what the camera's clock showed, and its zone only since version 2.31.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenAt {
    /// What the camera's clock showed, to the second.
    pub local: civil::DateTime,
    /// The clock's offset from UTC, where the file says it.
    pub offset: Option<Offset>,
}

impl TakenAt {
    /// The instant, where the offset is known.
    pub fn instant(&self) -> Option<Instant> {
        self.offset?.to_timestamp(self.local).ok().map(Instant::new)
    }
}

impl ExifFacts {
    /// Reads the facts from a whole picture file; a file without EXIF has none of them.
    pub(super) fn read(picture: &[u8]) -> Self {
        let exif = exif::Reader::new()
            .continue_on_error(true)
            .read_from_container(&mut Cursor::new(picture))
            .or_else(|error| error.distill_partial_result(|_| ()));
        let Ok(exif) = exif else { return Self::default() };
        Self {
            orientation: orientation(&exif),
            taken_at: taken_at(&exif),
            position: position(&exif),
            camera_make: text(&exif, Tag::Make),
            camera_model: text(&exif, Tag::Model),
        }
    }
}

fn value(exif: &Exif, tag: Tag) -> Option<&Value> {
    exif.get_field(tag, In::PRIMARY).map(|field| &field.value)
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match value(exif, tag)? {
        Value::Ascii(parts) => parts.first().map(Vec::as_slice),
        _ => None,
    }
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    let text = std::str::from_utf8(ascii(exif, tag)?).ok()?;
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!text.is_empty()).then(|| text.to_owned())
}

fn orientation(exif: &Exif) -> Option<Orientation> {
    let number = value(exif, Tag::Orientation)?.get_uint(0)?;
    Orientation::from_exif(u8::try_from(number).ok()?)
}

fn taken_at(exif: &Exif) -> Option<TakenAt> {
    let mut shown = exif::DateTime::from_ascii(ascii(exif, Tag::DateTimeOriginal)?).ok()?;
    let local = civil::DateTime::new(
        i16::try_from(shown.year).ok()?,
        i8::try_from(shown.month).ok()?,
        i8::try_from(shown.day).ok()?,
        i8::try_from(shown.hour).ok()?,
        i8::try_from(shown.minute).ok()?,
        i8::try_from(shown.second).ok()?,
        0,
    )
    .ok()?;
    let offset = ascii(exif, Tag::OffsetTimeOriginal)
        .and_then(|text| shown.parse_offset(text).ok())
        .and(shown.offset)
        .and_then(|minutes| Offset::from_seconds(i32::from(minutes) * 60).ok());
    Some(TakenAt { local, offset })
}

fn position(exif: &Exif) -> Option<Point> {
    if let Some(datum) = text(exif, Tag::GPSMapDatum)
        && !["WGS-84", "WGS84", "WGS 84"].iter().any(|known| datum.eq_ignore_ascii_case(known))
    {
        return None;
    }
    let lat = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, b"N", b"S")?;
    let lon = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, b"E", b"W")?;
    let point = Point { lon, lat };
    // Cameras without a fix write zeros, and the equator off Africa is no one's grid.
    let no_fix = lon == 0.0 && lat == 0.0;
    (point.is_on_globe() && !no_fix).then_some(point)
}

/// Degrees from EXIF's degrees, minutes and seconds; `None` for a zero denominator, whose quotient is no number.
fn degrees(exif: &Exif, tag: Tag, side: Tag, positive: &[u8], negative: &[u8]) -> Option<f64> {
    let Value::Rational(parts) = value(exif, tag)? else { return None };
    let [degrees, minutes, seconds] = parts.as_slice() else { return None };
    let size = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3600.0;
    let side = ascii(exif, side)?;
    let signed = match () {
        () if side.starts_with(positive) => size,
        () if side.starts_with(negative) => -size,
        () => return None,
    };
    signed.is_finite().then_some(signed)
}

#[cfg(test)]
mod tests {
    use exif::Rational;
    use jiff::civil::date;

    use super::*;
    use crate::photos::picture::sample::{self, ascii_field, field};

    fn read(fields: &[exif::Field]) -> ExifFacts {
        ExifFacts::read(&sample::jpeg(16, 16, Some(&sample::exif(fields))))
    }

    fn gps(lat: [(u32, u32); 3], lat_ref: &str, lon: [(u32, u32); 3], lon_ref: &str) -> Vec<exif::Field> {
        let rationals = |parts: [(u32, u32); 3]| {
            Value::Rational(parts.map(|(num, denom)| Rational { num, denom }).into())
        };
        vec![
            field(Tag::GPSLatitude, rationals(lat)),
            ascii_field(Tag::GPSLatitudeRef, lat_ref),
            field(Tag::GPSLongitude, rationals(lon)),
            ascii_field(Tag::GPSLongitudeRef, lon_ref),
        ]
    }

    #[test]
    fn a_file_without_exif_has_no_facts() {
        assert_eq!(ExifFacts::read(&sample::jpeg(16, 16, None)), ExifFacts::default());
    }

    #[test]
    fn broken_exif_has_no_facts() {
        assert_eq!(
            ExifFacts::read(&sample::jpeg(16, 16, Some(b"MM\0*\0\0\0\x08\xFF\xFF"))),
            ExifFacts::default()
        );
        assert_eq!(ExifFacts::read(&sample::jpeg(16, 16, Some(b"not a TIFF"))), ExifFacts::default());
    }

    #[test]
    fn time_with_its_offset_is_an_instant_and_without_it_is_not() {
        let original = ascii_field(Tag::DateTimeOriginal, "2026:11:05 14:32:07");
        let local = date(2026, 11, 5).at(14, 32, 7, 0);
        let with =
            read(&[original.clone(), ascii_field(Tag::OffsetTimeOriginal, "+08:00")]).taken_at.unwrap();
        assert_eq!(with, TakenAt { local, offset: Some(Offset::constant(8)) });
        assert_eq!(with.instant().unwrap().to_string(), "2026-11-05T06:32:07.000Z");
        let without = read(&[original]).taken_at.unwrap();
        assert_eq!(without, TakenAt { local, offset: None });
        assert_eq!(without.instant(), None);
    }

    #[test]
    fn an_unset_or_impossible_time_is_absent() {
        for text in ["    :  :     :  :  ", "0000:00:00 00:00:00", "2026:02:30 10:00:00", "yesterday"] {
            assert_eq!(read(&[ascii_field(Tag::DateTimeOriginal, text)]).taken_at, None, "{text:?}");
        }
    }

    #[test]
    fn position_is_in_signed_degrees() {
        let jiaozuo = [(35, 1), (15, 1), (5328, 100)];
        let east = [(113, 1), (14, 1), (2940, 100)];
        let here = read(&gps(jiaozuo, "N", east, "E")).position.unwrap();
        assert!((here.lat - 35.2648).abs() < 1e-9 && (here.lon - 113.2415).abs() < 1e-9, "{here:?}");
        let far = read(&gps(jiaozuo, "S", east, "W")).position.unwrap();
        assert_eq!((far.lon, far.lat), (-here.lon, -here.lat));
    }

    #[test]
    fn an_unusable_position_is_absent() {
        let ok = [(35, 1), (15, 1), (0, 1)];
        let zero = [(0, 1), (0, 1), (0, 1)];
        let none = [(0, 0), (0, 0), (0, 0)];
        let beyond = [(91, 1), (0, 1), (0, 1)];
        for fields in [
            gps(zero, "N", zero, "E"),
            gps(none, "N", ok, "E"),
            gps(beyond, "N", ok, "E"),
            gps(ok, "", ok, "E"),
        ] {
            assert_eq!(read(&fields).position, None, "{fields:?}");
        }
        let mut other_datum = gps(ok, "N", ok, "E");
        other_datum.push(ascii_field(Tag::GPSMapDatum, "GCJ-02"));
        assert_eq!(read(&other_datum).position, None);
    }

    #[test]
    fn one_broken_fact_leaves_the_others() {
        let facts = read(&[
            field(Tag::Orientation, Value::Short(vec![9])),
            ascii_field(Tag::Make, "  Huawei "),
            ascii_field(Tag::Model, "   "),
            ascii_field(Tag::DateTimeOriginal, "2026:11:05 14:32:07"),
        ]);
        assert_eq!(facts.orientation, None);
        assert_eq!(facts.camera_make.as_deref(), Some("Huawei"));
        assert_eq!(facts.camera_model, None);
        assert!(facts.taken_at.is_some());
    }
}
