//! Takes what a device pushes (推送): every operation gets its result, in the order of the request.
//!
//! Invariants: an operation's bytes and its result are stored together with its effects or not at all; the same id
//! with the same bytes is answered with the first result for ever. The normal path is one transaction with
//! statements for the whole batch. Where it breaks a constraint, each operation gets a transaction of its own, so that
//! a poisonous one blocks nothing but itself; it is stored as rejected. Only faults of the database fail a request.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use futures::{TryFutureExt, try_join};
use sync_core::ids::{Epoch, OperationId, RegionCode};
use sync_core::time::Instant;
use sync_core::wire::operation::Operation;
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::push::{OperationResult, Outcome, PushRequest, PushResponse, Rejection};
use uuid::Uuid;

use super::judge_operation::{Refusal, judge};
use super::known::Known;
use super::pusher::Pusher;
use super::received_operation::{ReceivedOperation, receive};
use super::store_batch::{Batch, StoredOperation, insert_operations};
use crate::calendar::WorkCalendar;
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::constraints::meaning_of;
use crate::db::schema::{districts, operations};
use crate::db::statement::{plan_once, statement};
use crate::db::types::{Time, stored_json};
use crate::policies::PolicyBooks;
use crate::problem::ApiError;
use crate::state::AppState;

/// Attempts at one operation that meets another transaction: after a stored twin the next one finds it.
const ATTEMPTS: usize = 3;

/// Takes a batch.
///
/// # Errors
/// `malformed_request` for an operation without a readable id; `unavailable` or `internal_error` for faults of the
/// database, after which the device sends the batch again.
pub async fn push_operations(
    state: &AppState,
    pusher: &Pusher,
    request: &PushRequest,
) -> Result<PushResponse, ApiError> {
    let received = receive(request).map_err(|unreadable| {
        ApiError::new(ProblemKind::MalformedRequest)
            .field(format!("operations[{}].op_id", unreadable.index))
            .detail(unreadable.to_string())
    })?;
    let now = state.clock.now();
    let mut conn = state.connection().await?;
    let push = Push { pusher, policies: &state.policies, calendar: Arc::clone(&state.calendar), now };
    let Stored { outcomes, epoch, photos_at_hand } = match push.store(&mut conn, &received).await {
        Err(PushFault::Constraint(constraint)) => {
            tracing::warn!(%constraint, "a batch broke a constraint; its operations are taken one by one");
            push.store_one_by_one(&mut conn, &received).await?
        }
        Err(PushFault::Contention(_)) => push.store_one_by_one(&mut conn, &received).await?,
        Err(PushFault::Failed(error)) => return Err(error),
        Ok(stored) => stored,
    };
    let results: Vec<OperationResult> = received
        .iter()
        .zip(outcomes)
        .map(|(operation, outcome)| OperationResult { op_id: operation.op_id, outcome })
        .collect();
    for result in &results {
        state.metrics.operation(&result.outcome);
    }
    // Those that were not at hand ask for their stamps themselves: the evidence lock lets no verdict pass unseen.
    if photos_at_hand {
        state.photos.stamper.rounds.wake();
    }
    Ok(PushResponse { results, epoch, server_time: now })
}

/// The life of the district's database: a restored one has another.
async fn epoch_of(mut conn: &Connection, district: &RegionCode) -> QueryResult<Epoch> {
    districts::table.find(district.as_str()).select(districts::epoch).first(&mut conn).await.map(Epoch)
}

/// Why a transaction was undone.
#[derive(Debug)]
pub(super) enum PushFault {
    /// It broke this constraint: a property of the operations.
    Constraint(String),
    /// It met another transaction: try again.
    Contention(DieselError),
    /// Anything else.
    Failed(ApiError),
}

impl From<DieselError> for PushFault {
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        match &error {
            DieselError::DatabaseError(
                Kind::UniqueViolation
                | Kind::ForeignKeyViolation
                | Kind::CheckViolation
                | Kind::NotNullViolation,
                information,
            ) => {
                tracing::debug!(%error, "constraint broken");
                Self::Constraint(information.constraint_name().unwrap_or_default().to_owned())
            }
            DieselError::DatabaseError(Kind::SerializationFailure, _) => Self::Contention(error),
            _ => Self::Failed(error.into()),
        }
    }
}

