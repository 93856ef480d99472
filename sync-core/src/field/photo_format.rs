//! Which pictures are taken, told by their first bytes; whether they decode is for the server to say.

use crate::wire::problem::ProblemKind;

/// The first bytes of the formats that are taken: JPEG, PNG, and WebP with its size in between.
const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const RIFF: &[u8] = b"RIFF";
const WEBP: &[u8] = b"WEBP";
/// The first bytes of pictures that are not taken: GIF, BMP, TIFF; and HEIF, which has its mark at byte 4.
const OTHER_PICTURES: [&[u8]; 4] = [b"GIF8", b"BM", b"II*\0", b"MM\0*"];
const HEIF: &[u8] = b"ftyp";

/// Whether the bytes begin like a picture that is taken.
///
/// # Errors
/// `photo_unsupported_format`, `photo_not_an_image`.
pub fn check_photo_format(bytes: &[u8]) -> Result<(), ProblemKind> {
    let webp = bytes.starts_with(RIFF) && bytes.get(8..12) == Some(WEBP);
    if bytes.starts_with(JPEG) || bytes.starts_with(PNG) || webp {
        return Ok(());
    }
    let other = OTHER_PICTURES.iter().any(|mark| bytes.starts_with(mark)) || bytes.get(4..8) == Some(HEIF);
    Err(if other { ProblemKind::PhotoUnsupportedFormat } else { ProblemKind::PhotoNotAnImage })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_their_first_bytes() {
        assert_eq!(check_photo_format(b"\xff\xd8\xff\xe0rest"), Ok(()));
        assert_eq!(check_photo_format(b"\x89PNG\r\n\x1a\nrest"), Ok(()));
        assert_eq!(check_photo_format(b"RIFF\x01\x02\x03\x04WEBPVP8 "), Ok(()));
        assert_eq!(check_photo_format(b"RIFF\x01\x02\x03\x04WAVE"), Err(ProblemKind::PhotoNotAnImage));
        assert_eq!(check_photo_format(b"GIF89a"), Err(ProblemKind::PhotoUnsupportedFormat));
        assert_eq!(check_photo_format(b"\0\0\0\x18ftypheic"), Err(ProblemKind::PhotoUnsupportedFormat));
        assert_eq!(check_photo_format(b"<html>"), Err(ProblemKind::PhotoNotAnImage));
        assert_eq!(check_photo_format(b""), Err(ProblemKind::PhotoNotAnImage));
    }
}
