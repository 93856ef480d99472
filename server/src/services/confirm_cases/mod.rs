//! Confirms many cases at once (批量认定), and posts many at once: the set-based way of confirmation, for timers and for
//! a supervisor who confirms a list.
//!
//! Invariants: as in deciding one case ([`decide_case`](crate::services::decide_case)): cases are locked in the order of
//! their ids, the district after them, and changes are recorded last by the caller; a handful of statements serves
//! any number of cases. One case that cannot be confirmed does not block the others.

mod by_list;

use std::collections::HashMap;

use diesel::sql_types::{Bool, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::ids::{CaseId, DecisionRequestId, PackHash, RegionCode};
use sync_core::model::case::ReviewState;
use sync_core::model::decision::DecisionKind;
use sync_core::policy::PolicyBook;
use sync_core::time::Instant;

pub use by_list::{Confirmation, ConfirmationList, ConfirmationResult, ConfirmationResults, confirm_list};

use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::db::statement::statement;
use crate::db::types::Time;
use crate::ledger::basis::RecordedMoney;
use crate::ledger::moves::{Aim, CaseMoney, ChargeMoney, MoveFault, bring};
use crate::services::decide_case::{DecisionOutcome, Detail, Refusal, StandingCase};
use crate::services::move_money::{load_money, open_books, write_money};
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decisions};

/// Cases that one transaction confirms or posts: it holds the district's lock for as long.
pub const CASES_PER_TRANSACTION: u16 = 200;

/// A case to be confirmed or posted, locked and found fit for it.
#[derive(Debug, Clone)]
pub struct Due {
    /// The case.
    pub case: StandingCase,
    /// The id of the request, or of the timer's step.
    pub request_id: DecisionRequestId,
}

/// How it is confirmed.
#[derive(Debug, Clone)]
pub struct Manner {
    /// `confirm`, `auto_confirm` or `post_published`.
    pub kind: DecisionKind,
    /// Who does it.
    pub by: DecidedBy,
    /// Why.
    pub reason: Option<String>,
}

/// What confirming did.
#[derive(Debug, Default)]
pub struct Confirmed {
    /// Decision numbers by case.
    pub decided: Vec<(CaseId, i64)>,
    /// Cases that could not be confirmed, and why; nothing of them changed.
    pub refused: Vec<(CaseId, MoveFault)>,
    /// What devices must hear of.
    pub changes: Vec<NewChange>,
}

/// Where confirmation brings a case's money: it posts, or it waits for the end of the publication that the case's pack
/// asks for (公示期).
///
/// # Errors
/// [`MoveFault::AmountMissing`].
pub fn confirmation(
    book: &PolicyBook,
    case: &StandingCase,
    money: &CaseMoney,
    now: Instant,
) -> Result<(Aim, Option<Date>), MoveFault> {
    let aim = Aim::staying(money, case.unit_id, true).complete()?;
    let pack = case.pack.as_ref().map(|pack| &pack.hash);
    let posts_on =
        pack.and_then(|pack| publication_ends(book, pack, now)).filter(|_| !aim.charges.is_empty());
    Ok((Aim { posts: posts_on.is_none(), ..aim }, posts_on))
}

/// The day on which the last of these charges is posted, where a pack asks for the publication of what a decision adds
/// to a confirmed case.
pub fn published_first<'m>(
    book: &PolicyBook,
    added: impl Iterator<Item = &'m ChargeMoney>,
    now: Instant,
) -> Option<Date> {
    added.filter_map(|charge| publication_ends(book, &charge.pack_hash, now)).max()
}

/// The day after the last day of publication, where this pack asks for one (公示期).
#[must_use]
pub fn publication_ends(book: &PolicyBook, pack: &PackHash, now: Instant) -> Option<Date> {
    let pack = book.by_hash(pack)?;
    let days = pack.content().charging.publication_days.filter(|days| *days > 0)?;
    now.record_date().checked_add(i64::from(days).days()).ok()
}

