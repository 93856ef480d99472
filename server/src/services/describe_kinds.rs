//! Describes a pack's target kinds (台账类别) as screens need them: facts of the register, questions of the checklist and
//! measurements, with their names in both languages.

use serde::Serialize;
use sync_core::ids::{FactCode, ItemCode, KindCode, QuestionCode};
use sync_core::policy::{Choice, Fact, FactType, Kind, MeasurementType, PolicyPack, Question};
use utoipa::ToSchema;

use crate::services::translate_readings::Reading;

/// One of a fact's choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChoiceView {
    /// What is stored.
    pub code: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The type of a fact by its code, with what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FactTypeView {
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
    /// Free text.
    Text,
    /// A date as `YYYY-MM-DD`.
    Date,
    /// One of these.
    Choice {
        /// In order.
        choices: Vec<ChoiceView>,
    },
}

/// A fact that register entries of the kind carry.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FactView {
    /// Its code, unique in the kind.
    pub code: FactCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Its type.
    #[serde(flatten)]
    pub fact_type: FactTypeView,
    /// Whether a target of the kind cannot be registered without it.
    pub required: bool,
}

/// A line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuestionView {
    /// Its code, unique in the kind; also the measure where the item stacks.
    pub code: QuestionCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The item a fail belongs to.
    pub item: ItemCode,
    /// Document, section and item it follows from: the question's own, else the schedule item's.
    pub clause: Option<String>,
    /// Our interpretation, where it is one.
    pub reading: Option<Reading>,
}

/// Something that can be measured.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MeasurementView {
    /// Its code, unique in the kind.
    pub code: QuestionCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Its unit.
    pub unit: String,
    /// The least that is physically possible.
    pub min: f64,
    /// The most that is physically possible.
    pub max: f64,
}

/// A target kind.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct KindView {
    /// Its code, unique in the pack.
    pub code: KindCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Facts of its register entries.
    pub facts: Vec<FactView>,
    /// Its checklist, in the order it is walked.
    pub questions: Vec<QuestionView>,
    /// What can be measured there.
    pub measurements: Vec<MeasurementView>,
}

/// The kinds of a pack, in its order.
#[must_use]
pub fn describe_kinds(pack: &PolicyPack) -> Vec<KindView> {
    pack.kinds().iter().map(|kind| describe(pack, kind)).collect()
}

fn describe(pack: &PolicyPack, kind: &Kind) -> KindView {
    KindView {
        code: kind.code.clone(),
        zh: kind.zh.clone(),
        en: kind.en.clone(),
        facts: kind.facts.iter().map(fact).collect(),
        questions: kind.questions.iter().map(|it| question(pack, it)).collect(),
        measurements: kind.measurements.iter().map(measurement).collect(),
    }
}

fn fact(fact: &Fact) -> FactView {
    FactView {
        code: fact.code.clone(),
        zh: fact.zh.clone(),
        en: fact.en.clone(),
        fact_type: fact_type(&fact.fact_type),
        required: fact.required,
    }
}

fn fact_type(fact_type: &FactType) -> FactTypeView {
    match fact_type {
        FactType::Flag => FactTypeView::Flag,
        FactType::Number { unit, min, max } => {
            FactTypeView::Number { unit: unit.clone(), min: *min, max: *max }
        }
        FactType::Text => FactTypeView::Text,
        FactType::Date => FactTypeView::Date,
        FactType::Choice(choices) => FactTypeView::Choice { choices: choices.iter().map(choice).collect() },
    }
}

fn choice(choice: &Choice) -> ChoiceView {
    ChoiceView { code: choice.code.clone(), zh: choice.zh.clone(), en: choice.en.clone() }
}

fn question(pack: &PolicyPack, question: &Question) -> QuestionView {
    let clause = question.clause.as_ref().or_else(|| pack.item(&question.item).map(|item| &item.clause));
    QuestionView {
        code: question.code.clone(),
        zh: question.zh.clone(),
        en: question.en.clone(),
        item: question.item.clone(),
        clause: clause.map(|clause| pack.citation(clause)),
        reading: question.reading.as_deref().map(Reading::of),
    }
}

fn measurement(measured: &MeasurementType) -> MeasurementView {
    MeasurementView {
        code: measured.code.clone(),
        zh: measured.zh.clone(),
        en: measured.en.clone(),
        unit: measured.unit.clone(),
        min: measured.min,
        max: measured.max,
    }
}
