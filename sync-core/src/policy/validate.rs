//! What a pack must satisfy beyond its form: unique codes, references that lead somewhere, dates and bounds in
//! order, every item reachable.
//!
//! Faults carry a path such as `items.3.clause`, which the loader turns into a line.

use std::collections::BTreeSet;

use super::duty::Due;
use super::fault::PackFault;
use super::item::{Amount, Condition, CountUnit, FactTest, Item};
use super::kind::{Fact, FactType, Kind, Question};
use super::pack::{PackContent, Status, Window};
use crate::ids::ClauseCode;

/// Every fault of a pack, with the path it stands at.
pub(super) fn faults_of(content: &PackContent) -> Vec<(String, PackFault)> {
    let mut check = Check { content, faults: Vec::new(), cited: BTreeSet::new() };
    check.document();
    check.items();
    check.kinds();
    check.duties();
    check.uncited_clauses();
    check.faults
}

struct Check<'a> {
    content: &'a PackContent,
    cited: BTreeSet<ClauseCode>,
    faults: Vec<(String, PackFault)>,
}

impl Check<'_> {
    fn fault(&mut self, path: impl Into<String>, fault: PackFault) {
        self.faults.push((path.into(), fault));
    }

    /// Reports `fault` unless `holds`.
    fn require(&mut self, holds: bool, path: impl Into<String>, fault: PackFault) {
        if !holds {
            self.fault(path, fault);
        }
    }

    fn texts(&mut self, path: &str, texts: &[(&str, &str)]) {
        for (field, text) in texts {
            self.require(!text.trim().is_empty(), format!("{path}.{field}"), PackFault::Empty);
        }
    }

    fn unique<'c>(&mut self, what: &'static str, path: &str, codes: impl Iterator<Item = &'c str>) {
        let mut seen = BTreeSet::new();
        for (index, code) in codes.enumerate() {
            let fault = PackFault::Twice { what, code: code.to_owned() };
            self.require(seen.insert(code), format!("{path}.{index}.code"), fault);
        }
    }

    fn clause(&mut self, path: &str, clause: &ClauseCode) {
        self.cited.insert(clause.clone());
        let known = self.content.clauses.contains_key(clause);
        self.require(known, format!("{path}.clause"), PackFault::UnknownClause(clause.clone()));
    }

    fn bounds(&mut self, path: &str, min: f64, max: f64) {
        let ordered = min.is_finite() && max.is_finite() && min < max;
        self.require(ordered, format!("{path}.min"), PackFault::Bounds);
    }

    fn document(&mut self) {
        let content = self.content;
        let document = &content.document;
        self.texts("document", &[("zh", &document.zh), ("en", &document.en), ("issuer", &document.issuer)]);
        let dated = document.status == Status::Draft || document.effective.is_some();
        self.require(dated, "document", PackFault::IssuedWithoutDates);
        let reversed = document.effective.as_ref().is_some_and(Window::is_reversed);
        self.require(!reversed, "document.effective", PackFault::DatesReversed);
        self.require(!content.charging.levels.is_empty(), "charging.levels", PackFault::Empty);
        let charging = &content.charging;
        let days =
            [("publication_days", charging.publication_days), ("auto_post_days", charging.auto_post_days)];
        for (field, days) in days {
            self.require(days != Some(0), format!("charging.{field}"), PackFault::NotPositive);
        }
        for (field, value) in [("metres", content.duplicates.metres), ("hours", content.duplicates.hours)] {
            let positive = value.is_finite() && value > 0.0;
            self.require(positive, format!("duplicates.{field}"), PackFault::NotPositive);
        }
        for (code, clause) in &content.clauses {
            self.texts(&format!("clauses.{code}"), &[("section", &clause.section)]);
        }
    }

    fn items(&mut self) {
        let content = self.content;
        self.require(!content.items.is_empty(), "items", PackFault::Empty);
        self.unique("item", "items", content.items.iter().map(|item| item.code.as_str()));
        for (index, item) in content.items.iter().enumerate() {
            let path = format!("items.{index}");
            self.texts(&path, &[("zh", &item.zh), ("en", &item.en)]);
            self.clause(&path, &item.clause);
            let in_days = item.rectification_days != Some(0);
            self.require(in_days, format!("{path}.rectification_days"), PackFault::NotPositive);
            if let Some(ladder) = &item.stop_work {
                let path = format!("{path}.stop_work");
                self.clause(&path, &ladder.clause);
                self.require(!ladder.steps.is_empty(), format!("{path}.steps"), PackFault::Empty);
            }
            let feeds = |question: &Question| question.item == item.code;
            let reachable = content.kinds.iter().any(|kind| kind.questions.iter().any(feeds));
            self.require(reachable, format!("{path}.code"), PackFault::Unreachable(item.code.clone()));
        }
    }

    fn kinds(&mut self) {
        let content = self.content;
        self.require(!content.kinds.is_empty(), "kinds", PackFault::Empty);
        self.unique("kind", "kinds", content.kinds.iter().map(|kind| kind.code.as_str()));
        for (index, kind) in content.kinds.iter().enumerate() {
            let path = format!("kinds.{index}");
            self.texts(&path, &[("zh", &kind.zh), ("en", &kind.en)]);
            self.unique("fact", &format!("{path}.facts"), kind.facts.iter().map(|fact| fact.code.as_str()));
            for (index, fact) in kind.facts.iter().enumerate() {
                self.fact(&format!("{path}.facts.{index}"), fact);
            }
            let measurements = format!("{path}.measurements");
            self.unique("measurement", &measurements, kind.measurements.iter().map(|m| m.code.as_str()));
            for (index, measurement) in kind.measurements.iter().enumerate() {
                let path = format!("{measurements}.{index}");
                let texts = [("zh", &*measurement.zh), ("en", &measurement.en), ("unit", &measurement.unit)];
                self.texts(&path, &texts);
                self.bounds(&path, measurement.min, measurement.max);
            }
            self.questions(&format!("{path}.questions"), kind);
        }
    }

    fn fact(&mut self, path: &str, fact: &Fact) {
        self.texts(path, &[("zh", &fact.zh), ("en", &fact.en)]);
        match &fact.fact_type {
            FactType::Number { min, max, .. } => self.bounds(&format!("{path}.type.number"), *min, *max),
            FactType::Choice(choices) => {
                let path = format!("{path}.type.choice");
                self.require(!choices.is_empty(), path.clone(), PackFault::Empty);
                self.unique("choice", &path, choices.iter().map(|choice| choice.code.as_str()));
            }
            FactType::Flag | FactType::Text | FactType::Date => {}
        }
    }

    fn questions(&mut self, path: &str, kind: &Kind) {
        let content = self.content;
        self.unique("question", path, kind.questions.iter().map(|question| question.code.as_str()));
        let mut point_items = BTreeSet::new();
        for (index, question) in kind.questions.iter().enumerate() {
            let path = format!("{path}.{index}");
            self.texts(&path, &[("zh", &question.zh), ("en", &question.en)]);
            let code = question.code.as_str();
            let reserved = code == "case" || code.starts_with("point_");
            self.require(!reserved, format!("{path}.code"), PackFault::ReservedCode(question.code.clone()));
            if let Some(clause) = &question.clause {
                self.clause(&path, clause);
            }
            if let Some(condition) = &question.not_applicable {
                self.condition(&format!("{path}.not_applicable"), kind, condition);
            }
            let Some(item) = content.items.iter().find(|item| item.code == question.item) else {
                self.fault(format!("{path}.item"), PackFault::UnknownItem(question.item.clone()));
                continue;
            };
            let split = item.count == CountUnit::FirePoint && !point_items.insert(&item.code);
            self.require(!split, format!("{path}.item"), PackFault::PointsSplit(item.code.clone()));
            self.item_conditions(kind, item);
        }
    }

    /// Every kind whose checklist leads to the item must have the facts the item asks for.
    fn item_conditions(&mut self, kind: &Kind, item: &Item) {
        let position = self.content.items.iter().position(|other| other.code == item.code);
        for (index, condition) in item.conditions.iter().enumerate() {
            let path = format!("items.{}.conditions.{index}", position.unwrap_or_default());
            self.condition(&path, kind, condition);
        }
    }

    fn condition(&mut self, path: &str, kind: &Kind, condition: &Condition) {
        let (code, named) = (kind.code.clone(), condition.fact.clone());
        let Some(fact) = kind.fact(&condition.fact) else {
            return self.fault(format!("{path}.fact"), PackFault::UnknownFact { kind: code, fact: named });
        };
        let fits = match (&condition.test, &fact.fact_type) {
            (FactTest::AtMost(bound) | FactTest::Below(bound), FactType::Number { min, max, .. }) => {
                (*min..=*max).contains(bound)
            }
            (FactTest::Is(choice), FactType::Choice(choices)) => choices.iter().any(|c| c.code == *choice),
            _ => false,
        };
        self.require(fits, format!("{path}.test"), PackFault::TestMisfit { kind: code, fact: named });
    }

    fn duties(&mut self) {
        let content = self.content;
        if let Some(appeals) = &content.appeals {
            self.clause("appeals", &appeals.clause);
            let positive = appeals.filing_workdays > 0 && appeals.decision_workdays > 0;
            self.require(positive, "appeals", PackFault::NotPositive);
        }
        if let Some(rectification) = &content.rectification {
            self.clause("rectification", &rectification.clause);
            self.require(rectification.days > 0, "rectification.days", PackFault::NotPositive);
            self.require(rectification.step_days > 0, "rectification.step_days", PackFault::NotPositive);
            self.require(!rectification.steps.is_empty(), "rectification.steps", PackFault::Empty);
        }
        if let Some(control) = &content.production_control {
            self.clause("production_control", &control.clause);
            let ordered = control.from <= control.until;
            self.require(ordered, "production_control.until", PackFault::DatesReversed);
        }
        self.unique("coverage duty", "coverage", content.coverage.iter().map(|duty| duty.code.as_str()));
        for (index, duty) in content.coverage.iter().enumerate() {
            let path = format!("coverage.{index}");
            self.clause(&path, &duty.clause);
            self.require((1..=100).contains(&duty.percent), format!("{path}.percent"), PackFault::Percent);
            let Some(kind) = content.kinds.iter().find(|kind| kind.code == duty.kind) else {
                self.fault(format!("{path}.kind"), PackFault::UnknownKind(duty.kind.clone()));
                continue;
            };
            if let Some(measurement) = duty.measurement.clone().filter(|m| kind.measurement(m).is_none()) {
                let fault = PackFault::UnknownMeasurement { kind: kind.code.clone(), measurement };
                self.fault(format!("{path}.measurement"), fault);
            }
            if let Some(fact) = duty.fact.clone() {
                let (kind, is_date) =
                    (kind.code.clone(), kind.fact(&fact).map(|fact| fact.fact_type == FactType::Date));
                match is_date {
                    None => self.fault(format!("{path}.fact"), PackFault::UnknownFact { kind, fact }),
                    Some(false) => self.fault(format!("{path}.fact"), PackFault::TestMisfit { kind, fact }),
                    Some(true) => {}
                }
                self.require(duty.measurement.is_none(), format!("{path}.fact"), PackFault::CountedTwice);
            }
        }
        self.unique("subsidy", "subsidies", content.subsidies.iter().map(|subsidy| subsidy.code.as_str()));
        for (index, subsidy) in content.subsidies.iter().enumerate() {
            self.clause(&format!("subsidies.{index}"), &subsidy.clause);
            let fixed = matches!(subsidy.amount, Amount::Fixed(_));
            self.require(fixed, format!("subsidies.{index}.amount"), PackFault::SubsidyAmount);
        }
        self.unique("indicator", "indicators", content.indicators.iter().map(|i| i.code.as_str()));
        for (index, indicator) in content.indicators.iter().enumerate() {
            self.clause(&format!("indicators.{index}"), &indicator.clause);
            let positive = indicator.limit.is_finite() && indicator.limit > 0.0;
            self.require(positive, format!("indicators.{index}.limit"), PackFault::NotPositive);
        }
        for (index, target) in content.air_targets.iter().enumerate() {
            self.clause(&format!("air_targets.{index}"), &target.clause);
            let ordered = target.from <= target.until;
            self.require(ordered, format!("air_targets.{index}.until"), PackFault::DatesReversed);
        }
        self.unique("routine", "routines", content.routines.iter().map(|routine| routine.code.as_str()));
        for (index, routine) in content.routines.iter().enumerate() {
            self.clause(&format!("routines.{index}"), &routine.clause);
            let in_calendar = match routine.due {
                Some(Due::Weekday(day)) => (1..=7).contains(&day),
                Some(Due::DayOfMonth(day)) => (1..=31).contains(&day),
                Some(Due::On(_)) | None => true,
            };
            self.require(in_calendar, format!("routines.{index}.due"), PackFault::DueDay);
        }
    }

    fn uncited_clauses(&mut self) {
        for code in
            self.content.clauses.keys().filter(|code| !self.cited.contains(code)).cloned().collect::<Vec<_>>()
        {
            self.fault(format!("clauses.{code}"), PackFault::UncitedClause(code));
        }
    }
}
