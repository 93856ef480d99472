//! Records a decision (决定): takes its number, writes it with its audit event.
//!
//! Invariants: every decision, by a person or a timer, about a case or a month, is written here and nowhere else. Its
//! number comes from the district's row, whose lock is held to the commit: the caller holds the rows it decides on
//! before, moves the ledger after, and records the devices' changes last.

use diesel::prelude::*;
use serde_json::{Value, json};
use sync_core::ids::{CaseId, DecisionRequestId, RegionCode, UserId};
use sync_core::model::decision::DecisionKind;
use sync_core::time::{Instant, Month};

use crate::audit::{self, Action, Event};
use crate::db::decisions::DecisionRow;
use crate::db::types::{Day, Time};
use crate::db::{Connection, decisions, district_numbers};
use crate::ledger::chain::Head;

/// What is decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A case, as it was in this version.
    Case {
        /// Which.
        case_id: CaseId,
        /// Its version before.
        expected_version: i32,
    },
    /// A month of account.
    Month(Month),
}

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecidedBy {
    /// One person.
    Person(UserId),
    /// One person (经办) and another who reviewed it (复核).
    TwoPeople {
        /// Who asked for it.
        actor: UserId,
        /// Who agreed.
        reviewer: UserId,
    },
    /// A timer.
    Timer,
}

impl DecidedBy {
    /// The person who asked for it; none where a timer decided.
    #[must_use]
    pub const fn actor(self) -> Option<UserId> {
        match self {
            Self::Person(actor) | Self::TwoPeople { actor, .. } => Some(actor),
            Self::Timer => None,
        }
    }

    /// The second person, where there is one.
    #[must_use]
    pub const fn reviewer(self) -> Option<UserId> {
        match self {
            Self::TwoPeople { reviewer, .. } => Some(reviewer),
            Self::Person(_) | Self::Timer => None,
        }
    }
}

/// A decision to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDecision {
    /// The client's id of it; of a timer's, derived from what it does, so that it is done once.
    pub request_id: DecisionRequestId,
    /// What it is about.
    pub subject: Subject,
    /// What is decided.
    pub kind: DecisionKind,
    /// Who decides.
    pub by: DecidedBy,
    /// Why.
    pub reason: Option<String>,
    /// What else was asked, and what it led to: all that a replay of the ledger needs.
    pub detail: Value,
}

/// Numbers and writes a decision; locks the district's row to the end of the transaction. Returns it with the
/// ledger's head under that lock.
///
/// # Errors
/// Whatever PostgreSQL says; a request id used before violates `decisions_request_key`, a version decided on before
/// `decisions_case_version_key`.
pub async fn record_decision(
    connection: &mut Connection,
    district: &RegionCode,
    new: NewDecision,
    now: Instant,
) -> QueryResult<(DecisionRow, Head)> {
    let (mut decisions, head) = record_decisions(connection, district, vec![new], now).await?;
    // One was asked for, so one was written.
    decisions.pop().map(|decision| (decision, head)).ok_or(diesel::result::Error::NotFound)
}

/// The same for many decisions of one district, numbered in the order given, in a statement each for numbers,
/// decisions and audit.
///
/// # Errors
/// As [`record_decision`].
pub async fn record_decisions(
    connection: &mut Connection,
    district: &RegionCode,
    new: Vec<NewDecision>,
    now: Instant,
) -> QueryResult<(Vec<DecisionRow>, Head)> {
    let count = i64::try_from(new.len()).unwrap_or(i64::MAX);
    let taken = district_numbers::take_decision_numbers(connection, district, count).await?;
    let first = taken.decision_no.saturating_sub(count).saturating_add(1);
    let (decisions, events): (Vec<DecisionRow>, Vec<Event>) =
        (first..).zip(new).map(|(number, new)| row_and_event(district, number, new, now)).unzip();
    decisions::insert(connection, &decisions).await?;
    audit::record(connection, now, &events).await?;
    Ok((decisions, taken.head))
}

fn row_and_event(
    district: &RegionCode,
    decision_no: i64,
    new: NewDecision,
    now: Instant,
) -> (DecisionRow, Event) {
    let (case_id, expected_version, month) = match new.subject {
        Subject::Case { case_id, expected_version } => (Some(case_id), Some(expected_version), None),
        Subject::Month(month) => (None, None, Some(month)),
    };
    let event = Event::new(Action::Decision, district).by(new.by.actor());
    let event = match new.subject {
        Subject::Case { case_id, .. } => event.about("case", case_id),
        Subject::Month(month) => event.about("month", month),
    };
    let mut detail = json!({ "decision_no": decision_no, "kind": new.kind });
    if let (Some(reviewer), Some(fields)) = (new.by.reviewer(), detail.as_object_mut()) {
        fields.insert("reviewer".to_owned(), json!(reviewer));
    }
    let decision = DecisionRow {
        district: district.to_string(),
        decision_no,
        request_id: new.request_id.0,
        case_id: case_id.map(|case| case.0),
        kind: new.kind.code().to_owned(),
        actor: new.by.actor().map(|actor| actor.0),
        reason: new.reason,
        expected_version,
        decided_at: Time(now),
        detail: new.detail,
        month: month.map(|month| Day(month.first_day())),
        reviewer: new.by.reviewer().map(|reviewer| reviewer.0),
    };
    (decision, event.detail(detail))
}
