//! Lists the months of account (账期): which are closed, what is posted in each, what would post to it.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;

use crate::auth::money_scope::MoneyScope;
use crate::db::statement::statement;
use crate::db::types::Day;
use crate::db::{Connection, periods};
use crate::problem::ApiError;

/// A month of account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthSummary {
    /// Which.
    pub month: Month,
    /// Whether it is closed: nothing posts to it any more.
    pub closed: bool,
    /// Posted, net of reversals, in fen.
    pub posted: Fen,
    /// The same as exact yuan.
    pub posted_yuan: String,
    /// Memo: what would post here if it were confirmed now, in fen.
    pub pending: Fen,
    /// The same as exact yuan.
    pub pending_yuan: String,
}

/// The months, the latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthList {
    /// The months.
    pub months: Vec<MonthSummary>,
}

/// What is known of a month: by month of account for posted, by month of occurrence for pending.
#[derive(Debug, QueryableByName)]
struct MonthRow {
    #[diesel(sql_type = SqlDate)]
    month: Day,
    #[diesel(sql_type = BigInt)]
    posted: i64,
    #[diesel(sql_type = BigInt)]
    pending: i64,
}

/// Lists the months that have a period, an entry or a pending charge, and the present one. Posted comes from the sums
/// that are kept with the entries ([`crate::db::month_sums`]).
///
/// # Errors
/// Those of the database.
pub async fn list_months(
    connection: &mut Connection,
    scope: &MoneyScope,
    now: Instant,
) -> Result<MonthList, ApiError> {
    let calendar = periods::calendar(connection, &scope.district, now).await?;
    let rows: Vec<MonthRow> = statement(
        "SELECT month, sum(posted)::bigint AS posted, sum(pending)::bigint AS pending FROM (
             SELECT month, 0::bigint AS posted, 0::bigint AS pending FROM periods WHERE district = $1
             UNION ALL
             SELECT period, amount_fen, 0 FROM month_sums
             WHERE district = $1 AND ($2::uuid[] IS NULL OR unit_id = ANY ($2))
             UNION ALL
             SELECT occurred_month, 0, coalesce(amount_fen, 0)
             FROM charges JOIN cases USING (district, case_id)
             WHERE district = $1 AND charges.state = 'pending'
               AND ($2::uuid[] IS NULL OR charges.unit_id = ANY ($2))
         ) AS moved GROUP BY month",
    )
    .bind::<Text, _>(scope.district.as_str())
    .bind::<Nullable<Array<SqlUuid>>, _>(scope.units.clone())
    .load(connection)
    .await?;

    let mut sums: BTreeMap<Month, (i64, i64)> = BTreeMap::from([(calendar.current, (0, 0))]);
    for row in rows {
        let month = Month::of(row.month.0);
        if row.pending != 0 {
            let account = calendar.posting_month(month).unwrap_or(month);
            let sum = sums.entry(account).or_default();
            sum.1 = sum.1.saturating_add(row.pending);
        }
        if month <= calendar.current {
            sums.entry(month).or_default().0 = row.posted;
        }
    }
    let summary = |(month, (posted, pending)): (Month, (i64, i64))| {
        let (posted, pending) = (Fen::new(posted), Fen::new(pending));
        MonthSummary {
            month,
            closed: calendar.last_closed.is_some_and(|last| month <= last),
            posted,
            posted_yuan: posted.to_string(),
            pending,
            pending_yuan: pending.to_string(),
        }
    };
    Ok(MonthList { months: sums.into_iter().rev().map(summary).collect() })
}
