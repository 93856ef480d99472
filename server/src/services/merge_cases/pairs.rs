//! The proposed pairs that a decision on duplicates closes. The caller holds the lock of duplicates.
//!
//! A pair is closed before the decision has its number, so that flags are changed before the district's row is locked,
//! and gets its number after.

use std::collections::BTreeSet;

use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, RegionCode};
use uuid::Uuid;

use crate::db::Connection;

#[derive(Debug, QueryableByName)]
pub(super) struct PairKey {
    #[diesel(sql_type = SqlUuid)]
    case_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    other_case_id: Uuid,
}

fn uuids<'a>(cases: impl IntoIterator<Item = &'a CaseId>) -> Vec<Uuid> {
    cases.into_iter().map(|case| case.0).collect()
}

/// Closes the proposed pairs among these cases; returns them.
pub(super) async fn close(
    conn: &mut Connection,
    district: &RegionCode,
    cases: &BTreeSet<CaseId>,
) -> QueryResult<Vec<PairKey>> {
    sql_query(
        "UPDATE duplicate_proposals SET state = 'lapsed'
         WHERE district = $1 AND case_id = ANY ($2) AND other_case_id = ANY ($2) AND state = 'proposed'
         RETURNING case_id, other_case_id",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<SqlUuid>, _>(uuids(cases))
    .load(conn)
    .await
}

/// Says how closed pairs were decided.
pub(super) async fn decide(
    conn: &mut Connection,
    district: &RegionCode,
    pairs: &[PairKey],
    state: &str,
    decision_no: i64,
) -> QueryResult<()> {
    sql_query(
        "UPDATE duplicate_proposals AS pair SET state = $4, decision_no = $5
         FROM unnest($2, $3) AS decided (case_id, other_case_id)
         WHERE pair.district = $1
           AND (pair.case_id, pair.other_case_id) = (decided.case_id, decided.other_case_id)",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<SqlUuid>, _>(pairs.iter().map(|pair| pair.case_id).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(pairs.iter().map(|pair| pair.other_case_id).collect::<Vec<_>>())
    .bind::<Text, _>(state)
    .bind::<BigInt, _>(decision_no)
    .execute(conn)
    .await?;
    Ok(())
}

/// What may be the same as an absorbed case may be the same as the survivor: those pairs go over to it, unless it was
/// decided about that one already. Returns the cases concerned.
pub(super) async fn inherit(
    conn: &mut Connection,
    district: &RegionCode,
    survivor: CaseId,
    absorbed: &[CaseId],
) -> QueryResult<BTreeSet<CaseId>> {
    let given: Vec<PairKey> = sql_query(
        "WITH given AS (
             UPDATE duplicate_proposals SET state = 'lapsed'
             WHERE district = $1 AND state = 'proposed'
               AND (case_id = ANY ($3)) <> (other_case_id = ANY ($3)) AND $2 NOT IN (case_id, other_case_id)
             RETURNING CASE WHEN case_id = ANY ($3) THEN other_case_id ELSE case_id END AS third,
                       ground, metres, hours, found_at
         ), taken AS (
             INSERT INTO duplicate_proposals (
                 district, case_id, other_case_id, ground, metres, hours, found_at, state)
             SELECT DISTINCT ON (third) $1, least(third, $2), greatest(third, $2), ground, metres, hours, found_at,
                    'proposed'
             FROM given ORDER BY third, hours
             ON CONFLICT ON CONSTRAINT duplicate_proposals_pkey DO UPDATE SET state = 'proposed'
             WHERE duplicate_proposals.state = 'lapsed'
         )
         SELECT DISTINCT third AS case_id, third AS other_case_id FROM given",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<SqlUuid, _>(survivor.0)
    .bind::<Array<SqlUuid>, _>(uuids(absorbed))
    .load(conn)
    .await?;
    Ok(given.into_iter().map(|pair| CaseId(pair.case_id)).collect())
}
