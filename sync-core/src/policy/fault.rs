//! What can be wrong with a pack, each with file, line and reason.

use super::pack::SourceLine;
use crate::ids::{ClauseCode, FactCode, ItemCode, KindCode, QuestionCode};

/// Why a pack does not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackFault {
    /// Not TOML.
    #[error("not valid TOML: {0}")]
    Syntax(String),
    /// A key is missing, unknown, or has a value of the wrong form.
    #[error("{0}")]
    Form(String),
    /// A code stands twice where it must be unique.
    #[error("{what} {code:?} is defined twice")]
    Twice {
        /// What the code names.
        what: &'static str,
        /// The code.
        code: String,
    },
    /// No such clause under `[clauses]`.
    #[error("clause {0} is not defined under [clauses]")]
    UnknownClause(ClauseCode),
    /// A clause that no rule cites.
    #[error("clause {0} is not cited by any rule")]
    UncitedClause(ClauseCode),
    /// No such item.
    #[error("item {0} is not defined")]
    UnknownItem(ItemCode),
    /// No such kind.
    #[error("kind {0} is not defined")]
    UnknownKind(KindCode),
    /// The kind has no such measurement.
    #[error("kind {kind} has no measurement {measurement}")]
    UnknownMeasurement {
        /// The kind.
        kind: KindCode,
        /// The measurement.
        measurement: QuestionCode,
    },
    /// A condition names a fact that the kind does not have.
    #[error("kind {kind} has no fact {fact}")]
    UnknownFact {
        /// The kind.
        kind: KindCode,
        /// The fact.
        fact: FactCode,
    },
    /// A condition tests a fact for what it can never be.
    #[error("fact {fact} of kind {kind} cannot be tested like this")]
    TestMisfit {
        /// The kind.
        kind: KindCode,
        /// The fact.
        fact: FactCode,
    },
    /// No question of any kind leads to the item.
    #[error("no checklist has a question for item {0}")]
    Unreachable(ItemCode),
    /// Fire points are numbered within an inspection, so one question of a kind must hold them all.
    #[error("item {0} counts fire points, so a kind has at most one question for it")]
    PointsSplit(ItemCode),
    /// The code would be taken for the measure `case` or `point_<n>`.
    #[error("question code {0} is reserved for charges of cases and fire points")]
    ReservedCode(QuestionCode),
    /// A coverage duty counts by one thing.
    #[error("a duty is counted by a measurement or by a fact, not by both")]
    CountedTwice,
    /// The last day comes before the first.
    #[error("the last day comes before the first")]
    DatesReversed,
    /// An issued document says from when it holds.
    #[error("an issued document needs effective dates")]
    IssuedWithoutDates,
    /// `min` is not below `max`, or one of them is not a number.
    #[error("bounds must be numbers, the lower one first")]
    Bounds,
    /// A number that must be positive is not.
    #[error("must be a number above zero")]
    NotPositive,
    /// Something must stand here.
    #[error("must not be empty")]
    Empty,
    /// A share above 100 percent, or of nothing.
    #[error("must be from 1 to 100 percent")]
    Percent,
    /// A day that no week or month has.
    #[error("weekdays are 1 to 7, days of the month 1 to 31")]
    DueDay,
    /// A subsidy without a sum.
    #[error("a subsidy needs an amount in yuan")]
    SubsidyAmount,
}

impl PackFault {
    /// Its stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "pack_syntax",
            Self::Form(_) => "pack_form",
            Self::Twice { .. } => "pack_code_twice",
            Self::UnknownClause(_) => "pack_clause_unknown",
            Self::UncitedClause(_) => "pack_clause_uncited",
            Self::UnknownItem(_) => "pack_item_unknown",
            Self::UnknownKind(_) => "pack_kind_unknown",
            Self::UnknownMeasurement { .. } => "pack_measurement_unknown",
            Self::UnknownFact { .. } => "pack_fact_unknown",
            Self::TestMisfit { .. } => "pack_test_misfit",
            Self::Unreachable(_) => "pack_item_unreachable",
            Self::PointsSplit(_) => "pack_points_split",
            Self::ReservedCode(_) => "pack_code_reserved",
            Self::CountedTwice => "pack_counted_twice",
            Self::DatesReversed => "pack_dates_reversed",
            Self::IssuedWithoutDates => "pack_issued_without_dates",
            Self::Bounds => "pack_bounds",
            Self::NotPositive => "pack_not_positive",
            Self::Empty => "pack_empty",
            Self::Percent => "pack_percent",
            Self::DueDay => "pack_due_day",
            Self::SubsidyAmount => "pack_subsidy_amount",
        }
    }

    /// What is wrong, in Chinese; in English it is its text.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Syntax(reason) => format!("不是有效的 TOML：{reason}"),
            Self::Form(reason) => format!("格式不正确：{reason}"),
            Self::Twice { code, .. } => format!("编码 {code} 重复定义。"),
            Self::UnknownClause(code) => format!("[clauses] 中没有条款 {code}。"),
            Self::UncitedClause(code) => format!("条款 {code} 没有被任何规则引用。"),
            Self::UnknownItem(code) => format!("没有事项 {code}。"),
            Self::UnknownKind(code) => format!("没有类别 {code}。"),
            Self::UnknownMeasurement { kind, measurement } => {
                format!("类别 {kind} 没有测量项 {measurement}。")
            }
            Self::UnknownFact { kind, fact } => format!("类别 {kind} 没有属性 {fact}。"),
            Self::TestMisfit { kind, fact } => format!("类别 {kind} 的属性 {fact} 不能这样判断。"),
            Self::Unreachable(code) => format!("没有检查项指向事项 {code}。"),
            Self::PointsSplit(code) => format!("事项 {code} 按火点计数，每个类别最多一个检查项。"),
            Self::ReservedCode(code) => format!("检查项编码 {code} 已保留给案件和火点。"),
            Self::CountedTwice => "覆盖要求按测量项或按登记日期计算，不能两者都写。".to_owned(),
            Self::DatesReversed => "结束日期早于开始日期。".to_owned(),
            Self::IssuedWithoutDates => "已印发的文件须有生效日期。".to_owned(),
            Self::Bounds => "上下限须为数字，下限在前。".to_owned(),
            Self::NotPositive => "须为大于零的数字。".to_owned(),
            Self::Empty => "此项不能为空。".to_owned(),
            Self::Percent => "须为 1 至 100 的百分数。".to_owned(),
            Self::DueDay => "星期为 1 至 7，日期为 1 至 31。".to_owned(),
            Self::SubsidyAmount => "补助须有以元为单位的金额。".to_owned(),
        }
    }
}

/// One thing wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {fault}")]
pub struct PackError {
    /// File and line.
    pub at: SourceLine,
    /// The path of the key, such as `items.3.clause`; empty where it is not known.
    pub path: String,
    /// What is wrong there.
    pub fault: PackFault,
}

/// Everything wrong with a pack, in line order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackErrors(pub Vec<PackError>);

impl std::fmt::Display for PackErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PackErrors {}
