//! The limits of uploads, with their units; a photo's bytes have [`sync_core::limits::PHOTO_MAX_BYTES`], a picture
//! the limits of [`super::picture::limits`].

use std::time::Duration;

/// Bytes that are received before they are appended (4 MiB). A longer body is appended in pieces of this size,
/// unless it has a checksum: then the whole of it must be verified first, and a longer one is refused.
pub const PIECE_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of all pieces in memory at one time (128 MiB); what comes beyond them waits.
pub const CHUNK_MEMORY_BYTES: usize = 128 * 1024 * 1024;

/// How long one piece may take to arrive, waiting for memory included: the device's chunk of 256 KiB at 2 KiB/s.
pub const PIECE_TIME_LIMIT: Duration = Duration::from_secs(128);

/// Seconds for which an unfinished upload is kept after it last grew: a week without signal.
pub const UPLOAD_LIFETIME_SECONDS: i64 = 7 * 24 * 3600;

/// Uploads of one user that are begun and not sent to their end: three inspections with all the photos they may have.
pub const OPEN_UPLOADS_PER_USER: i64 = 180;

/// How often leftovers are looked for, and verdicts and stamps that could not be made are tried again.
pub const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);

/// How long nobody has written to a file that is taken for a leftover where no row tells of it: its row comes within
/// seconds, or the process ended in between.
pub const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// Rows that judging and stamping take at one time.
pub const BATCH_ROWS: i64 = 32;
