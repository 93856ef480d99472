//! Small photos: real JPEGs of a few pixels, each with bytes of its own in a comment segment, as long as one likes.

use std::sync::LazyLock;

use plain_jpeg::encode_rgb;

/// The marker that every JPEG begins with, and the one of a comment.
const START_OF_IMAGE: [u8; 2] = [0xff, 0xd8];
const COMMENT: [u8; 2] = [0xff, 0xfe];
/// Bytes of a comment segment at most, its length field included.
const COMMENT_MAX: usize = 65_000;

/// Pixels of the picture's sides.
const SIDE: u16 = 16;

/// A picture of a few pixels.
static PICTURE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pixels: Vec<u8> = (0..u32::from(SIDE) * u32::from(SIDE) * 3).map(|at| at.to_le_bytes()[0]).collect();
    encode_rgb(&pixels, (SIDE, SIDE), 60, None).unwrap()
});

/// A photo with this mark and so many bytes beside the picture: more than a chunk's worth makes several requests.
#[must_use]
pub fn small_photo(mark: [u8; 8], padding: usize) -> Vec<u8> {
    let (start, rest) = PICTURE.split_at(START_OF_IMAGE.len());
    let mut bytes = start.to_vec();
    let mut comment = mark.to_vec();
    comment.resize(comment.len() + padding, b'.');
    for part in comment.chunks(COMMENT_MAX) {
        let length = u16::try_from(part.len() + 2).unwrap();
        bytes.extend_from_slice(&COMMENT);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes.extend_from_slice(rest);
    bytes
}
