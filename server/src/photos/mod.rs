//! Photos (照片) on the server: pictures, the files of unfinished uploads, and where finished photos are kept.
//!
//! Invariants:
//! - What was acknowledged is durable: a chunk before its offset is answered, a photo before it is called verified.
//! - No acknowledgement waits for a picture: verdicts and copies are made by background rounds.
//! - The untouched original is kept under its hash and never replaced or deleted; everything else is derived.
//! - Memory is bounded: chunks by [`limits::CHUNK_MEMORY_BYTES`], decoded pictures by the image workers.

pub mod chunk_body;
pub mod image_workers;
pub mod limits;
pub mod part_files;
pub mod photo_store;
pub mod picture;
pub mod places;
pub mod rounds;
pub mod stamper;
pub mod tus;
