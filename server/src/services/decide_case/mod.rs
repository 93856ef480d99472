//! Decides a case (审核决定): confirm, return, dismiss, settle doubts, enter amounts.
//!
//! Invariants: one transaction takes the case's row lock first and the district's second, so decision, entry and change
//! numbers are in commit order and without gaps; a decision names the version it was made on, and of two racing ones
//! the second learns of the first; the same request again gets the first answer; decision, money, audit and the
//! devices' change are written together or not at all.

mod refusal;
mod request;
mod rules;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;
use sync_core::ids::{CaseId, ChargeId, GridPath, UnitId, UserId};
use sync_core::model::assignment::Role;
use sync_core::model::case::{Flag, ReviewState};
use sync_core::model::decision::DecisionKind;
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use uuid::Uuid;

pub use refusal::{LastDecision, Meanwhile, Refusal};
pub use request::{Decision, DecisionRequest, EnteredAmount, Outcome, WrittenEntry};
use rules::{Money, Verdict};

use crate::auth::actor::Actor;
use crate::db::cases::{CaseAfterDecision, CaseStateRow};
use crate::db::changes::{NewChange, record_changes};
use crate::db::decisions::DecisionRow;
use crate::db::schema::ledger_entries;
use crate::db::types::{Day, StoredValueError, Time, stored, stored_code};
use crate::db::{Connection, cases, decisions, periods};
use crate::ledger::entry_kind::EntryKind;
use crate::services::post_charges::{Books, DecidedCase, post_charges};
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decision};
use crate::services::reverse_charges::reverse_charges;

/// Decides a case for a supervisor of its grid.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub async fn decide_case(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &DecisionRequest,
    now: Instant,
) -> Result<Decision, Refusal> {
    request.check()?;
    connection.transaction(async |connection| decide(connection, actor, case_id, request, now).await).await
}

async fn decide(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &DecisionRequest,
    now: Instant,
) -> Result<Decision, Refusal> {
    let case = cases::lock(connection, &actor.district, case_id).await?.ok_or(Refusal::CaseUnknown)?;
    let grid: GridPath = stored("cases.grid", &case.grid)?;
    if !actor.covers(Role::Supervisor, &grid) {
        return Err(Refusal::CaseUnknown);
    }
    if let Some(first) = decisions::of_request(connection, &actor.district, request.request_id).await? {
        return if request.led_to(&first, actor.user_id, case_id) {
            answer(connection, &first).await
        } else {
            Err(Refusal::RequestIdReused)
        };
    }
    if i64::from(case.version) != i64::from(request.expected_version) {
        return Err(meanwhile(connection, actor, case_id, &case).await?.into());
    }
    let state = stored_code::<ReviewState>("cases.review_state", &case.review_state)?;
    let flags = stored_flags(&case.flags)?;
    let verdict = rules::judge(state, &flags, request)?;

    if request.kind == DecisionKind::EnterAmounts {
        enter_amounts(connection, actor, case_id, &request.amounts).await?;
    }
    let version = case.version.saturating_add(1);
    let after = CaseAfterDecision {
        review_state: verdict.state.code().to_owned(),
        flags: verdict.flags.iter().map(|flag| flag.code().to_owned()).collect(),
        version,
        reason: request.reason.clone(),
        updated_at: Time(now),
    };
    cases::update(connection, &actor.district, case_id, &after).await?;

    let decision = write_decision(connection, actor, case_id, case.version, request, &verdict, now).await?;
    let change = NewChange::of_case(case_id, grid, UserId(case.author));
    record_changes(connection, &actor.district, &[change]).await?;
    answer(connection, &decision).await
}

fn stored_flags(codes: &[String]) -> Result<Vec<Flag>, Refusal> {
    codes.iter().map(|code| Ok(stored_code("cases.flags", code)?)).collect()
}

