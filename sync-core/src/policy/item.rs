//! Item (扣缴事项): one line of a document's schedule, with what it costs and what a charge is counted by.

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use crate::ids::{ClauseCode, FactCode, ItemCode};
use crate::model::target::FactValue;
use crate::model::zone::ZoneKind;
use crate::money::Fen;

/// Whole yuan above which an amount is taken for a slip of the pen (100 million).
pub const AMOUNT_MAX_YUAN: i64 = 100_000_000;

/// What a finding costs. It must be stated: a missing amount is an error, "entered" is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// A fixed sum; whole yuan in the pack.
    Fixed(Fen),
    /// The document charges but names no sum: a supervisor enters it with a reason (mengzhou-2023 二（四）13).
    Entered,
    /// Recorded accountability of the responsible person (量化追责), no money (guancheng-2021 四（三）).
    Accountability,
    /// The document names neither money nor accountability for it.
    None,
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Yuan;
        impl Visitor<'_> for Yuan {
            type Value = Amount;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(
                    f,
                    "whole yuan from 1 to {AMOUNT_MAX_YUAN}, \"entered\", \"accountability\" or \"none\""
                )
            }

            fn visit_i64<E: de::Error>(self, yuan: i64) -> Result<Amount, E> {
                let fixed = Fen::from_yuan(yuan).filter(|_| (1..=AMOUNT_MAX_YUAN).contains(&yuan));
                fixed.map(Amount::Fixed).ok_or_else(|| E::invalid_value(de::Unexpected::Signed(yuan), &self))
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Amount, E> {
                match word {
                    "entered" => Ok(Amount::Entered),
                    "accountability" => Ok(Amount::Accountability),
                    "none" => Ok(Amount::None),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(Yuan)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Whole yuan a count, or why there is no fixed sum.",
            "oneOf": [
                { "type": "integer", "minimum": 1, "maximum": AMOUNT_MAX_YUAN },
                { "enum": ["entered", "accountability", "none"] }
            ]
        })
    }
}

/// What within a case is charged once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CountUnit {
    /// The case, however many questions failed (发现一起扣缴一起).
    Case,
    /// Each failed measure: charges stack (叠加扣缴).
    Measure,
    /// Each fire point (火点).
    FirePoint,
}

/// A bound on one fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FactTest {
    /// A number of at most this.
    AtMost(f64),
    /// A number below this.
    Below(f64),
    /// Exactly this choice.
    Is(String),
}

/// A condition on a fact of the target, as sealed with the inspection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Which fact.
    pub fact: FactCode,
    /// What must hold of it.
    pub test: FactTest,
}

impl Condition {
    /// Whether it holds; `None` where the fact is not known or of another type.
    #[must_use]
    pub fn holds(&self, value: Option<&FactValue>) -> Option<bool> {
        match (&self.test, value?) {
            (FactTest::AtMost(most), FactValue::Number(number)) => Some(number <= most),
            (FactTest::Below(bound), FactValue::Number(number)) => Some(number < bound),
            (FactTest::Is(choice), FactValue::Text(text)) => Some(choice == text),
            _ => None,
        }
    }
}

/// How long a site is ordered to stop work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StopPeriod {
    /// This many weeks.
    Weeks(u16),
    /// This many months.
    Months(u16),
}

/// Stop-work ladder (停工整顿): the first, second, third … case of the item on one target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StopWorkLadder {
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// One period for each occurrence; the last one holds for every further occurrence.
    pub steps: Vec<StopPeriod>,
    /// Our interpretation, where it is one.
    pub reading: Option<String>,
}

/// An item of the schedule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its code, unique in the pack.
    pub code: ItemCode,
    /// Name in Chinese.
    pub zh: String,
    /// Name in English.
    pub en: String,
    /// What one count of it costs.
    pub amount: Amount,
    /// What is counted.
    pub count: CountUnit,
    /// The clause it follows from.
    pub clause: ClauseCode,
    /// The zone the place must lie in.
    pub zone: Option<ZoneKind>,
    /// Conditions on the target's facts, all of which must hold.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// Photos that each failed question needs before a case goes under review.
    pub photos: u16,
    /// Calendar days in which it must be put right, where the document names them; else the pack's.
    pub rectification_days: Option<u16>,
    /// What repeated cases on one target lead to.
    pub stop_work: Option<StopWorkLadder>,
    /// Our interpretation, where it is one: a district may decide otherwise.
    pub reading: Option<String>,
}
