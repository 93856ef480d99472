//! Steps of a case's closed loop (闭环) that the office decides: order, extend, pause, resume, send back, verify, fail,
//! close; and the unit's return.
//!
//! Invariants: each is a numbered decision on the case, made on the version that was looked at, once for its request;
//! the case's row is locked first and the district's second. What somebody reported, another person re-checks. Rectification is ordered on cases under review as well as on
//! confirmed ones: what burns is put out before anybody decides on money.

mod refusal;
mod request;

use diesel_async::AsyncConnection;
use serde_json::json;
use sync_core::ids::{CaseId, UnitId};
use sync_core::model::assignment::Role;
use sync_core::model::case::ReviewState;
use sync_core::model::decision::DecisionKind;
use sync_core::model::rectification::RoundState;
use sync_core::policy::PolicyBook;
use sync_core::time::Instant;

pub use refusal::LoopRefusal;
pub use request::{LoopDecision, LoopOutcome, LoopRequest, LoopStep, ReturnRequest};

use crate::auth::actor::Actor;
use crate::auth::case_scope::liaison_units;
use crate::calendar::WorkCalendar;
use crate::db::changes::record_changes;
use crate::db::decisions::DecisionRow;
use crate::db::rectifications::{
    LoopCase, LoopChanges, RecordKind, RecordPhotoWrite, RecordSubject, RecordWrite, insert_record_photos,
    insert_records, last_reporters, lock_case, present_rounds,
};
use crate::db::types::stored_code;
use crate::db::{Connection, decisions, photos};
use crate::rectification::round::{Order, Round};
use crate::rectification::terms::Terms;
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decision};

/// What deadlines and steps are judged by.
#[derive(Debug, Clone, Copy)]
pub struct LoopRules<'a> {
    /// The district's policy book.
    pub book: &'a PolicyBook,
    /// Holidays and office hours.
    pub calendar: &'a WorkCalendar,
    /// The present.
    pub now: Instant,
}

/// Takes a step for a supervisor of the case's grid.
///
/// # Errors
/// [`LoopRefusal`]; nothing is changed then.
pub async fn rectify_case(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &LoopRequest,
    rules: LoopRules<'_>,
) -> Result<LoopDecision, LoopRefusal> {
    request.check()?;
    let may = |case: &LoopCase| actor.covers(Role::Supervisor, &case.grid);
    connection.transaction(async |conn| decide(conn, actor, case_id, request, rules, may).await).await
}

/// Gives the case back for a liaison of its unit (退回): it is not the unit's, or cannot be done.
///
/// # Errors
/// [`LoopRefusal`]; nothing is changed then.
pub async fn give_back(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &ReturnRequest,
    rules: LoopRules<'_>,
) -> Result<LoopDecision, LoopRefusal> {
    let request = request.as_step();
    request.check()?;
    let units: Vec<UnitId> = liaison_units(actor);
    let may = |case: &LoopCase| units.contains(&case.unit_id);
    connection.transaction(async |conn| decide(conn, actor, case_id, &request, rules, may).await).await
}

async fn decide(
    conn: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &LoopRequest,
    rules: LoopRules<'_>,
    may: impl FnOnce(&LoopCase) -> bool,
) -> Result<LoopDecision, LoopRefusal> {
    let case = lock_case(conn, &actor.district, case_id).await?.filter(may);
    let case = case.ok_or(LoopRefusal::CaseUnknown)?;
    if let Some(first) = decisions::of_request(conn, &actor.district, request.request_id).await? {
        return if request.led_to(&first, actor.user_id, case_id) {
            answer(case_id, &first)
        } else {
            Err(LoopRefusal::RequestIdReused)
        };
    }
    if i64::from(case.version) != i64::from(request.expected_version) {
        return Err(LoopRefusal::Changed(case.version));
    }
    if matches!(case.review_state, ReviewState::Dismissed | ReviewState::Merged) {
        return Err(LoopRefusal::ReviewForbids(case.review_state));
    }
    let hashes = request.step.photos();
    let missing = photos::unverified_among(conn, &actor.district, hashes).await?;
    if let Some(photo) = missing.into_iter().next() {
        return Err(LoopRefusal::PhotoUnknown(photo));
    }
    let before = present_rounds(conn, &actor.district, [case_id.0]).await?.remove(&case_id);
    if request.step.passed() == Some(true) {
        let reporters = last_reporters(conn, &actor.district, [case_id.0]).await?;
        let reporter = before.as_ref().and_then(|round| reporters.get(&(case_id, round.number)));
        if reporter == Some(&actor.user_id) {
            return Err(LoopRefusal::SamePerson);
        }
    }
    let changed = next_rounds(actor, &case, before, &request.step, rules)?;
    let present = changed.last().ok_or(LoopRefusal::RoundUnknown)?.clone();
    let checked = changed.first().map_or(present.number, |round| round.number);

    let mut loops = LoopChanges::default();
    changed.into_iter().for_each(|round| loops.add(&case, round));
    let changes = loops.store(conn, &actor.district, rules.now).await?;
    if let Some(passed) = request.step.passed() {
        insert_records(conn, &[check_record(actor, &case, checked, passed, request, rules.now)]).await?;
        let subject = RecordSubject::Case(case_id);
        let shown = RecordPhotoWrite::of_hashes(&actor.district, request.request_id.0, subject, hashes);
        insert_record_photos(conn, &shown).await?;
    }
    let decision = NewDecision {
        request_id: request.request_id,
        subject: Subject::Case { case_id, expected_version: case.version },
        kind: request.step.kind(),
        by: DecidedBy::Person(actor.user_id),
        reason: request.reason.clone(),
        detail: json!({ "step": request.step, "outcome": LoopOutcome::of(&present) }),
    };
    let (decision, _) = record_decision(conn, &actor.district, decision, rules.now).await?;
    record_changes(conn, &actor.district, &changes).await?;
    answer(case_id, &decision)
}

