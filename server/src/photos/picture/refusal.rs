//! Why a photo file is refused (拒收).

use sync_core::limits::PHOTO_MAX_BYTES;
use sync_core::wire::problem::ProblemKind;

use super::limits::{MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE_PX};

/// A photo file that is not taken as evidence. Its text is for logs; users read the problem table's sentence
/// of its [`PictureRefusal::problem`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureRefusal {
    /// The bytes do not begin like any picture.
    #[error("the bytes are not a picture")]
    NotAnImage,
    /// A picture, but not JPEG, PNG or WebP, or a variant of these that the decoder does not know.
    #[error("the picture is not a JPEG, PNG or WebP that can be decoded")]
    UnsupportedFormat,
    /// The file ends before its pixels do, or they cannot be decoded.
    #[error("the picture is cut off or damaged")]
    Truncated,
    /// More bytes than [`PHOTO_MAX_BYTES`].
    #[error("the file has {bytes} bytes, at most {PHOTO_MAX_BYTES} are accepted")]
    TooLarge {
        /// Length of the file.
        bytes: u64,
    },
    /// More pixels than [`MAX_PICTURE_PIXELS`], a side longer than [`MAX_PICTURE_SIDE_PX`], or pixels so wide
    /// that decoding them would exceed the memory limit.
    #[error(
        "the picture declares {width}×{height} pixels; at most {MAX_PICTURE_PIXELS} and \
         {MAX_PICTURE_SIDE_PX} a side are accepted"
    )]
    TooManyPixels {
        /// Declared width in pixels.
        width: u32,
        /// Declared height in pixels.
        height: u32,
    },
}

impl PictureRefusal {
    /// Its line of the problem table, which devices and screens know.
    pub fn problem(&self) -> ProblemKind {
        match self {
            Self::NotAnImage => ProblemKind::PhotoNotAnImage,
            Self::UnsupportedFormat => ProblemKind::PhotoUnsupportedFormat,
            Self::Truncated => ProblemKind::PhotoTruncated,
            Self::TooLarge { .. } => ProblemKind::PhotoTooLarge,
            Self::TooManyPixels { .. } => ProblemKind::PhotoTooManyPixels,
        }
    }
}
