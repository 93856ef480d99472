//! Judges one operation by what is known: it has an effect, is rejected for good, or waits for something.
//!
//! Invariants: pure; an inspection is never refused for its clock, fix or measurements (invariant 3). Writes follow
//! the author's assignment at occurrence (invariant 4), or at receipt where the clock cannot be believed.

use jiff::civil::Date;
use serde_json::value::{RawValue, to_raw_value};
use sync_core::evaluate::{Evaluation, check, clock_is_suspect, doubts, evaluate};
use sync_core::ids::{GridPath, InspectionId, TargetId, UnitId, UserId};
use sync_core::model::assignment::{Assignment, Role};
use sync_core::model::case::Flag;
use sync_core::model::inspection::Inspection;
use sync_core::model::target::{Target, TargetContent};
use sync_core::policy::{PolicyPack, check_target};
use sync_core::time::Instant;
use sync_core::wire::operation::{Body, Header, Operation, TargetUpdate};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::push::{Missing, Rejection};

use super::compare_context::differences;
use super::judge_field_record::{
    JudgedRecord, VerifiedFirePoint, judge_check, judge_report, judge_verification,
};
use super::known::Known;
use crate::db::targets::given_code;
use crate::services::prior_facts::prior_facts;

/// What an operation does.
#[derive(Debug)]
pub(super) enum Effect {
    /// A target is new or changed.
    Target(Box<Target>),
    /// An inspection is stored and judged.
    Inspection(Box<JudgedInspection>),
    /// A report or re-check moves a round on.
    Record(Box<JudgedRecord>),
    /// A fire point lead is verified.
    FirePoint(Box<VerifiedFirePoint>),
}

/// An inspection with what the evaluator says and what a supervisor must settle.
#[derive(Debug)]
pub(super) struct JudgedInspection {
    pub(super) inspection: Inspection,
    /// The inspection as JSON, for the database.
    pub(super) sealed: Box<RawValue>,
    pub(super) evaluation: Evaluation,
    pub(super) flags: Vec<Flag>,
}

/// Why an operation has no effect.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Stored and final.
    Rejected(Rejection),
    /// Not stored: what it needs has not arrived.
    Held(Vec<Missing>),
}

/// A rejection for this problem of this field.
pub(super) fn rejected(kind: ProblemKind, field: impl Into<String>) -> Refusal {
    Refusal::Rejected(kind.rejection(Some(field.into())))
}

/// Judges an operation whose header was found to be the pusher's.
pub(super) fn judge(known: &Known, operation: Operation) -> Result<Effect, Refusal> {
    let Operation { header, body } = operation;
    match body {
        Body::RegisterTarget(content) => {
            register_target(known, &header, content).map(|target| Effect::Target(Box::new(target)))
        }
        Body::UpdateTarget(update) => {
            update_target(known, &header, update).map(|target| Effect::Target(Box::new(target)))
        }
        Body::SubmitInspection(inspection) => {
            if inspection.replaces.is_some() {
                return Err(rejected(ProblemKind::LineageInvalid, "replaces"));
            }
            judge_inspection(known, &header, inspection)
        }
        Body::AmendInspection(inspection) => {
            let replaced =
                inspection.replaces.ok_or_else(|| rejected(ProblemKind::LineageInvalid, "replaces"))?;
            require_successor(known, &inspection, replaced)?;
            judge_inspection(known, &header, inspection)
        }
        Body::ReportRectification(report) => {
            judge_report(known, &header, report).map(|judged| Effect::Record(Box::new(judged)))
        }
        Body::RecheckRectification(check) => {
            judge_check(known, &header, check).map(|judged| Effect::Record(Box::new(judged)))
        }
        Body::VerifyFirePoint(verification) => judge_verification(known, &header, verification)
            .map(|verified| Effect::FirePoint(Box::new(verified))),
    }
}

fn register_target(known: &Known, header: &Header, mut content: TargetContent) -> Result<Target, Refusal> {
    require_target(known, header, &content)?;
    let id = content.target_id;
    if known.targets.contains_key(&id) {
        return Err(rejected(ProblemKind::TargetExists, "target_id"));
    }
    if known.elsewhere.contains(&id.0) {
        return Err(rejected(ProblemKind::OtherDistrict, "target_id"));
    }
    if content.code.as_ref().is_some_and(|code| known.codes.contains(code)) {
        return Err(rejected(ProblemKind::TargetCodeTaken, "code"));
    }
    content.code.get_or_insert_with(|| given_code(id));
    Ok(Target { content, version: 1 })
}

