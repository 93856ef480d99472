//! Stores what a batch does: operations with their original bytes and results, and their effects, in a handful of
//! statements whatever the batch's size.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use futures::join;
use sync_core::evaluate::evaluate;
use sync_core::ids::{CaseId, GridPath, Incarnation, OperationId, RegionCode, TargetId};
use sync_core::model::case::Flag;
use sync_core::model::fire_point::FirePointState;
use sync_core::model::target::Target;
use sync_core::policy::PolicyBook;
use sync_core::time::Instant;
use sync_core::wire::push::Outcome;
use uuid::Uuid;

use super::judge_field_record::{JudgedRecord, VerifiedFirePoint};
use super::judge_operation::{Effect, JudgedInspection};
use super::known::{Known, KnownInspection, KnownTarget};
use super::pusher::Pusher;
use super::received_operation::ReceivedOperation;
use super::store_pushes::PushFault;
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::fire_points::{FindingWrite, store_findings};
use crate::db::rectifications::{
    LoopChanges, RecordKind, RecordPhotoWrite, RecordSubject, RecordWrite, insert_record_photos,
    insert_records,
};
use crate::db::statement::statement;
use crate::db::targets::{TargetWrite, insert_targets, update_targets};
use crate::db::types::{Time, storable};
use crate::services::find_duplicates::{record_pairs, search_locked};
use crate::services::open_cases::{
    CaseWrite, Judged, StoredCase, correct_cases, place_of, search_texts, store_cases,
};
use crate::services::prior_facts::prior_facts;
use crate::services::store_inspections::{InspectionWrite, Origin, store_inspections};

/// What a batch writes. Effects are added in the order of the operations and known to those that follow.
#[derive(Debug, Default)]
pub(super) struct Batch {
    targets: BTreeMap<TargetId, TargetChange>,
    inspections: Vec<InspectionWrite>,
    cases: BTreeMap<CaseId, CaseWrite>,
    proposals: BTreeSet<CaseId>,
    proposal_changes: Vec<NewChange>,
    loops: LoopChanges,
    records: Vec<RecordWrite>,
    record_photos: Vec<RecordPhotoWrite>,
    findings: Vec<FindingWrite>,
}

#[derive(Debug)]
struct TargetChange {
    target: Target,
    /// The grid that devices know it in; absent for a new one.
    grid_before: Option<GridPath>,
}

/// An operation to be stored; without an outcome it is in quarantine (隔离).
#[derive(Debug)]
pub(super) struct StoredOperation<'a> {
    pub(super) pusher: &'a Pusher,
    pub(super) received: &'a ReceivedOperation,
    pub(super) device_seq: Option<i64>,
    pub(super) kind: Option<&'static str>,
    pub(super) outcome: Option<Outcome>,
}

impl Batch {
    /// Adds what an operation does.
    pub(super) fn add(&mut self, known: &mut Known, pusher: &Pusher, op_id: OperationId, effect: Effect) {
        match effect {
            Effect::Target(target) => self.add_target(known, pusher, *target),
            Effect::Inspection(judged) => self.add_inspection(known, pusher, op_id, *judged),
            Effect::Record(judged) => self.add_record(known, pusher, op_id, *judged),
            Effect::FirePoint(verified) => self.add_finding(known, pusher, op_id, *verified),
        }
    }

    fn add_record(&mut self, known: &mut Known, pusher: &Pusher, op_id: OperationId, judged: JudgedRecord) {
        let JudgedRecord { case, round, kind, passed, text, photos, fix, made_at } = judged;
        let subject = RecordSubject::Case(case.case_id);
        self.record_photos.extend(RecordPhotoWrite::of_manifest(&known.district, op_id.0, subject, &photos));
        let point = fix.map(|fix| fix.point);
        self.records.push(RecordWrite {
            district: known.district.clone(),
            record_id: op_id.0,
            case_id: case.case_id,
            round: round.number,
            kind,
            passed,
            author: pusher.user,
            device_id: Some(pusher.device),
            text,
            lon: point.map(|point| point.lon),
            lat: point.map(|point| point.lat),
            occurred_at: storable(made_at),
            received_at: known.received_at,
        });
        let next = (passed == Some(false)).then(|| round.again(known.received_at, &known.calendar));
        self.loops.add(&case, round.clone());
        let present = next.map_or(round, |next| {
            self.loops.add(&case, next.clone());
            next
        });
        if let Some(known) = known.loops.get_mut(&case.case_id) {
            known.round = Some(present);
            known.reported_by = (kind == RecordKind::Report).then_some(pusher.user);
        }
    }

