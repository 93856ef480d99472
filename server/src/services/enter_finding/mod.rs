//! Enters findings of higher-level groups (录入上级督导发现问题): a supervisor types in what reached the office on paper,
//! with its source document and photos.
//!
//! Invariants: the cases are opened by the path that devices' inspections take, and charged under the group's level; the
//! client's id is the inspection's, so that a finding is entered once whatever is retried; a supervisor enters findings
//! of own grids only. A finding that was entered wrongly is corrected by a successor, as an inspection is: one that was
//! corrected already takes no second one.

mod finding;
mod surroundings;

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Serialize;
use sync_core::evaluate::InspectionFault;
use sync_core::ids::{CaseId, GridPath, InspectionId, PhotoHash, RegionCode};
use sync_core::model::assignment::{DiscoveryLevel, Role};
use sync_core::model::case::Flag;
use sync_core::model::inspection::Inspection;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;
use uuid::Uuid;

pub use finding::{Finding, FindingPhoto, FindingPlace, FindingRequest, GroupLevel};
pub use surroundings::{JudgedFinding, Surroundings};

use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::db::changes::{NewChange, record_changes};
use crate::db::schema::{cases, inspections};
use crate::db::types::{stored, stored_json};
use crate::db::{Connection, duplicate_lock, evidence_lock};
use crate::problem::ApiError;
use crate::services::find_duplicates::find_duplicates;
use crate::services::list_cases::{CaseSummary, summaries};
use crate::services::open_cases::{
    CaseWrite, Judged, StoredCase, correct_cases, place_of, search_texts, store_cases,
};
use crate::services::store_inspections::{
    InspectionSource, InspectionWrite, Origin, SourceDocument, store_inspections,
};
use crate::state::AppState;

/// A finding on record.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnteredFinding {
    /// The inspection it became.
    pub inspection_id: InspectionId,
    /// Its cases as they stand.
    pub cases: Vec<CaseSummary>,
}

/// Enters a finding.
///
/// # Errors
/// The problem of what is unacceptable, with its field; `inspection_exists` where the id was used for something else.
pub async fn enter_finding(
    state: &AppState,
    actor: &Actor,
    request: &FindingRequest,
) -> Result<EnteredFinding, ApiError> {
    request.document.check().map_err(|(field, fault)| ApiError::from(fault).field(field))?;
    let mut conn = state.connection().await?;
    let first = conn.transaction(async |conn| enter(conn, state, actor, request).await).await;
    match first {
        // The same request at the same time: that one was first.
        Err(error) if error.kind() == ProblemKind::InspectionExists => {}
        other => {
            // Its photos were here before it.
            state.photos.stamper.rounds.wake();
            return other;
        }
    }
    let earlier = earlier(&mut conn, actor, request).await?;
    earlier.ok_or_else(|| ProblemKind::InspectionExists.into())
}

async fn enter(
    conn: &mut Connection,
    state: &AppState,
    actor: &Actor,
    request: &FindingRequest,
) -> Result<EnteredFinding, ApiError> {
    if let Some(earlier) = earlier(conn, actor, request).await? {
        return Ok(earlier);
    }
    let (district, now) = (&actor.district, state.clock.now());
    let book = state.policies.of(conn, district).await?;
    evidence_lock::share(conn, district).await?;
    let (lineage, before) = match request.replaces {
        Some(replaced) => {
            let lineage = lineage_of(conn, actor, replaced).await?;
            let before = lock_lineage(conn, district, lineage).await?;
            (Some(lineage), before)
        }
        None => (None, HashMap::new()),
    };
    let findings = [request.finding(actor.user_id, lineage)];
    let surroundings = Surroundings::load(conn, district, book, &findings, now).await?;
    let [finding] = findings;
    let covered = |grid| actor.covers(Role::Supervisor, grid);
    if !surroundings.grid_of(&finding).is_some_and(covered) {
        return Err(not_own(&finding));
    }
    let judged = surroundings.judge(&finding)?;
    let origin = Origin::Office(request.document.clone());
    let changes = store_findings(conn, &surroundings, vec![(judged, origin)], &before, district, now).await?;
    let event = Event::new(Action::FindingEntered, district)
        .by(Some(actor.user_id))
        .about("inspection", finding.inspection_id);
    audit::record(conn, now, &[event]).await?;
    record_changes(conn, district, &changes).await?;
    show(conn, district, finding.inspection_id).await
}