fn update_target(known: &Known, header: &Header, update: TargetUpdate) -> Result<Target, Refusal> {
    let TargetUpdate { base_version, mut content } = update;
    require_target(known, header, &content)?;
    let id = content.target_id;
    let Some(before) = known.targets.get(&id) else {
        return Err(unknown_target(known, id, base_version, "target_id"));
    };
    let current = &before.target;
    // Made on a target that was registered offline and is still as registered.
    let on_registered = base_version == 0 && current.version == 1;
    if before.deleted
        || !(on_registered
            || base_version == current.version
            || known.follows_own(header.device, id, base_version))
    {
        return Err(rejected(ProblemKind::TargetChanged, "base_version"));
    }
    require_assigned(known, header.author, &current.content.grid, header.occurred_at, "target_id")?;
    if content.code != current.content.code {
        if content.code.as_ref().is_some_and(|code| known.codes.contains(code)) {
            return Err(rejected(ProblemKind::TargetCodeTaken, "code"));
        }
        content.code = content.code.or_else(|| current.content.code.clone());
    }
    Ok(Target { content, version: current.version.saturating_add(1) })
}

/// What registering and updating ask alike.
fn require_target(known: &Known, header: &Header, content: &TargetContent) -> Result<(), Refusal> {
    let named = header.pack_version.as_ref().and_then(|hash| known.book.by_hash(hash));
    let pack = named.or_else(|| {
        let day = assigned_on(header.occurred_at, known.received_at);
        known.book.in_force(&known.district, day).or_else(|| known.book.unadopted_draft(&known.district))
    });
    let pack = pack.ok_or_else(|| rejected(ProblemKind::KindUnknown, "kind"))?;
    if let Some(fault) = check_target(pack, content).into_iter().next() {
        return Err(rejected(fault.kind, fault.field));
    }
    require_place(known, &content.grid, content.unit_id, "")?;
    require_assigned(known, header.author, &content.grid, header.occurred_at, "grid")
}

fn judge_inspection(known: &Known, header: &Header, inspection: Inspection) -> Result<Effect, Refusal> {
    if inspection.author != header.author {
        return Err(rejected(ProblemKind::OperationNotYours, "author"));
    }
    let pack = sealed_pack(known, &inspection)?;
    if let Some(fault) = check(pack, &inspection).into_iter().next() {
        return Err(rejected(fault.kind, fault.field));
    }
    let sealed = to_raw_value(&inspection)
        .map_err(|_| Refusal::Rejected(ProblemKind::OperationMalformed.rejection(None)))?;
    if let Some(path) = nul_in(&sealed) {
        return Err(rejected(ProblemKind::TextContainsNul, path));
    }
    if known.inspections.contains_key(&inspection.inspection_id) {
        return Err(rejected(ProblemKind::InspectionExists, "inspection_id"));
    }
    let context = &inspection.context;
    require_place(known, &context.grid, context.unit_id, "context.")?;
    let target = context.target.as_ref().map(|sealed| {
        let known_target = known.targets.get(&sealed.target_id);
        known_target.ok_or_else(|| {
            unknown_target(known, sealed.target_id, sealed.version, "context.target.target_id")
        })
    });
    let target_point = target.transpose()?.map(|target| target.target.content.point);
    require_assigned(known, header.author, &context.grid, inspection.occurred_at, "context.grid")?;
    let mut flags = doubts(pack, &inspection, known.received_at, target_point);
    flags.extend(differences(
        known,
        header,
        &inspection,
        assigned_on(inspection.occurred_at, known.received_at),
    ));
    let evaluation = evaluate(pack, &inspection, &prior_facts(&known.confirmed, &inspection));
    Ok(Effect::Inspection(Box::new(JudgedInspection { inspection, sealed, evaluation, flags })))
}