    fn add_finding(
        &mut self,
        known: &mut Known,
        pusher: &Pusher,
        op_id: OperationId,
        verified: VerifiedFirePoint,
    ) {
        let VerifiedFirePoint { fire_point_id, inspection_id, text, photos, made_at } = verified;
        let Some(lead) = known.fire_points.get_mut(&fire_point_id) else { return };
        lead.state = match inspection_id {
            Some(_) => FirePointState::Confirmed,
            None => FirePointState::NotFound,
        };
        let subject = RecordSubject::FirePoint(fire_point_id);
        self.record_photos.extend(RecordPhotoWrite::of_manifest(&known.district, op_id.0, subject, &photos));
        self.findings.push(FindingWrite {
            district: known.district.clone(),
            fire_point_id,
            state: lead.state,
            verified_by: pusher.user,
            verified_at: storable(made_at),
            record_id: op_id.0,
            inspection_id,
            finding: text,
            grid: lead.grid.clone(),
        });
    }

    fn add_target(&mut self, known: &mut Known, pusher: &Pusher, target: Target) {
        let id = target.content.target_id;
        let before = known.targets.get(&id).map(|before| before.target.content.grid.clone());
        self.targets
            .entry(id)
            .or_insert_with(|| TargetChange { target: target.clone(), grid_before: before })
            .target = target.clone();
        known.codes.extend(target.content.code.clone());
        known.own_targets.entry((pusher.device, id)).or_insert(target.version.saturating_sub(1));
        known.targets.insert(id, KnownTarget { target, deleted: false });
    }

    fn add_inspection(
        &mut self,
        known: &mut Known,
        pusher: &Pusher,
        op_id: OperationId,
        judged: JudgedInspection,
    ) {
        let JudgedInspection { inspection, sealed, evaluation, mut flags } = judged;
        let before = known.cases.values().filter(|case| case.lineage == inspection.lineage);
        let before: Vec<&StoredCase> = before.collect();
        let target =
            inspection.context.target.as_ref().and_then(|sealed| known.targets.get(&sealed.target_id));
        let content = target.map(|known| &known.target.content);
        let texts = search_texts(content, &inspection);
        let writes = correct_cases(
            Judged {
                district: &known.district,
                inspection: &inspection,
                evaluation: &evaluation,
                place: place_of(content, &inspection),
                flags: &flags,
                search_texts: &texts,
                verified: &known.verified,
                now: known.received_at,
            },
            &before,
            |inspection| {
                let pack = inspection.context.pack.as_ref();
                let pack = pack.and_then(|pack| known.book.by_hash(&pack.hash));
                evaluate(pack, inspection, &prior_facts(&known.confirmed, inspection))
            },
        );
        // The inspection is a proposal for those that are decided, and itself no more in doubt for it.
        if !writes.proposals.is_empty() {
            flags.push(Flag::AmendsDecided);
        }
        for case in writes.proposals {
            let grid = known.cases.get(&case).and_then(|before| before.grid.clone());
            if let Some(grid) = grid.filter(|_| self.proposals.insert(case)) {
                self.proposal_changes.push(NewChange::of_case(case, grid, inspection.author));
            }
        }
        for case in writes.cases {
            known.cases.insert(case.case_id(), case.as_stored());
            self.cases.insert(case.case_id(), case);
        }
        if let Some(replaced) = inspection.replaces.and_then(|id| known.inspections.get_mut(&id)) {
            replaced.superseded = true;
        }
        let stored =
            KnownInspection { lineage: inspection.lineage, author: inspection.author, superseded: false };
        known.inspections.insert(inspection.inspection_id, stored);
        let origin = Origin::Device { op_id, device_id: pusher.device };
        self.inspections.push(InspectionWrite::new(
            &known.district,
            inspection,
            sealed,
            origin,
            flags,
            known.received_at,
        ));
    }

