//! Push: every operation gets its result under its id, once.

use sha2::{Digest, Sha256};
use sync_core::engine::HttpResponse;
use sync_core::evaluate::{PriorFacts, ProposedCase, clock_is_suspect, evaluate};
use sync_core::ids::{CaseId, GridPath, OperationId};
use sync_core::model::case::{CaseRow, ChargeRow, ChargeState, Flag, RectificationState, ReviewState};
use sync_core::model::inspection::Inspection;
use sync_core::model::target::{Target, TargetContent};
use sync_core::time::Instant;
use sync_core::wire::operation::{Body, Operation, TargetUpdate, peek_id};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::entity;
use sync_core::wire::push::{Missing, OperationResult, Outcome, PushRequest, PushResponse};

use super::{KeptCase, KeptInspection, KeptOperation, KeptTarget, Model, NewLog, ok, problem};
use crate::cast::Enrolled;

/// Why an operation is not applied.
enum Refusal {
    Rejected(ProblemKind),
    Held(Missing),
}

impl From<ProblemKind> for Refusal {
    fn from(kind: ProblemKind) -> Self {
        Self::Rejected(kind)
    }
}

impl Model {
    pub(super) fn push(&mut self, device: &Enrolled, body: &[u8]) -> HttpResponse {
        let Ok(request) = serde_json::from_slice::<PushRequest>(body) else {
            return problem(ProblemKind::MalformedRequest);
        };
        let mut changes = Vec::new();
        let mut results = Vec::new();
        for raw in &request.operations {
            let bytes = raw.get().as_bytes();
            let Some(op_id) = peek_id(bytes) else { return problem(ProblemKind::MalformedRequest) };
            let outcome = self.take(device, op_id, bytes, &mut changes);
            results.push(OperationResult { op_id, outcome });
        }
        self.log(changes);
        ok(&PushResponse { results, epoch: self.state.epoch, server_time: self.now })
    }

    fn take(
        &mut self,
        device: &Enrolled,
        op_id: OperationId,
        bytes: &[u8],
        changes: &mut Vec<NewLog>,
    ) -> Outcome {
        let sha256 = Sha256::digest(bytes).to_vec();
        if let Some(before) = self.state.operations.get(&op_id) {
            return match &before.outcome {
                _ if before.sha256 != sha256 => {
                    Outcome::Rejected(ProblemKind::OperationIdReused.rejection(None))
                }
                Outcome::Rejected(rejection) => Outcome::Duplicate { rejection: Some(rejection.clone()) },
                Outcome::Quarantined => Outcome::Quarantined,
                _ => Outcome::Duplicate { rejection: None },
            };
        }
        if self.state.revoked.contains(&device.device_id) {
            let outcome = Outcome::Quarantined;
            let kept = KeptOperation { sha256, user: device.user_id, outcome: outcome.clone() };
            self.state.operations.insert(op_id, kept);
            return outcome;
        }
        let judged = match Operation::decode(bytes) {
            Ok(operation) => self.apply(operation, changes),
            Err(_) => Err(ProblemKind::OperationMalformed.into()),
        };
        let outcome = match judged {
            Ok(()) => Outcome::Applied,
            Err(Refusal::Rejected(kind)) => Outcome::Rejected(kind.rejection(None)),
            Err(Refusal::Held(missing)) => return Outcome::Held { missing: vec![missing] },
        };
        let kept = KeptOperation { sha256, user: device.user_id, outcome: outcome.clone() };
        self.state.operations.insert(op_id, kept);
        changes.push(NewLog::of_user(entity::OPERATION, op_id, device.user_id));
        outcome
    }

    fn apply(&mut self, operation: Operation, changes: &mut Vec<NewLog>) -> Result<(), Refusal> {
        let Operation { header, body } = operation;
        match body {
            Body::RegisterTarget(content) => {
                self.register(content, header.author, header.occurred_at, changes)
            }
            Body::UpdateTarget(update) => self.update(update, header.author, header.occurred_at, changes),
            Body::SubmitInspection(inspection) => self.accept(inspection, changes),
            Body::AmendInspection(inspection) => {
                let replaced = inspection.replaces.ok_or(ProblemKind::LineageInvalid)?;
                match self.state.inspections.get(&replaced) {
                    None => return Err(Refusal::Held(Missing::Inspection(replaced))),
                    Some(kept) if kept.superseded => return Err(ProblemKind::Superseded.into()),
                    Some(_) => {}
                }
                self.accept(inspection, changes)?;
                if let Some(kept) = self.state.inspections.get_mut(&replaced) {
                    kept.superseded = true;
                }
                Ok(())
            }
            // Field records are not part of these runs.
            _ => Err(ProblemKind::OperationKindUnknown.into()),
        }
    }

