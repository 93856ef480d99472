//! Whether a JPEG runs to its end.
//!
//! The decoder fills what is missing of a cut JPEG with grey and reports success, so the end is looked for
//! here. Only the structure is read: which pixels the data mean is the decoder's matter.

const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const TEMPORARY: u8 = 0x01;

/// True when, segment by segment, an end-of-image marker is reached (ITU-T T.81, B.1.1). Markers inside
/// segments, as in the thumbnail that EXIF embeds, do not count; bytes after the end (a motion photo's film)
/// are allowed.
pub(super) fn reaches_end_of_image(jpeg: &[u8]) -> bool {
    let mut rest = jpeg;
    while let Some((marker, after)) = next_marker(rest) {
        match marker {
            END_OF_IMAGE => return true,
            START_OF_IMAGE | TEMPORARY => rest = after,
            _ => {
                let Some(length) = after.first_chunk().map(|bytes| u16::from_be_bytes(*bytes)) else {
                    return false;
                };
                let Some(next) = after.get(usize::from(length)..) else { return false };
                rest = next;
            }
        }
    }
    false
}

/// The next marker and what follows it, skipping entropy-coded data with its stuffed zeros, fill bytes and
/// restart markers.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let at = bytes.windows(2).position(|pair| matches!(pair, [0xFF, 0x01..=0xCF | 0xD8..=0xFE]))?;
    let (marker, after) = bytes.get(at + 1..)?.split_first()?;
    Some((*marker, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photos::picture::sample;

    #[test]
    fn a_whole_jpeg_reaches_its_end_and_every_cut_of_it_does_not() {
        let jpeg = sample::jpeg(64, 48, None);
        assert!(reaches_end_of_image(&jpeg));
        for length in 0..jpeg.len() {
            assert!(!reaches_end_of_image(&jpeg[..length]), "cut to {length} of {} bytes", jpeg.len());
        }
    }

    #[test]
    fn the_end_of_an_embedded_thumbnail_is_not_the_end_of_the_picture() {
        let thumbnail = sample::jpeg(8, 8, None);
        let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xE1];
        jpeg.extend(u16::try_from(thumbnail.len() + 2).unwrap().to_be_bytes());
        jpeg.extend(&thumbnail);
        assert!(!reaches_end_of_image(&jpeg));
        jpeg.extend([0xFF, 0xD9]);
        assert!(reaches_end_of_image(&jpeg));
    }

    #[test]
    fn bytes_after_the_end_are_allowed() {
        let mut jpeg = sample::jpeg(64, 48, None);
        jpeg.extend(b"a motion photo's film");
        assert!(reaches_end_of_image(&jpeg));
    }
}
