//! Takes what a device pushes (推送): every operation gets its result, in the order of the request.
//!
//! The normal path is one transaction for all pushes of the district that arrive together. Where it breaks a constraint,
//! each push gets a transaction of its own, and where that one does, each of its operations, so that a poisonous one
//! blocks nothing but itself; it is stored as rejected. Only faults of the database fail a request.

use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{Epoch, RegionCode};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::push::{OperationResult, Outcome, PushRequest, PushResponse, Rejection};
use tokio::sync::oneshot::error::RecvError;

use super::push_queue::{Push, Waiting};
use super::pusher::Pusher;
use super::received_operation::{ReceivedOperation, receive};
use super::store_pushes::{Answer, PushFault, PushPart, PushStore, Stored};
use crate::db::Connection;
use crate::db::constraints::meaning_of;
use crate::db::schema::districts;
use crate::problem::ApiError;
use crate::state::AppState;

/// Attempts at one operation that meets another transaction: after a stored twin the next one finds it.
const ATTEMPTS: usize = 3;

/// Takes a push. Call it in a task of its own, for it may store what others push too.
///
/// # Errors
/// `malformed_request` for an operation without a readable id; `device_database_copied`; `unavailable` or
/// `internal_error` for faults of the database, after which the device sends the push again.
pub async fn push_operations(
    state: &AppState,
    pusher: Pusher,
    request: PushRequest,
) -> Result<PushResponse, ApiError> {
    let server_time = state.clock.now();
    let received = receive(request).map_err(|unreadable| {
        ApiError::new(ProblemKind::MalformedRequest)
            .field(format!("operations[{}].op_id", unreadable.index))
            .detail(unreadable.to_string())
    })?;
    let ids: Vec<_> = received.iter().map(|operation| operation.op_id).collect();
    let Answer { outcomes, epoch } = answer(state, Push { pusher, received }).await?;
    let results = ids.into_iter().zip(outcomes).map(|(op_id, outcome)| OperationResult { op_id, outcome });
    let results: Vec<_> = results.collect();
    for result in &results {
        state.metrics.operation(&result.outcome);
    }
    Ok(PushResponse { results, epoch, server_time })
}

/// Waits until another task has stored this push with its own; stores those that wait when it is this one's turn.
async fn answer(state: &AppState, push: Push) -> Result<Answer, ApiError> {
    let district = push.pusher.district.clone();
    let queue = state.pushes.of(&district);
    let (ticket, mut answer) = queue.join(push);
    loop {
        let turn = tokio::select! {
            biased;
            answer = &mut answer => return heard(answer),
            turn = queue.turns.acquire() => turn.map_err(ApiError::internal)?,
        };
        let Some(group) = queue.next_group(ticket) else {
            drop(turn);
            return heard(answer.await);
        };
        store_group(state, &district, group).await;
    }
}

/// The sender is gone where the task that stored the group broke.
fn heard(answer: Result<Result<Answer, ApiError>, RecvError>) -> Result<Answer, ApiError> {
    answer.unwrap_or(Err(ProblemKind::Unavailable.into()))
}

/// Stores a group and answers each of its pushes.
async fn store_group(state: &AppState, district: &RegionCode, group: Vec<Waiting>) {
    let store = PushStore {
        district,
        policies: &state.policies,
        calendar: Arc::clone(&state.calendar),
        now: state.clock.now(),
    };
    let pushes: Vec<PushPart<'_>> = group.iter().map(|waiting| waiting.push.whole()).collect();
    let Stored { answers, photos_at_hand } = match state.connection().await {
        Ok(mut conn) => store.store_or_part(&mut conn, &pushes).await,
        Err(error) => {
            Stored { answers: pushes.iter().map(|_| Err(error.clone())).collect(), photos_at_hand: false }
        }
    };
    // Those that were not at hand ask for their stamps themselves: the evidence lock lets no verdict pass unseen.
    if photos_at_hand {
        state.photos.stamper.rounds.wake();
    }
    for (waiting, answer) in group.into_iter().zip(answers) {
        if waiting.heard.send(answer).is_err() {
            tracing::debug!("nobody listens for the answer to a push any more");
        }
    }
}

