//! What a supervisor asks about duplicates, and what the decision did.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sync_core::ids::{CaseId, DecisionRequestId, UnitId};
use sync_core::limits::NOTE_MAX_CHARS;
use sync_core::model::decision::DecisionKind;
use sync_core::text::{TextFault, check_required};
use utoipa::ToSchema;

use super::Refusal;

/// Cases that one decision merges or keeps apart, beside the one it is made on.
pub const OTHERS_MAX: usize = 50;

/// A case with the version that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedCase {
    /// Which.
    pub case_id: CaseId,
    /// Its version.
    pub expected_version: u32,
}

/// Merge cases into one (并案).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: DecisionRequestId,
    /// The version of the case that survives.
    pub expected_version: u32,
    /// The cases that it absorbs.
    pub absorbed: Vec<ExpectedCase>,
    /// The unit that answers for it; must be named where the cases have different ones.
    pub unit_id: Option<UnitId>,
    /// Why.
    pub reason: String,
}

/// Keep proposed duplicates apart (不予并案): every proposed pair among these cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepApartRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: DecisionRequestId,
    /// The version of the case it is decided on.
    pub expected_version: u32,
    /// The other cases.
    pub others: Vec<ExpectedCase>,
    /// Why.
    pub reason: String,
}

/// What was decided about duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DuplicateDecision {
    /// Its number in the district.
    pub decision_no: i64,
    /// The case it was made on: the one that survives a merge.
    pub case_id: CaseId,
    /// What was decided.
    pub kind: DecisionKind,
    /// That case's version after it.
    pub version: u32,
    /// The others with their versions after it.
    pub others: Vec<VersionAfter>,
}

/// A case's version after a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionAfter {
    /// Which.
    pub case_id: CaseId,
    /// Its version.
    pub version: u32,
}

impl MergeRequest {
    /// All the cases that it is about.
    #[must_use]
    pub fn cases(&self, survivor: CaseId) -> BTreeSet<CaseId> {
        self.absorbed.iter().map(|case| case.case_id).chain([survivor]).collect()
    }

    pub(super) fn check(&self, survivor: CaseId) -> Result<(), Refusal> {
        check(survivor, &self.absorbed, "absorbed", &self.reason)
    }
}

impl KeepApartRequest {
    pub(super) fn check(&self, case_id: CaseId) -> Result<(), Refusal> {
        check(case_id, &self.others, "others", &self.reason)
    }
}

/// A reason, and other cases, each once.
fn check(case_id: CaseId, others: &[ExpectedCase], field: &'static str, reason: &str) -> Result<(), Refusal> {
    match check_required(reason, NOTE_MAX_CHARS) {
        Err(TextFault::Empty) => return Err(Refusal::ReasonRequired),
        checked => checked?,
    }
    if others.len() > OTHERS_MAX {
        return Err(Refusal::TooMany { field });
    }
    let distinct: BTreeSet<CaseId> = others.iter().map(|other| other.case_id).collect();
    if others.is_empty() || distinct.len() != others.len() || distinct.contains(&case_id) {
        return Err(Refusal::NotOthers { field });
    }
    Ok(())
}
