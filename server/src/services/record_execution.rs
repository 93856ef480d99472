//! Records what finance did against a closed month (扣缴执行), and cancels what was recorded wrongly (红冲).
//!
//! Invariants: only against a closed month, whose sums no longer change; under that month's row lock, so that whatever
//! is recorded at once, what is executed of a unit lies between nothing and what stands of it; entries are never edited,
//! a cancellation is an entry of the opposite amount, once. The same request again gets the first answer.

use diesel_async::AsyncConnection;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::ids::{ExecutionId, RequestId, UnitId};
use sync_core::limits::{NAME_MAX_CHARS, NOTE_MAX_CHARS};
use sync_core::money::Fen;
use sync_core::text::{TextFault, check_required};
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::executions::{self, ExecutionRow};
use crate::db::types::{Day, Time};
use crate::db::{Connection, periods};
use crate::problem::ApiError;

/// An execution to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecutionRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: RequestId,
    /// The unit whose account it is against.
    pub unit_id: UnitId,
    /// Voucher number (凭证号).
    pub voucher: String,
    /// The voucher's day, after the month's end and not in the future.
    pub date: Date,
    /// Fen, with the sign of what stands: negative where the unit gets money back.
    pub amount: Fen,
}

/// An execution to be cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancellationRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: RequestId,
    /// Why.
    pub reason: String,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordedExecution {
    /// Its id.
    pub execution_id: ExecutionId,
    /// The month.
    pub month: Month,
    /// The unit.
    pub unit_id: UnitId,
    /// Signed fen.
    pub amount: Fen,
    /// The same as exact yuan.
    pub amount_yuan: String,
    /// The execution that it cancels.
    pub cancels: Option<ExecutionId>,
}

/// Records an execution against a closed month.
///
/// # Errors
/// `month_not_closed`, `execution_exceeds`, `date_out_of_range`, `request_id_reused`, those of texts and numbers; faults
/// of the database. Nothing is recorded then.
pub async fn record_execution(
    connection: &mut Connection,
    actor: &Actor,
    month: Month,
    request: &ExecutionRequest,
    now: Instant,
) -> Result<RecordedExecution, ApiError> {
    check_required(&request.voucher, NAME_MAX_CHARS)
        .map_err(|fault| ApiError::from(fault).field("voucher"))?;
    if request.amount == Fen::ZERO {
        return Err(ApiError::new(ProblemKind::NumberOutOfRange).field("amount"));
    }
    if request.date < month.next().first_day() || request.date > now.record_date() {
        return Err(ApiError::new(ProblemKind::DateOutOfRange).field("date"));
    }
    let execution = ExecutionRow {
        district: actor.district.to_string(),
        execution_id: ExecutionId::fresh().0,
        request_id: request.request_id.0,
        month: Day(month.first_day()),
        unit_id: request.unit_id.0,
        voucher: request.voucher.clone(),
        executed_on: Day(request.date),
        amount_fen: request.amount.get(),
        cancels: None,
        reason: None,
        recorded_by: actor.user_id.0,
        recorded_at: Time(now),
    };
    connection
        .transaction(async |connection| {
            if let Some(first) = begin(connection, actor, month, &execution).await? {
                return Ok(first);
            }
            let (posted, executed) =
                executions::standing(connection, &actor.district, month, request.unit_id).await?;
            let after = executed.checked_add(request.amount);
            let range = if posted < Fen::ZERO { posted..=Fen::ZERO } else { Fen::ZERO..=posted };
            if !after.is_some_and(|after| range.contains(&after)) {
                return Err(ApiError::new(ProblemKind::ExecutionExceeds)
                    .field("amount")
                    .detail(format!("posted {posted}, executed {executed}")));
            }
            write(connection, actor, &execution, now).await
        })
        .await
}

/// Cancels an execution by an entry of the opposite amount, with its voucher and of today.
///
/// # Errors
/// `execution_unknown`, `execution_cancelled`, `request_id_reused`, `reason_required`; faults of the database.
pub async fn cancel_execution(
    connection: &mut Connection,
    actor: &Actor,
    month: Month,
    cancelled: ExecutionId,
    request: &CancellationRequest,
    now: Instant,
) -> Result<RecordedExecution, ApiError> {
    check_required(&request.reason, NOTE_MAX_CHARS).map_err(|fault| match fault {
        TextFault::Empty => ApiError::new(ProblemKind::ReasonRequired).field("reason"),
        fault => ApiError::from(fault).field("reason"),
    })?;
    connection
        .transaction(async |connection| {
            let found = executions::find(connection, &actor.district, cancelled).await?;
            let wrong = found
                .filter(|found| found.month.0 == month.first_day())
                .ok_or_else(|| ApiError::new(ProblemKind::ExecutionUnknown))?;
            let cancellation = ExecutionRow {
                execution_id: ExecutionId::fresh().0,
                request_id: request.request_id.0,
                executed_on: Day(now.record_date()),
                amount_fen: wrong.amount_fen.saturating_neg(),
                cancels: Some(cancelled.0),
                reason: Some(request.reason.clone()),
                recorded_by: actor.user_id.0,
                recorded_at: Time(now),
                ..wrong.clone()
            };
            if let Some(first) = begin(connection, actor, month, &cancellation).await? {
                return Ok(first);
            }
            if wrong.cancels.is_some() {
                return Err(ProblemKind::ExecutionCancelled.into());
            }
            write(connection, actor, &cancellation, now).await
        })
        .await
}

/// Locks the month; the first answer, where this request was done before.
async fn begin(
    connection: &mut Connection,
    actor: &Actor,
    month: Month,
    execution: &ExecutionRow,
) -> Result<Option<RecordedExecution>, ApiError> {
    if !periods::lock_closed(connection, &actor.district, month).await? {
        return Err(ApiError::new(ProblemKind::MonthNotClosed).field("month"));
    }
    let request = RequestId(execution.request_id);
    let Some(first) = executions::of_request(connection, &actor.district, request).await? else {
        return Ok(None);
    };
    let again = ExecutionRow {
        execution_id: first.execution_id,
        recorded_at: first.recorded_at,
        // A cancellation is of the day it was first asked for.
        executed_on: if first.cancels.is_some() { first.executed_on } else { execution.executed_on },
        ..execution.clone()
    };
    if again == first {
        Ok(Some(answer(&first)))
    } else {
        Err(ApiError::new(ProblemKind::RequestIdReused).field("request_id"))
    }
}

async fn write(
    connection: &mut Connection,
    actor: &Actor,
    execution: &ExecutionRow,
    now: Instant,
) -> Result<RecordedExecution, ApiError> {
    executions::insert(connection, execution).await?;
    let event = Event::new(Action::ExecutionRecorded, &actor.district)
        .by(Some(actor.user_id))
        .about("execution", execution.execution_id)
        .detail(json!({ "amount_fen": execution.amount_fen, "cancels": execution.cancels }));
    audit::record(connection, now, &[event]).await?;
    let month = Entity::Month(Month::of(execution.month.0));
    record_changes(connection, &actor.district, &[NewChange::of_district(month)]).await?;
    Ok(answer(execution))
}

fn answer(execution: &ExecutionRow) -> RecordedExecution {
    let amount = Fen::new(execution.amount_fen);
    RecordedExecution {
        execution_id: ExecutionId(execution.execution_id),
        month: Month::of(execution.month.0),
        unit_id: UnitId(execution.unit_id),
        amount,
        amount_yuan: amount.to_string(),
        cancels: execution.cancels.map(ExecutionId),
    }
}
