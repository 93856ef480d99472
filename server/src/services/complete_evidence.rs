//! Completes the evidence (补证) of cases when photos become verified: what awaited them goes under review.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::evaluate::ProposedCase;
use sync_core::ids::{CaseId, PhotoHash, RegionCode, UserId};
use sync_core::model::case::ReviewState;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::changes::NewChange;
use crate::db::schema::{cases, inspection_photos};
use crate::db::types::{StoredValueError, Time, stored, stored_json};
use crate::db::{Connection, duplicate_lock, evidence_lock, photos};
use crate::problem::ApiError;
use crate::services::open_cases::state_by_evidence;

/// Puts the cases under review that awaited these photos and now have all they need. The photos' rows are written
/// in the same transaction before; the changes returned are recorded by the caller as its last statement
/// ([`record_changes`](crate::db::changes::record_changes)).
///
/// # Errors
/// Faults of the database.
pub async fn complete_evidence(
    conn: &mut Connection,
    district: &RegionCode,
    verified: &[PhotoHash],
    now: Instant,
) -> Result<Vec<NewChange>, ApiError> {
    evidence_lock::take_alone(conn, district).await?;
    duplicate_lock::take(conn, district).await?;
    let waiting = waiting_for(conn, district, verified).await?;
    let at_hand = photos::verified_of(conn, district, &evidence_of(&waiting)).await?;
    let complete =
        |case: &&WaitingCase| state_by_evidence(&case.proposed, &at_hand) == ReviewState::UnderReview;
    let completed: Vec<&WaitingCase> = waiting.iter().filter(complete).collect();
    diesel::update(cases::table)
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::case_id.eq_any(completed.iter().map(|case| case.case_id.0)))
        .set((
            cases::review_state.eq(ReviewState::UnderReview.code()),
            cases::version.eq(cases::version + 1),
            cases::updated_at.eq(Time(now)),
        ))
        .execute(conn)
        .await?;
    Ok(completed.into_iter().map(|case| case.change.clone()).collect())
}

struct WaitingCase {
    case_id: CaseId,
    proposed: ProposedCase,
    change: NewChange,
}

/// The cases that await one of these photos, locked in id order.
async fn waiting_for(
    conn: &mut Connection,
    district: &RegionCode,
    photos: &[PhotoHash],
) -> Result<Vec<WaitingCase>, ApiError> {
    let inspections = inspection_photos::table
        .filter(inspection_photos::district.eq(district.as_str()))
        .filter(inspection_photos::sha256.eq_any(photos.iter().map(PhotoHash::as_str)))
        .select(inspection_photos::inspection_id);
    let rows: Vec<(Uuid, String, Uuid, serde_json::Value)> = cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::inspection_id.eq_any(inspections))
        .filter(cases::review_state.eq(ReviewState::AwaitingEvidence.code()))
        .order(cases::case_id)
        .select((cases::case_id, cases::grid, cases::author, cases::evaluation))
        .for_no_key_update()
        .load(conn)
        .await?;
    let read = |(id, grid, author, evaluation): (Uuid, String, Uuid, serde_json::Value)| {
        let case_id = CaseId(id);
        Ok(WaitingCase {
            case_id,
            proposed: stored_json("cases.evaluation", evaluation)?,
            change: NewChange::of_case(case_id, stored("cases.grid", &grid)?, UserId(author)),
        })
    };
    rows.into_iter().map(|row| read(row).map_err(|error: StoredValueError| error.into())).collect()
}

/// Every photo that one of these cases could count.
fn evidence_of(waiting: &[WaitingCase]) -> BTreeSet<PhotoHash> {
    let evidence = waiting.iter().map(|case| &case.proposed.evidence);
    let photos = evidence.flat_map(|evidence| {
        evidence.questions.iter().flat_map(|question| &question.photos).chain(&evidence.visit_photos)
    });
    photos.cloned().collect()
}
