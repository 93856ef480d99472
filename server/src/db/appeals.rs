//! Rows of `appeals` (申诉). They change under the row lock of their case.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{AppealId, CaseId, DecisionRequestId, RegionCode, UserId};
use sync_core::model::appeal::AppealState;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::appeals;
use crate::db::types::Time;

/// An appeal as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = appeals, check_for_backend(diesel::pg::Pg))]
pub struct AppealRow {
    /// District.
    pub district: String,
    /// Its id.
    pub appeal_id: Uuid,
    /// The client's id of the request.
    pub request_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The unit that appeals.
    pub unit_id: Uuid,
    /// The decision that charged it.
    pub charged_by: i64,
    /// Why it objects.
    pub grounds: String,
    /// Who filed it.
    pub filed_by: Uuid,
    /// When.
    pub filed_at: Time,
    /// When it has to be decided.
    pub due_at: Time,
    /// [`AppealState`] by its code.
    pub state: String,
    /// Who took it back.
    pub withdrawn_by: Option<Uuid>,
    /// When.
    pub withdrawn_at: Option<Time>,
    /// The decision that answers it.
    pub decision_no: Option<i64>,
    /// Whether `due_at` was planned without a year of the holiday calendar.
    pub due_assumed: bool,
}

/// Writes an appeal.
///
/// # Errors
/// Whatever PostgreSQL says; a second open one of a case violates `appeals_open_case_key`.
pub async fn insert(connection: &mut Connection, appeal: &AppealRow) -> QueryResult<()> {
    diesel::insert_into(appeals::table).values(appeal).execute(connection).await?;
    Ok(())
}

/// The appeal of this id.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn find(
    connection: &mut Connection,
    district: &RegionCode,
    id: AppealId,
) -> QueryResult<Option<AppealRow>> {
    let appeal = appeals::table.find((district.as_str(), id.0)).select(AppealRow::as_select());
    appeal.first(connection).await.optional()
}

/// The appeal that a request led to.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_request(
    connection: &mut Connection,
    district: &RegionCode,
    request: DecisionRequestId,
) -> QueryResult<Option<AppealRow>> {
    appeals::table
        .filter(appeals::district.eq(district.as_str()))
        .filter(appeals::request_id.eq(request.0))
        .select(AppealRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// The appeals of a case, the first first.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_case(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> QueryResult<Vec<AppealRow>> {
    appeals::table
        .filter(appeals::district.eq(district.as_str()))
        .filter(appeals::case_id.eq(case_id.0))
        .order(appeals::appeal_id)
        .select(AppealRow::as_select())
        .load(connection)
        .await
}

/// The open appeals of these cases. Who holds the cases' rows knows that it stays so.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn open_of(
    connection: &mut Connection,
    district: &RegionCode,
    cases: impl IntoIterator<Item = CaseId>,
) -> QueryResult<Vec<(CaseId, AppealId)>> {
    let open: Vec<(Uuid, Uuid)> = appeals::table
        .filter(appeals::district.eq(district.as_str()))
        .filter(appeals::case_id.eq_any(cases.into_iter().map(|case| case.0).collect::<Vec<_>>()))
        .filter(appeals::state.eq(AppealState::Open.code()))
        .select((appeals::case_id, appeals::appeal_id))
        .load(connection)
        .await?;
    Ok(open.into_iter().map(|(case, appeal)| (CaseId(case), AppealId(appeal))).collect())
}

/// Notes that an open appeal was taken back.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn withdraw(
    connection: &mut Connection,
    district: &RegionCode,
    id: AppealId,
    by: UserId,
    now: Instant,
) -> QueryResult<()> {
    diesel::update(appeals::table.find((district.as_str(), id.0)))
        .set((
            appeals::state.eq(AppealState::Withdrawn.code()),
            appeals::withdrawn_by.eq(by.0),
            appeals::withdrawn_at.eq(Time(now)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes the decision that answers an open appeal.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn decide(
    connection: &mut Connection,
    district: &RegionCode,
    id: AppealId,
    decision_no: i64,
) -> QueryResult<()> {
    diesel::update(appeals::table.find((district.as_str(), id.0)))
        .set((appeals::state.eq(AppealState::Decided.code()), appeals::decision_no.eq(decision_no)))
        .execute(connection)
        .await?;
    Ok(())
}
