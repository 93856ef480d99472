//! Rows of `cases` (案件) that a decision reads and changes.

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, RegionCode};
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::{cases, ledger_entries};
use crate::db::types::{Day, Time};

/// What a decision must know of a case.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = cases, check_for_backend(diesel::pg::Pg))]
pub struct CaseStateRow {
    /// Its id.
    pub case_id: Uuid,
    /// Its item.
    pub item: String,
    /// The lineage it belongs to.
    pub lineage: Uuid,
    /// The inspection it stands on.
    pub inspection_id: Uuid,
    /// The pack it is judged by.
    pub pack_id: Option<String>,
    /// That pack's version.
    pub pack_hash: Option<String>,
    /// [`sync_core::model::assignment::DiscoveryLevel`] by its code.
    pub level: String,
    /// The unit that answers for it.
    pub unit_id: Uuid,
    /// Its grid.
    pub grid: String,
    /// Who recorded the inspection it stands on.
    pub author: Uuid,
    /// [`sync_core::model::case::ReviewState`] by its code.
    pub review_state: String,
    /// [`sync_core::model::case::Flag`]s by their codes.
    pub flags: Vec<String>,
    /// Grows with each change.
    pub version: i32,
    /// When it occurred.
    pub occurred_at: Time,
    /// The day its charges post by themselves, while it is published.
    pub posts_on: Option<Day>,
}

/// What a decision leaves behind.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = cases, treat_none_as_null = true)]
pub struct CaseAfterDecision {
    /// Review state by its code.
    pub review_state: String,
    /// What is still to be settled.
    pub flags: Vec<String>,
    /// One more than before.
    pub version: i32,
    /// The decision's reason.
    pub reason: Option<String>,
    /// The unit that answers for it.
    pub unit_id: Uuid,
    /// The day its charges post by themselves, while it is published.
    pub posts_on: Option<Day>,
    /// When it was decided.
    pub updated_at: Time,
}

/// Reads a case.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn find(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> QueryResult<Option<CaseStateRow>> {
    let case = cases::table.find((district.as_str(), case_id.0)).select(CaseStateRow::as_select());
    case.first(connection).await.optional()
}

/// Reads a case and locks its row to the end of the transaction.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn lock(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
) -> QueryResult<Option<CaseStateRow>> {
    cases::table
        .find((district.as_str(), case_id.0))
        .select(CaseStateRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Reads cases and locks their rows in the order of their ids, to the end of the transaction.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn lock_many(
    connection: &mut Connection,
    district: &RegionCode,
    case_ids: &[CaseId],
) -> QueryResult<Vec<CaseStateRow>> {
    cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::case_id.eq_any(case_ids.iter().map(|case| case.0)))
        .order(cases::case_id)
        .select(CaseStateRow::as_select())
        .for_update()
        .load(connection)
        .await
}

/// Writes what a decision leaves behind.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn update(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
    after: &CaseAfterDecision,
) -> QueryResult<()> {
    diesel::update(cases::table.find((district.as_str(), case_id.0))).set(after).execute(connection).await?;
    Ok(())
}

/// Makes another version of a case of which nothing else changes here; returns it. The caller holds the case's row.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn touch(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
    now: Instant,
) -> QueryResult<i32> {
    diesel::update(cases::table.find((district.as_str(), case_id.0)))
        .set((cases::version.eq(cases::version + 1), cases::updated_at.eq(Time(now))))
        .returning(cases::version)
        .get_result(connection)
        .await
}

/// Whether something ever stood in the ledger of a case that was merged into this one.
///
/// # Errors
/// Faults of the database.
pub async fn absorbed_was_posted(
    connection: &mut Connection,
    district: &RegionCode,
    survivor: CaseId,
) -> QueryResult<bool> {
    let of_entry =
        cases::district.eq(ledger_entries::district).and(cases::case_id.eq(ledger_entries::case_id));
    let posted = ledger_entries::table
        .inner_join(cases::table.on(of_entry))
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::merged_into.eq(survivor.0));
    select(exists(posted)).get_result(connection).await
}