/// Records the decision, and does to the ledger what follows from it.
async fn write_decision(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    version: i32,
    request: &DecisionRequest,
    verdict: &Verdict,
    now: Instant,
) -> Result<DecisionRow, Refusal> {
    let new = NewDecision {
        request_id: request.request_id,
        subject: Subject::Case { case_id, expected_version: version },
        kind: request.kind,
        by: DecidedBy::Person(actor.user_id),
        reason: request.reason.clone(),
        detail: json!({
            "flags": request.flags,
            "amounts": request.amounts,
            "outcome": Outcome { review_state: verdict.state, unsettled: verdict.flags.clone() },
        }),
    };
    let (decision, head) = record_decision(connection, &actor.district, new, now).await?;
    let decided = [DecidedCase { case_id, decision_no: decision.decision_no }];
    let calendar = periods::calendar(connection, &actor.district, now).await?;
    let mut books = Books { district: actor.district.clone(), head, calendar, now };
    match verdict.money {
        Money::Unmoved => {}
        Money::Post => drop(post_charges(connection, &mut books, &decided).await?),
        Money::TakeBack => drop(reverse_charges(connection, &mut books, &decided).await?),
    }
    Ok(decision)
}

/// Sets the amounts of pending charges for which the pack names none (`amount = "entered"`), or sets them right.
async fn enter_amounts(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    amounts: &[EnteredAmount],
) -> Result<(), Refusal> {
    let written = sql_query(
        "UPDATE charges SET amount_fen = entered.fen
         FROM unnest($3, $4) AS entered (charge_id, fen)
         WHERE charges.district = $1 AND charges.case_id = $2 AND charges.charge_id = entered.charge_id
           AND charges.state = 'pending'
           AND EXISTS (SELECT FROM cases, jsonb_to_recordset(evaluation->'charges')
                                          AS proposed (charge_id uuid, amount jsonb)
                       WHERE cases.district = $1 AND cases.case_id = $2
                         AND proposed.charge_id = charges.charge_id AND proposed.amount = '\"entered\"')",
    )
    .bind::<Text, _>(actor.district.as_str())
    .bind::<SqlUuid, _>(case_id.0)
    .bind::<Array<SqlUuid>, _>(amounts.iter().map(|entered| entered.charge_id.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(amounts.iter().map(|entered| entered.amount.get()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    if written == amounts.len() { Ok(()) } else { Err(Refusal::AmountNotAwaited) }
}

/// What the decision did, from what is on record: the same at first and whenever it is asked for again.
async fn answer(connection: &mut Connection, decision: &DecisionRow) -> Result<Decision, Refusal> {
    let outcome: Outcome =
        serde_json::from_value(decision.detail.get("outcome").cloned().unwrap_or_default())?;
    let entries: Vec<(i64, String, Uuid, Uuid, Day, i64)> = ledger_entries::table
        .filter(ledger_entries::district.eq(&decision.district))
        .filter(ledger_entries::decision_no.eq(decision.decision_no))
        .order(ledger_entries::entry_no)
        .select((
            ledger_entries::entry_no,
            ledger_entries::kind,
            ledger_entries::charge_id,
            ledger_entries::unit_id,
            ledger_entries::period,
            ledger_entries::amount_fen,
        ))
        .load(connection)
        .await?;
    let entries = entries
        .into_iter()
        .map(|(entry_no, kind, charge_id, unit_id, period, amount_fen)| {
            Ok(WrittenEntry {
                entry_no,
                kind: stored_code::<EntryKind>("ledger_entries.kind", &kind)?,
                charge_id: ChargeId(charge_id),
                unit_id: UnitId(unit_id),
                period: Month::of(period.0),
                amount: Fen::new(amount_fen),
            })
        })
        .collect::<Result<_, StoredValueError>>()?;
    Ok(Decision {
        decision_no: decision.decision_no,
        case_id: CaseId(decision.case_id.unwrap_or_default()),
        kind: stored_code("decisions.kind", &decision.kind)?,
        version: u32::try_from(decision.expected_version.unwrap_or(0)).unwrap_or(0).saturating_add(1),
        outcome,
        entries,
    })
}

/// What happened to the case since the version that a request names.
async fn meanwhile(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    case: &CaseStateRow,
) -> Result<Meanwhile, Refusal> {
    let last = decisions::of_case(connection, &actor.district, case_id).await?.pop();
    Ok(Meanwhile {
        version: case.version,
        review_state: case.review_state.clone(),
        decided: last.map(|(decision, by)| LastDecision {
            kind: decision.kind,
            by,
            at: decision.decided_at.0,
        }),
    })
}