/// The lineage of a finding that is to be corrected: entered by the office, in the supervisor's grids.
async fn lineage_of(
    conn: &mut Connection,
    actor: &Actor,
    replaced: InspectionId,
) -> Result<InspectionId, ApiError> {
    let row: Option<(Uuid, String)> = inspections::table
        .find((actor.district.as_str(), replaced.0))
        .filter(inspections::source.eq(InspectionSource::Office.code()))
        .select((inspections::lineage, inspections::grid))
        .first(conn)
        .await
        .optional()?;
    let unknown = || ApiError::new(ProblemKind::LineageInvalid).field("replaces");
    let (lineage, grid) = row.ok_or_else(unknown)?;
    let grid: GridPath = stored("inspections.grid", &grid)?;
    if actor.covers(Role::Supervisor, &grid) { Ok(InspectionId(lineage)) } else { Err(unknown()) }
}

/// The cases of a lineage, locked as those of a device's correction are: the lock of duplicates first, then by id.
async fn lock_lineage(
    conn: &mut Connection,
    district: &RegionCode,
    lineage: InspectionId,
) -> Result<HashMap<CaseId, StoredCase>, ApiError> {
    duplicate_lock::take(conn, district).await?;
    let _locked: Vec<Uuid> = cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::lineage.eq(lineage.0))
        .order(cases::case_id)
        .select(cases::case_id)
        .for_no_key_update()
        .load(conn)
        .await?;
    StoredCase::of_lineages(conn, district, &BTreeSet::from([lineage.0])).await
}

/// A place outside the own grids is not told apart from one that is not there.
fn not_own(finding: &Finding) -> ApiError {
    match finding.place {
        FindingPlace::Target { .. } => ApiError::new(ProblemKind::TargetUnknown).field("place.target_id"),
        FindingPlace::Spot { .. } => ApiError::new(ProblemKind::OutOfScope).field("place.grid"),
    }
}

/// Stores judged findings with their cases, set by set; `before` are those that corrections find. The changes returned
/// are recorded by the caller as its last statement ([`record_changes`]).
///
/// # Errors
/// Faults of the database; `inspection_exists` where one is on record.
pub async fn store_findings(
    conn: &mut Connection,
    surroundings: &Surroundings,
    findings: Vec<(JudgedFinding, Origin)>,
    before: &HashMap<CaseId, StoredCase>,
    district: &RegionCode,
    now: Instant,
) -> Result<Vec<NewChange>, ApiError> {
    let (mut inspections, mut cases) = (Vec::with_capacity(findings.len()), Vec::new());
    let (mut proposals, mut proposed) = (Vec::new(), Vec::new());
    for (JudgedFinding { inspection, sealed, evaluation }, origin) in findings {
        let verified: HashSet<PhotoHash> =
            inspection.photos.iter().map(|photo| photo.sha256.clone()).collect();
        let texts = search_texts(surroundings.target_of(&inspection), &inspection);
        let of_lineage: Vec<&StoredCase> =
            before.values().filter(|case| case.lineage == inspection.lineage).collect();
        let judged = Judged {
            district,
            inspection: &inspection,
            evaluation: &evaluation,
            place: place_of(surroundings.target_of(&inspection), &inspection),
            flags: &[],
            search_texts: &texts,
            verified: &verified,
            now,
        };
        let writes = correct_cases(judged, &of_lineage, |inspection| surroundings.evaluate(inspection));
        // The inspection is a proposal for those that are decided.
        let amends = !writes.proposals.is_empty();
        let flags = amends.then_some(Flag::AmendsDecided).into_iter().collect();
        let decided = writes.proposals.iter().filter_map(|id| Some((*id, before.get(id)?.grid.clone()?)));
        proposed.extend(decided.map(|(id, grid)| NewChange::of_case(id, grid, inspection.author)));
        proposals.extend(writes.proposals);
        cases.extend(writes.cases);
        inspections.push(InspectionWrite::new(district, inspection, sealed, origin, flags, now));
    }
    store_inspections(conn, inspections).await?;
    store_cases(conn, district, &cases, &proposals).await?;
    let flagged = find_duplicates(conn, district, surroundings.book(), &cases, now).await?;
    Ok(cases.iter().map(CaseWrite::change).chain(proposed).chain(flagged).collect())
}

