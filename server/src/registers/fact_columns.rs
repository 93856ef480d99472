//! The facts of all kinds as columns: kinds that name a fact alike share a column.

use sync_core::ids::{FactCode, KindCode};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::target::{FactValue, Facts};
use sync_core::policy::{Fact, FactType, Kind};

use crate::tables::Language;
use crate::tables::read::{CellFault, Heading, RawCell, date, flag, number, text};

/// A column, and the fact that it is for each kind that has it.
#[derive(Debug, Clone)]
pub struct FactColumn {
    zh: String,
    en: String,
    facts: Vec<(KindCode, Fact)>,
}

/// The columns of these kinds, in their order.
#[must_use]
pub fn fact_columns(kinds: &[Kind]) -> Vec<FactColumn> {
    let mut columns: Vec<FactColumn> = Vec::new();
    for (kind, fact) in kinds.iter().flat_map(|kind| kind.facts.iter().map(move |fact| (kind, fact))) {
        let entry = (kind.code.clone(), fact.clone());
        match columns.iter_mut().find(|column| column.zh == fact.zh) {
            Some(column) => column.facts.push(entry),
            None => {
                columns.push(FactColumn { zh: fact.zh.clone(), en: fact.en.clone(), facts: vec![entry] });
            }
        }
    }
    columns
}

impl FactColumn {
    /// Its names.
    #[must_use]
    pub fn heading(&self) -> Heading<'_> {
        Heading { zh: &self.zh, en: &self.en, required: false }
    }

    /// The fact of this kind.
    #[must_use]
    pub fn of(&self, kind: &KindCode) -> Option<&Fact> {
        self.facts.iter().find(|(code, _)| code == kind).map(|(_, fact)| fact)
    }

    /// The code of the fact of this kind.
    #[must_use]
    pub fn code(&self, kind: &KindCode) -> Option<&FactCode> {
        self.of(kind).map(|fact| &fact.code)
    }

    /// The fact of a target of this kind, as a table has it; empty where there is none.
    #[must_use]
    pub fn text(&self, kind: &KindCode, facts: &Facts, language: Language) -> String {
        let Some(fact) = self.of(kind) else { return String::new() };
        match (facts.get(&fact.code), &fact.fact_type) {
            (None, _) => String::new(),
            (Some(FactValue::Flag(yes)), _) => {
                if *yes { language.of("是", "yes") } else { language.of("否", "no") }.to_owned()
            }
            (Some(FactValue::Number(number)), _) => number.to_string(),
            (Some(FactValue::Text(code)), FactType::Choice(choices)) => {
                let choice = choices.iter().find(|choice| choice.code == *code);
                choice.map_or_else(|| code.clone(), |choice| language.of(&choice.zh, &choice.en).clone())
            }
            (Some(FactValue::Text(text)), _) => text.clone(),
        }
    }
}

/// Reads a cell that is not blank as the value of a fact; bounds are for the pack's own check.
///
/// # Errors
/// Why it is none.
pub fn read_fact(fact: &Fact, cell: &RawCell) -> Result<FactValue, CellFault> {
    match &fact.fact_type {
        FactType::Flag => flag(cell).map(FactValue::Flag),
        FactType::Number { .. } => number(cell).map(FactValue::Number),
        FactType::Text => text::<NAME_MAX_CHARS>(cell).map(FactValue::Text),
        FactType::Date => date(cell).map(|day| FactValue::Text(day.to_string())),
        FactType::Choice(choices) => {
            let found = text::<NAME_MAX_CHARS>(cell)?;
            let chosen =
                choices.iter().find(|choice| [&choice.zh, &choice.en, &choice.code].contains(&&found));
            chosen
                .map(|choice| FactValue::Text(choice.code.clone()))
                .ok_or_else(|| CellFault::NotOneOf(choices.iter().map(|choice| choice.zh.clone()).collect()))
        }
    }
}
