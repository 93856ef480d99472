//! Field records (现场记录) beside inspections: a report of rectification, a re-check, the verification of a fire
//! point. Each is known by the operation that brings it, so it needs no id of its own.
//!
//! Invariant: device and server check them with the same function, before anything is stored.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::geo::Fix;
use crate::ids::{CaseId, FirePointId, InspectionId};
use crate::limits::{NAME_MAX_CHARS, NOTE_MAX_CHARS, RECORD_MAX_PHOTOS};
use crate::model::photo::PhotoEntry;
use crate::text::{check_required, check_text};
use crate::wire::problem::ProblemKind;

/// A report that a case is rectified (整改反馈).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RectificationReport {
    /// The case.
    pub case_id: CaseId,
    /// The round it answers.
    pub round: u16,
    /// What was done.
    pub text: String,
    /// Photos of it.
    #[serde(default)]
    pub photos: Vec<PhotoEntry>,
    /// Where the device was.
    pub fix: Option<Fix>,
}

/// A re-check on the spot (现场复核).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RectificationCheck {
    /// The case.
    pub case_id: CaseId,
    /// The round that is re-checked.
    pub round: u16,
    /// Whether it is in order.
    pub passed: bool,
    /// What was seen; required where it is not in order.
    #[serde(default)]
    pub text: String,
    /// Photos of it.
    #[serde(default)]
    pub photos: Vec<PhotoEntry>,
    /// Where the device was.
    pub fix: Option<Fix>,
}

/// The verification of a fire point lead (火点核查).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FirePointVerification {
    /// The lead.
    pub fire_point_id: FirePointId,
    /// The inspection that records the fire; absent where none was found.
    pub inspection_id: Option<InspectionId>,
    /// What was seen; required where no fire was found.
    #[serde(default)]
    pub text: String,
    /// Photos of it.
    #[serde(default)]
    pub photos: Vec<PhotoEntry>,
    /// Where the device was.
    pub fix: Option<Fix>,
}

/// Why a field record is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFault {
    /// The problem.
    pub kind: ProblemKind,
    /// The field it is about, such as `photos[2].sha256`.
    pub field: String,
}

impl RecordFault {
    fn new(kind: ProblemKind, field: impl Into<String>) -> Self {
        Self { kind, field: field.into() }
    }
}

impl RectificationReport {
    /// Everything wrong with it; empty when it can be taken.
    #[must_use]
    pub fn faults(&self) -> Vec<RecordFault> {
        faults(&self.text, true, &self.photos, self.fix.as_ref())
    }
}

impl RectificationCheck {
    /// Everything wrong with it; empty when it can be taken.
    #[must_use]
    pub fn faults(&self) -> Vec<RecordFault> {
        faults(&self.text, !self.passed, &self.photos, self.fix.as_ref())
    }
}

impl FirePointVerification {
    /// Everything wrong with it; empty when it can be taken.
    #[must_use]
    pub fn faults(&self) -> Vec<RecordFault> {
        faults(&self.text, self.inspection_id.is_none(), &self.photos, self.fix.as_ref())
    }
}

/// Structure only: where the device was is never a reason to refuse what was seen.
fn faults(text: &str, text_needed: bool, photos: &[PhotoEntry], fix: Option<&Fix>) -> Vec<RecordFault> {
    let mut faults = Vec::new();
    let checked =
        if text_needed { check_required(text, NOTE_MAX_CHARS) } else { check_text(text, NOTE_MAX_CHARS) };
    faults.extend(checked.err().map(|fault| RecordFault::new(fault.into(), "text")));
    let provider = fix.map(|fix| fix.provider.as_str()).unwrap_or_default();
    let checked = check_text(provider, NAME_MAX_CHARS);
    faults.extend(checked.err().map(|fault| RecordFault::new(fault.into(), "fix.provider")));
    if photos.len() > RECORD_MAX_PHOTOS {
        faults.push(RecordFault::new(ProblemKind::TooManyItems, "photos"));
    }
    let mut hashes = BTreeSet::new();
    let repeated = photos.iter().enumerate().filter(|(_, photo)| !hashes.insert(&photo.sha256));
    faults.extend(repeated.map(|(index, _)| {
        RecordFault::new(ProblemKind::OperationMalformed, format!("photos[{index}].sha256"))
    }));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(passed: bool, text: &str) -> RectificationCheck {
        let case_id = "01890000-0000-7000-8000-000000000001".parse().unwrap();
        RectificationCheck { case_id, round: 1, passed, text: text.to_owned(), photos: vec![], fix: None }
    }

    #[test]
    fn what_is_not_in_order_must_be_said_in_words() {
        assert_eq!(check(true, "").faults(), []);
        assert_eq!(check(false, " ").faults(), [RecordFault::new(ProblemKind::TextRequired, "text")]);
        assert_eq!(check(false, "a\0").faults(), [RecordFault::new(ProblemKind::TextContainsNul, "text")]);
    }
}
