//! The nouns of the field, one file each, as device and server both speak them.
//!
//! These are wire and store types: unknown fields of a newer peer are ignored when decoded, and the sealed bytes
//! an inspection arrived in are kept beside them, so nothing a newer device wrote is lost.

pub mod appeal;
pub mod assignment;
pub mod case;
mod coded_enum;
pub mod credit_code;
pub mod decision;
pub mod fire_point;
pub mod grid;
pub mod inspection;
pub mod photo;
pub mod rectification;
pub mod target;
pub mod unit;
pub mod zone;

use coded_enum::coded_enum;
