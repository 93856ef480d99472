//! Rows of `executions` (扣缴执行). Append-only: there is an insert and no update; a wrong one is cancelled by another.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date as SqlDate, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::ids::{ExecutionId, RegionCode, RequestId, UnitId};
use sync_core::money::Fen;
use sync_core::time::Month;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::{executions, units, users};
use crate::db::types::{Day, Time};

/// An execution as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = executions, check_for_backend(diesel::pg::Pg))]
pub struct ExecutionRow {
    /// District.
    pub district: String,
    /// Its id.
    pub execution_id: Uuid,
    /// The client's id of it.
    pub request_id: Uuid,
    /// First day of the closed month.
    pub month: Day,
    /// The unit whose account it is against.
    pub unit_id: Uuid,
    /// Voucher number (凭证号).
    pub voucher: String,
    /// The voucher's day.
    pub executed_on: Day,
    /// Signed fen.
    pub amount_fen: i64,
    /// The execution that it cancels.
    pub cancels: Option<Uuid>,
    /// Why it cancels.
    pub reason: Option<String>,
    /// Who recorded it.
    pub recorded_by: Uuid,
    /// When.
    pub recorded_at: Time,
}

/// An execution with the names of its unit and of who recorded it.
pub type NamedExecution = (ExecutionRow, String, String);

/// Writes an execution.
///
/// # Errors
/// Whatever PostgreSQL says; one cancelled twice violates `executions_cancels_key`.
pub async fn insert(connection: &mut Connection, execution: &ExecutionRow) -> QueryResult<()> {
    diesel::insert_into(executions::table).values(execution).execute(connection).await?;
    Ok(())
}

/// The execution that a request led to.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_request(
    connection: &mut Connection,
    district: &RegionCode,
    request: RequestId,
) -> QueryResult<Option<ExecutionRow>> {
    executions::table
        .filter(executions::district.eq(district.as_str()))
        .filter(executions::request_id.eq(request.0))
        .select(ExecutionRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// The execution of this id.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn find(
    connection: &mut Connection,
    district: &RegionCode,
    id: ExecutionId,
) -> QueryResult<Option<ExecutionRow>> {
    executions::table
        .find((district.as_str(), id.0))
        .select(ExecutionRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// Executions against a month, of these units or of all, in the order they were recorded in: those after a time and id.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_month(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    units: Option<&[Uuid]>,
    after: Option<(Time, ExecutionId)>,
    most: i64,
) -> QueryResult<Vec<NamedExecution>> {
    let mut query = executions::table
        .inner_join(
            units::table
                .on(units::district.eq(executions::district).and(units::unit_id.eq(executions::unit_id))),
        )
        .inner_join(
            users::table
                .on(users::district.eq(executions::district).and(users::user_id.eq(executions::recorded_by))),
        )
        .filter(executions::district.eq(district.as_str()))
        .filter(executions::month.eq(Day(month.first_day())))
        .order((executions::recorded_at, executions::execution_id))
        .limit(most)
        .select((ExecutionRow::as_select(), units::name, users::name))
        .into_boxed();
    if let Some(own) = units {
        query = query.filter(executions::unit_id.eq_any(own));
    }
    if let Some((at, id)) = after {
        query = query.filter(
            executions::recorded_at
                .gt(at)
                .or(executions::recorded_at.eq(at).and(executions::execution_id.gt(id.0))),
        );
    }
    query.load(connection).await
}

/// Which of these executions a later one cancels.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn cancelled_among(
    connection: &mut Connection,
    district: &RegionCode,
    ids: impl Iterator<Item = Uuid>,
) -> QueryResult<Vec<Uuid>> {
    let cancelled: Vec<Option<Uuid>> = executions::table
        .filter(executions::district.eq(district.as_str()))
        .filter(executions::cancels.eq_any(ids))
        .select(executions::cancels)
        .load(connection)
        .await?;
    Ok(cancelled.into_iter().flatten().collect())
}

/// What stands of a unit's month, and what of it is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = BigInt)]
    posted: i64,
    #[diesel(sql_type = BigInt)]
    executed: i64,
}

/// Posted and executed of a unit in a closed month. Who executes by it holds the month's lock.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn standing(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    unit: UnitId,
) -> QueryResult<(Fen, Fen)> {
    let row: StandingRow = diesel::sql_query(
        "SELECT (SELECT coalesce(sum(amount_fen), 0)::bigint FROM ledger_entries
                 WHERE district = $1 AND period = $2 AND unit_id = $3) AS posted,
                (SELECT coalesce(sum(amount_fen), 0)::bigint FROM executions
                 WHERE district = $1 AND month = $2 AND unit_id = $3) AS executed",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<SqlDate, _>(Day(month.first_day()))
    .bind::<SqlUuid, _>(unit.0)
    .get_result(connection)
    .await?;
    Ok((Fen::new(row.posted), Fen::new(row.executed)))
}
