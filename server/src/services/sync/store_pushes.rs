//! Stores a group of pushes (推送) in one transaction, with statements for the whole group.
//!
//! Invariants: an operation's bytes and its result are stored together with its effects or not at all; the same id
//! with the same bytes is answered with the first result for ever. Operations are judged in the order of the group and
//! of each push, each by what the ones before it did. What concerns one push alone, that its device was revoked or
//! copied, is its own answer and nothing to the others; a group has one push of a device.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use futures::try_join;
use sync_core::ids::{DeviceId, Epoch, OperationId, RegionCode};
use sync_core::time::Instant;
use sync_core::wire::operation::Operation;
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::push::{Outcome, Rejection};
use uuid::Uuid;

use super::judge_operation::{Refusal, judge};
use super::known::Known;
use super::pusher::Pusher;
use super::received_operation::ReceivedOperation;
use super::store_batch::{Batch, StoredOperation, insert_operations};
use crate::calendar::WorkCalendar;
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::operations;
use crate::db::statement::{plan_once, statement};
use crate::db::types::{Time, stored_json};
use crate::policies::PolicyBooks;
use crate::problem::ApiError;

/// A push, or some of its operations.
#[derive(Debug, Clone, Copy)]
pub(super) struct PushPart<'a> {
    pub(super) pusher: &'a Pusher,
    pub(super) received: &'a [ReceivedOperation],
}

/// What a push is answered with.
#[derive(Debug)]
pub(super) struct Answer {
    /// One for each operation, in their order.
    pub(super) outcomes: Vec<Outcome>,
    /// The life of the district's database: a restored one has another.
    pub(super) epoch: Epoch,
}

/// What a transaction stored.
pub(super) struct Stored {
    /// One for each push, in their order.
    pub(super) answers: Vec<Result<Answer, ApiError>>,
    /// Whether the operations name photos that were verified before them.
    pub(super) photos_at_hand: bool,
}

impl Stored {
    /// The answer where one push was stored by itself.
    pub(super) fn only(self) -> Result<Answer, ApiError> {
        self.answers.into_iter().next().unwrap_or(Err(ProblemKind::InternalError.into()))
    }
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
    device: Uuid,
    user: Uuid,
    /// Absent in quarantine.
    outcome: Option<Outcome>,
}

/// A sender as its push finds it, and the life of its district's database.
#[derive(QueryableByName)]
struct LockedDevice {
    #[diesel(sql_type = SqlUuid)]
    device_id: Uuid,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    revoked_at: Option<Time>,
    #[diesel(sql_type = SqlUuid)]
    epoch: Uuid,
}

/// An operation on record under a number.
#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = SqlUuid)]
    op_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    device_id: Uuid,
    #[diesel(sql_type = BigInt)]
    device_seq: i64,
}

/// How pushes of one district are stored.
pub(super) struct PushStore<'a> {
    pub(super) district: &'a RegionCode,
    pub(super) policies: &'a PolicyBooks,
    pub(super) calendar: Arc<WorkCalendar>,
    pub(super) now: Instant,
}

