//! Completes the evidence (补证) of cases when photos become verified: what awaited them goes under review.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::evaluate::ProposedCase;
use sync_core::ids::{CaseId, PhotoHash, RegionCode, UserId};
use sync_core::model::case::ReviewState;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::changes::NewChange;
use crate::db::schema::cases;
use crate::db::statement::statement;
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

#[derive(QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = SqlUuid)]
    case_id: Uuid,
    #[diesel(sql_type = Text)]
    grid: String,
    #[diesel(sql_type = SqlUuid)]
    author: Uuid,
    #[diesel(sql_type = Jsonb)]
    evaluation: serde_json::Value,
    #[diesel(sql_type = Text)]
    review_state: String,
}

/// The cases that await one of these photos, locked in id order with the others of their inspections. They are found by
/// their lineage, which has an index; by their state PostgreSQL would read all that await anything.
async fn waiting_for(
    conn: &mut Connection,
    district: &RegionCode,
    photos: &[PhotoHash],
) -> Result<Vec<WaitingCase>, ApiError> {
    let mut rows: Vec<WaitingRow> = statement(
        "WITH naming AS MATERIALIZED (
             SELECT inspections.lineage, inspections.inspection_id
             FROM inspection_photos JOIN inspections USING (district, inspection_id)
             WHERE district = $1 AND sha256 = ANY ($2)
         )
         SELECT case_id, grid, author, evaluation, review_state FROM cases
         WHERE district = $1 AND (lineage, inspection_id) IN (SELECT lineage, inspection_id FROM naming)
         ORDER BY case_id FOR NO KEY UPDATE OF cases",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<Text>, _>(photos.iter().map(PhotoHash::as_str).collect::<Vec<_>>())
    .load(conn)
    .await?;
    rows.retain(|row| row.review_state == ReviewState::AwaitingEvidence.code());
    let read = |row: WaitingRow| {
        let case_id = CaseId(row.case_id);
        Ok(WaitingCase {
            case_id,
            proposed: stored_json("cases.evaluation", row.evaluation)?,
            change: NewChange::of_case(case_id, stored("cases.grid", &row.grid)?, UserId(row.author)),
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
