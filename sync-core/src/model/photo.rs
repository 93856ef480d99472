//! Photo (照片): evidence, known by the SHA-256 of its untouched bytes.

use serde::{Deserialize, Serialize};

use crate::geo::Point;
use crate::ids::{PhotoHash, QuestionCode};
use crate::time::Instant;

/// Where a picture came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PhotoSource {
    /// Taken by the product's own camera view.
    Camera,
    /// Picked from files or a gallery.
    Gallery,
    /// Drawn on the device by the site's representative: a signature (签字).
    Drawing,
}

/// One line of an inspection's photo manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhotoEntry {
    /// SHA-256 of the original bytes, made at capture.
    pub sha256: PhotoHash,
    /// Size of the original in bytes.
    pub size: u64,
    /// When it was taken.
    pub taken_at: Instant,
    /// Where it was taken, if known.
    pub point: Option<Point>,
    /// Camera, gallery or drawing.
    pub source: PhotoSource,
    /// The question it is evidence for; the whole visit when absent.
    pub question: Option<QuestionCode>,
}
