//! The limits a picture must keep, with their units; its bytes have [`sync_core::limits::PHOTO_MAX_BYTES`].

/// Most pixels a picture may declare: 50 megapixels, above every current tablet and phone camera's normal mode.
pub const MAX_PICTURE_PIXELS: u64 = 50_000_000;

/// Longest side a picture may declare, in pixels. Below what JPEG can hold (65,535), so that every accepted
/// picture also has a JPEG copy.
pub const MAX_PICTURE_SIDE_PX: u32 = 30_000;

/// Memory one decoder may allocate, in bytes: 50 megapixels at 4 bytes each and the decoder's own buffers.
pub const MAX_DECODE_BYTES: u64 = 256 * 1024 * 1024;

/// Longest side of the thumbnail (缩略图) that lists show, in pixels.
pub const LIST_THUMBNAIL_SIDE_PX: u32 = 320;

/// Longest side of the thumbnail that a case page shows, in pixels.
pub const PAGE_THUMBNAIL_SIDE_PX: u32 = 1280;

/// JPEG quality (1–100) of thumbnails.
pub const THUMBNAIL_QUALITY: u8 = 80;

/// JPEG quality (1–100) of stamped copies, which are printed and handed over.
pub const STAMP_QUALITY: u8 = 88;
