//! The parts of a case's detail.

use serde::{Deserialize, Serialize};
use sync_core::evaluate::{NonCharge, StopWork};
use sync_core::geo::Point;
use sync_core::ids::{
    CaseId, ChargeId, InspectionId, MeasureKey, PackHash, PhotoHash, QuestionCode, UnitId, UserId,
};
use sync_core::model::case::{ChargeState, Flag};
use sync_core::model::decision::DecisionKind;
use sync_core::model::photo::PhotoSource;
use sync_core::money::Fen;
use sync_core::policy::StopPeriod;
use sync_core::time::Instant;
use utoipa::ToSchema;

use crate::db::decisions::DecisionRow;
use crate::db::photos::PhotoExif;

/// A charge (扣缴项).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChargeView {
    /// Its id.
    pub charge_id: ChargeId,
    /// What it is charged for.
    pub measure: MeasureKey,
    /// The unit it falls on.
    pub unit_id: UnitId,
    /// That unit's name.
    pub unit_name: String,
    /// Fen; absent while it has to be entered.
    pub amount: Option<Fen>,
    /// The same as exact yuan.
    pub amount_yuan: Option<String>,
    /// Its state.
    pub state: ChargeState,
    /// Document and clause.
    pub clause: String,
    /// Pack version.
    pub pack_hash: PackHash,
    /// Why, in Chinese.
    pub zh: String,
    /// Why, in English.
    pub en: String,
    /// The absorbed case that found it, alone or too.
    pub merged_from: Option<CaseId>,
    /// What stands of it in the ledger, in fen.
    pub posted: Fen,
}

/// A failed question that is not charged (again).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NonChargeView {
    /// Which question.
    pub question: QuestionCode,
    /// Why not, in Chinese.
    pub zh: String,
    /// Why not, in English.
    pub en: String,
}

impl From<NonCharge> for NonChargeView {
    fn from(non_charge: NonCharge) -> Self {
        Self { question: non_charge.question, zh: non_charge.reason.zh(), en: non_charge.reason.en() }
    }
}

/// A stop-work order (停工整顿).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StopWorkView {
    /// Which occurrence on this target, from 1.
    pub occurrence: u32,
    /// Weeks of suspension, where the document counts in weeks.
    pub weeks: Option<u16>,
    /// Months of suspension, where it counts in months.
    pub months: Option<u16>,
    /// Document and clause.
    pub clause: String,
}

impl From<StopWork> for StopWorkView {
    fn from(stop_work: StopWork) -> Self {
        let (weeks, months) = match stop_work.period {
            StopPeriod::Weeks(weeks) => (Some(weeks), None),
            StopPeriod::Months(months) => (None, Some(months)),
        };
        Self { occurrence: stop_work.occurrence, weeks, months, clause: stop_work.clause }
    }
}

/// What became of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhotoState {
    /// Named in the manifest, not here yet.
    Awaited,
    /// Here, and what the manifest says.
    Verified,
    /// Refused; `refusal` says why.
    Refused,
}

/// A photo of the inspection's manifest.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CasePhoto {
    /// SHA-256 of its original.
    pub sha256: PhotoHash,
    /// What became of it.
    pub state: PhotoState,
    /// Problem code, where refused.
    pub refusal: Option<String>,
    /// The question it is evidence for.
    pub question: Option<QuestionCode>,
    /// When it was taken.
    pub taken_at: Instant,
    /// Where it was taken.
    pub point: Option<Point>,
    /// Camera, gallery or drawing.
    pub source: PhotoSource,
    /// Size of the original in bytes.
    pub size: i64,
    /// Pixels across, once verified.
    pub width: Option<i32>,
    /// Pixels down, once verified.
    pub height: Option<i32>,
    /// What its file says of itself, once verified.
    pub exif: Option<PhotoExif>,
    /// Where the thumbnail for lists is; absent unless verified.
    pub thumbnail_url: Option<String>,
    /// Where the larger one for a case's page is; absent unless verified.
    pub page_url: Option<String>,
    /// Where the untouched original is; absent unless verified.
    pub original_url: Option<String>,
    /// Where the stamped copy (水印) is; absent until it is made.
    pub stamped_url: Option<String>,
}

/// One inspection of the lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Correction {
    /// Its id.
    pub inspection_id: InspectionId,
    /// The one it corrects.
    pub replaces: Option<InspectionId>,
    /// Who recorded it.
    pub author: UserId,
    /// The author's name.
    pub author_name: String,
    /// When it occurred.
    pub occurred_at: Instant,
    /// When the server got it.
    pub received_at: Instant,
    /// Doubts about it.
    pub flags: Vec<Flag>,
}

/// A decision in the history.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DecisionView {
    /// Its number.
    pub decision_no: i64,
    /// What was decided.
    pub kind: DecisionKind,
    /// Who decided (经办); absent where a timer did.
    pub actor: Option<UserId>,
    /// The name of who decided.
    pub actor_name: Option<String>,
    /// The second person (复核), where two were needed.
    pub reviewer: Option<UserId>,
    /// Why.
    pub reason: Option<String>,
    /// The version of the case it was made on.
    pub expected_version: Option<i32>,
    /// When.
    pub decided_at: Instant,
    /// What else was asked (flags, amounts) and the state it led to.
    pub detail: serde_json::Value,
}

impl DecisionView {
    pub(super) fn new(decision: DecisionRow, kind: DecisionKind, actor_name: Option<String>) -> Self {
        Self {
            decision_no: decision.decision_no,
            kind,
            actor: decision.actor.map(UserId),
            reviewer: decision.reviewer.map(UserId),
            actor_name,
            reason: decision.reason,
            expected_version: decision.expected_version,
            decided_at: decision.decided_at.0,
            detail: decision.detail,
        }
    }
}