fn require_successor(known: &Known, inspection: &Inspection, replaced: InspectionId) -> Result<(), Refusal> {
    let Some(before) = known.inspections.get(&replaced) else {
        return Err(if known.elsewhere.contains(&replaced.0) {
            rejected(ProblemKind::OtherDistrict, "replaces")
        } else {
            Refusal::Held(vec![Missing::Inspection(replaced)])
        });
    };
    if before.lineage != inspection.lineage {
        return Err(rejected(ProblemKind::LineageInvalid, "lineage"));
    }
    if before.author != inspection.author {
        return Err(rejected(ProblemKind::LineageInvalid, "author"));
    }
    if before.superseded {
        return Err(rejected(ProblemKind::Superseded, "replaces"));
    }
    Ok(())
}

/// The pack version that the inspection was judged by on the device. One that is not here was adopted after the backup that
/// this server was restored from: what was sealed with it waits until it is adopted again.
fn sealed_pack<'k>(known: &'k Known, inspection: &Inspection) -> Result<Option<&'k PolicyPack>, Refusal> {
    let Some(sealed) = &inspection.context.pack else { return Ok(None) };
    match known.book.by_hash(&sealed.hash) {
        Some(pack) if *pack.id() == sealed.id => Ok(Some(pack)),
        Some(_) => Err(rejected(ProblemKind::PackUnknown, "context.pack")),
        None => Err(Refusal::Held(vec![Missing::Pack(sealed.hash.clone())])),
    }
}

/// A version that is not 0 was given by a server: then the id is wrong, not early.
fn unknown_target(known: &Known, id: TargetId, version: u32, field: &str) -> Refusal {
    if known.elsewhere.contains(&id.0) {
        rejected(ProblemKind::OtherDistrict, field)
    } else if version == 0 {
        Refusal::Held(vec![Missing::Target(id)])
    } else {
        rejected(ProblemKind::TargetUnknown, field)
    }
}

fn require_place(known: &Known, grid: &GridPath, unit: UnitId, prefix: &str) -> Result<(), Refusal> {
    if grid.region() != known.district {
        return Err(rejected(ProblemKind::OtherDistrict, format!("{prefix}grid")));
    }
    if !known.grids.contains_key(grid) {
        return Err(rejected(ProblemKind::GridUnknown, format!("{prefix}grid")));
    }
    if known.units.contains(&unit) {
        return Ok(());
    }
    let elsewhere = known.elsewhere.contains(&unit.0);
    let kind = if elsewhere { ProblemKind::OtherDistrict } else { ProblemKind::UnitUnknown };
    Err(rejected(kind, format!("{prefix}unit_id")))
}

pub(super) fn require_assigned(
    known: &Known,
    author: UserId,
    grid: &GridPath,
    occurred_at: Instant,
    field: &str,
) -> Result<(), Refusal> {
    let day = assigned_on(occurred_at, known.received_at);
    let assigned = known.assignments_of(author);
    let holds = |a: &Assignment| a.role == Role::Inspector && a.holds_on(day) && a.grid.covers(grid);
    if assigned.iter().any(holds) { Ok(()) } else { Err(rejected(ProblemKind::NotAssigned, field)) }
}

/// The day whose assignments count: of occurrence, or of receipt where the device's clock cannot be right.
fn assigned_on(occurred_at: Instant, received_at: Instant) -> Date {
    let at = if clock_is_suspect(occurred_at, received_at) { received_at } else { occurred_at };
    at.record_date()
}

/// Where in a JSON text a NUL character stands.
fn nul_in(text: &RawValue) -> Option<String> {
    // Taken apart only where it may be in there.
    let value = text.get().contains(r"\u0000").then(|| serde_json::from_str(text.get()).ok());
    value.flatten().as_ref().and_then(nul_path)
}

/// Where in a JSON value a NUL character stands, which PostgreSQL cannot hold.
fn nul_path(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    let join = |head: String, rest: String| if rest.is_empty() { head } else { format!("{head}.{rest}") };
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| nul_path(item).map(|rest| join(index.to_string(), rest))),
        Value::Object(fields) => {
            fields.iter().find_map(|(name, field)| nul_path(field).map(|rest| join(name.clone(), rest)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_nul_is_found_wherever_it_hides() {
        assert_eq!(nul_path(&json!({"a": [1, {"b": "x\0"}]})).as_deref(), Some("a.1.b"));
        assert_eq!(nul_path(&json!({"a": ["\\u0000", null]})), None);
    }
}
