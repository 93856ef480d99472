//! The queries behind a trace: one for each part, however many rows it has.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::evaluate::ProposedCase;
use sync_core::ids::{CaseId, ChargeId, DeviceId, InspectionId, OperationId, PhotoHash, RegionCode, UserId};
use sync_core::time::Instant;
use uuid::Uuid;

use super::as_it_left::LastOutcome;
use super::{TracedDecision, TracedInspection, TracedOperation, TracedPhoto};
use crate::auth::money_scope::MoneyScope;
use crate::db::Connection;
use crate::db::schema::{cases, decisions, inspection_photos, ledger_entries, photos};
use crate::db::types::{StoredValueError, Time, stored, stored_code, stored_json};
use crate::problem::ApiError;
use crate::services::show_case::{self, ChargeView, PhotoState};

/// The charge of an entry that the scope sees.
pub(super) async fn charge_of(
    connection: &mut Connection,
    scope: &MoneyScope,
    entry_no: i64,
) -> QueryResult<Option<ChargeId>> {
    let mut query = ledger_entries::table
        .filter(ledger_entries::district.eq(scope.district.as_str()))
        .filter(ledger_entries::entry_no.eq(entry_no))
        .select(ledger_entries::charge_id)
        .into_boxed();
    if let Some(own) = &scope.units {
        query = query.filter(ledger_entries::unit_id.eq_any(own));
    }
    let charge: Option<Uuid> = query.first(connection).await.optional()?;
    Ok(charge.map(ChargeId))
}

/// The charge as a case's page shows it.
pub(super) async fn charge(
    connection: &mut Connection,
    district: &RegionCode,
    case: CaseId,
    charge: ChargeId,
) -> Result<Option<ChargeView>, ApiError> {
    let charges = show_case::charges(connection, district, case).await?;
    Ok(charges.into_iter().find(|view| view.charge_id == charge))
}

/// What the evaluator said of the case.
pub(super) async fn evaluation(
    connection: &mut Connection,
    district: &RegionCode,
    case: CaseId,
) -> Result<ProposedCase, ApiError> {
    let evaluation: serde_json::Value =
        cases::table.find((district.as_str(), case.0)).select(cases::evaluation).first(connection).await?;
    Ok(stored_json("cases.evaluation", evaluation)?)
}

#[derive(Debug, QueryableByName)]
struct DecisionRow {
    #[diesel(sql_type = BigInt)]
    decision_no: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    actor_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reviewer_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    decided_at: Time,
}

/// The decisions on a case up to the one numbered `last`, with the names of their people; and those that moved its money
/// though they were of another case, which it was merged into.
pub(super) async fn decisions(
    connection: &mut Connection,
    district: &RegionCode,
    case: CaseId,
    last: Option<i64>,
) -> Result<Vec<TracedDecision>, ApiError> {
    let rows: Vec<DecisionRow> = diesel::sql_query(
        "SELECT decision_no, kind, actor.name AS actor_name, reviewer.name AS reviewer_name, reason, decided_at
         FROM decisions
         LEFT JOIN users AS actor ON actor.district = decisions.district AND actor.user_id = decisions.actor
         LEFT JOIN users AS reviewer
             ON reviewer.district = decisions.district AND reviewer.user_id = decisions.reviewer
         WHERE decisions.district = $1 AND ($3 IS NULL OR decision_no <= $3)
           AND (case_id = $2 OR decision_no IN (
               SELECT decision_no FROM ledger_entries WHERE district = $1 AND case_id = $2))
         ORDER BY decision_no",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<SqlUuid, _>(case.0)
    .bind::<Nullable<BigInt>, _>(last)
    .load(connection)
    .await?;
    let decision = |row: DecisionRow| {
        Ok(TracedDecision {
            decision_no: row.decision_no,
            kind: stored_code("decisions.kind", &row.kind)?,
            actor_name: row.actor_name,
            reviewer_name: row.reviewer_name,
            reason: row.reason,
            decided_at: row.decided_at.0,
        })
    };
    rows.into_iter().map(|row| decision(row).map_err(|error: StoredValueError| error.into())).collect()
}

/// Where the decisions on a case up to the one numbered `last` left it.
pub(super) async fn last_outcome(
    connection: &mut Connection,
    district: &RegionCode,
    case: CaseId,
    last: Option<i64>,
) -> Result<Option<LastOutcome>, ApiError> {
    let row: Option<(String, Option<i32>)> = decisions::table
        .filter(decisions::district.eq(district.as_str()))
        .filter(decisions::case_id.eq(case.0))
        .filter(decisions::decision_no.le(last.unwrap_or(i64::MAX)))
        .filter(sql::<Bool>("detail #> '{outcome,review_state}' IS NOT NULL"))
        .order(decisions::decision_no.desc())
        .select((sql::<Text>("detail #>> '{outcome,review_state}'"), decisions::expected_version))
        .first(connection)
        .await
        .optional()?;
    let Some((state, expected)) = row else { return Ok(None) };
    let version = expected.and_then(|version| u32::try_from(version).ok()).unwrap_or_default();
    let review_state = stored_code("decisions.detail", &state)?;
    Ok(Some(LastOutcome { review_state, version: version.saturating_add(1) }))
}

#[derive(Debug, QueryableByName)]
struct InspectionRow {
    #[diesel(sql_type = SqlUuid)]
    inspection_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    replaces: Option<Uuid>,
    #[diesel(sql_type = SqlUuid)]
    author: Uuid,
    #[diesel(sql_type = Text)]
    author_name: String,
    #[diesel(sql_type = Bool)]
    stands: bool,
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    sealed: serde_json::Value,
    #[diesel(sql_type = Timestamptz)]
    received_at: Time,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    op_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    device_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<diesel::sql_types::Binary>)]
    sha256: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    size: Option<i64>,
}

