//! Working time (工作时间): deadlines in working hours, working days and days, by the holidays and make-up workdays
//! that the State Council publishes and the office's hours; and the periods (周期) of what is due regularly. All in the
//! zone of record.
//!
//! Invariants: pure, reads no clock; a year without data is [`CalendarGap`], never a guess; no deadline falls on a
//! day off.

mod deadline;
mod office_hours;
mod work_calendar;
mod year;

pub use deadline::{Planned, Span};
pub use office_hours::{OfficeHours, OfficeHoursFault};
pub use sync_core::policy::Period;
pub use work_calendar::{CalendarFault, CalendarGap, WorkCalendar};
pub use year::{Year, YearFault};