impl From<ApiError> for PushFault {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

/// What was stored under an operation's id before.
struct Earlier {
    sha256: Vec<u8>,
    is_pushers: bool,
    /// Absent in quarantine.
    outcome: Option<Outcome>,
}

/// The sender as a push finds it, and the life of its district's database.
#[derive(QueryableByName)]
struct LockedDevice {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    revoked_at: Option<Time>,
    #[diesel(sql_type = SqlUuid)]
    epoch: Uuid,
}

/// What a transaction stored.
struct Stored {
    outcomes: Vec<Outcome>,
    epoch: Epoch,
    /// Whether the operations name photos that were verified before them.
    photos_at_hand: bool,
}

/// One request's work.
struct Push<'a> {
    pusher: &'a Pusher,
    policies: &'a PolicyBooks,
    calendar: Arc<WorkCalendar>,
    now: Instant,
}

impl Push<'_> {
    /// Everything in one transaction; says the epoch too.
    async fn store(
        &self,
        conn: &mut Connection,
        received: &[ReceivedOperation<'_>],
    ) -> Result<Stored, PushFault> {
        let own = received.iter().filter_map(|operation| operation.decoded.as_ref().ok());
        let own: Vec<_> = own.filter(|operation| self.pusher.made(&operation.header)).collect();
        conn.transaction(async |conn| {
            // Together, in one round trip. PostgreSQL takes them in this order: what is read follows the lock.
            let shared: &Connection = conn;
            let ((), device, earlier, numbered, known) = try_join!(
                plan_once(shared).map_err(PushFault::from),
                self.lock_device(shared),
                self.earlier(shared, received),
                self.numbered(shared, &own),
                self.known(shared, &own),
            )?;
            let photos_at_hand = !known.verified.is_empty();
            let outcomes = if device.revoked_at.is_some() {
                self.quarantine(conn, received, earlier).await?
            } else {
                self.refuse_copied(&own, &earlier, &numbered)?;
                self.apply(conn, received, earlier, known).await?
            };
            Ok(Stored { outcomes, epoch: Epoch(device.epoch), photos_at_hand })
        })
        .await
    }

    /// What the server knows of all that these operations refer to, of those stored before too.
    async fn known(&self, conn: &Connection, own: &[&Operation]) -> Result<Known, PushFault> {
        let rules = (self.policies, Arc::clone(&self.calendar));
        Ok(Known::load(conn, self.pusher, rules, self.now, own.iter().copied()).await?)
    }

    /// Every operation in a transaction of its own; one that breaks a constraint is stored as rejected.
    async fn store_one_by_one(
        &self,
        conn: &mut Connection,
        received: &[ReceivedOperation<'_>],
    ) -> Result<Stored, ApiError> {
        let mut outcomes = Vec::with_capacity(received.len());
        for operation in received {
            outcomes.push(self.store_alone(conn, operation).await?);
        }
        let epoch = epoch_of(conn, &self.pusher.district).await?;
        Ok(Stored { outcomes, epoch, photos_at_hand: true })
    }

    async fn store_alone(
        &self,
        conn: &mut Connection,
        operation: &ReceivedOperation<'_>,
    ) -> Result<Outcome, ApiError> {
        let alone = std::slice::from_ref(operation);
        for _ in 0..ATTEMPTS {
            let fault = match self.store(conn, alone).await {
                Ok(Stored { outcomes, .. }) => {
                    return outcomes.into_iter().next().ok_or(ProblemKind::InternalError.into());
                }
                Err(fault) => fault,
            };
            match fault {
                PushFault::Constraint(constraint) if constraint != OPERATION_KEY => {
                    let rejection = rejection_of(&constraint);
                    match self.store_rejection(conn, operation, rejection.clone()).await {
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

    async fn store_rejection(
        &self,
        conn: &mut Connection,
        received: &ReceivedOperation<'_>,
        rejection: Rejection,
    ) -> Result<(), PushFault> {
        let operation = stored(received, Some(Outcome::Rejected(rejection)));
        let result = NewChange::of_user(Entity::Operation(received.op_id), self.pusher.user);
        conn.transaction(async |conn| {
            insert_operations(conn, self.pusher, &[operation], self.now).await?;
            record_changes(conn, &self.pusher.district, &[result]).await?;
            Ok(())
        })
        .await
    }

    /// Marks the device as seen. Its row lock makes the pushes of one device follow one another, so that a batch sent
    /// twice at once finds itself. Not one of diesel's updates, which are prepared anew each time.
    async fn lock_device(&self, mut conn: &Connection) -> Result<LockedDevice, PushFault> {
        let device = statement(
            "UPDATE devices SET last_seen_at = $3 FROM districts
             WHERE districts.district = $1 AND devices.district = $1 AND devices.device_id = $2
             RETURNING devices.revoked_at, districts.epoch",
        )
        .bind::<Text, _>(self.pusher.district.as_str())
        .bind::<SqlUuid, _>(self.pusher.device.0)
        .bind::<Timestamptz, _>(Time(self.now))
        .get_result(&mut conn)
        .await?;
        Ok(device)
    }

    async fn earlier(
        &self,
        mut conn: &Connection,
        received: &[ReceivedOperation<'_>],
    ) -> Result<HashMap<OperationId, Earlier>, PushFault> {
        type Row = (Uuid, Vec<u8>, Uuid, Uuid, Option<serde_json::Value>);
        let rows: Vec<Row> = operations::table
            .filter(operations::district.eq(self.pusher.district.as_str()))
            .filter(operations::op_id.eq_any(received.iter().map(|operation| operation.op_id.0)))
            .select((
                operations::op_id,
                operations::sha256,
                operations::device_id,
                operations::user_id,
                operations::outcome,
            ))
            .load(&mut conn)
            .await?;
        rows.into_iter()
            .map(|(id, sha256, device, user, outcome)| {
                let outcome = outcome.map(|json| stored_json("operations.outcome", json)).transpose();
                let is_pushers = (device, user) == (self.pusher.device.0, self.pusher.user.0);
                Ok((
                    OperationId(id),
                    Earlier { sha256, is_pushers, outcome: outcome.map_err(ApiError::from)? },
                ))
            })
            .collect()
    }

    /// Judges the operations in order and stores what follows.
    async fn apply(
        &self,
        conn: &mut Connection,
        received: &[ReceivedOperation<'_>],
        mut earlier: HashMap<OperationId, Earlier>,
        mut known: Known,
    ) -> Result<Vec<Outcome>, PushFault> {
        let (mut batch, mut store) = (Batch::default(), Vec::new());
        let mut outcomes = Vec::with_capacity(received.len());
        for operation in received {
            if let Some(before) = earlier.get(&operation.op_id) {
                outcomes.push(repeated(operation, before));
                continue;
            }
            let outcome = match &operation.decoded {
                Ok(decoded) if !self.pusher.made(&decoded.header) => {
                    // Not stored: under this id the true author's own push must find nothing.
                    outcomes.push(Outcome::Rejected(ProblemKind::OperationNotYours.rejection(None)));
                    continue;
                }
                Ok(decoded) => self.judge(&mut known, &mut batch, decoded),
                Err(rejection) => Outcome::Rejected(rejection.clone()),
            };
            if !matches!(outcome, Outcome::Held { .. }) {
                store.push(stored(operation, Some(outcome.clone())));
                let first = Earlier {
                    sha256: operation.sha256.to_vec(),
                    is_pushers: true,
                    outcome: Some(outcome.clone()),
                };
                earlier.insert(operation.op_id, first);
            }
            outcomes.push(outcome);
        }
        batch.store(conn, self.pusher, &known.book, &store, self.now).await?;
        Ok(outcomes)
    }

    /// What the sender's present installation is on record with under the numbers of these operations, beside themselves.
    async fn numbered(
        &self,
        mut conn: &Connection,
        own: &[&Operation],
    ) -> Result<Vec<(Uuid, Option<i64>)>, PushFault> {
        let (numbers, ids): (Vec<i64>, Vec<Uuid>) = self
            .present(own)
            .filter_map(|operation| Some((number_of(operation)?, operation.header.op_id.0)))
            .unzip();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let rows = operations::table
            .filter(operations::district.eq(self.pusher.district.as_str()))
            .filter(operations::device_id.eq(self.pusher.device.0))
            .filter(operations::incarnation.eq(self.pusher.incarnation.0))
            .filter(operations::user_id.eq(self.pusher.user.0))
            .filter(operations::device_seq.eq_any(numbers))
            .filter(operations::op_id.ne_all(ids))
            .select((operations::op_id, operations::device_seq))
            .load(&mut conn)
            .await?;
        Ok(rows)
    }

    fn present<'a>(&self, own: &'a [&'a Operation]) -> impl Iterator<Item = &'a Operation> {
        let incarnation = self.pusher.incarnation;
        own.iter().copied().filter(move |operation| operation.header.incarnation == incarnation)
    }

    /// Refuses all where another copy of the sender's database has given the number of a new one to another operation.
    /// Nothing is stored then: the sender takes another identity and sends the same bytes again. What it recorded before
    /// it was copied is told by its ids, and what it recorded under an identity that is no longer its own is past
    /// numbering.
    fn refuse_copied(
        &self,
        own: &[&Operation],
        earlier: &HashMap<OperationId, Earlier>,
        numbered: &[(Uuid, Option<i64>)],
    ) -> Result<(), PushFault> {
        let new = self.present(own).filter(|operation| !earlier.contains_key(&operation.header.op_id));
        let numbers: HashSet<i64> = new.filter_map(number_of).collect();
        let reused = numbered.iter().find(|(_, number)| number.is_some_and(|n| numbers.contains(&n)));
        match reused {
            None => Ok(()),
            Some((other, _)) => {
                tracing::warn!(device = %self.pusher.device, %other, "a device's database was copied");
                Err(ApiError::new(ProblemKind::DeviceDatabaseCopied).field("incarnation").into())
            }
        }
    }

    fn judge(&self, known: &mut Known, batch: &mut Batch, operation: &Operation) -> Outcome {
        match judge(known, operation.clone()) {
            Ok(effect) => {
                batch.add(known, self.pusher, operation.header.op_id, effect);
                Outcome::Applied
            }
            Err(Refusal::Rejected(rejection)) => Outcome::Rejected(rejection),
            Err(Refusal::Held(missing)) => Outcome::Held { missing },
        }
    }

    /// Keeps the work of a revoked device for an administrator.
    async fn quarantine(
        &self,
        conn: &mut Connection,
        received: &[ReceivedOperation<'_>],
        mut earlier: HashMap<OperationId, Earlier>,
    ) -> Result<Vec<Outcome>, PushFault> {
        let (mut store, mut outcomes) = (Vec::new(), Vec::with_capacity(received.len()));
        for operation in received {
            if let Some(before) = earlier.get(&operation.op_id) {
                outcomes.push(repeated(operation, before));
                continue;
            }
            store.push(stored(operation, None));
            let first = Earlier { sha256: operation.sha256.to_vec(), is_pushers: true, outcome: None };
            earlier.insert(operation.op_id, first);
            outcomes.push(Outcome::Quarantined);
        }
        insert_operations(conn, self.pusher, &store, self.now).await?;
        Ok(outcomes)
    }
}

/// The key that an operation stored meanwhile breaks.
const OPERATION_KEY: &str = "operations_pkey";

/// The answer to an operation whose id is known.
fn repeated(operation: &ReceivedOperation<'_>, before: &Earlier) -> Outcome {
    if !before.is_pushers {
        return Outcome::Rejected(ProblemKind::OperationNotYours.rejection(None));
    }
    if before.sha256 != operation.sha256 {
        tracing::warn!(op_id = %operation.op_id, "an operation id came again with other bytes");
        return Outcome::Rejected(ProblemKind::OperationIdReused.rejection(Some("op_id".to_owned())));
    }
    match &before.outcome {
        None => Outcome::Quarantined,
        Some(Outcome::Rejected(rejection)) => Outcome::Duplicate { rejection: Some(rejection.clone()) },
        Some(_) => Outcome::Duplicate { rejection: None },
    }
}

fn stored<'a>(received: &'a ReceivedOperation<'a>, outcome: Option<Outcome>) -> StoredOperation<'a> {
    let decoded = received.decoded.as_ref().ok();
    StoredOperation {
        received,
        device_seq: decoded.and_then(number_of),
        kind: decoded.map(|operation| operation.body.kind()),
        outcome,
    }
}

/// Its number as the column holds it.
fn number_of(operation: &Operation) -> Option<i64> {
    i64::try_from(operation.header.device_seq).ok()
}

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
