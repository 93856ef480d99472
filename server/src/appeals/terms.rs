//! Terms (条款): the time to appeal and the time to decide an appeal.
//!
//! None of the documents states either; a pack of a document that does says so under `appeals`, and where it does not,
//! the defaults here hold. They are a reading, not a rule of a document.

use sync_core::policy::PolicyPack;
use sync_core::time::Instant;

use crate::calendar::{CalendarGap, Span, WorkCalendar};

/// Workdays (工作日) to appeal, from the decision that charged the unit, where the pack gives none. A reading.
pub const FILING_WORKDAYS: u16 = 5;
/// Workdays to decide an appeal, from its filing, where the pack gives none. A reading.
pub const DECISION_WORKDAYS: u16 = 10;

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
    /// not counted.
    ///
    /// # Errors
    /// [`CalendarGap`].
    pub fn file_until(self, charged_at: Instant, calendar: &WorkCalendar) -> Result<Instant, CalendarGap> {
        calendar.deadline(charged_at, Span::WorkingDays(self.filing_workdays.into()))
    }

    /// The last moment to decide an appeal filed then.
    ///
    /// # Errors
    /// [`CalendarGap`].
    pub fn decide_until(self, filed_at: Instant, calendar: &WorkCalendar) -> Result<Instant, CalendarGap> {
        calendar.deadline(filed_at, Span::WorkingDays(self.decision_workdays.into()))
    }
}
