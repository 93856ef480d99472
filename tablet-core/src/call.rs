//! What the worker can ask for: one call each, as JSON `{"call": "<name>", …}`.

use serde::Deserialize;
use sync_core::field::{NewInspection, NewTarget, Seen};
use sync_core::geo::Point;
use sync_core::ids::{
    CaseId, FirePointId, InspectionId, ItemCode, KindCode, OperationId, PhotoHash, TargetId,
};
use sync_core::store::Bounds;

/// A call. Those with `op_id` write an operation under that id.
#[derive(Debug, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    /// What there is to do (今日).
    Today {
        /// Nearest first.
        near: Option<Point>,
    },
    /// Searches the register.
    Search {
        /// Name, register number or pinyin initials.
        text: String,
        /// Of this kind only.
        kind: Option<KindCode>,
        /// Nearest first.
        near: Option<Point>,
    },
    /// One target.
    Target {
        /// Which.
        target_id: TargetId,
    },
    /// Registers a target on the spot. Its id is the operation's.
    RegisterTarget {
        /// The operation.
        op_id: OperationId,
        /// As given.
        target: NewTarget,
    },
    /// Own visits of a target.
    TargetHistory {
        /// Which.
        target_id: TargetId,
    },
    /// Kinds, items and checklists in force here today.
    Rules,
    /// The kind by the pack that judged an own inspection.
    ChecklistOf {
        /// Which.
        inspection_id: InspectionId,
    },
    /// All grids.
    Grids,
    /// All zones.
    Zones,
    /// All units.
    Units,
    /// Targets within bounds.
    MapTargets {
        /// West, south, east, north.
        bounds: Bounds,
        /// At most.
        limit: usize,
    },
    /// The deepest drawn grid that contains a place.
    GridAt {
        /// Where.
        point: Point,
    },
    /// What a finding may be the same as.
    Nearby {
        /// Of which item.
        item: ItemCode,
        /// Where.
        point: Point,
        /// At which target, if any.
        target: Option<TargetId>,
    },
    /// All drafts.
    Drafts,
    /// One draft.
    Draft {
        /// Which.
        inspection_id: InspectionId,
    },
    /// Begins a draft or saves it as it stands.
    SaveDraft {
        /// Which; the worker made the id.
        inspection_id: InspectionId,
        /// The whole visit; that of the inspection it corrects where absent.
        visit: Option<NewInspection>,
        /// The own inspection it corrects; what was said before where absent.
        replaces: Option<InspectionId>,
    },
    /// Discards a draft.
    DiscardDraft {
        /// Which.
        inspection_id: InspectionId,
    },
    /// What would follow.
    Evaluate {
        /// As it stands.
        visit: NewInspection,
        /// The own inspection it would correct.
        replaces: Option<InspectionId>,
    },
    /// Seals a draft.
    Seal {
        /// The operation.
        op_id: OperationId,
        /// Which draft.
        inspection_id: InspectionId,
    },
    /// Own inspections, the newest.
    Inspections {
        /// At most; a page where absent.
        #[serde(default)]
        limit: Option<usize>,
    },
    /// One own inspection, what it said and led to.
    Inspection {
        /// Which.
        inspection_id: InspectionId,
    },
    /// Rounds of rectification in the user's grids.
    Orders {
        /// With distances from here.
        near: Option<Point>,
    },
    /// Fire point leads in the user's grids.
    Leads {
        /// With distances from here.
        near: Option<Point>,
    },
    /// Reports that a case is rectified.
    ReportRectification {
        /// The operation.
        op_id: OperationId,
        /// Which case.
        case_id: CaseId,
        /// What was seen.
        seen: Seen,
    },
    /// Re-checks a case.
    RecheckRectification {
        /// The operation.
        op_id: OperationId,
        /// Which case.
        case_id: CaseId,
        /// Whether it is in order.
        passed: bool,
        /// What was seen.
        seen: Seen,
    },
    /// Verifies a fire point lead.
    VerifyFirePoint {
        /// The operation.
        op_id: OperationId,
        /// Which lead.
        fire_point_id: FirePointId,
        /// The own inspection that records the fire.
        inspection_id: Option<InspectionId>,
        /// What was seen.
        seen: Seen,
    },
    /// How much waits, is held, sent and refused.
    Counts,
    /// The newest operations with their states.
    Log,
    /// Photos whose originals may leave this device, the oldest first.
    OriginalsThatMayGo,
    /// Of these originals those that nothing names.
    UnnamedOriginals {
        /// Which are here.
        here: Vec<PhotoHash>,
    },
}
