//! Pictures (照片) as pure functions over bytes: what a photo file is, and what is derived from it.
//!
//! Invariants:
//! - Input bytes are never changed: the untouched original is the evidence, everything made here is a copy.
//! - Nothing is decoded before its format, its size in bytes and its declared pixels passed the limits.
//! - A refusal is a typed value with a stable code; absent or broken EXIF is never a reason to refuse.
//!
//! Must not: read the network, a database or a clock. The only file read here is the font, by [`Font::find`].
//! Everything is synchronous and takes up to a second of one core for a large picture, so callers run it on a
//! bounded blocking queue.

mod exif_facts;
mod font;
mod format;
mod jpeg_structure;
pub mod limits;
mod opened;
mod refusal;
#[cfg(test)]
mod sample;
mod stamp;
mod stamp_text;

pub use exif_facts::{ExifFacts, TakenAt};
pub use font::{Font, NoFont};
pub use format::PictureFormat;
pub use opened::{EncodeFailure, Picture, PictureFacts, ThumbnailSize, inspect};
pub use refusal::PictureRefusal;
pub use stamp::StampFailure;
pub use stamp_text::{StampPosition, StampText};
