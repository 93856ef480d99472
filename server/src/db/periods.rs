//! Rows of `periods` (账期): which months are closed.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::RegionCode;
use sync_core::time::{Instant, Month};

use crate::db::Connection;
use crate::db::schema::periods;
use crate::db::types::Day;
use crate::ledger::period::Calendar;

/// The district's calendar of account at `now`. Who posts by it holds the district's row lock, as closing does.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn calendar(
    connection: &mut Connection,
    district: &RegionCode,
    now: Instant,
) -> QueryResult<Calendar> {
    let last_closed: Option<Day> = periods::table
        .filter(periods::district.eq(district.as_str()))
        .filter(periods::closed_at.is_not_null())
        .select(max(periods::month))
        .first(connection)
        .await?;
    Ok(Calendar {
        last_closed: last_closed.map(|day| Month::of(day.0)),
        current: Month::of(now.record_date()),
    })
}
