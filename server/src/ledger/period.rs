//! Which month of account (账期) a case is posted to.
//!
//! Invariants (ARCHITECTURE.md, "A finding's way to the money"): a case posts to its month of occurrence while that is open, else to
//! the first open month; nothing posts to the future, whatever the clock of the device said. Months close in
//! order, so one date, the last closed month, says which are open.

use jiff::civil::{Date, date};
use sync_core::time::Month;

/// The calendar of account of a district at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// The last closed month; `None` before the first closing.
    pub last_closed: Option<Month>,
    /// The present month in the zone of record.
    pub current: Month,
}

/// No month takes entries: the present one is closed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("month {current} is closed and nothing posts to the future")]
pub struct NoOpenMonth {
    /// The present month.
    pub current: Month,
}

/// Why a month cannot be closed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotClosable {
    /// It is closed already.
    #[error("month {0} is closed already")]
    AlreadyClosed(Month),
    /// It has not ended.
    #[error("month {0} is not over")]
    NotOver(Month),
    /// Months close in order.
    #[error("month {0} has to be closed first")]
    EarlierOpen(Month),
}

/// The months of occurrence whose cases post to one month: both ends inclusive, open where absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrences {
    /// First month of occurrence.
    pub from: Option<Month>,
    /// Last month of occurrence.
    pub until: Option<Month>,
}

/// No month of occurrence lies before or after these.
const FIRST_DAY: Date = date(1, 1, 1);
const LAST_DAY: Date = date(9999, 12, 31);

impl Occurrences {
    /// First and last day that a month of occurrence, which is its first day, can be.
    #[must_use]
    pub fn days(self) -> (Date, Date) {
        (self.from.map_or(FIRST_DAY, Month::first_day), self.until.map_or(LAST_DAY, Month::first_day))
    }
}

impl Calendar {
    /// The first month that is not closed; `None` while none ever was.
    #[must_use]
    pub fn first_open(self) -> Option<Month> {
        self.last_closed.map(Month::next)
    }

    /// The month that a case of this month of occurrence posts to now.
    ///
    /// # Errors
    /// [`NoOpenMonth`] when even the present month is closed.
    pub fn posting_month(self, occurred: Month) -> Result<Month, NoOpenMonth> {
        let due = occurred.min(self.current);
        match self.first_open() {
            Some(open) if open > self.current => Err(NoOpenMonth { current: self.current }),
            Some(open) => Ok(due.max(open)),
            None => Ok(due),
        }
    }

    /// Whether a month can be closed: it has ended, and follows the last closed one. The first to be closed may be any up
    /// to the first in which something is posted, for what precedes it stays empty for ever.
    ///
    /// # Errors
    /// [`NotClosable`].
    pub fn closable(self, month: Month, first_posted: Option<Month>) -> Result<(), NotClosable> {
        match self.first_open().or(first_posted) {
            _ if self.last_closed.is_some_and(|last| month <= last) => Err(NotClosable::AlreadyClosed(month)),
            _ if month >= self.current => Err(NotClosable::NotOver(month)),
            Some(first) if first < month => Err(NotClosable::EarlierOpen(first)),
            _ => Ok(()),
        }
    }

    /// The inverse of [`Self::posting_month`]: which occurrences would post to `month` now; `None`: none would.
    #[must_use]
    pub fn occurrences_posting_to(self, month: Month) -> Option<Occurrences> {
        if month > self.current || self.first_open().is_some_and(|open| month < open) {
            return None;
        }
        Some(Occurrences {
            from: (self.first_open() != Some(month)).then_some(month),
            until: (month != self.current).then_some(month),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn calendar(last_closed: Option<&str>) -> Calendar {
        Calendar { last_closed: last_closed.map(month), current: month("2024-12") }
    }

    #[test]
    fn an_open_month_of_occurrence_takes_the_entry() {
        assert_eq!(calendar(None).posting_month(month("2024-10")), Ok(month("2024-10")));
        assert_eq!(calendar(Some("2024-09")).posting_month(month("2024-10")), Ok(month("2024-10")));
    }

    #[test]
    fn a_closed_month_gives_way_to_the_first_open_one() {
        assert_eq!(calendar(Some("2024-10")).posting_month(month("2024-09")), Ok(month("2024-11")));
        assert_eq!(calendar(Some("2024-11")).posting_month(month("2024-11")), Ok(month("2024-12")));
    }

    #[test]
    fn nothing_posts_to_the_future() {
        assert_eq!(calendar(None).posting_month(month("2099-01")), Ok(month("2024-12")));
        let closed_now = calendar(Some("2024-12"));
        assert_eq!(
            closed_now.posting_month(month("2024-10")),
            Err(NoOpenMonth { current: month("2024-12") })
        );
    }

    #[test]
    fn months_close_in_order_and_only_when_they_are_over() {
        let closed = calendar(Some("2024-09"));
        assert_eq!(closed.closable(month("2024-10"), Some(month("2024-06"))), Ok(()));
        assert_eq!(
            closed.closable(month("2024-09"), None),
            Err(NotClosable::AlreadyClosed(month("2024-09")))
        );
        assert_eq!(closed.closable(month("2024-11"), None), Err(NotClosable::EarlierOpen(month("2024-10"))));
        for running_or_future in ["2024-12", "2025-01"] {
            let refused = closed.closable(month(running_or_future), None);
            assert_eq!(refused, Err(NotClosable::NotOver(month(running_or_future))));
        }
    }

    #[test]
    fn the_first_month_to_be_closed_is_none_after_the_first_with_entries() {
        let never = calendar(None);
        assert_eq!(never.closable(month("2024-10"), None), Ok(()));
        assert_eq!(never.closable(month("2024-09"), Some(month("2024-10"))), Ok(()));
        assert_eq!(never.closable(month("2024-10"), Some(month("2024-10"))), Ok(()));
        let refused = never.closable(month("2024-11"), Some(month("2024-10")));
        assert_eq!(refused, Err(NotClosable::EarlierOpen(month("2024-10"))));
    }

    #[test]
    fn the_memo_of_a_month_counts_what_would_post_to_it_and_nothing_else() {
        let months: Vec<Month> =
            std::iter::successors(Some(month("2024-06")), |m| Some(m.next())).take(12).collect();
        for closed in [None, Some("2024-08"), Some("2024-11"), Some("2024-12")] {
            let calendar = calendar(closed);
            for &account in &months {
                for &occurred in &months {
                    let counted = calendar.occurrences_posting_to(account).is_some_and(|o| {
                        o.from.is_none_or(|from| from <= occurred)
                            && o.until.is_none_or(|until| occurred <= until)
                    });
                    let posts = calendar.posting_month(occurred) == Ok(account);
                    assert_eq!(counted, posts, "{closed:?}: {occurred} in {account}");
                }
            }
        }
    }
}
