//! How things are shown to the screens (`web/tablet/src/core/model.ts`), where their own JSON does not say enough.

use serde_json::{Map, Value, json};
use sync_core::evaluate::{Evaluation, NonCharge, ProposedCase, ProposedCharge};
use sync_core::field::SentState;
use sync_core::geo::Point;
use sync_core::model::case::Flag;
use sync_core::model::grid::Grid;
use sync_core::model::unit::Unit;
use sync_core::money::Fen;
use sync_core::policy::{Amount, Item, Kind, PolicyPack, Question, Status};
use sync_core::store::{Found, OutboxEntry, RegisterEntry, WorkCounts};
use sync_core::time::Instant;
use sync_core::wire::problem::Problem;

/// A value as JSON; what cannot be written, which no value of the model is, becomes `null`.
fn value(of: impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

/// An object with more fields; anything else stays as it is.
pub fn with(mut object: Value, fields: Value) -> Value {
    if let (Value::Object(object), Value::Object(fields)) = (&mut object, fields) {
        object.extend(fields);
    }
    object
}

/// With the distance between two places where both are known.
pub fn with_distance(line: Value, near: Option<Point>, point: Option<Point>) -> Value {
    match near.zip(point) {
        Some((near, point)) => with(line, json!({ "distance_metres": near.distance_metres(point) })),
        None => line,
    }
}

/// A target of the register.
pub fn entry(entry: &RegisterEntry) -> Value {
    with(value(&entry.content), json!({ "version": entry.version, "local": entry.local }))
}

/// A target that a search found.
pub fn found_one(found: &Found) -> Value {
    let mut line = entry(&found.entry);
    if let Some(metres) = found.distance_metres {
        line = with(line, json!({ "distance_metres": metres }));
    }
    line
}

/// The targets that a search found.
pub fn found(found: &[Found]) -> Value {
    found.iter().map(found_one).collect()
}

/// Grids without their staff.
pub fn grids(grids: &[Grid]) -> Value {
    let line = |grid: &Grid| json!({ "path": grid.path, "name": grid.name, "unit_id": grid.unit_id, "polygon": grid.polygon });
    grids.iter().map(line).collect()
}

/// Units by name.
pub fn units(units: &[Unit]) -> Value {
    units.iter().map(|unit| json!({ "unit_id": unit.unit_id, "name": unit.name })).collect()
}

/// The pack in force with its kinds and items.
pub fn rules(pack: Option<&PolicyPack>, unusable: &Value) -> Value {
    let Some(pack) = pack else {
        return json!({ "pack": null, "kinds": [], "items": [], "unusable_packs": unusable });
    };
    let status = match pack.document().status {
        Status::Draft => "draft",
        Status::Issued => "issued",
    };
    let kinds: Vec<_> = pack.kinds().iter().map(|one| kind(pack, one)).collect();
    let items: Vec<_> = pack.items().iter().map(|one| item(pack, one)).collect();
    json!({
        "pack": { "id": pack.id(), "hash": pack.hash(), "title": pack.document().zh, "status": status },
        "kinds": kinds,
        "items": items,
        "unusable_packs": unusable,
    })
}

/// A kind with its checklist, clauses as citations.
pub fn kind(pack: &PolicyPack, kind: &Kind) -> Value {
    let question = |question: &Question| {
        json!({
            "code": question.code,
            "zh": question.zh,
            "en": question.en,
            "item": question.item,
            "clause": question.clause.as_ref().map(|clause| pack.citation(clause)),
            "reading": question.reading,
        })
    };
    let questions: Vec<_> = kind.questions.iter().map(question).collect();
    with(value(kind), json!({ "questions": questions }))
}

fn item(pack: &PolicyPack, item: &Item) -> Value {
    let amount = match item.amount {
        Amount::Fixed(fen) => json!({ "kind": "fixed", "fen": fen }),
        Amount::Entered => json!({ "kind": "entered" }),
        Amount::Accountability => json!({ "kind": "accountability" }),
        Amount::None => json!({ "kind": "none" }),
    };
    json!({
        "code": item.code,
        "zh": item.zh,
        "en": item.en,
        "amount": amount,
        "count": item.count,
        "clause": pack.citation(&item.clause),
        "photos": item.photos,
        "reading": item.reading,
    })
}

/// A reason with its sentences; `because` is its stable word.
fn reason(reason: impl serde::Serialize, zh: String, en: String) -> Value {
    let mut words = value(reason);
    let because = words.as_object_mut().and_then(|fields| fields.remove("because"));
    json!({ "because": because, "zh": zh, "en": en })
}

fn charge(charge: &ProposedCharge) -> Value {
    json!({
        "charge_id": charge.charge_id,
        "measure": charge.measure,
        "question": charge.question,
        "amount": charge.amount.fen(),
        "clause": charge.clause,
        "reason": reason(charge.reason, charge.reason.zh(), charge.reason.en()),
    })
}

fn non_charge(line: &NonCharge) -> Value {
    json!({ "question": line.question, "reason": reason(&line.reason, line.reason.zh(), line.reason.en()) })
}

fn proposed_case(case: &ProposedCase) -> Value {
    let photos = |line: &sync_core::evaluate::QuestionPhotos| {
        json!({
            "question": line.question,
            "required": case.evidence.photos_each,
            "present": line.photos.len(),
        })
    };
    json!({
        "case_id": case.case_id,
        "item": case.item,
        "zh": case.zh,
        "en": case.en,
        "charges": case.charges.iter().map(charge).collect::<Vec<_>>(),
        "non_charges": case.non_charges.iter().map(non_charge).collect::<Vec<_>>(),
        "photos": case.evidence.questions.iter().map(photos).collect::<Vec<_>>(),
    })
}

/// What follows from a visit.
pub fn evaluation(evaluation: &Evaluation, doubts: &[Flag], faults: &[Problem]) -> Value {
    json!({
        "pack": evaluation.pack,
        "cases": evaluation.cases.iter().map(proposed_case).collect::<Vec<_>>(),
        "non_charges": evaluation.non_charges.iter().map(non_charge).collect::<Vec<_>>(),
        "total": evaluation.total().unwrap_or(Fen::ZERO),
        "doubts": doubts,
        "faults": faults,
    })
}

/// A visit that cannot be judged yet, and why.
pub fn not_judged(faults: &[Problem]) -> Value {
    json!({ "pack": null, "cases": [], "non_charges": [], "total": 0, "doubts": [], "faults": faults })
}

/// How much of the user's work waits, and how fresh the register is.
pub fn counts(counts: &WorkCounts, register_as_of: Option<Instant>) -> Value {
    json!({
        "waiting": counts.waiting,
        "held": counts.held,
        "sent": counts.acknowledged,
        "refused": counts.refused.saturating_sub(counts.refused_corrected),
        "quarantined": counts.quarantined,
        "photos_waiting": counts.photos_waiting,
        "photos_unjudged": counts.photos_unjudged,
        "photos_refused": counts.photos_refused,
        "drafts": counts.drafts,
        "register_as_of": register_as_of,
    })
}

/// Operations with the words of their states, and why they were refused, without what they say.
pub fn log(entries: Vec<OutboxEntry>) -> Value {
    let line = |entry: OutboxEntry| {
        let head = json!({
            "op_id": entry.op_id,
            "device_seq": entry.device_seq,
            "kind": entry.kind,
            "subject": entry.subject,
            "occurred_at": entry.occurred_at,
        });
        let mut state = value(SentState::from(entry.state));
        let word = state.as_object_mut().and_then(|fields: &mut Map<String, Value>| fields.remove("state"));
        let refusal = (word == Some(json!("refused"))).then_some(state);
        with(head, json!({ "state": word, "refusal": refusal }))
    };
    entries.into_iter().map(line).collect()
}
