//! Real picture files for the tests of this module, made on the spot.

use std::io::Cursor;

use exif::{Context, Field, In, Tag, Value, experimental::Writer};
use image::{DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage, codecs::jpeg::JpegEncoder};

/// Colours of the upright picture's corners, clockwise from the top left.
pub const CORNERS: [Rgb<u8>; 4] =
    [Rgb([220, 30, 30]), Rgb([30, 200, 30]), Rgb([40, 40, 220]), Rgb([230, 220, 40])];

/// A picture of four plain quarters in the colours of [`CORNERS`].
pub fn quarters(width: u32, height: u32) -> DynamicImage {
    let [top_left, top_right, bottom_right, bottom_left] = CORNERS;
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => top_left,
        (false, true) => top_right,
        (false, false) => bottom_right,
        (true, false) => bottom_left,
    })
    .into()
}

/// A JPEG of [`quarters`], with the given EXIF (a TIFF structure).
pub fn jpeg(width: u32, height: u32, exif: Option<&[u8]>) -> Vec<u8> {
    jpeg_of(&quarters(width, height), exif)
}

/// A JPEG of a picture, with the given EXIF (a TIFF structure).
pub fn jpeg_of(picture: &DynamicImage, exif: Option<&[u8]>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 90);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
    }
    encoder.encode_image(&picture.to_rgb8()).unwrap();
    file
}

/// [`quarters`] in another format.
pub fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    quarters(width, height).write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A field of the primary image.
pub fn field(tag: Tag, value: Value) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value }
}

/// A text field of the primary image.
pub fn ascii_field(tag: Tag, text: &str) -> Field {
    field(tag, Value::Ascii(vec![text.as_bytes().to_vec()]))
}

/// The TIFF structure that holds the fields.
pub fn exif(fields: &[Field]) -> Vec<u8> {
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut tiff = Cursor::new(Vec::new());
    writer.write(&mut tiff, false).unwrap();
    assert!(
        fields.iter().all(|field| matches!(field.tag, Tag(Context::Tiff | Context::Exif | Context::Gps, _)))
    );
    tiff.into_inner()
}
