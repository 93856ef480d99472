//! The evaluator (判定): (pack, sealed inspection with its context, prior facts) to cases and charges, with a
//! reason for every charge and every non-charge.
//!
//! Invariants: pure and total; it reads nothing but its arguments, and of zones, level, unit and facts only those
//! sealed in the inspection's context. Device and server call this one function. Its semantics are
//! versioned by the pack, and old versions are kept: what a closed month was judged by never changes.

mod check;
mod doubts;
mod evidence;
mod outcome;
mod reason;
mod semantics_1;

use std::collections::BTreeMap;

pub use check::{InspectionFault, check};
pub use doubts::{clock_is_suspect, doubts};
pub use evidence::{Evidence, QuestionPhotos};
pub use outcome::{ChargeAmount, Evaluation, NonCharge, ProposedCase, ProposedCharge, StopWork};
pub use reason::{ChargeReason, NamedFact, NonChargeReason};

use crate::ids::ItemCode;
use crate::model::inspection::Inspection;
use crate::policy::{PolicyPack, Semantics};

/// What is known of earlier inspections of the same target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriorFacts {
    /// Confirmed cases of the target before this inspection, by item.
    pub confirmed: BTreeMap<ItemCode, u32>,
}

/// Judges an inspection by a pack; `None` where no pack is in force.
///
/// A draft is judged too, so that its findings are on record, but charges only where the sealed context names a
/// pack in force, that is where an administrator adopted it.
#[must_use]
pub fn evaluate(pack: Option<&PolicyPack>, inspection: &Inspection, prior: &PriorFacts) -> Evaluation {
    match pack {
        None => semantics_1::without_pack(inspection),
        Some(pack) => match pack.content().semantics {
            Semantics::V1 => semantics_1::judge(pack, inspection, prior),
        },
    }
}
