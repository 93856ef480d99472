//! Rows of `subsidies` (资金补助): a payee list of its own, apart from the ledger.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use sync_core::ids::{RegionCode, RequestId, SubsidyId};
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::subsidies;
use crate::db::statement::statement;
use crate::db::types::{Day, Time};

/// A subsidy as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = subsidies, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub struct SubsidyRow {
    /// District.
    pub district: String,
    /// Its id.
    pub subsidy_id: Uuid,
    /// The client's id of its entry.
    pub request_id: Uuid,
    /// The enterprise by name.
    pub payee: String,
    /// Its unified social credit code (统一社会信用代码).
    pub credit_code: String,
    /// Its register entry, where it has one.
    pub target_id: Option<Uuid>,
    /// The pack that grants it.
    pub pack_id: String,
    /// That pack's version.
    pub pack_hash: String,
    /// The pack's rule, by its code.
    pub rule: String,
    /// Document and clause.
    pub clause: String,
    /// Fen.
    pub amount_fen: i64,
    /// The provincial publication (省级公示).
    pub publication: String,
    /// Its day.
    pub published_on: Day,
    /// [`crate::services::keep_subsidies::SubsidyState`] by its code.
    pub state: String,
    /// Who entered it (经办).
    pub entered_by: Uuid,
    /// When.
    pub entered_at: Time,
    /// Who approved it (复核): another person.
    pub approved_by: Option<Uuid>,
    /// When.
    pub approved_at: Option<Time>,
    /// Who recorded the payment.
    pub paid_by: Option<Uuid>,
    /// When.
    pub paid_at: Option<Time>,
    /// Voucher number (凭证号).
    pub voucher: Option<String>,
    /// The voucher's day.
    pub paid_on: Option<Day>,
    /// Who cancelled it.
    pub cancelled_by: Option<Uuid>,
    /// When.
    pub cancelled_at: Option<Time>,
    /// Why it was cancelled.
    pub reason: Option<String>,
}

/// Writes a new subsidy.
///
/// # Errors
/// Whatever PostgreSQL says; a second one of the document for the enterprise violates `subsidies_payee_key`.
pub async fn insert(connection: &mut Connection, subsidy: &SubsidyRow) -> QueryResult<()> {
    diesel::insert_into(subsidies::table).values(subsidy).execute(connection).await?;
    Ok(())
}

/// Writes a subsidy whose row is locked.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn update(connection: &mut Connection, subsidy: &SubsidyRow) -> QueryResult<()> {
    diesel::update(subsidies::table.find((&subsidy.district, subsidy.subsidy_id)))
        .set(subsidy)
        .execute(connection)
        .await?;
    Ok(())
}

/// The subsidy that a request entered.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_request(
    connection: &mut Connection,
    district: &RegionCode,
    request: RequestId,
) -> QueryResult<Option<SubsidyRow>> {
    subsidies::table
        .filter(subsidies::district.eq(district.as_str()))
        .filter(subsidies::request_id.eq(request.0))
        .select(SubsidyRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// The subsidy of this id, its row locked to the end of the transaction.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn lock(
    connection: &mut Connection,
    district: &RegionCode,
    id: SubsidyId,
) -> QueryResult<Option<SubsidyRow>> {
    subsidies::table
        .find((district.as_str(), id.0))
        .select(SubsidyRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// When a subsidy was entered.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn entered_at(
    connection: &mut Connection,
    district: &RegionCode,
    id: SubsidyId,
) -> QueryResult<Option<Time>> {
    subsidies::table
        .find((district.as_str(), id.0))
        .select(subsidies::entered_at)
        .first(connection)
        .await
        .optional()
}

/// Subsidies of a district in the order they were entered in: those after a time and id.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn list(
    connection: &mut Connection,
    district: &RegionCode,
    after: Option<(Time, SubsidyId)>,
    most: i64,
) -> QueryResult<Vec<SubsidyRow>> {
    let mut query = subsidies::table
        .filter(subsidies::district.eq(district.as_str()))
        .order((subsidies::entered_at, subsidies::subsidy_id))
        .limit(most)
        .select(SubsidyRow::as_select())
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            subsidies::entered_at.gt(at).or(subsidies::entered_at.eq(at).and(subsidies::subsidy_id.gt(id.0))),
        );
    }
    query.load(connection).await
}

/// Fen of a district's subsidies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct SubsidySums {
    /// Of those that are not cancelled.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    /// Of those that are paid.
    #[diesel(sql_type = BigInt)]
    pub paid: i64,
}

/// Sums a district's subsidies.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn sums(connection: &mut Connection, district: &RegionCode) -> QueryResult<SubsidySums> {
    statement(
        "SELECT coalesce(sum(amount_fen) FILTER (WHERE state <> 'cancelled'), 0)::bigint AS total,
                coalesce(sum(amount_fen) FILTER (WHERE state = 'paid'), 0)::bigint AS paid
         FROM subsidies WHERE district = $1",
    )
    .bind::<Text, _>(district.as_str())
    .get_result(connection)
    .await
}
