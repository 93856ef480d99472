//! Decides a case (审核决定): confirm, return, dismiss, settle doubts, enter amounts.
//!
//! Invariants: one transaction takes the case's row lock first and the district's second, so decision, entry and change
//! numbers are in commit order and without gaps; a decision names the version it was made on, and of two racing ones
//! the second learns of the first; the same request again gets the first answer; decision, money, audit and the
//! devices' change are written together or not at all.

mod detail;
mod refusal;
mod request;
mod rules;

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::evaluate::{ChargeAmount, ProposedCase};
use sync_core::ids::{CaseId, ChargeId, GridPath, InspectionId, UnitId, UserId};
use sync_core::model::assignment::Role;
use sync_core::model::case::{ChargeState, Flag, ReviewState};
use sync_core::model::decision::DecisionKind;
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use uuid::Uuid;

pub use detail::Detail;
pub use refusal::{LastDecision, Meanwhile, Refusal};
pub use request::{Decision, DecisionRequest, EnteredAmount, Outcome, WrittenEntry};
use rules::Money;

use crate::auth::actor::Actor;
use crate::db::cases::{CaseAfterDecision, CaseStateRow};
use crate::db::changes::{NewChange, record_changes};
use crate::db::decisions::DecisionRow;
use crate::db::schema::ledger_entries;
use crate::db::types::{Day, StoredValueError, Time, stored, stored_code};
use crate::db::{Connection, cases, decisions, duplicate_lock};
use crate::ledger::basis::{CaseBasis, ChargeBasis, RecordedMoney};
use crate::ledger::entry_kind::EntryKind;
use crate::ledger::moves::{Aim, CaseMoney, ChargeMoney, bring};
use crate::services::find_duplicates::lapse_duplicates;
use crate::services::move_money::{load_money, open_books, write_money};
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decision};

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
    if request.kind == DecisionKind::Dismiss {
        duplicate_lock::take(connection, &actor.district).await?;
    }
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

    let mut money = match verdict.money {
        Money::Unmoved => None,
        Money::Fix | Money::Post | Money::TakeBack => {
            load_money(connection, &actor.district, &[case_id]).await?.pop()
        }
    };
    let aim = match &money {
        Some(money) => Some(aim_of(connection, actor, &case, money, request, verdict.money).await?),
        None => None,
    };
    let after = CaseAfterDecision {
        review_state: verdict.state.code().to_owned(),
        flags: verdict.flags.iter().map(|flag| flag.code().to_owned()).collect(),
        version: case.version.saturating_add(1),
        reason: request.reason.clone(),
        updated_at: Time(now),
    };
    cases::update(connection, &actor.district, case_id, &after).await?;
    let others = match verdict.state {
        ReviewState::Dismissed => {
            lapse_duplicates::<Refusal>(connection, &actor.district, &[case_id]).await?
        }
        _ => Vec::new(),
    };

    let basis = aim.as_ref().map(|aim| basis_of(case_id, &case, aim)).transpose()?;
    let detail = Detail {
        flags: request.flags.clone(),
        amounts: request.amounts.clone(),
        outcome: Outcome { review_state: verdict.state, unsettled: verdict.flags },
        recorded: RecordedMoney { money: basis.into_iter().collect() },
    };
    let new = NewDecision {
        request_id: request.request_id,
        subject: Subject::Case { case_id, expected_version: case.version },
        kind: request.kind,
        by: DecidedBy::Person(actor.user_id),
        reason: request.reason.clone(),
        detail: serde_json::to_value(&detail)?,
    };
    let (decision, head) = record_decision(connection, &actor.district, new, now).await?;
    if let (Some(money), Some(aim)) = (&mut money, aim) {
        let mut books = open_books(connection, &actor.district, head, now).await?;
        bring(&mut books, money, aim, decision.decision_no)?;
        write_money(connection, &books, std::slice::from_ref(money)).await?;
    }
    let own = NewChange::of_case(case_id, grid, UserId(case.author));
    let changes: Vec<NewChange> = std::iter::once(own).chain(others).collect();
    record_changes(connection, &actor.district, &changes).await?;
    answer(connection, &decision).await
}

/// Where the decision wants the case's money.
async fn aim_of(
    connection: &mut Connection,
    actor: &Actor,
    case: &CaseStateRow,
    money: &CaseMoney,
    request: &DecisionRequest,
    wanted: Money,
) -> Result<Aim, Refusal> {
    let unit_id = UnitId(case.unit_id);
    match wanted {
        Money::Unmoved => Ok(Aim::staying(money, unit_id, false)),
        Money::Post => Ok(Aim::staying(money, unit_id, true)),
        Money::TakeBack => Ok(Aim::nothing(unit_id)),
        Money::Fix => {
            let proposed = cases::evaluation::<Refusal>(connection, &actor.district, money.case_id).await?;
            let aim = Aim::staying(money, unit_id, false);
            Ok(Aim { charges: with_entered(aim.charges, &proposed, &request.amounts)?, ..aim })
        }
    }
}

/// The charges with the amounts that were entered: each once, of a pending charge for which the pack names none.
fn with_entered(
    mut charges: Vec<ChargeMoney>,
    proposed: &ProposedCase,
    amounts: &[EnteredAmount],
) -> Result<Vec<ChargeMoney>, Refusal> {
    let mut awaited: BTreeSet<ChargeId> = proposed
        .charges
        .iter()
        .filter(|charge| charge.amount == ChargeAmount::Entered)
        .map(|charge| charge.charge_id)
        .collect();
    for entered in amounts {
        let pending = |charge: &&mut ChargeMoney| {
            charge.charge_id == entered.charge_id && charge.state == ChargeState::Pending
        };
        let charge = charges.iter_mut().find(pending).filter(|charge| awaited.remove(&charge.charge_id));
        charge.ok_or(Refusal::AmountNotAwaited)?.amount = Some(entered.amount);
    }
    Ok(charges)
}

/// What the decision's record says of the money.
fn basis_of(case_id: CaseId, case: &CaseStateRow, aim: &Aim) -> Result<CaseBasis, StoredValueError> {
    Ok(CaseBasis {
        case_id,
        item: stored("cases.item", &case.item)?,
        inspection_id: InspectionId(case.inspection_id),
        pack_hash: case.pack_hash.as_deref().map(|hash| stored("cases.pack_hash", hash)).transpose()?,
        level: stored_code("cases.level", &case.level)?,
        unit_id: aim.unit_id,
        posts: aim.posts,
        charges: aim.charges.iter().map(ChargeBasis::from).collect(),
    })
}

fn stored_flags(codes: &[String]) -> Result<Vec<Flag>, Refusal> {
    codes.iter().map(|code| Ok(stored_code("cases.flags", code)?)).collect()
}

/// What the decision did, from what is on record: the same at first and whenever it is asked for again.
async fn answer(connection: &mut Connection, decision: &DecisionRow) -> Result<Decision, Refusal> {
    let detail: Detail = serde_json::from_value(decision.detail.clone())?;
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
        outcome: detail.outcome,
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
