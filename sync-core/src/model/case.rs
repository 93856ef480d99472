//! Case (案件) = (inspection lineage, item), with its review and rectification states, and its charges (扣缴项).

use serde::{Deserialize, Serialize};

use crate::geo::Point;
use crate::ids::{CaseId, ChargeId, GridPath, InspectionId, ItemCode, MeasureKey, TargetId, UnitId, UserId};
use crate::model::coded_enum;
use crate::model::inspection::PackRef;
use crate::money::Fen;
use crate::time::Instant;

coded_enum! {
    /// Review state (审核状态) of a case.
    ReviewState {
        /// Evidence that the pack requires is not verified yet (待补证).
        AwaitingEvidence = "awaiting_evidence",
        /// Ready to be decided (待审核).
        UnderReview = "under_review",
        /// Confirmed (已认定): its charges are posted.
        Confirmed = "confirmed",
        /// Sent back to the inspector with a reason (已退回).
        Returned = "returned",
        /// Dismissed (不予认定): its charges are void.
        Dismissed = "dismissed",
        /// Absorbed by another case (已并案).
        Merged = "merged",
    }
}

coded_enum! {
    /// Rectification state (整改状态) of a case, beside its review state.
    RectificationState {
        /// Nothing assigned.
        None = "none",
        /// Assigned with a deadline (已交办).
        Assigned = "assigned",
        /// Reported as rectified (已整改).
        Rectified = "rectified",
        /// Re-checked on the spot (已复核).
        Verified = "verified",
        /// Closed (已销号).
        Closed = "closed",
        /// Overdue, one step up: supervision order (督办).
        Supervision = "supervision",
        /// Two steps up: summons (约谈).
        Summons = "summons",
        /// Three steps up: accountability (问责).
        Accountability = "accountability",
    }
}

coded_enum! {
    /// State of a charge.
    ChargeState {
        /// Awaits the case's decision.
        Pending = "pending",
        /// In the ledger.
        Posted = "posted",
        /// Will not be charged.
        Void = "void",
    }
}

coded_enum! {
    /// What a supervisor must settle before a case may post (invariant 3). It never refuses an inspection.
    Flag {
        /// The device's clock was ahead of the server's at receipt, or so far behind that it cannot be right.
        ClockSuspect = "clock_suspect",
        /// No fix, a mock fix, a fix outside the country, one far from the target, or a very inaccurate one.
        FixSuspect = "fix_suspect",
        /// A measurement that cannot be (not a number, or outside the pack's physical bounds).
        MeasurementSuspect = "measurement_suspect",
        /// The server sees another discovery level than the one sealed.
        LevelDiffers = "level_differs",
        /// The server sees another unit or grid than the one sealed.
        UnitDiffers = "unit_differs",
        /// The server sees other zones at the place than those sealed.
        ZonesDiffer = "zones_differ",
        /// The server sees another pack in force on the date of occurrence.
        PackDiffers = "pack_differs",
        /// The target changed between the sealed version and the server's, or its facts differ.
        TargetDiffers = "target_differs",
        /// A correction of a case that was already decided: a proposal.
        AmendsDecided = "amends_decided",
        /// Another case may be the same finding (invariant 6): merged or kept apart by decision, not settled.
        DuplicateProposed = "duplicate_proposed",
        /// A case that was merged into this one was corrected since: the charges that it brought may not hold.
        AbsorbedAmended = "absorbed_amended",
    }
}

/// A charge as devices and screens see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChargeRow {
    /// Its id.
    pub charge_id: ChargeId,
    /// What it is charged for.
    pub measure: MeasureKey,
    /// Fen; absent while a supervisor has not entered it (`amount = "entered"`).
    pub amount: Option<Fen>,
    /// Its state.
    pub state: ChargeState,
    /// Document and clause it follows from.
    pub clause: String,
}

/// A case as devices pull it: enough to say what was confirmed, returned or refused, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseRow {
    /// Its id.
    pub case_id: CaseId,
    /// The lineage it belongs to.
    pub lineage: InspectionId,
    /// The inspection it now stands on.
    pub inspection_id: InspectionId,
    /// Who recorded that.
    pub author: UserId,
    /// The item.
    pub item: ItemCode,
    /// The target, if any.
    pub target_id: Option<TargetId>,
    /// Where it is; absent where nobody could say, and in rows of a server that did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// Its grid.
    pub grid: GridPath,
    /// Its responsible unit.
    pub unit_id: UnitId,
    /// When it occurred.
    pub occurred_at: Instant,
    /// The pack it is judged by.
    pub pack: Option<PackRef>,
    /// Review state.
    pub review_state: ReviewState,
    /// Rectification state.
    pub rectification_state: RectificationState,
    /// What must be settled before it may post.
    pub flags: Vec<Flag>,
    /// Grows by one with each decision and each accepted correction.
    pub version: u32,
    /// The last decision's reason (return, dismissal), for the inspector.
    pub reason: Option<String>,
    /// Its charges.
    pub charges: Vec<ChargeRow>,
}
