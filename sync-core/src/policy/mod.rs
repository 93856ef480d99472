//! Policy packs (政策包): the documents' rules as data, their loader, and the book of what is in force where.
//!
//! Invariants: a pack that loads is sound (`validate` says what that means); it never changes, a correction is
//! another version with another hash. Nothing here decides about a case: that is [`crate::evaluate`].

mod book;
mod duty;
mod fault;
mod item;
mod kind;
mod load;
mod pack;
mod period;
#[cfg(feature = "schema")]
mod schema;
mod target_check;
mod validate;

pub use book::{Adoption, BookError, Overlap, PolicyBook};
pub use duty::{
    AirTarget, Appeals, Cadence, CoverageDuty, Due, Escalation, Indicator, ProductionControl, Rectification,
    Routine, Subsidy,
};
pub use fault::{PackError, PackErrors, PackFault};
pub use item::{AMOUNT_MAX_YUAN, Amount, Condition, CountUnit, FactTest, Item, StopPeriod, StopWorkLadder};
pub use kind::{Choice, Fact, FactType, Kind, MeasurementType, Question};
pub use pack::{
    Charging, Clause, Document, DuplicateWindow, PackContent, PolicyPack, Semantics, SourceLine, Status,
    UnknownSemantics, Window,
};
pub use period::Period;
#[cfg(feature = "schema")]
pub use schema::pack_schema;
pub use target_check::{TargetFault, check_target};

/// A pack source that ships with the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltinPack {
    /// Its file name, for error messages.
    pub file: &'static str,
    /// Its TOML source.
    pub source: &'static str,
}

macro_rules! builtin {
    ($($file:literal),+ $(,)?) => {
        &[$(BuiltinPack { file: $file, source: include_str!(concat!("../../policies/", $file)) }),+]
    };
}

const BUILTIN: &[BuiltinPack] = builtin![
    "guancheng-2021.toml",
    "macun-2024.toml",
    "mengzhou-2023.toml",
    "xiping-2024.toml",
    "zhumadian-2017.toml",
];

/// The packs that ship with the product, one for each document.
#[must_use]
pub const fn builtin_packs() -> &'static [BuiltinPack] {
    BUILTIN
}
