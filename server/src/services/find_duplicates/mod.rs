//! Finds duplicates (疑似重复): of cases just written, which others may be the same (invariant 6).
//!
//! Invariants: a pair is proposed when both are of one item and near in place and time by the pack's window, or one
//! target has an open case of that item; undecided cases of a proposed pair are flagged and cannot be confirmed; a
//! lineage is never its own duplicate. What a supervisor kept apart stays apart. One search serves a whole batch.
//! Searches of a district follow one another ([`duplicate_lock`]), so two reports that arrive at once find each other.

mod search;

use std::collections::{BTreeMap, BTreeSet};

use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel::{QueryResult, QueryableByName};
use diesel_async::RunQueryDsl;
use futures::join;
use serde::{Deserialize, Serialize};
use sync_core::ids::{CaseId, RegionCode, UserId};
use sync_core::model::case::Flag;
use sync_core::policy::PolicyBook;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::bulk::execute_with_rows;
use crate::db::changes::NewChange;
use crate::db::statement::statement;
use crate::db::types::{StoredValueError, stored};
use crate::db::{Connection, duplicate_lock};
use crate::problem::ApiError;
use crate::services::open_cases::CaseWrite;

/// Why two cases may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The target had an open case of the item (同一对象未销号).
    OpenCaseOnTarget,
    /// Within the pack's metres and hours (时空邻近).
    NearInPlaceAndTime,
}

/// What became of a proposed pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PairState {
    /// To be decided (待认定).
    Proposed,
    /// One absorbed the other (已并案).
    Merged,
    /// They are two (已分别认定).
    KeptApart,
    /// A correction or dismissal took its ground away (已失效).
    Lapsed,
}

/// A pair of cases that may be one, the lesser id first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    district: RegionCode,
    case_id: CaseId,
    other_case_id: CaseId,
    ground: Ground,
    metres: Option<f64>,
    hours: f64,
    found_at: Instant,
    state: PairState,
}

/// Pairs that were found, each once.
pub type Pairs = BTreeMap<(CaseId, CaseId), Pair>;

/// Searches for duplicates of cases that were written in this transaction, and flags both sides. Returns what devices
/// must hear of besides the cases themselves.
///
/// # Errors
/// Faults of the database.
pub async fn find_duplicates(
    conn: &mut Connection,
    district: &RegionCode,
    book: &PolicyBook,
    cases: &[CaseWrite],
    now: Instant,
) -> Result<Vec<NewChange>, ApiError> {
    let pairs = search_locked(conn, district, book, cases, now).await?;
    record_pairs(conn, district, cases, pairs).await
}

/// The search by itself, behind its lock: what a caller writes before it in the same round trip is seen by it.
///
/// # Errors
/// Faults of the database.
pub async fn search_locked(
    conn: &Connection,
    district: &RegionCode,
    book: &PolicyBook,
    cases: &[CaseWrite],
    now: Instant,
) -> Result<Pairs, ApiError> {
    if cases.is_empty() {
        return Ok(Pairs::new());
    }
    let (locked, found) =
        join!(duplicate_lock::take(conn, district), search::search(conn, district, book, cases, now));
    locked?;
    found
}

/// Records what the search found, and flags both sides. Returns what devices must hear of besides the cases
/// themselves.
///
/// # Errors
/// Faults of the database.
pub async fn record_pairs(
    conn: &mut Connection,
    district: &RegionCode,
    cases: &[CaseWrite],
    pairs: Pairs,
) -> Result<Vec<NewChange>, ApiError> {
    let judged_anew: Vec<CaseId> =
        cases.iter().filter(|case| case.version > 1).map(CaseWrite::case_id).collect();
    let mut touched = lapse(conn, district, &judged_anew).await?;
    touched.extend(pairs.values().flat_map(|pair| [pair.case_id, pair.other_case_id]));
    execute_with_rows(conn, PROPOSE, &pairs.into_values().collect::<Vec<_>>()).await?;
    let changes = flag::<ApiError>(conn, district, &touched).await?;
    let written: BTreeSet<CaseId> = cases.iter().map(CaseWrite::case_id).collect();
    Ok(changes.into_iter().filter(|(case, _)| !written.contains(case)).map(|(_, change)| change).collect())
}