    fn register(
        &mut self,
        mut content: TargetContent,
        author: sync_core::ids::UserId,
        at: Instant,
        changes: &mut Vec<NewLog>,
    ) -> Result<(), Refusal> {
        self.require_assigned(author, &content.grid, at)?;
        let id = content.target_id;
        if self.state.targets.contains_key(&id) {
            return Err(ProblemKind::TargetExists.into());
        }
        content.code.get_or_insert_with(|| id.to_string());
        changes.push(NewLog(entity::TARGET, id.to_string(), None, Some(content.grid.clone()), None));
        self.keep_target(Target { content, version: 1 });
        Ok(())
    }

    fn update(
        &mut self,
        update: TargetUpdate,
        author: sync_core::ids::UserId,
        at: Instant,
        changes: &mut Vec<NewLog>,
    ) -> Result<(), Refusal> {
        let TargetUpdate { base_version, mut content } = update;
        self.require_assigned(author, &content.grid, at)?;
        let id = content.target_id;
        let Some(kept) = self.state.targets.get(&id) else {
            return Err(if base_version == 0 {
                Refusal::Held(Missing::Target(id))
            } else {
                ProblemKind::TargetUnknown.into()
            });
        };
        let before = kept.target.clone();
        let fits = base_version == before.version || (base_version == 0 && before.version == 1);
        if kept.removed || !fits {
            return Err(ProblemKind::TargetChanged.into());
        }
        self.require_assigned(author, &before.content.grid, at)?;
        content.code = content.code.or(before.content.code);
        let (from, to) = (before.content.grid, content.grid.clone());
        changes.push(NewLog(entity::TARGET, id.to_string(), Some(from), Some(to), None));
        self.keep_target(Target { content, version: before.version + 1 });
        Ok(())
    }

    pub(super) fn keep_target(&mut self, target: Target) {
        self.state.targets.insert(target.content.target_id, KeptTarget { target, removed: false });
    }

    /// The author's assignment at the time of occurrence, or of receipt where the device's clock cannot be right.
    fn require_assigned(
        &self,
        author: sync_core::ids::UserId,
        grid: &GridPath,
        at: Instant,
    ) -> Result<(), Refusal> {
        let at = if clock_is_suspect(at, self.now) { self.now } else { at };
        let day = at.record_date();
        let own = self.state.assignments.iter().filter(|a| a.user_id == author && a.holds_on(day));
        if own.into_iter().any(|a| a.grid.covers(grid)) {
            Ok(())
        } else {
            Err(ProblemKind::NotAssigned.into())
        }
    }

    fn accept(&mut self, inspection: Inspection, changes: &mut Vec<NewLog>) -> Result<(), Refusal> {
        if self.state.inspections.contains_key(&inspection.inspection_id) {
            return Err(ProblemKind::InspectionExists.into());
        }
        let context = &inspection.context;
        if let Some(target) = &context.target
            && !self.state.targets.contains_key(&target.target_id)
        {
            return Err(if target.version == 0 {
                Refusal::Held(Missing::Target(target.target_id))
            } else {
                ProblemKind::TargetUnknown.into()
            });
        }
        self.require_assigned(inspection.author, &context.grid, inspection.occurred_at)?;
        let packs = self.cast.packs();
        let pack = match &context.pack {
            Some(sealed) if self.state.packs.iter().all(|pack| pack.hash != sealed.hash) => {
                return Err(Refusal::Held(Missing::Pack(sealed.hash.clone())));
            }
            Some(sealed) => Some(*packs.get(&sealed.hash).ok_or(ProblemKind::PackUnknown)?),
            None => None,
        };
        let evaluation = evaluate(pack, &inspection, &PriorFacts::default());
        let proposed: Vec<CaseId> = evaluation.cases.iter().map(|case| case.case_id).collect();
        for case in evaluation.cases {
            self.judge_case(&inspection, case, changes);
        }
        // What the correction does not find any more stays as a case without charges.
        let lineage = inspection.lineage;
        let gone: Vec<CaseId> = self
            .state
            .cases
            .values()
            .filter(|case| case.row.lineage == lineage && !proposed.contains(&case.row.case_id))
            .map(|case| case.row.case_id)
            .collect();
        for id in gone {
            self.withdraw(&inspection, id, changes);
        }
        let kept = KeptInspection { inspection, superseded: false };
        self.state.inspections.insert(kept.inspection.inspection_id, kept);
        Ok(())
    }

