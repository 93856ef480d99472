//! Checks what someone wants to register against the pack's kinds.

use jiff::civil::Date;

use super::kind::FactType;
use super::pack::PolicyPack;
use crate::limits;
use crate::model::target::{FactValue, TargetContent};
use crate::text::{check_required, check_text};
use crate::wire::problem::ProblemKind;

/// Why a target cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFault {
    /// The problem.
    pub kind: ProblemKind,
    /// The field it is about, such as `facts.boiler_tonnage`.
    pub field: String,
}

/// Everything wrong with a target, in field order; empty when it can be registered. Whether its grid and unit
/// exist is for the server to say.
#[must_use]
pub fn check_target(pack: &PolicyPack, target: &TargetContent) -> Vec<TargetFault> {
    let mut faults = Vec::new();
    let mut fault = |kind, field: &str| faults.push(TargetFault { kind, field: field.to_owned() });
    if let Err(refused) = check_required(&target.name, limits::NAME_MAX_CHARS) {
        fault(refused.into(), "name");
    }
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let texts = [
        ("code", optional(&target.code)),
        ("address", target.address.clone()),
        ("supervising_department", optional(&target.supervising_department)),
        ("responsible_person", optional(&target.responsible_person)),
    ];
    for (field, text) in &texts {
        if let Err(refused) = check_text(text, limits::NAME_MAX_CHARS) {
            fault(refused.into(), field);
        }
    }
    if !target.point.is_in_china() {
        fault(ProblemKind::PlaceOutsideChina, "point");
    }
    if target.facts.len() > limits::TARGET_MAX_FACTS {
        fault(ProblemKind::TooManyItems, "facts");
    }
    let Some(kind) = pack.kind(&target.kind) else {
        fault(ProblemKind::KindUnknown, "kind");
        return faults;
    };
    for (code, value) in target.facts.iter().take(limits::TARGET_MAX_FACTS) {
        let field = format!("facts.{code}");
        match kind.fact(code) {
            None => fault(ProblemKind::FactUnknown, &field),
            Some(fact) if !fits(&fact.fact_type, value) => fault(ProblemKind::FactInvalid, &field),
            Some(_) => {}
        }
    }
    for fact in kind.facts.iter().filter(|fact| fact.required && !target.facts.contains_key(&fact.code)) {
        fault(ProblemKind::TextRequired, &format!("facts.{}", fact.code));
    }
    faults
}

fn fits(fact_type: &FactType, value: &FactValue) -> bool {
    match (fact_type, value) {
        (FactType::Flag, FactValue::Flag(_)) => true,
        (FactType::Number { min, max, .. }, FactValue::Number(number)) => (*min..=*max).contains(number),
        (FactType::Text, FactValue::Text(text)) => check_text(text, limits::NAME_MAX_CHARS).is_ok(),
        (FactType::Date, FactValue::Text(text)) => is_plain_date(text),
        (FactType::Choice(choices), FactValue::Text(text)) => choices.iter().any(|c| c.code == *text),
        _ => false,
    }
}

fn is_plain_date(text: &str) -> bool {
    text.parse::<Date>().is_ok_and(|date| date.to_string() == text)
}