/// What this request led to before.
async fn earlier(
    conn: &mut Connection,
    actor: &Actor,
    request: &FindingRequest,
) -> Result<Option<EnteredFinding>, ApiError> {
    let row: Option<(serde_json::Value, Option<serde_json::Value>)> = inspections::table
        .find((actor.district.as_str(), request.request_id.0))
        .select((inspections::sealed, inspections::document))
        .first(conn)
        .await
        .optional()?;
    let Some((sealed, document)) = row else { return Ok(None) };
    let sealed: Inspection = stored_json("inspections.sealed", sealed)?;
    let document: Option<SourceDocument> =
        document.map(|document| stored_json("inspections.document", document)).transpose()?;
    let asked = request.finding(actor.user_id, request.replaces.and(Some(sealed.lineage)));
    if document.as_ref() == Some(&request.document) && says_the_same(&asked, &sealed) {
        show(conn, &actor.district, request.request_id).await.map(Some)
    } else {
        Err(ApiError::new(ProblemKind::InspectionExists).field("request_id"))
    }
}

/// Whether a sealed inspection is what a finding became, whatever the register said since.
fn says_the_same(finding: &Finding, sealed: &Inspection) -> bool {
    let context = &sealed.context;
    let same_place = match &finding.place {
        FindingPlace::Target { target_id, point } => {
            context.target.as_ref().map(|target| target.target_id) == Some(*target_id)
                && point.is_none_or(|point| sealed.observed == Some(point))
        }
        FindingPlace::Spot { kind, grid, point, place } => {
            context.target.is_none()
                && (&sealed.kind, &context.grid, sealed.observed, &sealed.place)
                    == (kind, grid, Some(*point), place)
        }
    };
    let same_photos = finding.photos.len() == sealed.photos.len()
        && finding.photos.iter().zip(&sealed.photos).all(|(asked, entry)| {
            (&asked.sha256, &asked.question, asked.point) == (&entry.sha256, &entry.question, entry.point)
                && asked.taken_at.is_none_or(|taken_at| taken_at == entry.taken_at)
        });
    let corrects = finding.corrects.map(|(replaced, _)| replaced);
    let asked: (_, _, _, _, DiscoveryLevel) =
        (finding.author, finding.occurred_at, &finding.answers, &finding.notes, finding.level);
    let stored = (sealed.author, sealed.occurred_at, &sealed.answers, &sealed.notes, context.level);
    let same_values = finding.measurements == sealed.measurements && corrects == sealed.replaces;
    same_place && same_photos && same_values && asked == stored
}

async fn show(
    conn: &mut Connection,
    district: &RegionCode,
    inspection_id: InspectionId,
) -> Result<EnteredFinding, ApiError> {
    let lineage = inspections::table
        .find((district.as_str(), inspection_id.0))
        .select(inspections::lineage)
        .first::<Uuid>(conn)
        .await?;
    let ids: Vec<Uuid> = cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::lineage.eq(lineage))
        .order(cases::item)
        .select(cases::case_id)
        .load(conn)
        .await?;
    let ids: Vec<CaseId> = ids.into_iter().map(CaseId).collect();
    Ok(EnteredFinding { inspection_id, cases: summaries(conn, district, &ids).await? })
}

impl From<InspectionFault> for ApiError {
    fn from(fault: InspectionFault) -> Self {
        Self::new(fault.kind).field(fault.field)
    }
}
