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

/// One thing wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {fault}")]
pub struct PackError {
    /// File and line.
    pub at: SourceLine,
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
