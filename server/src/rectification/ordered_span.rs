//! The time given with an order, as it is asked for and stored.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calendar::Span;

/// The most units that an order or extension may give: a year of workdays and then some.
pub const SPAN_MAX: u32 = 400;

/// How long the unit has. One of them, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderedSpan {
    /// Working hours (工作小时).
    WorkingHours(u32),
    /// Workdays (工作日).
    WorkingDays(u32),
    /// Days of the calendar (自然日).
    Days(u32),
}

impl OrderedSpan {
    /// Its unit by its code, and how many of them.
    #[must_use]
    pub const fn parts(self) -> (&'static str, u32) {
        match self {
            Self::WorkingHours(count) => ("working_hours", count),
            Self::WorkingDays(count) => ("working_days", count),
            Self::Days(count) => ("days", count),
        }
    }

    /// From its stored parts.
    #[must_use]
    pub fn from_parts(unit: &str, count: u32) -> Option<Self> {
        match unit {
            "working_hours" => Some(Self::WorkingHours(count)),
            "working_days" => Some(Self::WorkingDays(count)),
            "days" => Some(Self::Days(count)),
            _ => None,
        }
    }

    /// Whether it gives some time and not too much.
    #[must_use]
    pub fn is_reasonable(self) -> bool {
        (1..=SPAN_MAX).contains(&self.parts().1)
    }
}

impl From<OrderedSpan> for Span {
    fn from(span: OrderedSpan) -> Self {
        match span {
            OrderedSpan::WorkingHours(hours) => Self::WorkingHours(hours),
            OrderedSpan::WorkingDays(days) => Self::WorkingDays(days),
            OrderedSpan::Days(days) => Self::Days(days),
        }
    }
}
