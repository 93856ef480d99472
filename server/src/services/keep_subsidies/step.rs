//! Takes a subsidy one step on: approve, pay, cancel.

use diesel_async::AsyncConnection;
use serde_json::json;
use sync_core::ids::SubsidyId;
use sync_core::limits::{NAME_MAX_CHARS, NOTE_MAX_CHARS};
use sync_core::text::{TextFault, check_required};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use super::{PaymentRequest, Subsidy, SubsidyCancellation, SubsidyState};
use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::subsidies::{self, SubsidyRow};
use crate::db::types::{Day, Time, stored_code};
use crate::problem::ApiError;

/// Approves what another person entered (复核).
///
/// # Errors
/// `same_person`, `subsidy_unknown`, `subsidy_state_forbids`; faults of the database.
pub async fn approve_subsidy(
    connection: &mut Connection,
    actor: &Actor,
    id: SubsidyId,
    now: Instant,
) -> Result<Subsidy, ApiError> {
    let (from, to) = (&[SubsidyState::Entered], SubsidyState::Approved);
    step(connection, actor, id, from, to, now, |row| {
        if row.entered_by == actor.user_id.0 {
            return Err(ProblemKind::SamePerson.into());
        }
        row.approved_by = Some(actor.user_id.0);
        row.approved_at = Some(Time(now));
        Ok(())
    })
    .await
}

/// Records the payment of an approved one.
///
/// # Errors
/// `date_out_of_range`, `subsidy_unknown`, `subsidy_state_forbids`, those of texts; faults of the database.
pub async fn pay_subsidy(
    connection: &mut Connection,
    actor: &Actor,
    id: SubsidyId,
    payment: &PaymentRequest,
    now: Instant,
) -> Result<Subsidy, ApiError> {
    check_required(&payment.voucher, NAME_MAX_CHARS)
        .map_err(|fault| ApiError::from(fault).field("voucher"))?;
    let (from, to) = (&[SubsidyState::Approved], SubsidyState::Paid);
    step(connection, actor, id, from, to, now, |row| {
        if payment.date < row.published_on.0 || payment.date > now.record_date() {
            return Err(ApiError::new(ProblemKind::DateOutOfRange).field("date"));
        }
        row.paid_by = Some(actor.user_id.0);
        row.paid_at = Some(Time(now));
        row.voucher = Some(payment.voucher.clone());
        row.paid_on = Some(Day(payment.date));
        Ok(())
    })
    .await
}

/// Cancels one that is not paid, with a reason.
///
/// # Errors
/// `reason_required`, `subsidy_unknown`, `subsidy_state_forbids`; faults of the database.
pub async fn cancel_subsidy(
    connection: &mut Connection,
    actor: &Actor,
    id: SubsidyId,
    cancellation: &SubsidyCancellation,
    now: Instant,
) -> Result<Subsidy, ApiError> {
    check_required(&cancellation.reason, NOTE_MAX_CHARS).map_err(|fault| match fault {
        TextFault::Empty => ApiError::new(ProblemKind::ReasonRequired).field("reason"),
        fault => ApiError::from(fault).field("reason"),
    })?;
    let (from, to) = (&[SubsidyState::Entered, SubsidyState::Approved], SubsidyState::Cancelled);
    step(connection, actor, id, from, to, now, |row| {
        row.cancelled_by = Some(actor.user_id.0);
        row.cancelled_at = Some(Time(now));
        row.reason = Some(cancellation.reason.clone());
        Ok(())
    })
    .await
}

fn forbids(state: SubsidyState) -> ApiError {
    ApiError::new(ProblemKind::SubsidyStateForbids).detail(state.code())
}

/// Takes the step, once: who asks for the same again after a lost answer gets what it did.
async fn step(
    connection: &mut Connection,
    actor: &Actor,
    id: SubsidyId,
    from: &[SubsidyState],
    to: SubsidyState,
    now: Instant,
    change: impl FnOnce(&mut SubsidyRow) -> Result<(), ApiError> + Send,
) -> Result<Subsidy, ApiError> {
    connection
        .transaction(async |connection| {
            let found = subsidies::lock(connection, &actor.district, id).await?;
            let mut subsidy = found.ok_or_else(|| ApiError::new(ProblemKind::SubsidyUnknown))?;
            let state: SubsidyState = stored_code("subsidies.state", &subsidy.state)?;
            if state == to {
                let mut again = subsidy.clone();
                change(&mut again)?;
                again.approved_at = subsidy.approved_at;
                again.paid_at = subsidy.paid_at;
                again.cancelled_at = subsidy.cancelled_at;
                return if again == subsidy { Ok(subsidy.try_into()?) } else { Err(forbids(state)) };
            }
            if !from.contains(&state) {
                return Err(forbids(state));
            }
            change(&mut subsidy)?;
            subsidy.state = to.code().to_owned();
            subsidies::update(connection, &subsidy).await?;
            let event = Event::new(Action::SubsidyChanged, &actor.district)
                .by(Some(actor.user_id))
                .about("subsidy", id)
                .detail(json!({ "state": to }));
            audit::record(connection, now, &[event]).await?;
            let change = NewChange::of_district(Entity::Subsidy(id));
            record_changes(connection, &actor.district, &[change]).await?;
            Ok(subsidy.try_into()?)
        })
        .await
}