/// The inspections that came until then of a case's lineage, and of those cases that were merged into it until then, with
/// their operations and photos.
pub(super) async fn inspections(
    connection: &mut Connection,
    district: &RegionCode,
    case: CaseId,
    until: Option<Instant>,
) -> Result<Vec<TracedInspection>, ApiError> {
    let rows: Vec<InspectionRow> = diesel::sql_query(
        "WITH RECURSIVE united (case_id) AS (
             SELECT $2
             UNION
             SELECT cases.case_id FROM united JOIN cases ON cases.merged_into = united.case_id
             WHERE cases.district = $1 AND ($3 IS NULL OR cases.updated_at <= $3)
         )
         SELECT inspections.inspection_id, replaces, inspections.author, users.name AS author_name,
                inspections.inspection_id = cases.inspection_id AS stands, sealed, inspections.received_at,
                operations.op_id, operations.device_id, operations.sha256,
                octet_length(operations.bytes)::bigint AS size
         FROM united
         JOIN cases ON cases.district = $1 AND cases.case_id = united.case_id
         JOIN inspections USING (district, lineage)
         JOIN users ON users.district = cases.district AND users.user_id = inspections.author
         LEFT JOIN operations
             ON operations.district = cases.district AND operations.op_id = inspections.op_id
         WHERE $3 IS NULL OR inspections.received_at <= $3
         ORDER BY inspections.received_at, inspections.inspection_id",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<SqlUuid, _>(case.0)
    .bind::<Nullable<Timestamptz>, _>(until.map(Time))
    .load(connection)
    .await?;
    let mut photos = photos_of(connection, district, rows.iter().map(|row| row.inspection_id)).await?;
    let mut inspection = |row: InspectionRow| {
        let operation = row.op_id.zip(row.device_id).zip(row.sha256).zip(row.size);
        Ok(TracedInspection {
            inspection: stored_json("inspections.sealed", row.sealed)?,
            replaces: row.replaces.map(InspectionId),
            author: UserId(row.author),
            author_name: row.author_name,
            stands: row.stands,
            operation: operation.map(|(((op_id, device_id), sha256), size)| TracedOperation {
                op_id: OperationId(op_id),
                sha256: hex::encode(sha256),
                size,
                device_id: DeviceId(device_id),
                received_at: row.received_at.0,
            }),
            photos: photos.remove(&row.inspection_id).unwrap_or_default(),
        })
    };
    rows.into_iter().map(|row| inspection(row).map_err(|error: StoredValueError| error.into())).collect()
}

/// Inspection, hash, day taken, question and state of a photo.
type PhotoRow = (Uuid, String, Time, Option<String>, Option<String>);

/// The photos of these inspections, each in the order of its manifest.
async fn photos_of(
    connection: &mut Connection,
    district: &RegionCode,
    inspections: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<TracedPhoto>>, ApiError> {
    let rows: Vec<PhotoRow> = inspection_photos::table
        .left_join(
            photos::table.on(photos::district
                .eq(inspection_photos::district)
                .and(photos::sha256.eq(inspection_photos::sha256))),
        )
        .filter(inspection_photos::district.eq(district.as_str()))
        .filter(inspection_photos::inspection_id.eq_any(inspections.collect::<Vec<_>>()))
        .order((inspection_photos::inspection_id, inspection_photos::ordinal))
        .select((
            inspection_photos::inspection_id,
            inspection_photos::sha256,
            inspection_photos::taken_at,
            inspection_photos::question,
            photos::state.nullable(),
        ))
        .load(connection)
        .await?;
    let mut traced: HashMap<Uuid, Vec<TracedPhoto>> = HashMap::new();
    for row in rows {
        let inspection = row.0;
        traced.entry(inspection).or_default().push(photo(row)?);
    }
    Ok(traced)
}

fn photo((_, sha256, taken_at, question, state): PhotoRow) -> Result<TracedPhoto, StoredValueError> {
    let sha256: PhotoHash = stored("inspection_photos.sha256", &sha256)?;
    let state = match state {
        None => PhotoState::Awaited,
        Some(state) => stored_code("photos.state", &state)?,
    };
    Ok(TracedPhoto {
        original_url: (state == PhotoState::Verified).then(|| format!("/api/v1/photos/{sha256}/original")),
        sha256,
        state,
        taken_at: taken_at.0,
        question: question.map(|code| stored("inspection_photos.question", &code)).transpose()?,
    })
}