    fn judge_case(&mut self, inspection: &Inspection, proposed: ProposedCase, changes: &mut Vec<NewLog>) {
        let before = self.state.cases.get(&proposed.case_id).cloned();
        if let Some(case) = &before
            && is_decided(case.row.review_state)
        {
            self.flag_amendment(proposed.case_id, changes);
            return;
        }
        let lacks = proposed.evidence.missing_of(|photo| self.state.photos.contains(photo)) > 0;
        let mut charges: Vec<ChargeRow> = proposed
            .charges
            .iter()
            .map(|charge| ChargeRow {
                charge_id: charge.charge_id,
                measure: charge.measure.clone(),
                amount: charge.amount.fen(),
                state: ChargeState::Pending,
                clause: charge.clause.clone(),
            })
            .collect();
        for old in before.iter().flat_map(|case| &case.row.charges) {
            if charges.iter().all(|charge| charge.charge_id != old.charge_id) {
                charges.push(ChargeRow { state: ChargeState::Void, ..old.clone() });
            }
        }
        let suspect = clock_is_suspect(inspection.occurred_at, self.now);
        let row = CaseRow {
            case_id: proposed.case_id,
            lineage: inspection.lineage,
            inspection_id: inspection.inspection_id,
            author: inspection.author,
            item: proposed.item.clone(),
            target_id: inspection.context.target.as_ref().map(|target| target.target_id),
            point: inspection.place_point(),
            grid: inspection.context.grid.clone(),
            unit_id: inspection.context.unit_id,
            occurred_at: inspection.occurred_at,
            pack: inspection.context.pack.clone(),
            review_state: if lacks { ReviewState::AwaitingEvidence } else { ReviewState::UnderReview },
            rectification_state: RectificationState::None,
            flags: suspect.then_some(Flag::ClockSuspect).into_iter().collect(),
            version: before.as_ref().map_or(1, |case| case.row.version + 1),
            reason: None,
            charges,
        };
        changes.push(NewLog::of_case(&row, before.map(|case| case.row.grid)));
        self.state.cases.insert(row.case_id, KeptCase { row, evidence: proposed.evidence });
    }

    fn withdraw(&mut self, inspection: &Inspection, id: CaseId, changes: &mut Vec<NewLog>) {
        let Some(case) = self.state.cases.get_mut(&id) else { return };
        if is_decided(case.row.review_state) {
            self.flag_amendment(id, changes);
            return;
        }
        case.row.charges.iter_mut().for_each(|charge| charge.state = ChargeState::Void);
        let before = std::mem::replace(&mut case.row.grid, inspection.context.grid.clone());
        case.row.inspection_id = inspection.inspection_id;
        case.row.unit_id = inspection.context.unit_id;
        case.row.review_state = ReviewState::UnderReview;
        case.row.version += 1;
        case.evidence.photos_each = 0;
        changes.push(NewLog::of_case(&case.row, Some(before)));
    }

    fn flag_amendment(&mut self, id: CaseId, changes: &mut Vec<NewLog>) {
        let Some(case) = self.state.cases.get_mut(&id) else { return };
        if !case.row.flags.contains(&Flag::AmendsDecided) {
            case.row.flags.push(Flag::AmendsDecided);
        }
        changes.push(NewLog::of_case(&case.row, Some(case.row.grid.clone())));
    }
}

/// Whether a supervisor has decided it for good.
fn is_decided(state: ReviewState) -> bool {
    matches!(state, ReviewState::Confirmed | ReviewState::Dismissed | ReviewState::Merged)
}
