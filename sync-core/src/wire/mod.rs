//! The wire, version 1: what devices and server say to each other (docs/protocol.md).
//!
//! Invariants: operations are kept and sent as their original bytes; author, incarnation, epoch and scope version
//! are in the format from version 1; a decoder ignores fields it does not know and reports kinds it does not know
//! instead of failing the page they came in.

pub mod auth;
pub mod cursor;
pub mod digest;
pub mod field_record;
pub mod operation;
pub mod problem;
pub mod pull;
pub mod push;

/// The protocol version of this build; a server answers `unsupported_protocol` to one it does not speak.
pub const PROTOCOL_VERSION: u16 = 1;
