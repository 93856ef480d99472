//! The clauses (依据条款) that a month's deductions rest on, by item.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, Date as SqlDate, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::ids::ItemCode;
use sync_core::time::{Instant, Month};

use crate::auth::money_scope::MoneyScope;
use crate::db::statement::statement;
use crate::db::types::{Day, stored};
use crate::db::{Connection, periods};
use crate::ledger::period::Occurrences;
use crate::problem::ApiError;

/// Document and clause of each item; several, joined, where a month saw several versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemClauses(BTreeMap<ItemCode, String>);

impl ItemClauses {
    /// Those of an item; empty where nothing of it was posted or is pending.
    #[must_use]
    pub fn of(&self, item: &ItemCode) -> &str {
        self.0.get(item).map_or("", String::as_str)
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    item: String,
    #[diesel(sql_type = Text)]
    clauses: String,
}

/// The clauses of a month's entries; for an item without entries, those of what would post there `now`.
///
/// # Errors
/// Those of the database.
pub async fn read_clauses(
    connection: &mut Connection,
    scope: &MoneyScope,
    month: Month,
    now: Instant,
) -> Result<ItemClauses, ApiError> {
    let calendar = periods::calendar(connection, &scope.district, now).await?;
    let days = calendar.occurrences_posting_to(month).map(Occurrences::days);
    let rows: Vec<Row> = statement(
        "WITH posted AS (
             SELECT DISTINCT item, clause FROM ledger_entries
             WHERE district = $1 AND period = $2 AND ($3::uuid[] IS NULL OR unit_id = ANY ($3))
         ), pending AS (
             SELECT DISTINCT cases.item, charges.clause FROM charges JOIN cases USING (district, case_id)
             WHERE district = $1 AND charges.state = 'pending' AND occurred_month BETWEEN $4 AND $5
               AND ($3::uuid[] IS NULL OR charges.unit_id = ANY ($3))
         )
         SELECT item, string_agg(clause, '；' ORDER BY clause) AS clauses
         FROM (SELECT * FROM posted
               UNION ALL SELECT * FROM pending WHERE item NOT IN (SELECT item FROM posted)) AS known
         GROUP BY item",
    )
    .bind::<Text, _>(scope.district.as_str())
    .bind::<SqlDate, _>(Day(month.first_day()))
    .bind::<Nullable<Array<SqlUuid>>, _>(scope.units.clone())
    .bind::<Nullable<SqlDate>, _>(days.map(|(from, _)| Day(from)))
    .bind::<Nullable<SqlDate>, _>(days.map(|(_, until)| Day(until)))
    .load(connection)
    .await?;
    let known = rows.into_iter().map(|row| Ok((stored("ledger_entries.item", &row.item)?, row.clauses)));
    Ok(ItemClauses(known.collect::<Result<_, ApiError>>()?))
}