impl PushStore<'_> {
    /// Everything in one transaction.
    ///
    /// # Errors
    /// [`PushFault`]; then nothing of the group is stored.
    pub(super) async fn store(
        &self,
        conn: &mut Connection,
        pushes: &[PushPart<'_>],
    ) -> Result<Stored, PushFault> {
        conn.transaction(async |conn| {
            // Together, in one round trip. PostgreSQL takes them in this order: what is read follows the locks.
            let shared: &Connection = conn;
            let ((), devices, earlier, numbered, known) = try_join!(
                async { plan_once(shared).await.map_err(PushFault::from) },
                self.lock_devices(shared, pushes),
                self.earlier(shared, pushes),
                self.numbered(shared, pushes),
                self.known(shared, pushes),
            )?;
            let photos_at_hand = !known.verified.is_empty();
            let mut judging = Judging { known, earlier, batch: Batch::default(), store: Vec::new() };
            let mut answers = Vec::with_capacity(pushes.len());
            for push in pushes {
                let device = devices.get(&push.pusher.device).ok_or(DieselError::NotFound)?;
                answers.push(judging.answer(*push, device, &numbered));
            }
            let Judging { known, batch, store, .. } = judging;
            batch.store(conn, self.district, &known.book, &store, self.now).await?;
            Ok(Stored { answers, photos_at_hand })
        })
        .await
    }

    /// Stores an operation that cannot be applied as rejected.
    ///
    /// # Errors
    /// [`PushFault`].
    pub(super) async fn store_rejection(
        &self,
        conn: &mut Connection,
        pusher: &Pusher,
        received: &ReceivedOperation,
        rejection: Rejection,
    ) -> Result<(), PushFault> {
        let operation = stored(pusher, received, Some(Outcome::Rejected(rejection)));
        let result = NewChange::of_user(Entity::Operation(received.op_id), pusher.user);
        conn.transaction(async |conn| {
            insert_operations(conn, self.district, &[operation], self.now).await?;
            record_changes(conn, self.district, &[result]).await?;
            Ok(())
        })
        .await
    }

    /// What the server knows of all that these operations refer to, of those stored before too.
    async fn known(&self, conn: &Connection, pushes: &[PushPart<'_>]) -> Result<Known, PushFault> {
        let rules = (self.policies, Arc::clone(&self.calendar));
        let authors: Vec<_> = pushes.iter().map(|push| push.pusher.user).collect();
        let own = pushes.iter().flat_map(|push| own(*push));
        Ok(Known::load(conn, self.district, &authors, rules, self.now, own).await?)
    }

    /// Marks the devices as seen. Their row locks make the pushes of one device follow one another, so that a batch sent
    /// twice at once finds itself; taken in the order of their ids, that no two groups wait for each other. Not one of
    /// diesel's updates, which are prepared anew each time.
    async fn lock_devices(
        &self,
        mut conn: &Connection,
        pushes: &[PushPart<'_>],
    ) -> Result<HashMap<DeviceId, LockedDevice>, PushFault> {
        let devices: Vec<LockedDevice> = statement(
            "WITH locked AS (
                 SELECT device_id FROM devices WHERE district = $1 AND device_id = ANY($2)
                 ORDER BY device_id FOR NO KEY UPDATE
             )
             UPDATE devices SET last_seen_at = $3 FROM locked, districts
             WHERE districts.district = $1 AND devices.district = $1 AND devices.device_id = locked.device_id
             RETURNING devices.device_id, devices.revoked_at, districts.epoch",
        )
        .bind::<Text, _>(self.district.as_str())
        .bind::<Array<SqlUuid>, _>(pushes.iter().map(|push| push.pusher.device.0).collect::<Vec<_>>())
        .bind::<Timestamptz, _>(Time(self.now))
        .load(&mut conn)
        .await?;
        Ok(devices.into_iter().map(|device| (DeviceId(device.device_id), device)).collect())
    }

    async fn earlier(
        &self,
        mut conn: &Connection,
        pushes: &[PushPart<'_>],
    ) -> Result<HashMap<OperationId, Earlier>, PushFault> {
        type Row = (Uuid, Vec<u8>, Uuid, Uuid, Option<serde_json::Value>);
        let received = pushes.iter().flat_map(|push| push.received);
        let rows: Vec<Row> = operations::table
            .filter(operations::district.eq(self.district.as_str()))
            .filter(operations::op_id.eq_any(received.map(|operation| operation.op_id.0)))
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
                let outcome = outcome.map_err(ApiError::from)?;
                Ok((OperationId(id), Earlier { sha256, device, user, outcome }))
            })
            .collect()
    }

    /// What the present installation of each sender is on record with under the numbers of its operations.
    async fn numbered(
        &self,
        mut conn: &Connection,
        pushes: &[PushPart<'_>],
    ) -> Result<Vec<Numbered>, PushFault> {
        let numbers = pushes.iter().flat_map(|push| {
            present(*push).filter_map(|operation| Some((push.pusher, number_of(operation)?)))
        });
        let numbers: Vec<_> = numbers.collect();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let ids =
            |id: fn(&Pusher) -> Uuid| -> Vec<Uuid> { numbers.iter().map(|(pusher, _)| id(pusher)).collect() };
        let rows = statement(
            "SELECT o.op_id, o.device_id, o.device_seq
             FROM unnest($2, $3, $4, $5) AS n (device_id, incarnation, user_id, device_seq)
             JOIN operations AS o ON o.district = $1
               AND (o.device_id, o.incarnation, o.user_id, o.device_seq)
                 = (n.device_id, n.incarnation, n.user_id, n.device_seq)",
        )
        .bind::<Text, _>(self.district.as_str())
        .bind::<Array<SqlUuid>, _>(ids(|pusher| pusher.device.0))
        .bind::<Array<SqlUuid>, _>(ids(|pusher| pusher.incarnation.0))
        .bind::<Array<SqlUuid>, _>(ids(|pusher| pusher.user.0))
        .bind::<Array<BigInt>, _>(numbers.iter().map(|(_, number)| *number).collect::<Vec<_>>())
        .load(&mut conn)
        .await?;
        Ok(rows)
    }
}

/// What a group has come to while its operations are judged.
struct Judging<'a> {
    known: Known,
    earlier: HashMap<OperationId, Earlier>,
    batch: Batch,
    store: Vec<StoredOperation<'a>>,
}