/// Confirms cases, or posts those whose publication is over. The caller has locked them in the order of their ids,
/// and records the changes last.
///
/// # Errors
/// [`Refusal`] of all of them; the caller's transaction must then be rolled back.
pub async fn confirm_cases(
    connection: &mut Connection,
    book: &PolicyBook,
    district: &RegionCode,
    due: &[Due],
    manner: &Manner,
    now: Instant,
) -> Result<Confirmed, Refusal> {
    let by_case: HashMap<CaseId, &Due> = due.iter().map(|due| (due.case.case_id, due)).collect();
    let ids: Vec<CaseId> = by_case.keys().copied().collect();
    let mut confirmed = Confirmed::default();
    let (mut moving, mut decisions, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for money in load_money(connection, district, &ids).await? {
        let Some(Due { case, request_id }) = by_case.get(&money.case_id) else { continue };
        let wanted = match manner.kind {
            DecisionKind::PostPublished => {
                Aim::staying(&money, case.unit_id, true).complete().map(|aim| (aim, None))
            }
            _ => confirmation(book, case, &money, now),
        };
        let (aim, posts_on) = match wanted {
            Ok(wanted) => wanted,
            Err(fault) => {
                confirmed.refused.push((case.case_id, fault));
                continue;
            }
        };
        let outcome = DecisionOutcome { review_state: ReviewState::Confirmed, unsettled: Vec::new() };
        let detail = Detail::new(outcome, RecordedMoney { money: vec![case.basis(&aim)] });
        decisions.push(NewDecision {
            request_id: *request_id,
            subject: Subject::Case { case_id: case.case_id, expected_version: case.version },
            kind: manner.kind,
            by: manner.by,
            reason: manner.reason.clone(),
            detail: serde_json::to_value(&detail)?,
        });
        rows.push(CaseConfirmed {
            case_id: case.case_id,
            version: case.version.saturating_add(1),
            reason: manner.reason.clone(),
            posts_on,
        });
        confirmed.changes.push(NewChange::of_case(case.case_id, case.grid.clone(), case.author));
        moving.push((money, aim));
    }
    if moving.is_empty() {
        return Ok(confirmed);
    }
    update_cases(connection, district, &rows, manner.kind, now).await?;
    let (decisions, head) = record_decisions(connection, district, decisions, now).await?;
    let mut books = open_books(connection, district, head, now).await?;
    let mut moved = Vec::with_capacity(moving.len());
    for ((mut money, aim), decision) in moving.into_iter().zip(decisions) {
        bring(&mut books, &mut money, aim, decision.decision_no)?;
        confirmed.decided.push((money.case_id, decision.decision_no));
        moved.push(money);
    }
    write_money(connection, &books, &moved).await?;
    Ok(confirmed)
}

/// A case's row afterwards.
#[derive(Debug, Serialize)]
struct CaseConfirmed {
    case_id: CaseId,
    version: i32,
    reason: Option<String>,
    posts_on: Option<Date>,
}

/// Writes the cases' rows. Posting what was published says nothing new: the last reason stays. Doubts are no matter of
/// this: who is confirmed has none, and what was raised since is still to be decided.
async fn update_cases(
    connection: &mut Connection,
    district: &RegionCode,
    rows: &[CaseConfirmed],
    kind: DecisionKind,
    now: Instant,
) -> Result<(), Refusal> {
    statement(
        "UPDATE cases SET review_state = 'confirmed', version = after.version,
                          reason = CASE WHEN $3 THEN cases.reason ELSE after.reason END,
                          posts_on = after.posts_on, updated_at = $4
         FROM json_to_recordset(CAST($2 AS json))
              AS after (case_id uuid, version integer, reason text, posts_on date)
         WHERE cases.district = $1 AND cases.case_id = after.case_id",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Text, _>(serde_json::to_string(rows)?)
    .bind::<Bool, _>(kind == DecisionKind::PostPublished)
    .bind::<Timestamptz, _>(Time(now))
    .execute(connection)
    .await?;
    Ok(())
}
