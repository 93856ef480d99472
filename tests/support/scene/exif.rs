//! The EXIF (CIPA DC-008) of a scene, as a tablet's camera writes it.

use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};

use super::SceneExif;

/// Parts of a second of arc that positions are written with: three millimetres on the ground.
const ARC_SECOND_PARTS: u32 = 10_000;

/// The TIFF structure that goes into the APP1 segment.
pub(super) fn tiff(scene: &SceneExif) -> Vec<u8> {
    let taken_at = scene.taken_at.record_text().replace('-', ":");
    let mut fields = vec![
        ascii(Tag::Make, "Lantian"),
        ascii(Tag::Model, "Seeded scene"),
        field(Tag::Orientation, Value::Short(vec![scene.orientation.to_exif().into()])),
        field(Tag::ExifVersion, Value::Undefined(b"0232".to_vec(), 0)),
        ascii(Tag::DateTimeOriginal, &taken_at),
        ascii(Tag::OffsetTimeOriginal, "+08:00"),
    ];
    if let Some(point) = scene.point {
        fields.extend([
            field(Tag::GPSVersionID, Value::Byte(vec![2, 3, 0, 0])),
            ascii(Tag::GPSMapDatum, "WGS-84"),
            ascii(Tag::GPSLatitudeRef, if point.lat < 0.0 { "S" } else { "N" }),
            field(Tag::GPSLatitude, degrees(point.lat)),
            ascii(Tag::GPSLongitudeRef, if point.lon < 0.0 { "W" } else { "E" }),
            field(Tag::GPSLongitude, degrees(point.lon)),
        ]);
    }
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut tiff = Cursor::new(Vec::new());
    writer.write(&mut tiff, false).expect("writing to memory");
    tiff.into_inner()
}

fn field(tag: Tag, value: Value) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value }
}

fn ascii(tag: Tag, text: &str) -> Field {
    field(tag, Value::Ascii(vec![text.as_bytes().to_vec()]))
}

/// Degrees, minutes and seconds without the sign.
fn degrees(value: f64) -> Value {
    let parts = (value.abs() * 3600.0 * f64::from(ARC_SECOND_PARTS)).round() as u32;
    let seconds = parts / ARC_SECOND_PARTS;
    Value::Rational(vec![
        Rational { num: seconds / 3600, denom: 1 },
        Rational { num: seconds / 60 % 60, denom: 1 },
        Rational { num: parts % (60 * ARC_SECOND_PARTS), denom: ARC_SECOND_PARTS },
    ])
}

/// A JPEG without EXIF, with it: as the first segment behind the start of the image.
pub(super) fn put_into(jpeg: &[u8], exif: &SceneExif) -> Vec<u8> {
    const START_OF_IMAGE: usize = 2;
    const APP1: [u8; 2] = [0xFF, 0xE1];
    const NAME: &[u8] = b"Exif\0\0";
    let tiff = tiff(exif);
    let length = u16::try_from(2 + NAME.len() + tiff.len()).expect("EXIF fits a segment");
    let (start, rest) = jpeg.split_at(START_OF_IMAGE);
    [start, &APP1, &length.to_be_bytes(), NAME, &tiff, rest].concat()
}
