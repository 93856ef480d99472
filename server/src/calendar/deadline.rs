//! When a span of working time or of days ends, and how much working time lies between two instants.
//!
//! Counting of days: the Civil Code, articles 201 (the day on which it begins is not counted) and 203 (a last day
//! that is off moves to the next workday; the day ends when the office closes).

use jiff::SignedDuration;
use jiff::civil::{DateTime, Time};
use sync_core::time::Instant;

use super::work_calendar::{CalendarGap, WorkCalendar, next};
use super::year::Year;

/// How long someone has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Hours within the office's hours (工作小时), from the moment it begins.
    WorkingHours(u32),
    /// Workdays (工作日), without the day on which it begins, to the close of the last.
    WorkingDays(u32),
    /// Days of the calendar (自然日), without the day on which it begins, to the close of the last or of the next workday.
    Days(u32),
}

/// A date that is set even where the calendar lacks a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// When it is.
    pub at: Instant,
    /// Whether a year was missing, in which Monday to Friday were taken for workdays.
    pub assumed: bool,
}

/// Years in a row that are taken for years without holidays.
const ASSUMED_YEARS_MAX: usize = 2;

impl WorkCalendar {
    /// When a span that begins at `start` ends; in years without data Monday to Friday are taken for workdays. For what
    /// must not wait for the calendar.
    ///
    /// # Errors
    /// [`CalendarGap`] where it runs through more than `ASSUMED_YEARS_MAX` years without data.
    pub fn planned(&self, start: Instant, span: Span) -> Result<Planned, CalendarGap> {
        let mut gap = match self.deadline(start, span) {
            Ok(at) => return Ok(Planned { at, assumed: false }),
            Err(gap) => gap,
        };
        let mut assuming = self.clone();
        for _ in 0..ASSUMED_YEARS_MAX {
            assuming = assuming.with_year(Year::of_weekdays(gap.year));
            match assuming.deadline(start, span) {
                Ok(at) => return Ok(Planned { at, assumed: true }),
                Err(next) => gap = next,
            }
        }
        Err(gap)
    }

    /// When a span that begins at `start` ends. Nought days end with the day itself or the next workday; nought hours with
    /// the first moment of work.
    ///
    /// # Errors
    /// [`CalendarGap`] where it runs into a year without data.
    pub fn deadline(&self, start: Instant, span: Span) -> Result<Instant, CalendarGap> {
        let from = start.record_datetime();
        let end = match span {
            Span::WorkingHours(hours) => self.after_hours(from, SignedDuration::from_hours(hours.into()))?,
            Span::WorkingDays(days) => {
                let mut day = from.date();
                for _ in 0..days {
                    day = self.workday_from(next(day)?)?;
                }
                self.workday_from(day)?.to_datetime(self.hours.close())
            }
            Span::Days(days) => {
                let gap = CalendarGap { year: from.year() };
                let last = from.date().checked_add(jiff::Span::new().try_days(days).map_err(|_| gap)?);
                self.workday_from(last.map_err(|_| gap)?)?.to_datetime(self.hours.close())
            }
        };
        Instant::at_record(end).map_err(|_| CalendarGap { year: end.year() })
    }

    /// When this much working time has passed since `start`.
    ///
    /// # Errors
    /// [`CalendarGap`] where it runs into a year without data.
    pub fn after_working_time(&self, start: Instant, time: SignedDuration) -> Result<Instant, CalendarGap> {
        let end = self.after_hours(start.record_datetime(), time)?;
        Instant::at_record(end).map_err(|_| CalendarGap { year: end.year() })
    }

    /// Working time from `earlier` to `later`; nothing where it is not later.
    ///
    /// # Errors
    /// [`CalendarGap`] where a year between them has no data.
    pub fn working_time_between(
        &self,
        earlier: Instant,
        later: Instant,
    ) -> Result<SignedDuration, CalendarGap> {
        let (from, until) = (earlier.record_datetime(), later.record_datetime());
        let mut sum = SignedDuration::ZERO;
        let mut day = from.date();
        while day <= until.date() {
            if self.is_workday(day)? {
                let begins = if day == from.date() { from.time() } else { Time::MIN };
                let ends = if day == until.date() { until.time() } else { Time::MAX };
                sum = sum.saturating_add(self.hours.worked(begins, ends));
            }
            day = next(day)?;
        }
        Ok(sum)
    }

