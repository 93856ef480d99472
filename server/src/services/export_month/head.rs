//! What stands above a month's sheets.

use diesel::QueryResult;
use sync_core::ids::RegionCode;
use sync_core::time::{Instant, Month};

use crate::db::districts::DistrictHead;
use crate::db::{Connection, closed_names, periods};
use crate::tables::Language;

/// Whose month, which, and as of when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthHead {
    /// The district and the office that makes the sheet (制表单位).
    pub district: DistrictHead,
    /// The month of account.
    pub month: Month,
    /// Whether it is closed: else what stands in the sheet can still change.
    pub closed: bool,
    /// When the sheet is made; of a closed month, when it was closed.
    pub made_at: Instant,
    /// Of headers, names and fixed texts.
    pub language: Language,
}

impl MonthHead {
    /// The line below a title: district, month, office, and whether the month is closed.
    pub(super) fn subtitle(&self) -> String {
        let Self { district: DistrictHead { name, office, .. }, month, .. } = self;
        let state = self.state();
        let first = month.first_day();
        let (year, number) = (first.year(), first.month());
        self.language.of(
            format!("{name}    账期：{year}年{number}月（{state}）    制表单位：{office}"),
            format!("{name}    Month: {month} ({state})    Made by: {office}"),
        )
    }

    /// 已结账 or 未结账.
    pub(super) fn state(&self) -> &'static str {
        match self.closed {
            true => self.language.of("已结账", "closed"),
            false => self.language.of("未结账", "open"),
        }
    }
}

/// The head of a district's month, as it was at its closing; `now` is when a sheet of an open month is made. Whether it is
/// closed is known to who asks.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn read_month_head(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    closed: bool,
    now: Instant,
    language: Language,
) -> QueryResult<MonthHead> {
    let period = periods::find_closed(connection, district, month).await?;
    let made_at = period.map_or(now, |period| period.closed_at);
    let district = closed_names::head_of_month(connection, district, month).await?;
    Ok(MonthHead { district, month, closed, made_at, language })
}