/// Lets the open proposals of cases lapse that are no duplicates any more; returns the changes of the other sides.
/// The caller took the [`duplicate_lock`] before it locked these cases.
///
/// # Errors
/// Faults of the database.
pub async fn lapse_duplicates<E>(
    conn: &mut Connection,
    district: &RegionCode,
    cases: &[CaseId],
) -> Result<Vec<NewChange>, E>
where
    E: From<DieselError> + From<StoredValueError>,
{
    let touched = lapse(conn, district, cases).await?;
    let changes: BTreeMap<CaseId, NewChange> = flag::<E>(conn, district, &touched).await?;
    Ok(changes.into_iter().filter(|(case, _)| !cases.contains(case)).map(|(_, change)| change).collect())
}

/// Sets the open proposals of these cases to lapsed; returns both sides of each.
async fn lapse(
    conn: &mut Connection,
    district: &RegionCode,
    cases: &[CaseId],
) -> QueryResult<BTreeSet<CaseId>> {
    #[derive(QueryableByName)]
    struct Lapsed {
        #[diesel(sql_type = SqlUuid)]
        case_id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        other_case_id: Uuid,
    }
    if cases.is_empty() {
        return Ok(BTreeSet::new());
    }
    let lapsed: Vec<Lapsed> = statement(
        "UPDATE duplicate_proposals SET state = 'lapsed'
         WHERE district = $1 AND (case_id = ANY ($2) OR other_case_id = ANY ($2)) AND state = 'proposed'
         RETURNING case_id, other_case_id",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<SqlUuid>, _>(cases.iter().map(|case| case.0).collect::<Vec<_>>())
    .load(conn)
    .await?;
    Ok(lapsed.into_iter().flat_map(|pair| [CaseId(pair.case_id), CaseId(pair.other_case_id)]).collect())
}

/// Flags these cases where they have an open proposal and are undecided, and no others. Returns those that changed.
pub(in crate::services) async fn flag<E>(
    conn: &mut Connection,
    district: &RegionCode,
    cases: &BTreeSet<CaseId>,
) -> Result<BTreeMap<CaseId, NewChange>, E>
where
    E: From<DieselError> + From<StoredValueError>,
{
    #[derive(QueryableByName)]
    struct Flagged {
        #[diesel(sql_type = SqlUuid)]
        case_id: Uuid,
        #[diesel(sql_type = Text)]
        grid: String,
        #[diesel(sql_type = SqlUuid)]
        author: Uuid,
    }
    if cases.is_empty() {
        return Ok(BTreeMap::new());
    }
    let flagged: Vec<Flagged> = statement(
        "UPDATE cases
         SET flags = CASE WHEN now.flagged THEN array_append(cases.flags, $3) ELSE array_remove(cases.flags, $3) END
         FROM (SELECT found.case_id,
                      found.review_state IN ('awaiting_evidence', 'under_review', 'returned') AND EXISTS (
                          SELECT FROM duplicate_proposals AS pair
                          WHERE pair.district = $1 AND found.case_id IN (pair.case_id, pair.other_case_id)
                            AND pair.state = 'proposed') AS flagged
               FROM cases AS found
               WHERE found.district = $1 AND found.case_id = ANY ($2)
               ORDER BY found.case_id FOR NO KEY UPDATE) AS now
         WHERE cases.district = $1 AND cases.case_id = now.case_id AND now.flagged <> ($3 = ANY (cases.flags))
         RETURNING cases.case_id, cases.grid, cases.author",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<SqlUuid>, _>(cases.iter().map(|case| case.0).collect::<Vec<_>>())
    .bind::<Text, _>(Flag::DuplicateProposed.code())
    .load(conn)
    .await?;
    flagged
        .into_iter()
        .map(|row| {
            let case_id = CaseId(row.case_id);
            Ok((case_id, NewChange::of_case(case_id, stored("cases.grid", &row.grid)?, UserId(row.author))))
        })
        .collect()
}

/// What was decided about a pair stays; what had lapsed is proposed again.
const PROPOSE: &str = "
    INSERT INTO duplicate_proposals (
        district, case_id, other_case_id, ground, metres, hours, found_at, state)
    SELECT district, case_id, other_case_id, ground, metres, hours, found_at, state
    FROM json_populate_recordset(NULL::duplicate_proposals, CAST($1 AS json))
    ON CONFLICT ON CONSTRAINT duplicate_proposals_pkey DO UPDATE SET
        ground = excluded.ground, metres = excluded.metres, hours = excluded.hours, found_at = excluded.found_at,
        state = excluded.state
    WHERE duplicate_proposals.state = 'lapsed'";
