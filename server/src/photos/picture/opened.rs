//! A picture file, checked and decoded once, standing upright.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, metadata::Orientation};
use plain_jpeg::smaller_rgb;
use sync_core::limits::PHOTO_MAX_BYTES;

use super::jpeg_structure::reaches_end_of_image;
use super::limits::{
    LIST_THUMBNAIL_SIDE_PX, MAX_DECODE_BYTES, MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE_PX,
    PAGE_THUMBNAIL_SIDE_PX, THUMBNAIL_QUALITY,
};
use super::{ExifFacts, PictureFormat, PictureRefusal};

/// What the server records of a picture file beside its hash.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureFacts {
    /// The file's format.
    pub format: PictureFormat,
    /// Width in pixels as stored, before the orientation is applied.
    pub width: u32,
    /// Height in pixels as stored, before the orientation is applied.
    pub height: u32,
    /// What the file's EXIF claims.
    pub exif: ExifFacts,
}

/// The two sizes of thumbnail (缩略图). A smaller picture is not enlarged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThumbnailSize {
    /// For lists: [`LIST_THUMBNAIL_SIDE_PX`].
    List,
    /// For a case's page: [`PAGE_THUMBNAIL_SIDE_PX`].
    Page,
}

impl ThumbnailSize {
    /// Most pixels that the longer side has.
    pub fn longest_side_px(self) -> u32 {
        match self {
            Self::List => LIST_THUMBNAIL_SIDE_PX,
            Self::Page => PAGE_THUMBNAIL_SIDE_PX,
        }
    }

    /// The sides of the thumbnail of a picture with these: in its proportions, and never larger.
    fn of(self, (width, height): (u32, u32)) -> (u32, u32) {
        let (longest, most) = (width.max(height), self.longest_side_px());
        if longest <= most {
            return (width, height);
        }
        let scaled = |side: u32| {
            let (side, longest) = (u64::from(side), u64::from(longest));
            let rounded = (side * u64::from(most) + longest / 2) / longest;
            u32::try_from(rounded).unwrap_or(most).max(1)
        };
        (scaled(width), scaled(height))
    }
}

/// A derived copy could not be written as JPEG.
#[derive(Debug, thiserror::Error)]
#[error("a derived picture could not be encoded")]
pub struct EncodeFailure(#[from] plain_jpeg::EncodingError);

/// A decoded picture. Opening decodes once; every copy is made from the same pixels.
#[derive(Debug)]
pub struct Picture {
    facts: PictureFacts,
    upright: DynamicImage,
}

/// The facts of a picture file, after decoding it in full.
///
/// # Errors
/// As [`Picture::open`].
pub fn inspect(bytes: &[u8]) -> Result<PictureFacts, PictureRefusal> {
    Picture::open(bytes).map(|picture| picture.facts)
}

impl Picture {
    /// Checks the limits, decodes every pixel and turns the picture upright.
    ///
    /// # Errors
    /// The [`PictureRefusal`] that tells the sender what is wrong with the file. The declared dimensions are
    /// judged before any pixel is decoded.
    pub fn open(bytes: &[u8]) -> Result<Self, PictureRefusal> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > PHOTO_MAX_BYTES {
            return Err(PictureRefusal::TooLarge { bytes: length });
        }
        let format = PictureFormat::sniff(bytes)?;
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MAX_DECODE_BYTES);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format.as_image_format());
        reader.limits(limits.clone());
        let mut decoder = reader.into_decoder().map_err(|error| match error {
            ImageError::Unsupported(_) => PictureRefusal::UnsupportedFormat,
            _ => PictureRefusal::Truncated,
        })?;

        let (width, height) = decoder.dimensions();
        let too_many = PictureRefusal::TooManyPixels { width, height };
        if width.max(height) > MAX_PICTURE_SIDE_PX
            || u64::from(width) * u64::from(height) > MAX_PICTURE_PIXELS
        {
            return Err(too_many);
        }
        let refused = |error| match error {
            ImageError::Unsupported(_) => PictureRefusal::UnsupportedFormat,
            ImageError::Limits(_) => too_many.clone(),
            _ => PictureRefusal::Truncated,
        };
        limits.reserve(decoder.total_bytes()).map_err(refused)?;
        decoder.set_limits(limits).map_err(refused)?;
        let stored = DynamicImage::from_decoder(decoder).map_err(refused)?;
        if format == PictureFormat::Jpeg && !reaches_end_of_image(bytes) {
            return Err(PictureRefusal::Truncated);
        }

        let exif = ExifFacts::read(bytes);
        let mut upright = DynamicImage::from(stored.into_rgb8());
        upright.apply_orientation(exif.orientation.unwrap_or(Orientation::NoTransforms));
        Ok(Self { facts: PictureFacts { format, width, height, exif }, upright })
    }

    /// What the file is.
    pub fn facts(&self) -> &PictureFacts {
        &self.facts
    }

    /// The upright pixels.
    pub(super) fn upright(&self) -> &DynamicImage {
        &self.upright
    }

    /// An upright JPEG whose longer side is at most the size's pixels.
    ///
    /// # Errors
    /// [`EncodeFailure`] when the JPEG cannot be written.
    pub fn thumbnail(&self, size: ThumbnailSize) -> Result<Vec<u8>, EncodeFailure> {
        let from = (self.upright.width(), self.upright.height());
        let to = size.of(from);
        let sides = |(width, height): (u32, u32)| Some((width.try_into().ok()?, height.try_into().ok()?));
        let smaller = sides(from).zip(sides(to)).filter(|(from, to)| from != to);
        match smaller.and_then(|(from, to)| smaller_rgb(self.upright.as_bytes(), from, to)) {
            Some(pixels) => encode_pixels(&pixels, to, THUMBNAIL_QUALITY),
            None => encode_jpeg(&self.upright, THUMBNAIL_QUALITY),
        }
    }
}

