//! When and where a picture says that it was taken, by its EXIF (CIPA DC-008): for pictures of a gallery, which nobody here
//! saw being taken. Claims, not truth; what is absent, broken or impossible is `None`, each by itself.

use std::io::Cursor;

use exif::{Exif, In, Tag, Value};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::geo::Point;
use crate::time::{Instant, RECORD_ZONE};

/// What a picture says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct PhotoClaims {
    /// When it was taken.
    pub taken_at: Option<Instant>,
    /// Where.
    pub point: Option<Point>,
}

impl PhotoClaims {
    /// Reads a whole picture file; one without EXIF claims nothing.
    #[must_use]
    pub fn read(picture: &[u8]) -> Self {
        let exif = exif::Reader::new().read_from_container(&mut Cursor::new(picture)).ok();
        Self { taken_at: exif.as_ref().and_then(taken_at), point: exif.as_ref().and_then(taken_where) }
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
    fn time_and_place_are_the_pictures_own_where_it_says_them() {
        for (offset, taken) in [(None, "2024-10-08T01:30:00Z"), (Some("+00:00"), "2024-10-08T09:30:00Z")] {
            let claims = PhotoClaims::read(&with_exif(offset));
            assert_eq!(claims.taken_at, Some(taken.parse().unwrap()));
            let point = claims.point.unwrap();
            assert!((point.lon - 113.33).abs() < 1e-9 && (point.lat - 35.27).abs() < 1e-9, "{point:?}");
        }
    }

    #[test]
    fn a_picture_without_exif_or_with_broken_one_claims_nothing() {
        let mut broken = with_exif(None);
        broken.truncate(60);
        for picture in [b"\xff\xd8\xff\xe0 a scene".to_vec(), broken, Vec::new()] {
            assert_eq!(PhotoClaims::read(&picture), PhotoClaims::default());
        }
    }
}
