//! Terms (条款): the time to appeal and the time to decide an appeal.
//!
//! None of the documents states either; a pack of a document that does says so under `appeals`, and where it does not,
//! the defaults here hold. They are a reading, not a rule of a document.

use sync_core::policy::PolicyPack;
use sync_core::time::Instant;

use crate::calendar::{CalendarGap, Planned, Span, WorkCalendar};

/// Workdays (工作日) to appeal, from the decision that charged the unit, where the pack gives none. A reading.
pub const FILING_WORKDAYS: u16 = 5;
/// Workdays to decide an appeal, from its filing, where the pack gives none. A reading.
pub const DECISION_WORKDAYS: u16 = 10;

/// By how much holidays that are not known could prolong a term of workdays: a run of public holidays has at most nine
/// days, and with the weekends beside it less than two weeks.
const HOLIDAYS_MAX_SECONDS: i64 = 14 * 24 * 3_600;

/// The time that a pack gives, or the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    filing_workdays: u16,
    decision_workdays: u16,
}

impl Terms {
    /// Those of the pack that a case is judged by.
    #[must_use]
    pub fn of(pack: Option<&PolicyPack>) -> Self {
        let given = pack.and_then(|pack| pack.content().appeals.as_ref());
        Self {
            filing_workdays: given.map_or(FILING_WORKDAYS, |appeals| appeals.filing_workdays),
            decision_workdays: given.map_or(DECISION_WORKDAYS, |appeals| appeals.decision_workdays),
        }
    }

    /// The last moment to appeal against a decision made then: the close of the last workday, the day of the decision
    /// not counted. Where the calendar lacks a year, so much later that no holiday could make it later still: nobody loses
    /// the right to appeal for want of data.
    ///
    /// # Errors
    /// [`CalendarGap`] where it lacks many years.
    pub fn file_until(self, charged_at: Instant, calendar: &WorkCalendar) -> Result<Instant, CalendarGap> {
        let planned = calendar.planned(charged_at, Span::WorkingDays(self.filing_workdays.into()))?;
        Ok(if planned.assumed { planned.at.plus_seconds(HOLIDAYS_MAX_SECONDS) } else { planned.at })
    }

    /// The last moment to decide an appeal filed then; where the calendar lacks a year, by its weekdays.
    ///
    /// # Errors
    /// [`CalendarGap`] where it lacks many years.
    pub fn decide_until(self, filed_at: Instant, calendar: &WorkCalendar) -> Result<Planned, CalendarGap> {
        calendar.planned(filed_at, Span::WorkingDays(self.decision_workdays.into()))
    }
}
