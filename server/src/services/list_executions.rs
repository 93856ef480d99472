//! Lists what finance did against a closed month (扣缴执行), in the order it was recorded in, a page at
//! a time.

use jiff::civil::Date;
use serde::Serialize;
use sync_core::ids::{ExecutionId, UnitId};
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;

use crate::auth::money_scope::MoneyScope;
use crate::db::Connection;
use crate::db::executions::{self, NamedExecution};
use crate::problem::ApiError;
use crate::query::{Page, unknown_cursor};

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Execution {
    /// Its id.
    pub execution_id: ExecutionId,
    /// The unit whose account it is against.
    pub unit_id: UnitId,
    /// Its name.
    pub unit_name: String,
    /// Voucher number.
    pub voucher: String,
    /// The voucher's day.
    pub date: Date,
    /// Signed fen.
    pub amount: Fen,
    /// The same as exact yuan.
    pub amount_yuan: String,
    /// The execution that it cancels.
    pub cancels: Option<ExecutionId>,
    /// Why it cancels.
    pub reason: Option<String>,
    /// Whether a later one cancels it.
    pub cancelled: bool,
    /// Who recorded it, by name.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Instant,
}

/// A page of the executions against a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExecutionList {
    /// The month.
    pub month: Month,
    /// The executions, cancelled ones and cancellations too.
    pub executions: Vec<Execution>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
}

/// Lists the executions against a month; none, of an open one.
///
/// # Errors
/// `malformed_request` where the cursor is no execution against the month; those of the database.
pub async fn list_executions(
    connection: &mut Connection,
    scope: &MoneyScope,
    month: Month,
    page: Page<ExecutionId>,
) -> Result<ExecutionList, ApiError> {
    let district = &scope.district;
    let after = match page.after {
        None => None,
        Some(id) => {
            let last = executions::find(connection, district, id).await?;
            let last = last.filter(|last| Month::of(last.month.0) == month).ok_or_else(unknown_cursor)?;
            Some((last.recorded_at, id))
        }
    };
    let units = scope.units.as_deref();
    let mut rows =
        executions::of_month(connection, district, month, units, after, page.with_one_more()).await?;
    let next = page.cut(&mut rows, |(row, ..)| ExecutionId(row.execution_id));
    let ids = rows.iter().map(|(row, ..)| row.execution_id);
    let cancelled = executions::cancelled_among(connection, district, ids).await?;
    let execution = |(row, unit_name, recorded_by): NamedExecution| {
        let amount = Fen::new(row.amount_fen);
        Execution {
            execution_id: ExecutionId(row.execution_id),
            unit_id: UnitId(row.unit_id),
            unit_name,
            voucher: row.voucher,
            date: row.executed_on.0,
            amount,
            amount_yuan: amount.to_string(),
            cancels: row.cancels.map(ExecutionId),
            reason: row.reason,
            cancelled: cancelled.contains(&row.execution_id),
            recorded_by,
            recorded_at: row.recorded_at.0,
        }
    };
    Ok(ExecutionList { month, executions: rows.into_iter().map(execution).collect(), next })
}