impl PushStore<'_> {
    /// Stores all together; where that is undone each push by itself.
    async fn store_or_part(&self, conn: &mut Connection, pushes: &[PushPart<'_>]) -> Stored {
        let fault = match self.store(conn, pushes).await {
            Ok(stored) => return stored,
            Err(fault) => fault,
        };
        if let [push] = pushes {
            return Stored { answers: vec![self.after(conn, *push, fault).await], photos_at_hand: true };
        }
        tracing::warn!(?fault, pushes = pushes.len(), "pushes that came together are taken one by one");
        let mut answers = Vec::with_capacity(pushes.len());
        for push in pushes {
            answers.push(match self.store(conn, std::slice::from_ref(push)).await {
                Ok(stored) => stored.only(),
                Err(fault) => self.after(conn, *push, fault).await,
            });
        }
        Stored { answers, photos_at_hand: true }
    }

    /// What becomes of a push that was undone: every operation gets a transaction of its own.
    async fn after(
        &self,
        conn: &mut Connection,
        push: PushPart<'_>,
        fault: PushFault,
    ) -> Result<Answer, ApiError> {
        match fault {
            PushFault::Failed(error) => return Err(error),
            PushFault::Constraint(constraint) => {
                tracing::warn!(%constraint, "a push broke a constraint; its operations are taken one by one");
            }
            PushFault::Contention(error) => tracing::debug!(%error, "a push met another transaction"),
        }
        let mut outcomes = Vec::with_capacity(push.received.len());
        for operation in push.received {
            outcomes.push(self.store_alone(conn, push.pusher, operation).await?);
        }
        Ok(Answer { outcomes, epoch: epoch_of(conn, self.district).await? })
    }

    /// One operation; if it breaks a constraint it is stored as rejected.
    async fn store_alone(
        &self,
        conn: &mut Connection,
        pusher: &Pusher,
        operation: &ReceivedOperation,
    ) -> Result<Outcome, ApiError> {
        let alone = PushPart { pusher, received: std::slice::from_ref(operation) };
        for _ in 0..ATTEMPTS {
            let fault = match self.store(conn, &[alone]).await {
                Ok(stored) => {
                    let outcome = stored.only()?.outcomes.into_iter().next();
                    return outcome.ok_or(ProblemKind::InternalError.into());
                }
                Err(fault) => fault,
            };
            match fault {
                PushFault::Constraint(constraint) if constraint != OPERATION_KEY => {
                    let rejection = rejection_of(&constraint);
                    match self.store_rejection(conn, pusher, operation, rejection.clone()).await {
                        Ok(()) => return Ok(Outcome::Rejected(rejection)),
                        Err(PushFault::Failed(error)) => return Err(error),
                        Err(PushFault::Constraint(_) | PushFault::Contention(_)) => {}
                    }
                }
                PushFault::Constraint(_) => {}
                PushFault::Contention(error) => tracing::debug!(%error, "operation met another transaction"),
                PushFault::Failed(error) => return Err(error),
            }
        }
        Err(ProblemKind::Unavailable.into())
    }
}

/// The key that an operation stored meanwhile breaks.
const OPERATION_KEY: &str = "operations_pkey";

/// What a broken constraint means. One without a meaning is a defect of the checks; the operation is refused all the
/// same, for it would break it again.
fn rejection_of(constraint: &str) -> Rejection {
    match meaning_of(constraint) {
        Some((kind, field)) => kind.rejection(Some(field.to_owned())),
        None => {
            tracing::error!(%constraint, "an operation broke a constraint that its checks should have kept");
            ProblemKind::OperationMalformed.rejection(None)
        }
    }
}

/// The life of the district's database.
async fn epoch_of(mut conn: &Connection, district: &RegionCode) -> QueryResult<Epoch> {
    districts::table.find(district.as_str()).select(districts::epoch).first(&mut conn).await.map(Epoch)
}
