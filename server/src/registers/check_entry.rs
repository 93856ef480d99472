//! What units, grids and zones must be, whether a form or a file brings them.

use sync_core::ids::RegionCode;
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::credit_code::is_credit_code;
use sync_core::model::grid::Grid;
use sync_core::model::unit::Unit;
use sync_core::model::zone::Zone;
use sync_core::text::{check_required, check_text};
use sync_core::wire::problem::ProblemKind;

use crate::problem::ApiError;

/// Digits of a statistical code (统计用区划代码).
const STATISTICAL_CODE_DIGITS: usize = 12;

/// What is wrong with an entry, and in which field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryFault {
    /// The problem.
    pub kind: ProblemKind,
    /// The field, as JSON names it.
    pub field: &'static str,
}

impl From<EntryFault> for ApiError {
    fn from(fault: EntryFault) -> Self {
        Self::new(fault.kind).field(fault.field)
    }
}

/// An entry that can be checked by itself; what it refers to is for the database to say.
pub trait CheckEntry {
    /// Everything wrong with it, in field order.
    fn faults(&self, district: &RegionCode) -> Vec<EntryFault>;
}

fn required(text: &str, field: &'static str) -> Option<EntryFault> {
    let kind = ProblemKind::from(check_required(text, NAME_MAX_CHARS).err()?);
    Some(EntryFault { kind, field })
}

fn unless(holds: bool, kind: ProblemKind, field: &'static str) -> Option<EntryFault> {
    (!holds).then_some(EntryFault { kind, field })
}

fn all<const N: usize>(faults: [Option<EntryFault>; N]) -> Vec<EntryFault> {
    faults.into_iter().flatten().collect()
}

impl CheckEntry for Unit {
    fn faults(&self, _: &RegionCode) -> Vec<EntryFault> {
        all([
            required(&self.name, "name"),
            unless(
                self.credit_code.as_deref().is_none_or(is_credit_code),
                ProblemKind::CreditCodeInvalid,
                "credit_code",
            ),
            required(&self.budget_code, "budget_code"),
        ])
    }
}

impl CheckEntry for Grid {
    fn faults(&self, district: &RegionCode) -> Vec<EntryFault> {
        let digits = |code: &String| {
            code.len() == STATISTICAL_CODE_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit())
        };
        let staff = &self.staff;
        let names = [
            (&staff.chief, "staff.chief"),
            (&staff.member, "staff.member"),
            (&staff.patroller, "staff.patroller"),
            (&staff.supervisor, "staff.supervisor"),
        ];
        let mut faults = all([
            unless(self.path.region() == *district, ProblemKind::OtherDistrict, "path"),
            required(&self.name, "name"),
            unless(
                self.statistical_code.as_ref().is_none_or(digits),
                ProblemKind::StatisticalCodeInvalid,
                "statistical_code",
            ),
            self.polygon.as_ref().and_then(|outline| {
                Some(EntryFault { kind: outline.check().err()?.into(), field: "polygon" })
            }),
        ]);
        faults.extend(names.into_iter().filter_map(|(name, field)| {
            let kind = check_text(name.as_deref().unwrap_or_default(), NAME_MAX_CHARS).err()?.into();
            Some(EntryFault { kind, field })
        }));
        faults
    }
}

impl CheckEntry for Zone {
    fn faults(&self, _: &RegionCode) -> Vec<EntryFault> {
        all([
            required(&self.name, "name"),
            self.polygon.check().err().map(|fault| EntryFault { kind: fault.into(), field: "polygon" }),
            unless(self.until.is_none_or(|until| self.from <= until), ProblemKind::DaysReversed, "until"),
        ])
    }
}
