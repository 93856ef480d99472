//! Shows a case (案件) with everything a reviewer needs: place and target, sealed inspection, charges and non-charges
//! with their reasons, doubts explained, photos, corrections, and the history of decisions.

mod amendment;
mod appeal;
mod doubt;
mod duplicates;
mod parts;
mod read;

use jiff::civil::Date;
use serde::Serialize;
use sync_core::evaluate::ProposedCase;
use sync_core::ids::CaseId;
use sync_core::model::inspection::Inspection;
use sync_core::model::target::Target;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

pub use amendment::{AmendedCharge, Amendment};
pub use doubt::Doubt;
pub use duplicates::Duplicate;
pub use parts::{CasePhoto, ChargeView, Correction, DecisionView, NonChargeView, PhotoState, StopWorkView};

use crate::auth::actor::Actor;
use crate::auth::case_scope::CaseScope;
use crate::db::types::{stored_code, stored_json};
use crate::db::{Connection, decisions};
use crate::problem::ApiError;
pub(super) use read::{charges, is_open_to};

use crate::services::list_appeals::{Appeal, appeals_of};
use crate::services::list_cases::{CaseSummary, summaries};
use crate::services::list_proposals::{Proposal, ProposalFilter, ProposalState, list_proposals};
use crate::services::rectify_case::LoopRules;
use crate::services::show_rectification::{RoundView, show_rectification};
use crate::services::store_inspections::{InspectionSource, SourceDocument};

/// A case in full.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: CaseSummary,
    /// The target as registered now, unless it was a spot.
    pub target: Option<Target>,
    /// The sealed inspection it stands on, with the context it was judged in.
    pub inspection: Inspection,
    /// Where that comes from.
    pub source: InspectionSource,
    /// The document it is on record by, where no device sent it.
    pub document: Option<SourceDocument>,
    /// When the server got that.
    pub received_at: Instant,
    /// Metres between the place of record and the registered target.
    pub distance_to_target_metres: Option<f64>,
    /// What is charged, and why.
    pub charges: Vec<ChargeView>,
    /// What is not charged, and why not.
    pub non_charges: Vec<NonChargeView>,
    /// The stop-work order that confirmation would lead to.
    pub stop_work: Option<StopWorkView>,
    /// Doubts to be settled, explained.
    pub doubts: Vec<Doubt>,
    /// Other cases that may be, or were, the same finding.
    pub duplicates: Vec<Duplicate>,
    /// The case that absorbed it.
    pub merged_into: Option<CaseId>,
    /// The cases that it absorbed.
    pub absorbed: Vec<CaseId>,
    /// Photos of the inspection.
    pub photos: Vec<CasePhoto>,
    /// The chain of corrections, the first inspection first.
    pub corrections: Vec<Correction>,
    /// The closed loop (闭环): every round of rectification, the first first.
    pub rectification: Vec<RoundView>,
    /// Decisions on it, the first first.
    pub decisions: Vec<DecisionView>,
    /// Appeals against what it charges (申诉), the first first.
    pub appeals: Vec<Appeal>,
    /// Until when its unit may appeal; absent where nothing can be appealed against, and while the holiday calendar
    /// lacks the year.
    pub appealable_until: Option<Instant>,
    /// What was proposed on this version and awaits another person's review, for its supervisors.
    pub proposal: Option<Proposal>,
    /// A correction of the decided case that awaits its acceptance or refusal.
    pub amendment: Option<Amendment>,
    /// The day on which its charges post by themselves, while they are published (公示).
    #[schema(value_type = Option<String>, format = "date")]
    pub posts_on: Option<Date>,
}

/// Shows a case that the actor sees.
///
/// # Errors
/// `case_unknown` where there is none in the actor's scope; faults of the database.
pub async fn show_case(
    connection: &mut Connection,
    rules: LoopRules<'_>,
    actor: &Actor,
    case_id: CaseId,
) -> Result<CaseDetail, ApiError> {
    let LoopRules { book, now, .. } = rules;
    let scope = &CaseScope::of(actor);
    let standing = read::standing(connection, scope, case_id).await?.ok_or(ProblemKind::CaseUnknown)?;
    let summary =
        summaries(connection, scope.district(), &[case_id]).await?.pop().ok_or(ProblemKind::CaseUnknown)?;
    let proposed: ProposedCase = serde_json::from_value(standing.evaluation).map_err(ApiError::internal)?;
    let inspection: Inspection = serde_json::from_value(standing.sealed).map_err(ApiError::internal)?;
    let target = match summary.target_id {
        Some(target_id) => read::target(connection, scope.district(), target_id).await?,
        None => None,
    };
    let distance = target
        .as_ref()
        .and_then(|target| Some(inspection.place_point()?.distance_metres(target.content.point)));
    let decided = decisions::of_case(connection, scope.district(), case_id).await?;
    let (merged_into, absorbed) = duplicates::merged(connection, scope.district(), case_id).await?;
    let open =
        ProposalFilter { state: Some(ProposalState::Open), case: Some(case_id), before: None, rows: 1 };
    let proposal = list_proposals(connection, actor, &open).await?.proposals.pop();
    let current = |proposal: &Proposal| proposal.expected_version == i32::try_from(summary.version).ok();
    let appeals = appeals_of(connection, scope.district(), case_id, now).await?;
    let charges = read::charges(connection, scope.district(), case_id).await?;
    Ok(CaseDetail {
        appealable_until: appeal::appealable_until(
            rules,
            summary.review_state,
            standing.pack_hash.as_deref(),
            &charges,
            &appeals,
            &decided,
        )?,
        appeals,
        charges,
        duplicates: duplicates::duplicates(connection, scope.district(), case_id).await?,
        merged_into,
        absorbed,
        proposal: proposal.filter(current),
        amendment: Amendment::of(connection, book, actor, case_id, now).await?,
        posts_on: standing.posts_on.map(|day| day.0),
        doubts: summary.flags.iter().map(|flag| Doubt::of(*flag)).collect(),
        photos: read::photos(connection, scope.district(), inspection.inspection_id).await?,
        corrections: read::corrections(connection, scope.district(), inspection.lineage).await?,
        rectification: show_rectification(connection, scope.district(), case_id).await?,
        decisions: decided
            .into_iter()
            .map(|(decision, actor_name)| {
                let kind = stored_code("decisions.kind", &decision.kind)?;
                Ok(DecisionView::new(decision, kind, actor_name))
            })
            .collect::<Result<_, ApiError>>()?,
        non_charges: proposed.non_charges.into_iter().map(NonChargeView::from).collect(),
        stop_work: proposed.stop_work.map(StopWorkView::from),
        source: stored_code("inspections.source", &standing.source)?,
        document: standing
            .document
            .map(|document| stored_json("inspections.document", document))
            .transpose()?,
        received_at: standing.received_at.0,
        distance_to_target_metres: distance,
        summary,
        target,
        inspection,
    })
}
