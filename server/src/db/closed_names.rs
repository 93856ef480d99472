//! Rows of `closed_names` and `closed_cases`: what a closed month called its units, grids, people and cases.
//!
//! Invariant: written once, by the closing, of everything that the month's papers name. Who prints a closed month takes
//! the names from here (`coalesce(closed…, present)`), so a page printed again is the same page.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Date as SqlDate, Text};
use diesel_async::RunQueryDsl;
use sync_core::ids::RegionCode;
use sync_core::time::Month;

use crate::db::Connection;
use crate::db::districts::{DistrictHead, district_head};
use crate::db::schema::closed_names;
use crate::db::types::Day;

const KEEP_NAMES: &str = "
INSERT INTO closed_names (district, month, kind, id, name, budget_code)
SELECT $1, $2, 'unit', unit_id::text, name, budget_code FROM units WHERE district = $1
UNION ALL SELECT $1, $2, 'grid', path, name, NULL FROM grids WHERE district = $1
UNION ALL SELECT $1, $2, 'user', user_id::text, name, NULL FROM users WHERE district = $1
UNION ALL SELECT $1, $2, 'district', $1, $3, NULL
UNION ALL SELECT $1, $2, 'office', $1, $4, NULL";

const KEEP_CASES: &str = "
INSERT INTO closed_cases (district, month, case_id, occurred_at, target_kind, item_zh, item_en, place)
SELECT $1, $2, cases.case_id, cases.occurred_at, cases.kind, coalesce(evaluation->>'zh', cases.item),
       coalesce(evaluation->>'en', cases.item), coalesce(targets.name, sealed->>'place', '')
FROM (SELECT DISTINCT case_id FROM ledger_entries WHERE district = $1 AND period = $2) AS posted
JOIN cases ON cases.district = $1 AND cases.case_id = posted.case_id
JOIN inspections ON inspections.district = $1 AND inspections.inspection_id = cases.inspection_id
LEFT JOIN targets ON targets.district = $1 AND targets.target_id = cases.target_id";

/// Keeps what everything in the month is called now; its period is written before.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn keep(connection: &mut Connection, district: &RegionCode, month: Month) -> QueryResult<()> {
    let head = district_head(connection, district).await?;
    sql_query(KEEP_NAMES)
        .bind::<Text, _>(district.as_str())
        .bind::<SqlDate, _>(Day(month.first_day()))
        .bind::<Text, _>(head.name)
        .bind::<Text, _>(head.office)
        .execute(connection)
        .await?;
    sql_query(KEEP_CASES)
        .bind::<Text, _>(district.as_str())
        .bind::<SqlDate, _>(Day(month.first_day()))
        .execute(connection)
        .await?;
    Ok(())
}

/// The head of a district in a month: as it was at its closing, as it is today where the month is open.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn head_of_month(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
) -> QueryResult<DistrictHead> {
    let mut head = district_head(connection, district).await?;
    let kept: Vec<(String, String)> = closed_names::table
        .filter(closed_names::district.eq(district.as_str()))
        .filter(closed_names::month.eq(Day(month.first_day())))
        .filter(closed_names::kind.eq_any(["district", "office"]))
        .select((closed_names::kind, closed_names::name))
        .load(connection)
        .await?;
    for (kind, name) in kept {
        match kind.as_str() {
            "office" => head.office = name,
            _ => head.name = name,
        }
    }
    Ok(head)
}
