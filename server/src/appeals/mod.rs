//! Appeals (申诉) as rules: how long a unit has and the office has, which decisions can be appealed against, and which
//! wait while an appeal is open.
//!
//! Invariants: pure, reads no clock and no database; a gap in the holiday calendar is said, never guessed over.

pub mod hold;
pub mod terms;
