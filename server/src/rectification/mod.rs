//! Rectification (整改) as rules: what a round allows, where its deadline falls, what an overdue one leads to.
//!
//! Invariants: pure, reads no clock and no database; a gap in the holiday calendar is said, never guessed over.

pub mod ordered_span;
pub mod round;
pub mod terms;
