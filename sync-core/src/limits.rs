//! Every limit that device and server agree on, with its unit in the name. Nothing here is configurable: both
//! sides must refuse the same things.

/// Operations in one push request.
pub const PUSH_MAX_OPERATIONS: usize = 200;
/// Bytes of one push request body (1 MiB).
pub const PUSH_MAX_BYTES: usize = 1024 * 1024;
/// Bytes of one operation as sent (256 KiB).
pub const OPERATION_MAX_BYTES: usize = 256 * 1024;
/// Change rows in one pull page, unless one transaction alone is larger: a page never splits a transaction.
pub const PULL_PAGE_ROWS: usize = 1000;
/// Bytes of a snapshot that a device asks for at a time (1 MiB): what it loses when the connection breaks.
pub const SNAPSHOT_CHUNK_BYTES: u64 = 1024 * 1024;
/// Bytes of a snapshot as it travels (1 GiB).
pub const SNAPSHOT_MAX_BYTES: u64 = 1024 * 1024 * 1024;
/// Bytes of a page of the database in a snapshot: those of a page in a browser.
pub const SNAPSHOT_PAGE_BYTES: u16 = 8192;
/// Bytes at the end of each page that a snapshot leaves free (nonce and tag of ChaCha20-Poly1305): a browser, which encrypts
/// its databases page by page, takes the pages as they are.
pub const SNAPSHOT_RESERVED_BYTES: u8 = 32;
/// Bytes of a snapshot when it is unpacked (8 GiB).
pub const SNAPSHOT_UNPACKED_MAX_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// Bytes of a snapshot that are unpacked before whoever hosts the store has a turn (512 KiB): a browser answers its screens in
/// between, in one thread. Elsewhere it is a thread of its own.
pub const SNAPSHOT_PIECE_BYTES: u64 = if cfg!(target_family = "wasm") { 512 * 1024 } else { u64::MAX };
/// Bytes of a photo's original (20 MiB).
pub const PHOTO_MAX_BYTES: u64 = 20 * 1024 * 1024;
/// Bytes of one upload chunk (256 KiB).
pub const UPLOAD_CHUNK_BYTES: usize = 256 * 1024;
/// Photos in one inspection.
pub const INSPECTION_MAX_PHOTOS: usize = 60;
/// Photos in one report of rectification, re-check or fire point verification.
pub const RECORD_MAX_PHOTOS: usize = 30;
/// Checklist answers in one inspection.
pub const INSPECTION_MAX_ANSWERS: usize = 200;
/// Fire points in one answer.
pub const ANSWER_MAX_POINTS: usize = 100;
/// Measurements in one inspection.
pub const INSPECTION_MAX_MEASUREMENTS: usize = 100;
/// Kind-specific facts of one target.
pub const TARGET_MAX_FACTS: usize = 100;
/// Characters of a name, code or address.
pub const NAME_MAX_CHARS: usize = 200;
/// Characters of a note, reason or description.
pub const NOTE_MAX_CHARS: usize = 4000;
/// Bytes of a code (item, kind, grid path …).
pub const CODE_MAX_BYTES: usize = 64;
/// Levels of the grid: city or district at the top, group at the bottom (zhumadian-2017 五（八）2).
pub const GRID_LEVELS: usize = 5;
/// Characters of foreign text repeated in an error message.
pub const ERROR_EXCERPT_CHARS: usize = 40;
/// Seconds a device's clock may run ahead of the server's receipt before the inspection is flagged (10 min).
pub const CLOCK_AHEAD_MAX_SECONDS: i64 = 600;
/// Days between occurrence and receipt beyond which the inspection is flagged: a season offline.
pub const CLOCK_BEHIND_MAX_DAYS: i64 = 180;
/// Metres of fix accuracy beyond which the inspection is flagged.
pub const FIX_ACCURACY_MAX_METRES: f64 = 500.0;
/// Seconds between a fix and the occurrence beyond which the inspection is flagged (2 h): a fix of the office says nothing of
/// the site.
pub const FIX_APART_MAX_SECONDS: i64 = 2 * 3600;
/// Metres between fix and target beyond which the inspection is flagged.
pub const FIX_TARGET_MAX_METRES: f64 = 3000.0;
/// Points of one polygon, all rings together: its check compares every side with every other.
pub const POLYGON_MAX_POINTS: usize = 2000;
/// Results of one register search on the device.
pub const SEARCH_MAX_RESULTS: usize = 50;