    fn after_hours(&self, from: DateTime, mut left: SignedDuration) -> Result<DateTime, CalendarGap> {
        let (mut day, mut at) = (from.date(), from.time());
        loop {
            let workday = self.workday_from(day)?;
            if workday != day {
                (day, at) = (workday, Time::MIN);
            }
            for shift in self.hours.shifts().iter().filter(|shift| shift.until > at) {
                let begins = shift.from.max(at);
                let open = shift.until.duration_since(begins);
                if left <= open {
                    return Ok(day.to_datetime(begins.saturating_add(left)));
                }
                left = left.saturating_sub(open);
            }
            (day, at) = (next(day)?, Time::MIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::OfficeHours;
    use super::*;

    fn calendar() -> WorkCalendar {
        WorkCalendar::bundled().unwrap()
    }

    /// An instant by what the clock shows in the zone of record.
    fn at(text: &str) -> Instant {
        Instant::at_record(text.parse().unwrap()).unwrap()
    }

    fn ends(start: &str, span: Span) -> String {
        calendar().deadline(at(start), span).unwrap().record_text()
    }

    #[test]
    fn hours_run_only_while_the_office_is_open() {
        for (start, hours, end) in [
            ("2024-10-16 08:30", 1, "2024-10-16 09:30:00"),
            ("2024-10-16 11:00", 2, "2024-10-16 15:30:00"),
            ("2024-10-16 12:30", 1, "2024-10-16 15:30:00"),
            ("2024-10-16 08:30", 7, "2024-10-16 18:00:00"),
            ("2024-10-16 17:00", 2, "2024-10-17 09:30:00"),
            ("2024-10-16 23:00", 1, "2024-10-17 09:30:00"),
            ("2024-10-18 17:00", 4, "2024-10-21 11:30:00"),
            ("2024-10-19 10:00", 4, "2024-10-21 15:00:00"),
            ("2024-10-16 05:00", 0, "2024-10-16 08:30:00"),
        ] {
            assert_eq!(ends(start, Span::WorkingHours(hours)), end, "{start} + {hours} h");
        }
    }

    #[test]
    fn national_day_is_skipped_and_its_make_up_days_are_worked() {
        // 2024: off 1 to 7 October; Sunday 29 September and Saturday 12 October are worked.
        assert_eq!(ends("2024-09-30 17:00", Span::WorkingHours(2)), "2024-10-08 09:30:00");
        assert_eq!(ends("2024-09-28 10:00", Span::WorkingHours(1)), "2024-09-29 09:30:00");
        assert_eq!(ends("2024-09-27 10:00", Span::WorkingDays(1)), "2024-09-29 18:00:00");
        assert_eq!(ends("2024-09-30 10:00", Span::WorkingDays(1)), "2024-10-08 18:00:00");
        assert_eq!(ends("2024-10-11 10:00", Span::WorkingDays(1)), "2024-10-12 18:00:00");
        assert_eq!(ends("2024-10-12 10:00", Span::WorkingDays(1)), "2024-10-14 18:00:00");
        assert_eq!(ends("2024-09-29 10:00", Span::Days(3)), "2024-10-08 18:00:00");
        // 2025: off 1 to 8 October with Mid-Autumn; 28 September and 11 October are worked.
        assert_eq!(ends("2025-09-27 10:00", Span::WorkingDays(1)), "2025-09-28 18:00:00");
        assert_eq!(ends("2025-09-30 10:00", Span::WorkingDays(3)), "2025-10-11 18:00:00");
    }

    #[test]
    fn spring_festival_is_skipped_and_its_make_up_days_are_worked() {
        // 2024: off 10 to 17 February; Sundays 4 and 18 February are worked.
        assert_eq!(ends("2024-02-09 17:30", Span::WorkingHours(1)), "2024-02-18 09:00:00");
        assert_eq!(ends("2024-02-03 09:00", Span::WorkingDays(1)), "2024-02-04 18:00:00");
        assert_eq!(ends("2024-02-08 09:00", Span::WorkingDays(2)), "2024-02-18 18:00:00");
        // 2026: off 15 to 23 February; Saturdays 14 and 28 are worked.
        assert_eq!(ends("2026-02-13 09:00", Span::WorkingDays(2)), "2026-02-24 18:00:00");
        assert_eq!(ends("2026-02-27 09:00", Span::WorkingDays(1)), "2026-02-28 18:00:00");
        assert_eq!(ends("2026-02-13 09:00", Span::Days(5)), "2026-02-24 18:00:00");
    }

    #[test]
    fn the_day_on_which_days_begin_is_not_counted() {
        assert_eq!(ends("2024-10-16 00:00", Span::WorkingDays(3)), "2024-10-21 18:00:00");
        assert_eq!(ends("2024-10-16 23:59:59", Span::WorkingDays(3)), "2024-10-21 18:00:00");
        assert_eq!(ends("2024-10-16 09:00", Span::Days(2)), "2024-10-18 18:00:00");
        assert_eq!(ends("2024-10-19 09:00", Span::WorkingDays(0)), "2024-10-21 18:00:00");
    }

    #[test]
    fn a_year_without_data_is_a_gap_until_someone_adds_it() {
        let start = at("2026-12-31 17:00");
        let spans = [Span::WorkingHours(2), Span::WorkingDays(1), Span::Days(1)];
        for span in spans {
            assert_eq!(calendar().deadline(start, span), Err(CalendarGap { year: 2027 }));
        }
        assert_eq!(calendar().deadline(start, Span::WorkingHours(1)), Ok(at("2026-12-31 18:00")));
        assert_eq!(
            calendar().deadline(at("2023-12-31 09:00"), Span::Days(1)).unwrap(),
            at("2024-01-02 18:00")
        );
        assert_eq!(
            calendar().working_time_between(at("2023-12-31 09:00"), at("2024-01-02 09:00")),
            Err(CalendarGap { year: 2023 })
        );
        let year = "year = 2027\nnotice = \"x\"\n[[holidays]]\nzh = \"元旦\"\n\
            from = \"2027-01-01\"\nuntil = \"2027-01-01\"\n";
        let known = calendar().with_year(Year::from_toml(year).unwrap());
        assert_eq!(known.deadline(start, Span::WorkingHours(2)), Ok(at("2027-01-04 09:30")));
        assert!(known.deadline(start, Span::Days(u32::MAX)).is_err());
    }

    #[test]
    fn the_bundled_years_have_as_many_workdays_as_the_notices_leave() {
        // 366 and 365 days, less weekends and the 11 (from 2025 on: 13) days of the law of holidays, which
        // make-up days only move.
        for (year, workdays) in [(2024_i16, 251), (2025, 248), (2026, 248)] {
            let first = jiff::civil::date(year, 1, 1);
            let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
            let worked =
                days.take_while(|day| day.year() == year).filter(|day| calendar().is_workday(*day).unwrap());
            assert_eq!(worked.count(), workdays, "{year}");
        }
    }

    #[test]
    fn working_time_between_two_instants_counts_office_hours_of_workdays() {
        let between = |from, until| calendar().working_time_between(at(from), at(until)).unwrap();
        assert_eq!(between("2024-10-16 11:00", "2024-10-16 15:30"), SignedDuration::from_hours(2));
        assert_eq!(between("2024-10-18 17:00", "2024-10-21 09:30"), SignedDuration::from_hours(2));
        assert_eq!(between("2024-10-01 00:00", "2024-10-08 00:00"), SignedDuration::ZERO);
        assert_eq!(between("2024-10-16 11:00", "2024-10-16 10:00"), SignedDuration::ZERO);
    }

    #[test]
    fn an_office_with_other_hours_has_other_deadlines() {
        let hours = OfficeHours::from_toml("[[hours]]\nfrom = \"09:00\"\nuntil = \"17:00\"\n").unwrap();
        let calendar = calendar().with_hours(hours);
        assert_eq!(
            calendar.deadline(at("2024-10-16 16:00"), Span::WorkingHours(2)),
            Ok(at("2024-10-17 10:00"))
        );
        assert_eq!(
            calendar.deadline(at("2024-10-16 16:00"), Span::WorkingDays(1)),
            Ok(at("2024-10-17 17:00"))
        );
    }

    prop_compose! {
        fn instants()(millis in 1_704_038_400_000_i64..1_782_000_000_000) -> Instant {
            Instant::from_millisecond(millis).unwrap()
        }
    }

    fn spans() -> impl Strategy<Value = Span> {
        (0_u32..40, 0..3).prop_map(|(n, kind)| match kind {
            0 => Span::WorkingHours(n),
            1 => Span::WorkingDays(n),
            _ => Span::Days(n),
        })
    }

    proptest! {
        #[test]
        fn no_deadline_falls_on_a_day_off_or_outside_office_hours(start in instants(), span in spans()) {
            let calendar = calendar();
            let end = calendar.deadline(start, span).unwrap().record_datetime();
            prop_assert!(calendar.is_workday(end.date()).unwrap());
            let open = |shift: &super::super::office_hours::Shift| shift.from <= end.time() && end.time() <= shift.until;
            prop_assert!(calendar.hours.shifts().iter().any(open));
        }

        #[test]
        fn who_begins_later_or_has_longer_never_ends_earlier(a in instants(), b in instants(), span in spans()) {
            let calendar = calendar();
            let (first, second) = (a.min(b), a.max(b));
            let ends = calendar.deadline(first, span).unwrap();
            prop_assert!(ends <= calendar.deadline(second, span).unwrap());
            let longer = match span {
                Span::WorkingHours(n) => Span::WorkingHours(n + 1),
                Span::WorkingDays(n) => Span::WorkingDays(n + 1),
                Span::Days(n) => Span::Days(n + 1),
            };
            prop_assert!(ends <= calendar.deadline(first, longer).unwrap());
        }

        #[test]
        fn spans_add_up(start in instants(), a in 1_u32..30, b in 1_u32..30) {
            let calendar = calendar();
            for span in [Span::WorkingHours, Span::WorkingDays] {
                let half_way = calendar.deadline(start, span(a)).unwrap();
                prop_assert_eq!(calendar.deadline(half_way, span(b)), calendar.deadline(start, span(a + b)));
            }
        }

        #[test]
        fn the_working_time_to_a_deadline_is_the_span(start in instants(), hours in 0_u32..60) {
            let calendar = calendar();
            let end = calendar.deadline(start, Span::WorkingHours(hours)).unwrap();
            let between = calendar.working_time_between(start, end).unwrap();
            prop_assert_eq!(between, SignedDuration::from_hours(hours.into()));
        }
    }
}
