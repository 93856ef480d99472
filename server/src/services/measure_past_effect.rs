//! What the days of a pack version meet in the past (既往影响): the cases that occurred in them and were judged otherwise,
//! and those that the version judged and that its days leave out, where it was in force longer before.
//!
//! Invariant: it counts and changes nothing. A new version never changes a case by itself: undecided ones are judged
//! again by a decision, posted ones adjusted.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Date as SqlDate, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{PackHash, RegionCode};
use sync_core::policy::Window;
use utoipa::ToSchema;

use crate::db::Connection;
use crate::db::types::Day;
use crate::problem::ApiError;

/// Cases in the days of a version that were judged by another one, or by none; cases outside them that it judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PastEffect {
    /// Cases that are not decided, or confirmed and not posted yet (公示期).
    pub undecided: i64,
    /// Cases with postings.
    pub posted: i64,
    /// Of those, cases with postings in closed months.
    pub posted_in_closed_months: i64,
}

impl PastEffect {
    /// Whether there is any such case.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.undecided == 0 && self.posted == 0
    }
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    undecided: i64,
    #[diesel(sql_type = BigInt)]
    posted: i64,
    #[diesel(sql_type = BigInt)]
    closed: i64,
}

/// Counts the cases that occurred in these days (zone of record) and were not judged by this version, and those that were
/// and did not.
///
/// # Errors
/// Those of the database.
pub async fn measure_past_effect(
    connection: &mut Connection,
    district: &RegionCode,
    hash: &PackHash,
    days: Option<Window>,
) -> Result<PastEffect, ApiError> {
    let counts: Counts = sql_query(
        "WITH met AS (
             SELECT review_state,
                 EXISTS (SELECT 1 FROM charges AS c
                         WHERE c.district = $1 AND c.case_id = cases.case_id AND c.state = 'pending') AS pending,
                 EXISTS (SELECT 1 FROM ledger_entries AS e
                         WHERE e.district = $1 AND e.case_id = cases.case_id) AS posted,
                 EXISTS (SELECT 1 FROM ledger_entries AS e
                         JOIN periods AS p ON p.district = $1 AND p.month = e.period
                         WHERE e.district = $1 AND e.case_id = cases.case_id AND p.closed_at IS NOT NULL) AS closed
             FROM cases
             WHERE district = $1
               AND (pack_hash IS DISTINCT FROM $2)
                 = ($3 IS NOT NULL AND occurred_at >= CAST($3 AS timestamp) AT TIME ZONE 'Asia/Shanghai'
                    AND ($4 IS NULL OR occurred_at < CAST($4 + 1 AS timestamp) AT TIME ZONE 'Asia/Shanghai'))
         )
         SELECT count(*) FILTER (WHERE review_state IN ('awaiting_evidence', 'under_review', 'returned')
                                    OR (review_state = 'confirmed' AND pending AND NOT posted)) AS undecided,
                count(*) FILTER (WHERE posted) AS posted,
                count(*) FILTER (WHERE closed) AS closed
         FROM met",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Text, _>(hash.as_str())
    .bind::<Nullable<SqlDate>, _>(days.map(|days| Day(days.from)))
    .bind::<Nullable<SqlDate>, _>(days.and_then(|days| days.until).map(Day))
    .get_result(connection)
    .await?;
    Ok(PastEffect {
        undecided: counts.undecided,
        posted: counts.posted,
        posted_in_closed_months: counts.closed,
    })
}
