//! Photos of the three months: small seeded scenes.

use sync_core::geo::Point;
use sync_core::time::Instant;
use tests::scene::{SceneKind, small_scene};

/// A photo that an inspector takes of a finding.
pub fn of_finding(kind: SceneKind, seed: u64, at: Instant, point: Point) -> Vec<u8> {
    small_scene(kind, seed, at, Some(point))
}

/// A photo of the same place in order: a swept street before it.
pub fn of_order(seed: u64, at: Instant, point: Point) -> Vec<u8> {
    small_scene(SceneKind::Street, seed, at, Some(point))
}
