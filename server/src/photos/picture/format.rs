//! What kind of file the bytes are, by their first bytes; a name or a content type is never believed.

use image::ImageFormat;

use super::PictureRefusal;

/// The picture formats taken as evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG (W3C PNG 3).
    Png,
    /// WebP (RFC 9649), lossy or lossless.
    WebP,
}

impl PictureFormat {
    /// The format that the first bytes show.
    ///
    /// # Errors
    /// [`PictureRefusal::UnsupportedFormat`] for a picture of another format (GIF, HEIC, BMP, TIFF…),
    /// [`PictureRefusal::NotAnImage`] for anything else, the empty file too.
    pub fn sniff(bytes: &[u8]) -> Result<Self, PictureRefusal> {
        match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => Ok(Self::Jpeg),
            Ok(ImageFormat::Png) => Ok(Self::Png),
            Ok(ImageFormat::WebP) => Ok(Self::WebP),
            Ok(_) => Err(PictureRefusal::UnsupportedFormat),
            Err(_) if is_heif(bytes) => Err(PictureRefusal::UnsupportedFormat),
            Err(_) => Err(PictureRefusal::NotAnImage),
        }
    }

    /// The media type (RFC 6838) to serve the original with.
    pub fn media_type(self) -> &'static str {
        self.as_image_format().to_mime_type()
    }

    pub(super) fn as_image_format(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::WebP => ImageFormat::WebP,
        }
    }
}

/// HEIC and its relatives begin with an ISO BMFF `ftyp` box of one of these brands (ISO/IEC 23008-12, 10.2).
fn is_heif(bytes: &[u8]) -> bool {
    matches!(bytes, [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..]
        if [b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1"].iter().any(|known| brand.starts_with(*known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_file_named_jpg_and_an_empty_file_are_not_images() {
        for bytes in [&b"photo of the site, see attachment"[..], b"", b"\xFF", b"\0\0\0\0"] {
            assert_eq!(PictureFormat::sniff(bytes), Err(PictureRefusal::NotAnImage), "{bytes:?}");
        }
    }

    #[test]
    fn other_picture_formats_are_told_from_non_pictures() {
        let others: [&[u8]; 4] =
            [b"GIF89a\x01\0\x01\0", b"BM\x46\0\0\0", b"II*\0\x08\0\0\0", b"\0\0\0\x18ftypheic"];
        for bytes in others {
            assert_eq!(PictureFormat::sniff(bytes), Err(PictureRefusal::UnsupportedFormat), "{bytes:?}");
        }
    }
}
