//! RGB pixels: smaller copies of them, and JPEG files.
//!
//! A crate of its own for the sake of builds that are not optimised: the encoder's loops are generic, so they are compiled
//! where they are called. Called from here they are optimised in every profile (`profile.dev.package` of the workspace);
//! from a crate that is compiled for debugging a picture takes twenty times as long. It must not get anything to do but
//! loops over pixels.

mod smaller;

use jpeg_encoder::{ColorType, Encoder};

pub use jpeg_encoder::EncodingError;
pub use smaller::smaller_rgb;

/// A baseline JPEG of these pixels: three bytes each, row by row, as many as the sides say; `quality` is 1 to 100, `exif`
/// a TIFF structure to be put in.
///
/// # Errors
/// [`EncodingError`] where there are fewer pixels than that, a side is nought, or `exif` fills more than a segment.
pub fn encode_rgb(
    pixels: &[u8],
    (width, height): (u16, u16),
    quality: u8,
    exif: Option<&[u8]>,
) -> Result<Vec<u8>, EncodingError> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, quality);
    if let Some(exif) = exif {
        encoder.add_exif_metadata(exif)?;
    }
    encoder.encode(pixels, width, height, ColorType::Rgb)?;
    Ok(jpeg)
}