/// A baseline JPEG of the picture, without metadata.
pub(super) fn encode_jpeg(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, EncodeFailure> {
    encode_pixels(&picture.to_rgb8(), (picture.width(), picture.height()), quality)
}

fn encode_pixels(pixels: &[u8], (width, height): (u32, u32), quality: u8) -> Result<Vec<u8>, EncodeFailure> {
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    Ok(plain_jpeg::encode_rgb(pixels, (side(width), side(height)), quality, None)?)
}

#[cfg(test)]
mod tests {
    use exif::{Tag, Value};
    use image::{GenericImageView, ImageFormat};

    use super::*;
    use crate::photos::picture::sample;

    fn oriented(orientation: Orientation) -> Vec<u8> {
        // `apply_orientation` undoes an orientation, so the stored pixels take its inverse.
        let inverse = match orientation {
            Orientation::Rotate90 => Orientation::Rotate270,
            Orientation::Rotate270 => Orientation::Rotate90,
            own_inverse => own_inverse,
        };
        let mut stored = sample::quarters(160, 96);
        stored.apply_orientation(inverse);
        let tag = sample::field(Tag::Orientation, Value::Short(vec![orientation.to_exif().into()]));
        sample::jpeg_of(&stored, Some(&sample::exif(&[tag])))
    }

    fn corners(picture: &DynamicImage) -> [[u8; 3]; 4] {
        let (w, h) = picture.dimensions();
        let picture = picture.to_rgb8();
        [(8, 8), (w - 9, 8), (w - 9, h - 9), (8, h - 9)].map(|(x, y)| picture.get_pixel(x, y).0)
    }

    fn assert_upright(picture: &DynamicImage, what: &str) {
        for (seen, meant) in corners(picture).into_iter().zip(sample::CORNERS) {
            let near = seen.iter().zip(meant.0).all(|(a, b)| a.abs_diff(b) < 24);
            assert!(near, "{what}: corner {seen:?} instead of {meant:?}");
        }
    }

    #[test]
    fn all_eight_orientations_come_out_upright() {
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            let picture = Picture::open(&oriented(orientation)).unwrap();
            assert_eq!(picture.facts().exif.orientation, Some(orientation));
            let stored = if number >= 5 { (96, 160) } else { (160, 96) };
            assert_eq!((picture.facts().width, picture.facts().height), stored, "stored size, {number}");
            assert_eq!(picture.upright().dimensions(), (160, 96), "upright size, {number}");
            assert_upright(picture.upright(), &format!("orientation {number}"));
            let thumbnail = picture.thumbnail(ThumbnailSize::List).unwrap();
            assert_upright(&image::load_from_memory(&thumbnail).unwrap(), &format!("thumbnail, {number}"));
        }
    }

    #[test]
    fn jpeg_png_and_webp_are_taken() {
        for (format, expected) in [
            (ImageFormat::Jpeg, PictureFormat::Jpeg),
            (ImageFormat::Png, PictureFormat::Png),
            (ImageFormat::WebP, PictureFormat::WebP),
        ] {
            let picture = Picture::open(&sample::file(160, 96, format)).unwrap();
            let facts = PictureFacts { format: expected, width: 160, height: 96, exif: ExifFacts::default() };
            assert_eq!(picture.facts(), &facts);
            assert_upright(picture.upright(), facts.format.media_type());
        }
    }

    #[test]
    fn a_cut_file_is_truncated_in_every_format() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let whole = sample::file(160, 96, format);
            for share in 1..10 {
                let cut = &whole[..whole.len() * share / 10];
                assert_eq!(inspect(cut), Err(PictureRefusal::Truncated), "{format:?} cut to {share}/10");
            }
        }
        let jpeg = sample::file(160, 96, ImageFormat::Jpeg);
        assert_eq!(inspect(&jpeg[..jpeg.len() - 1]), Err(PictureRefusal::Truncated), "last byte missing");
        let mut zeroed = jpeg.clone();
        zeroed[jpeg.len() / 2..].fill(0);
        assert_eq!(inspect(&zeroed), Err(PictureRefusal::Truncated), "tail of zeros, as after a power loss");
    }

    #[test]
    fn empty_and_other_files_are_refused_by_their_own_codes() {
        assert_eq!(inspect(b"").unwrap_err().problem().code(), "photo_not_an_image");
        assert_eq!(inspect(b"see attachment").unwrap_err().problem().code(), "photo_not_an_image");
        assert_eq!(
            inspect(b"GIF89a\x01\0\x01\0\0\0\0;").unwrap_err().problem().code(),
            "photo_unsupported_format"
        );
    }

    #[test]
    fn declared_pixels_are_judged_before_decoding() {
        // A valid 16×16 PNG whose header then claims 20,000 × 10,000: decoding it would end in "truncated".
        let mut png = sample::file(16, 16, ImageFormat::Png);
        png[16..20].copy_from_slice(&20_000u32.to_be_bytes());
        png[20..24].copy_from_slice(&10_000u32.to_be_bytes());
        let crc = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(inspect(&png), Err(PictureRefusal::TooManyPixels { width: 20_000, height: 10_000 }));

        let mut jpeg = sample::jpeg(16, 16, None);
        let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        jpeg[frame + 5..frame + 7].copy_from_slice(&10_000u16.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&20_000u16.to_be_bytes());
        assert_eq!(inspect(&jpeg), Err(PictureRefusal::TooManyPixels { width: 20_000, height: 10_000 }));
    }

    #[test]
    fn a_side_beyond_the_limit_is_refused_whatever_the_area() {
        let strip = sample::file(MAX_PICTURE_SIDE_PX + 1, 2, ImageFormat::Png);
        assert_eq!(inspect(&strip).unwrap_err().problem().code(), "photo_too_many_pixels");
        assert!(inspect(&sample::file(MAX_PICTURE_SIDE_PX, 2, ImageFormat::Png)).is_ok());
    }

    #[test]
    fn bytes_beyond_the_limit_are_refused_before_anything_is_read() {
        let mut jpeg = sample::jpeg(16, 16, None);
        jpeg.resize(usize::try_from(PHOTO_MAX_BYTES).unwrap(), 0);
        assert!(inspect(&jpeg).is_ok(), "exactly the limit");
        jpeg.push(0);
        assert_eq!(inspect(&jpeg), Err(PictureRefusal::TooLarge { bytes: PHOTO_MAX_BYTES + 1 }));
    }

    #[test]
    fn thumbnails_keep_the_proportions_and_never_enlarge() {
        let picture = Picture::open(&sample::jpeg(1600, 1200, None)).unwrap();
        let size = |size| image::load_from_memory(&picture.thumbnail(size).unwrap()).unwrap().dimensions();
        assert_eq!(size(ThumbnailSize::List), (320, 240));
        assert_eq!(size(ThumbnailSize::Page), (1280, 960));
        let small =
            Picture::open(&sample::jpeg(100, 50, None)).unwrap().thumbnail(ThumbnailSize::Page).unwrap();
        assert_eq!(image::load_from_memory(&small).unwrap().dimensions(), (100, 50));
    }

    /// The PNG chunk checksum (W3C PNG 3, annex D).
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8)
                .fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
        })
    }
}
