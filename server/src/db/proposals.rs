//! Rows of `proposals` (待复核事项): what one person asks for and another reviews.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, DecisionRequestId, ProposalId, RegionCode};
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::proposals;
use crate::db::types::{Day, Time};

/// A proposal as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = proposals, check_for_backend(diesel::pg::Pg))]
pub struct ProposalRow {
    /// District.
    pub district: String,
    /// Its id.
    pub proposal_id: Uuid,
    /// The client's id of the request; the decision carries it too.
    pub request_id: Uuid,
    /// [`sync_core::model::decision::DecisionKind`] by its code.
    pub kind: String,
    /// The case; absent where a month is decided.
    pub case_id: Option<Uuid>,
    /// The version of the case it was made on.
    pub expected_version: Option<i32>,
    /// First day of the month of account; absent where a case is decided.
    pub month: Option<Day>,
    /// The request as it was made.
    pub request: serde_json::Value,
    /// Why.
    pub reason: Option<String>,
    /// Who asks for it (经办).
    pub proposed_by: Uuid,
    /// When.
    pub proposed_at: Time,
    /// [`crate::services::list_proposals::ProposalState`] by its code.
    pub state: String,
    /// Who reviewed it (复核).
    pub reviewed_by: Option<Uuid>,
    /// When it was reviewed, withdrawn or found stale.
    pub reviewed_at: Option<Time>,
    /// Why it was rejected.
    pub review_reason: Option<String>,
    /// The decision it led to.
    pub decision_no: Option<i64>,
}

/// What becomes of a proposal.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = proposals)]
pub struct ProposalEnd {
    /// The state it ends in.
    pub state: &'static str,
    /// Who reviewed it.
    pub reviewed_by: Option<Uuid>,
    /// When.
    pub reviewed_at: Time,
    /// Why it was rejected.
    pub review_reason: Option<String>,
    /// The decision it led to.
    pub decision_no: Option<i64>,
}

/// Writes a proposal.
///
/// # Errors
/// Whatever PostgreSQL says; a second open one of a case violates `proposals_open_case_key`.
pub async fn insert(connection: &mut Connection, proposal: &ProposalRow) -> QueryResult<()> {
    diesel::insert_into(proposals::table).values(proposal).execute(connection).await?;
    Ok(())
}

/// The proposal that a request led to.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_request(
    connection: &mut Connection,
    district: &RegionCode,
    request: DecisionRequestId,
) -> QueryResult<Option<ProposalRow>> {
    proposals::table
        .filter(proposals::district.eq(district.as_str()))
        .filter(proposals::request_id.eq(request.0))
        .select(ProposalRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// The proposal of this id.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn find(
    connection: &mut Connection,
    district: &RegionCode,
    id: ProposalId,
) -> QueryResult<Option<ProposalRow>> {
    proposals::table
        .find((district.as_str(), id.0))
        .select(ProposalRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// The proposal of this id, its row locked to the end of the transaction; what it is about is locked before.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn lock(
    connection: &mut Connection,
    district: &RegionCode,
    id: ProposalId,
) -> QueryResult<Option<ProposalRow>> {
    proposals::table
        .find((district.as_str(), id.0))
        .select(ProposalRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Ends a proposal.
///
/// # Errors
/// Whatever PostgreSQL says; who reviews the own proposal violates `proposals_two_people_check`.
pub async fn end(
    connection: &mut Connection,
    district: &RegionCode,
    id: ProposalId,
    end: &ProposalEnd,
) -> QueryResult<()> {
    diesel::update(proposals::table.find((district.as_str(), id.0))).set(end).execute(connection).await?;
    Ok(())
}

/// Ends the open proposal of a case that was made on another version than this: the case is no longer what was looked
/// at.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn end_outdated(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
    version: i32,
    now: Instant,
) -> QueryResult<()> {
    diesel::update(proposals::table)
        .filter(proposals::district.eq(district.as_str()))
        .filter(proposals::case_id.eq(case_id.0))
        .filter(proposals::state.eq("open"))
        .filter(proposals::expected_version.ne(version))
        .set((proposals::state.eq("stale"), proposals::reviewed_at.eq(Time(now))))
        .execute(connection)
        .await?;
    Ok(())
}