impl<'a> Judging<'a> {
    /// Judges a push. Refused as a whole, nothing of it is stored.
    fn answer(
        &mut self,
        push: PushPart<'a>,
        device: &LockedDevice,
        numbered: &[Numbered],
    ) -> Result<Answer, ApiError> {
        let revoked = device.revoked_at.is_some();
        if !revoked {
            self.refuse_copied(push, numbered)?;
        }
        let outcomes = push.received.iter().map(|operation| match self.earlier.get(&operation.op_id) {
            Some(before) => repeated(push.pusher, operation, before),
            None if revoked => self.quarantine(push, operation),
            None => self.apply(push, operation),
        });
        Ok(Answer { outcomes: outcomes.collect(), epoch: Epoch(device.epoch) })
    }

    fn apply(&mut self, push: PushPart<'a>, operation: &'a ReceivedOperation) -> Outcome {
        let outcome = match &operation.decoded {
            // Not stored: under this id the true author's own push must find nothing.
            Ok(decoded) if !push.pusher.made(&decoded.header) => {
                return Outcome::Rejected(ProblemKind::OperationNotYours.rejection(None));
            }
            Ok(decoded) => match judge(&self.known, decoded.clone()) {
                Ok(effect) => {
                    self.batch.add(&mut self.known, push.pusher, operation.op_id, effect);
                    Outcome::Applied
                }
                Err(Refusal::Rejected(rejection)) => Outcome::Rejected(rejection),
                Err(Refusal::Held(missing)) => return Outcome::Held { missing },
            },
            Err(rejection) => Outcome::Rejected(rejection.clone()),
        };
        self.keep(push, operation, Some(outcome.clone()));
        outcome
    }

    /// Keeps the work of a revoked device for an administrator.
    fn quarantine(&mut self, push: PushPart<'a>, operation: &'a ReceivedOperation) -> Outcome {
        self.keep(push, operation, None);
        Outcome::Quarantined
    }

    fn keep(&mut self, push: PushPart<'a>, operation: &'a ReceivedOperation, outcome: Option<Outcome>) {
        let first = Earlier {
            sha256: operation.sha256.to_vec(),
            device: push.pusher.device.0,
            user: push.pusher.user.0,
            outcome: outcome.clone(),
        };
        self.earlier.insert(operation.op_id, first);
        self.store.push(stored(push.pusher, operation, outcome));
    }

    /// Refuses all where another copy of the sender's database has given the number of a new one to another operation.
    /// Nothing is stored then: the sender takes another identity and sends the same bytes again. What it recorded before
    /// it was copied is told by its ids, and what it recorded under an identity that is no longer its own is past
    /// numbering.
    fn refuse_copied(&self, push: PushPart<'_>, numbered: &[Numbered]) -> Result<(), ApiError> {
        let itself: HashSet<Uuid> = present(push).map(|operation| operation.header.op_id.0).collect();
        let new = present(push).filter(|operation| !self.earlier.contains_key(&operation.header.op_id));
        let numbers: HashSet<i64> = new.filter_map(number_of).collect();
        let reused = numbered.iter().find(|other| {
            other.device_id == push.pusher.device.0
                && numbers.contains(&other.device_seq)
                && !itself.contains(&other.op_id)
        });
        match reused {
            None => Ok(()),
            Some(other) => {
                tracing::warn!(device = %push.pusher.device, other = %other.op_id, "a device's database was copied");
                Err(ApiError::new(ProblemKind::DeviceDatabaseCopied).field("incarnation"))
            }
        }
    }
}

/// The operations that can be read and are the pusher's.
fn own<'a>(push: PushPart<'a>) -> impl Iterator<Item = &'a Operation> {
    let readable = push.received.iter().filter_map(|operation| operation.decoded.as_ref().ok());
    readable.filter(move |operation| push.pusher.made(&operation.header))
}

/// Those of them that its present installation made.
fn present<'a>(push: PushPart<'a>) -> impl Iterator<Item = &'a Operation> {
    own(push).filter(move |operation| operation.header.incarnation == push.pusher.incarnation)
}

/// The answer to an operation whose id is known.
fn repeated(pusher: &Pusher, operation: &ReceivedOperation, before: &Earlier) -> Outcome {
    if (before.device, before.user) != (pusher.device.0, pusher.user.0) {
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

fn stored<'a>(
    pusher: &'a Pusher,
    received: &'a ReceivedOperation,
    outcome: Option<Outcome>,
) -> StoredOperation<'a> {
    let decoded = received.decoded.as_ref().ok();
    StoredOperation {
        pusher,
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
