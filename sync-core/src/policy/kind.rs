//! Target kind (台账类别): its facts, its checklist (检查表) and its measurements, as data of the pack.

use serde::{Deserialize, Serialize};

use super::item::Condition;
use crate::ids::{ClauseCode, FactCode, ItemCode, KindCode, QuestionCode};

/// One of a fact's choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub code: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The type of a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FactType {
    /// Yes or no.
    Flag,
    /// A number.
    Number {
        /// Its unit, such as `t/h`.
        unit: String,
        /// The least that can be.
        min: f64,
        /// The most that can be.
        max: f64,
    },
    /// Free text of at most [`crate::limits::NAME_MAX_CHARS`] characters.
    Text,
    /// A date as `YYYY-MM-DD`.
    Date,
    /// One of these.
    Choice(Vec<Choice>),
}

/// A kind-specific fact of the register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Its code, unique in the kind.
    pub code: FactCode,
    /// Name in Chinese.
    pub zh: String,
    /// Name in English.
    pub en: String,
    /// Its type.
    #[serde(rename = "type")]
    pub fact_type: FactType,
    /// Whether a target of the kind cannot be registered without it.
    #[serde(default)]
    pub required: bool,
}

/// A line of the checklist, put so that "pass" (合格) is in order and "fail" (不合格) is a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its code, unique in the kind; also the measure where the item stacks.
    pub code: QuestionCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The item a fail belongs to.
    pub item: ItemCode,
    /// Where the requirement is written, if not in the item's clause.
    pub clause: Option<ClauseCode>,
    /// The question does not apply where this holds of the target.
    pub not_applicable: Option<Condition>,
    /// Our interpretation, where it is one.
    pub reading: Option<String>,
}

/// Something an inspector can measure, with bounds outside which the number cannot be right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MeasurementType {
    /// Its code, unique in the kind.
    pub code: QuestionCode,
    /// Name in Chinese.
    pub zh: String,
    /// Name in English.
    pub en: String,
    /// Its unit.
    pub unit: String,
    /// The least that is physically possible.
    pub min: f64,
    /// The most that is physically possible.
    pub max: f64,
}

/// A target kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Its code, unique in the pack.
    pub code: KindCode,
    /// Name in Chinese.
    pub zh: String,
    /// Name in English.
    pub en: String,
    /// Facts its register entries carry.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// Its checklist, in the order it is walked.
    pub questions: Vec<Question>,
    /// What can be measured there.
    #[serde(default)]
    pub measurements: Vec<MeasurementType>,
}

impl Kind {
    /// The fact of this code.
    #[must_use]
    pub fn fact(&self, code: &FactCode) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.code == *code)
    }

    /// The question of this code.
    #[must_use]
    pub fn question(&self, code: &QuestionCode) -> Option<&Question> {
        self.questions.iter().find(|question| question.code == *code)
    }

    /// The measurement of this code.
    #[must_use]
    pub fn measurement(&self, code: &QuestionCode) -> Option<&MeasurementType> {
        self.measurements.iter().find(|measurement| measurement.code == *code)
    }
}
