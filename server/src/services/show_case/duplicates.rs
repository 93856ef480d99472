//! What else may be the same finding (疑似重复), and what was merged.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{CaseId, RegionCode};
use sync_core::model::case::ReviewState;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::cases;
use crate::db::statement::statement;
use crate::db::types::{StoredValueError, Time, stored_code};
use crate::problem::ApiError;
use crate::services::find_duplicates::{Ground, PairState};

/// Another case that may be, or was, the same finding.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Duplicate {
    /// The other case.
    pub case_id: CaseId,
    /// Its review state.
    pub review_state: ReviewState,
    /// Its version, to be named by a decision on both.
    pub version: u32,
    /// When it occurred.
    pub occurred_at: Instant,
    /// Why the two may be one.
    pub ground: Ground,
    /// Metres between them, where both places are known.
    pub metres: Option<f64>,
    /// Hours between them.
    pub hours: f64,
    /// When that was found.
    pub found_at: Instant,
    /// What became of it.
    pub state: PairState,
    /// The decision that merged them or kept them apart.
    pub decision_no: Option<i64>,
}

#[derive(Debug, QueryableByName)]
struct DuplicateRow {
    #[diesel(sql_type = SqlUuid)]
    case_id: Uuid,
    #[diesel(sql_type = Text)]
    review_state: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: Time,
    #[diesel(sql_type = Text)]
    ground: String,
    #[diesel(sql_type = Nullable<Double>)]
    metres: Option<f64>,
    #[diesel(sql_type = Double)]
    hours: f64,
    #[diesel(sql_type = Timestamptz)]
    found_at: Time,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    decision_no: Option<i64>,
}

/// The pairs of a case, those that lapsed left out; undecided ones first, then the nearest in time.
pub(super) async fn duplicates(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> Result<Vec<Duplicate>, ApiError> {
    let rows: Vec<DuplicateRow> = statement(
        "SELECT other.case_id, other.review_state, other.version, other.occurred_at,
                ground, metres, hours, found_at, state, decision_no
         FROM (SELECT *, other_case_id AS other_id FROM duplicate_proposals WHERE district = $1 AND case_id = $2
               UNION ALL
               SELECT *, case_id AS other_id FROM duplicate_proposals WHERE district = $1 AND other_case_id = $2
              ) AS pair
         JOIN cases AS other ON other.district = $1 AND other.case_id = pair.other_id
         WHERE state <> 'lapsed'
         ORDER BY state <> 'proposed', hours, other.case_id",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<SqlUuid, _>(case_id.0)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(Duplicate::try_from).collect::<Result<_, _>>()?)
}

impl TryFrom<DuplicateRow> for Duplicate {
    type Error = StoredValueError;

    fn try_from(row: DuplicateRow) -> Result<Self, StoredValueError> {
        Ok(Self {
            case_id: CaseId(row.case_id),
            review_state: stored_code("cases.review_state", &row.review_state)?,
            version: u32::try_from(row.version).unwrap_or_default(),
            occurred_at: row.occurred_at.0,
            ground: stored_code("duplicate_proposals.ground", &row.ground)?,
            metres: row.metres,
            hours: row.hours,
            found_at: row.found_at.0,
            state: stored_code("duplicate_proposals.state", &row.state)?,
            decision_no: row.decision_no,
        })
    }
}

/// The case that absorbed this one, and those that this one absorbed.
pub(super) async fn merged(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> QueryResult<(Option<CaseId>, Vec<CaseId>)> {
    let into: Option<Uuid> = cases::table
        .find((district.as_str(), case_id.0))
        .select(cases::merged_into)
        .first(connection)
        .await?;
    let absorbed: Vec<Uuid> = cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::merged_into.eq(case_id.0))
        .order(cases::case_id)
        .select(cases::case_id)
        .load(connection)
        .await?;
    Ok((into.map(CaseId), absorbed.into_iter().map(CaseId).collect()))
}