/// The rounds that a step changes or begins, the present one last.
fn next_rounds(
    actor: &Actor,
    case: &LoopCase,
    before: Option<Round>,
    step: &LoopStep,
    rules: LoopRules<'_>,
) -> Result<Vec<Round>, LoopRefusal> {
    let LoopRules { calendar, now, .. } = rules;
    if let LoopStep::OrderRectification { requirement, span } = step {
        if !matches!(case.review_state, ReviewState::UnderReview | ReviewState::Confirmed) {
            return Err(LoopRefusal::ReviewForbids(case.review_state));
        }
        let withdrawn = before.map(|mut round| round.withdraw(case.unit_id).map(|()| round)).transpose()?;
        let pack = case.pack.as_ref().and_then(|pack| rules.book.by_hash(pack));
        let terms = Terms::of(pack, &case.item);
        let order = Order {
            number: withdrawn.as_ref().map_or(1, |round| round.number.saturating_add(1)),
            unit_id: case.unit_id,
            grid: case.grid.clone(),
            ordered_by: actor.user_id,
            requirement: requirement.clone(),
            span: span.or(terms.span).ok_or(LoopRefusal::DeadlineRequired)?,
            terms,
        };
        let ordered = Round::ordered(order, now, calendar).map_err(LoopRefusal::Gap)?;
        return Ok(withdrawn.into_iter().chain([ordered]).collect());
    }
    let mut round = before.ok_or(LoopRefusal::RoundUnknown)?;
    match step {
        LoopStep::OrderRectification { .. } => {}
        LoopStep::ExtendDeadline { span } => round.extend(*span, now, calendar)?,
        LoopStep::PauseRectification { pause } => round.pause(*pause, now)?,
        LoopStep::ResumeRectification {} => round.resume(now, calendar)?,
        LoopStep::ReturnRectification {} => round.send_back(now, calendar)?,
        LoopStep::GiveBack {} => round.give_back(now)?,
        LoopStep::VerifyRectification { .. } => round.check(true, now)?,
        LoopStep::FailRectification { .. } => {
            round.check(false, now)?;
            // A supervisor at the desk can wait for the calendar; an inspector's finding cannot.
            calendar.deadline(now, round.span.into()).map_err(LoopRefusal::Gap)?;
            let next = round.again(now, calendar);
            return Ok(vec![round, next]);
        }
        LoopStep::CloseRectification {} => round.close(now)?,
    }
    Ok(vec![round])
}

fn check_record(
    actor: &Actor,
    case: &LoopCase,
    round: u16,
    passed: bool,
    request: &LoopRequest,
    now: Instant,
) -> RecordWrite {
    RecordWrite {
        district: actor.district.clone(),
        record_id: request.request_id.0,
        case_id: case.case_id,
        round,
        kind: RecordKind::Check,
        passed: Some(passed),
        author: actor.user_id,
        device_id: None,
        text: request.reason.clone().unwrap_or_default(),
        lon: None,
        lat: None,
        occurred_at: now,
        received_at: now,
    }
}

/// What a decision led to, from what is on record: the same at first and whenever it is asked for again.
fn answer(case_id: CaseId, decision: &DecisionRow) -> Result<LoopDecision, LoopRefusal> {
    let outcome: LoopOutcome =
        serde_json::from_value(decision.detail.get("outcome").cloned().unwrap_or_default())?;
    let kind: DecisionKind = stored_code("decisions.kind", &decision.kind)?;
    let version = decision.expected_version.and_then(|version| u32::try_from(version).ok());
    Ok(LoopDecision {
        decision_no: decision.decision_no,
        case_id,
        kind,
        version: version.unwrap_or_default().saturating_add(1),
        outcome,
    })
}

impl LoopOutcome {
    /// Where a round stands.
    #[must_use]
    pub fn of(round: &Round) -> Self {
        let Round { number, state, deadline, .. } = round;
        let state: RoundState = *state;
        Self { round: *number, state, step: round.step(), deadline: *deadline }
    }
}