    /// Writes everything; the changes come last, under the district's lock.
    ///
    /// # Errors
    /// Faults of the database.
    pub(super) async fn store(
        self,
        conn: &mut Connection,
        district: &RegionCode,
        book: &PolicyBook,
        operations: &[StoredOperation<'_>],
        now: Instant,
    ) -> Result<(), PushFault> {
        let (changed, new): (Vec<_>, Vec<_>) =
            self.targets.values().partition(|change| change.grid_before.is_some());
        let rows = |changes: Vec<&TargetChange>| -> Vec<TargetWrite> {
            changes.into_iter().map(|change| TargetWrite::new(district, &change.target, now)).collect()
        };
        let (new, changed) = (rows(new), rows(changed));
        let cases: Vec<CaseWrite> = self.cases.into_values().collect();
        let proposals: Vec<CaseId> = self.proposals.into_iter().collect();
        // Together, in one round trip: PostgreSQL takes them in this order, and after one that fails the others fail for
        // that reason alone.
        let shared: &Connection = conn;
        let (kept, registered, updated, inspected, opened, pairs) = join!(
            insert_operations(shared, district, operations, now),
            insert_targets(shared, &new),
            update_targets(shared, &changed),
            store_inspections(shared, self.inspections),
            store_cases(shared, district, &cases, &proposals),
            search_locked(shared, district, book, &cases, now),
        );
        kept.and(registered).and(updated)?;
        inspected.and(opened)?;
        let flagged = record_pairs(conn, district, &cases, pairs?).await?;
        let loops = self.loops.store(conn, district, now).await?;
        insert_records(conn, &self.records).await?;
        store_findings(conn, &self.findings).await?;
        insert_record_photos(conn, &self.record_photos).await?;

        let targets = self.targets.into_values().map(|change| {
            let content = change.target.content;
            NewChange::of_target(content.target_id, change.grid_before, Some(content.grid))
        });
        let findings = self.findings.iter().map(|finding| NewChange {
            entity: Entity::FirePoint(finding.fire_point_id),
            grid_before: Some(finding.grid.clone()),
            grid_after: Some(finding.grid.clone()),
            user: None,
            unit_before: None,
        });
        let results = operations.iter().filter(|operation| operation.outcome.is_some()).map(|operation| {
            NewChange::of_user(Entity::Operation(operation.received.op_id), operation.pusher.user)
        });
        let changes: Vec<NewChange> = targets
            .chain(cases.iter().map(CaseWrite::change))
            .chain(self.proposal_changes)
            .chain(flagged)
            .chain(loops)
            .chain(findings)
            .chain(results)
            .collect();
        record_changes(conn, district, &changes).await?;
        Ok(())
    }
}

/// Stores operations as the bytes they came in.
///
/// # Errors
/// Faults of the database; `operations_pkey` where one was stored meanwhile.
pub(super) async fn insert_operations(
    mut conn: &Connection,
    district: &RegionCode,
    operations: &[StoredOperation<'_>],
    received_at: Instant,
) -> QueryResult<()> {
    if operations.is_empty() {
        return Ok(());
    }
    let ids = |id: fn(&StoredOperation<'_>) -> Uuid| -> Vec<Uuid> { operations.iter().map(id).collect() };
    let outcomes = operations.iter().map(|o| serde_json::to_value(o.outcome.as_ref()?).ok());
    statement(
        "INSERT INTO operations (district, received_at,
                                 device_id, user_id, incarnation, op_id, bytes, sha256, device_seq, kind, outcome)
         SELECT $1, $2, o.* FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11) AS o",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Timestamptz, _>(Time(received_at))
    .bind::<Array<SqlUuid>, _>(ids(|o| o.pusher.device.0))
    .bind::<Array<SqlUuid>, _>(ids(|o| o.pusher.user.0))
    .bind::<Array<SqlUuid>, _>(ids(|o| made_in(o).0))
    .bind::<Array<SqlUuid>, _>(ids(|o| o.received.op_id.0))
    .bind::<Array<Binary>, _>(operations.iter().map(|o| o.received.bytes()).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(operations.iter().map(|o| o.received.sha256.as_slice()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(operations.iter().map(|o| o.device_seq).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(operations.iter().map(|o| o.kind).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(outcomes.collect::<Vec<_>>())
    .execute(&mut conn)
    .await?;
    Ok(())
}

/// The installation that made an operation; of one that cannot be read, the one that sent it.
fn made_in(operation: &StoredOperation<'_>) -> Incarnation {
    let decoded = operation.received.decoded.as_ref();
    decoded.map_or(operation.pusher.incarnation, |decoded| decoded.header.incarnation)
}
