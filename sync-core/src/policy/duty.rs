//! Rules of a document beside its schedule: rectification, coverage, subsidies, indicators, targets, ranking and
//! reports.
//!
//! They are loaded and checked here; what follows from them (the closed loop, coverage, the subsidy list, the
//! indicator page, rankings and the reporting calendar) reads them from here.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::item::Amount;
use crate::ids::{ClauseCode, FactCode, KindCode, QuestionCode, RuleCode};

/// Where an overdue rectification goes, one step up each time (督办, 约谈, 问责).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Escalation {
    /// Supervision order (督办).
    Supervision,
    /// Summons (约谈).
    Summons,
    /// Accountability (问责).
    Accountability,
}

impl Escalation {
    /// Its code on the wire and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Supervision => "supervision",
            Self::Summons => "summons",
            Self::Accountability => "accountability",
        }
    }
}

/// The closed loop (闭环) of a case: its deadline and where overdue ones go.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rectification {
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// Calendar days from assignment to the deadline; a last day that is off moves to the next workday.
    pub days: u16,
    /// Calendar days from the deadline's step to the next, counted alike.
    pub step_days: u16,
    /// The steps, in order.
    pub steps: Vec<Escalation>,
    /// Our interpretation, where it is one.
    pub reading: Option<String>,
}

/// The time that a charged unit has to appeal (申诉), and the office to decide.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Appeals {
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// Workdays from the decision that charged the unit to the last day to appeal.
    pub filing_workdays: u16,
    /// Workdays from the appeal to the last day to decide it.
    pub decision_workdays: u16,
    /// Our interpretation, where it is one.
    pub reading: Option<String>,
}

/// How often something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every two weeks.
    TwoWeekly,
    /// Twice a month.
    TwiceMonthly,
    /// Every month.
    Monthly,
    /// Every two months.
    TwoMonthly,
    /// Every half year.
    HalfYearly,
    /// Every year.
    Yearly,
    /// Once a season.
    Seasonal,
}

/// A share of a kind's targets that has to be visited or measured, or of which something has to be on record (覆盖率).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CoverageDuty {
    /// Its code, unique in the pack.
    pub code: RuleCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// Targets of this kind.
    pub kind: KindCode,
    /// At least this share of them, in percent.
    pub percent: u8,
    /// In each of these periods.
    pub every: Cadence,
    /// Counted by this measurement; by any inspection when absent.
    pub measurement: Option<QuestionCode>,
    /// Counted by this date on record of the target (such as 最近清洗日期) instead of by inspections.
    pub fact: Option<FactCode>,
}

/// A subsidy (资金补助) to enterprises: a payee list of its own, never netted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Subsidy {
    /// Its code, unique in the pack.
    pub code: RuleCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// What one enterprise gets.
    pub amount: Amount,
}

/// A limit on what is measured in an area or of a kind. Waits for the indicator issue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Its code, unique in the pack.
    pub code: RuleCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// Its unit.
    pub unit: String,
    /// The limit, in that unit.
    pub limit: f64,
    /// Whether the limit itself is within bounds (不高于) or not (小于).
    pub limit_included: bool,
    /// How often it is measured and ranked.
    pub every: Option<Cadence>,
}

/// An air target (空气质量目标) of an area over a span of days. Waits for the indicator issue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AirTarget {
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// The area by its Chinese name: not every one of them has a code.
    pub area: String,
    /// First day.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub from: Date,
    /// Last day.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub until: Date,
    /// Mean PM10 of at most this, µg/m³.
    pub pm10: Option<f64>,
    /// Mean PM2.5 of at most this, µg/m³.
    pub pm25: Option<f64>,
    /// At least this many good days (优良天).
    pub good_days: Option<u16>,
    /// At least this share of good days, percent.
    pub good_percent: Option<f64>,
    /// At most this many days of heavy pollution (重污染天).
    pub heavy_days: Option<u16>,
    /// At most this share of them, percent.
    pub heavy_percent: Option<f64>,
}

/// When in its period something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Due {
    /// On this day of the week, 1 for Monday to 7 for Sunday.
    Weekday(u8),
    /// On this day of the month.
    DayOfMonth(u8),
    /// On this date.
    On(#[cfg_attr(feature = "schema", schemars(with = "String"))] Date),
}

/// A regular ranking, bulletin or report (排名, 通报, 报送). Waits for the ranking issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Routine {
    /// Its code, unique in the pack.
    pub code: RuleCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// How often.
    pub every: Cadence,
    /// How many at the bottom of a ranking it concerns.
    pub bottom: Option<u8>,
    /// When it is due.
    pub due: Option<Due>,
    /// Days by which it is due earlier when the day falls on a holiday.
    pub days_before_holiday: Option<u8>,
}

/// A span of days in which heavy emitters must stop or limit production (错峰生产). Waits for the season issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProductionControl {
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// First day.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub from: Date,
    /// Last day; it may lie past the end of the document's own force.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub until: Date,
}
