//! Rows of `decisions` (决定). Append-only: there is an insert and no update.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, DecisionRequestId, RegionCode};
use sync_core::model::decision::DecisionKind;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::{decisions, users};
use crate::db::types::{Day, Time};

/// A decision as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = decisions, check_for_backend(diesel::pg::Pg))]
pub struct DecisionRow {
    /// District.
    pub district: String,
    /// Number in the district, from 1 without gaps.
    pub decision_no: i64,
    /// The client's id of it.
    pub request_id: Uuid,
    /// The case; absent where a month is decided.
    pub case_id: Option<Uuid>,
    /// [`DecisionKind`] by its code.
    pub kind: String,
    /// Who decided (经办); absent where a timer did.
    pub actor: Option<Uuid>,
    /// Why.
    pub reason: Option<String>,
    /// The version of the case it was made on.
    pub expected_version: Option<i32>,
    /// When.
    pub decided_at: Time,
    /// What else was asked, and the state it led to.
    pub detail: serde_json::Value,
    /// First day of the month of account it is about; absent where a case is decided.
    pub month: Option<Day>,
    /// The second person (复核), where two are needed.
    pub reviewer: Option<Uuid>,
}

/// Writes decisions, in one statement.
///
/// # Errors
/// Whatever PostgreSQL says; a request id used before violates `decisions_request_key`.
pub async fn insert(connection: &mut Connection, decisions: &[DecisionRow]) -> QueryResult<()> {
    diesel::insert_into(decisions::table).values(decisions).execute(connection).await?;
    Ok(())
}

/// The decision that a request led to.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_request(
    connection: &mut Connection,
    district: &RegionCode,
    request: DecisionRequestId,
) -> QueryResult<Option<DecisionRow>> {
    decisions::table
        .filter(decisions::district.eq(district.as_str()))
        .filter(decisions::request_id.eq(request.0))
        .select(DecisionRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// At most `limit` decisions of a district in order, after the one numbered `after` and up to `last`.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn following(
    connection: &mut Connection,
    district: &RegionCode,
    after: i64,
    last: i64,
    limit: i64,
) -> QueryResult<Vec<DecisionRow>> {
    decisions::table
        .filter(decisions::district.eq(district.as_str()))
        .filter(decisions::decision_no.gt(after))
        .filter(decisions::decision_no.le(last))
        .order(decisions::decision_no)
        .limit(limit)
        .select(DecisionRow::as_select())
        .load(connection)
        .await
}

/// The decisions that these requests led to.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_requests(
    connection: &mut Connection,
    district: &RegionCode,
    requests: &[DecisionRequestId],
) -> QueryResult<Vec<DecisionRow>> {
    decisions::table
        .filter(decisions::district.eq(district.as_str()))
        .filter(decisions::request_id.eq_any(requests.iter().map(|request| request.0)))
        .select(DecisionRow::as_select())
        .load(connection)
        .await
}

/// Number and time of a case's last decision of these kinds.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn last_of_kinds(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
    kinds: &[DecisionKind],
) -> QueryResult<Option<(i64, Instant)>> {
    let last: Option<(i64, Time)> = decisions::table
        .filter(decisions::district.eq(district.as_str()))
        .filter(decisions::case_id.eq(case_id.0))
        .filter(decisions::kind.eq_any(kinds.iter().map(|kind| kind.code())))
        .order(decisions::decision_no.desc())
        .select((decisions::decision_no, decisions::decided_at))
        .first(connection)
        .await
        .optional()?;
    Ok(last.map(|(decision_no, decided_at)| (decision_no, decided_at.0)))
}

/// A case's decisions in order, each with the name of who decided; no name where a timer did.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_case(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> QueryResult<Vec<(DecisionRow, Option<String>)>> {
    decisions::table
        .left_join(
            users::table.on(users::district
                .eq(decisions::district)
                .and(users::user_id.nullable().eq(decisions::actor))),
        )
        .filter(decisions::district.eq(district.as_str()))
        .filter(decisions::case_id.eq(case_id.0))
        .order(decisions::decision_no)
        .select((DecisionRow::as_select(), users::name.nullable()))
        .load(connection)
        .await
}
