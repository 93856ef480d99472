//! Open appeals (待处理申诉) on cases of a month or before it, the overdue ones by name.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{AppealId, CaseId, RegionCode};
use sync_core::model::appeal::AppealState;
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::{appeals, cases, units};
use crate::db::types::{Day, Time};

/// Overdue appeals that the checklist names at most; the list of appeals has all.
const OVERDUE_NAMED_MAX: i64 = 100;

/// A memo: appeals that are open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AppealLine {
    /// What it says, in Chinese.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// How many are open.
    pub open: i64,
    /// Those past the time to decide them, the longest first; 100 at most.
    pub overdue: Vec<OverdueAppeal>,
}

/// An appeal that should have been decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OverdueAppeal {
    /// Which.
    pub appeal_id: AppealId,
    /// On which case.
    pub case_id: CaseId,
    /// Whose, by name.
    pub unit_name: String,
    /// When it should have been decided.
    pub due_at: Instant,
}

/// The line of a month.
pub(super) async fn line(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    now: Instant,
) -> QueryResult<AppealLine> {
    let of_month = appeals::table
        .inner_join(
            cases::table.on(cases::district.eq(appeals::district).and(cases::case_id.eq(appeals::case_id))),
        )
        .inner_join(
            units::table.on(units::district.eq(appeals::district).and(units::unit_id.eq(appeals::unit_id))),
        )
        .filter(appeals::district.eq(district.as_str()))
        .filter(appeals::state.eq(AppealState::Open.code()))
        .filter(cases::occurred_month.le(Day(month.first_day())));
    let open = of_month.count().get_result(connection).await?;
    let overdue: Vec<(Uuid, Uuid, String, Time)> = of_month
        .filter(appeals::due_at.lt(Time(now)))
        .order((appeals::due_at, appeals::appeal_id))
        .limit(OVERDUE_NAMED_MAX)
        .select((appeals::appeal_id, appeals::case_id, units::name, appeals::due_at))
        .load(connection)
        .await?;
    let named = |(appeal, case, unit_name, due_at): (Uuid, Uuid, String, Time)| OverdueAppeal {
        appeal_id: AppealId(appeal),
        case_id: CaseId(case),
        unit_name,
        due_at: due_at.0,
    };
    Ok(AppealLine {
        zh: "待处理的申诉",
        en: "Open appeals",
        open,
        overdue: overdue.into_iter().map(named).collect(),
    })
}
