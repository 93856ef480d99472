//! One round as a state machine: stages in order, one request in flight, every failure bounded.

use std::collections::BTreeSet;

use super::access::{Access, NextForAccess};
use super::bootstrap::{Bootstrap, NextForBootstrap, Received};
use super::compare::{self, Compare, Compared};
use super::http::{HttpRequest, HttpResponse, Method};
use super::log::LoggedRound;
use super::photos::{NextPhoto, PhotoAnswered, PhotoStage};
use super::push::{self, PushStage};
use super::report::{Failure, FailureReason, RefusedPhoto, Subject, SyncReport, Undertaking};
use super::retry::{AfterFailure, Retry, rests};
use super::{Answer, EngineError, Extent, Identity, PhotoBytes, Step};
use crate::ids::{Incarnation, OperationId, PhotoHash};
use crate::store::{DeviceStore, OperationState, Pulled, StoreError};
use crate::time::Instant;
use crate::wire::auth::{AccessToken, Challenge};
use crate::wire::digest::ScopeDigest;
use crate::wire::problem::ProblemKind;
use crate::wire::pull::{PhotoRow, PullAnswer, PullPage, RestartReason, entity};
use crate::wire::push::{OperationResult, PushResponse};

/// Fresh starts in one round before the round stops asking: a server that always says so would never end.
const RESTARTS: u32 = 4;

/// The sync engine of one user of one device, for one round.
#[derive(Debug)]
pub struct Engine {
    identity: Identity,
    extent: Extent,
    access: Access,
    retry: Retry,
    stage: Stage,
    turn: Turn,
    /// A server restored from backup lost what it had acknowledged: push again after this pull.
    push_again: bool,
    restarts: u32,
    bootstrap: Bootstrap,
    compare: Compare,
    /// Verdicts on photos that are not written yet. A backup has a verified photo only if it was made after the verdict,
    /// and an upload's answer does not tell the server's time: they wait for the next page, which does.
    verdicts: Vec<PhotoRow>,
    report: SyncReport,
}

/// What the round is at.
#[derive(Debug)]
enum Stage {
    Push(PushStage),
    Pull(AfterPull),
    Compare(AfterPull),
    Photos(PhotoStage),
    Over,
}

/// What follows a pull.
#[derive(Debug, Clone, Copy)]
enum AfterPull {
    /// Photos are sent.
    Photos,
    /// The verdicts are asked for that the pull did not tell.
    Verdicts,
    /// Nothing.
    Nothing,
}

/// Whose turn it is.
#[derive(Debug)]
enum Turn {
    Engine,
    Resting(Instant),
    Host(Asked),
}

/// What a stage comes to next.
#[derive(Debug)]
enum NextOfStage {
    Request(Asked, HttpRequest),
    Load {
        photo: PhotoHash,
        offset: u64,
        length: usize,
    },
    /// Others have a turn.
    Rest,
    Changed,
}

/// What was asked of the host.
#[derive(Debug)]
enum Asked {
    Challenge,
    Signature,
    Token,
    Push(Vec<OperationId>),
    Pull,
    Snapshot,
    Digest,
    Photo,
}

impl Asked {
    const fn undertaking(&self) -> Undertaking {
        match self {
            Self::Challenge | Self::Signature | Self::Token => Undertaking::Access,
            Self::Push(_) => Undertaking::Push,
            Self::Pull => Undertaking::Pull,
            Self::Snapshot => Undertaking::Snapshot,
            Self::Digest => Undertaking::Compare,
            Self::Photo => Undertaking::Photos,
        }
    }
}

impl Engine {
    /// An engine at the start of a round. The seed spreads the pauses of different devices.
    #[must_use]
    pub fn new(identity: Identity, extent: Extent, seed: u64) -> Self {
        let stage = match extent {
            Extent::Sync => Stage::Push(PushStage::new()),
            Extent::PullOnly => Stage::Pull(AfterPull::Nothing),
        };
        Self {
            identity,
            extent,
            access: Access::new(),
            retry: Retry::new(seed),
            stage,
            turn: Turn::Engine,
            push_again: false,
            restarts: 0,
            bootstrap: Bootstrap::new(),
            compare: Compare::Daily,
            verdicts: Vec::new(),
            report: SyncReport::default(),
        }
    }

    /// The same, and the register is compared with the server's in any case, not only when a day is over.
    #[must_use]
    pub fn comparing(self) -> Self {
        Self { compare: Compare::Now, ..self }
    }

    /// What to do next.
    ///
    /// # Errors
    /// [`EngineError`]: the store failed, or the last step is not answered yet.
    pub fn next(
        &mut self,
        store: &mut DeviceStore,
        photos: &dyn PhotoBytes,
        now: Instant,
    ) -> Result<Step, EngineError> {
        match &self.turn {
            Turn::Host(_) => return Err(EngineError::OutOfTurn),
            Turn::Resting(until) if rests(*until, now) => return Ok(Step::Wait { until: *until }),
            Turn::Resting(_) | Turn::Engine => self.turn = Turn::Engine,
        }
        loop {
            // A stage that has nothing to ask moves on to the next; only one that has needs a token.
            let (asked, request) = match self.stage_request(store, photos)? {
                NextOfStage::Request(asked, request) => (asked, request),
                NextOfStage::Load { photo, offset, length } => {
                    return Ok(Step::Load { photo, offset, length });
                }
                NextOfStage::Rest => return Ok(Step::Wait { until: now }),
                NextOfStage::Changed if matches!(self.stage, Stage::Over) => return self.finish(store, now),
                NextOfStage::Changed => continue,
            };
            let (asked, step) = match self.access.next(&self.identity, now)? {
                NextForAccess::Use(token) => {
                    (asked, Step::Http(request.header("Authorization", format!("Bearer {token}"))))
                }
                NextForAccess::AskChallenge(request) => (Asked::Challenge, Step::Http(request)),
                NextForAccess::Sign(challenge) => (Asked::Signature, Step::Sign { challenge }),
                NextForAccess::AskToken(request) => (Asked::Token, Step::Http(request)),
            };
            self.turn = Turn::Host(asked);
            return Ok(step);
        }
    }

    /// Takes what came of the last step.
    ///
    /// # Errors
    /// [`EngineError`]: the store failed, or nothing was asked.
    pub fn receive(
        &mut self,
        store: &mut DeviceStore,
        answer: Answer,
        now: Instant,
    ) -> Result<(), EngineError> {
        let Turn::Host(asked) = std::mem::replace(&mut self.turn, Turn::Engine) else {
            return Err(EngineError::OutOfTurn);
        };
        match (asked, answer) {
            (Asked::Signature, Answer::Signature(signature)) => self.access.signed(signature),
            (
                asked @ (Asked::Challenge
                | Asked::Token
                | Asked::Push(_)
                | Asked::Pull
                | Asked::Snapshot
                | Asked::Digest
                | Asked::Photo),
                answer,
            ) => match answer {
                Answer::Response(response) => return self.responded(store, asked, &response, now),
                Answer::Failed(error) => self.failed(&asked, FailureReason::Transport { error }, None, now),
                Answer::Signature(_) => return Err(EngineError::OutOfTurn),
            },
            (Asked::Signature, Answer::Response(_) | Answer::Failed(_)) => {
                return Err(EngineError::OutOfTurn);
            }
        }
        Ok(())
    }

    /// The stage's next request, or what else comes first.
    fn stage_request(
        &mut self,
        store: &mut DeviceStore,
        photos: &dyn PhotoBytes,
    ) -> Result<NextOfStage, EngineError> {
        match &mut self.stage {
            Stage::Push(push) => {
                let chosen =
                    store.work.outbox_batch_except(push.set_aside(), push.width(), push::BATCH_BYTES)?;
                if chosen.is_empty() {
                    let again = push.take_offer_held() && store.work.release_held()? > 0;
                    if !again {
                        // What waits for something that was refused would wait for ever.
                        if let Some(server_time) = self.report.server_time {
                            push.gave_up(&store.work.refuse_dependents(server_time)?, &mut self.report);
                        }
                        self.enter(Stage::Pull(AfterPull::Photos));
                    }
                    return Ok(NextOfStage::Changed);
                }
                let batch = push.batch(chosen);
                let unreadable = batch.unreadable.into_iter().map(|op_id| Failure {
                    what: Undertaking::Push,
                    why: FailureReason::OperationUnreadable { op_id },
                });
                self.report.failures.extend(unreadable);
                if batch.ids.is_empty() {
                    return Ok(NextOfStage::Changed);
                }
                let request = push::request(&self.identity, store.work.epoch()?, batch.operations)?;
                Ok(NextOfStage::Request(Asked::Push(batch.ids), request))
            }
            Stage::Pull(_) => {
                match self.bootstrap.next(store)? {
                    NextForBootstrap::Ask(request) => {
                        return Ok(NextOfStage::Request(Asked::Snapshot, request));
                    }
                    NextForBootstrap::Unpacking => return Ok(NextOfStage::Rest),
                    NextForBootstrap::Adopt(page) => self.adopt(store, &page)?,
                    NextForBootstrap::Refused(fault) => {
                        let why = FailureReason::Snapshot { fault };
                        self.report.failures.push(Failure { what: Undertaking::Snapshot, why });
                    }
                    NextForBootstrap::Pages(cursor) => {
                        let path = match cursor {
                            Some(cursor) => format!("/api/v1/sync/pull?cursor={cursor}"),
                            None => "/api/v1/sync/pull".to_owned(),
                        };
                        let request = HttpRequest::new(Method::Get, path);
                        return Ok(NextOfStage::Request(Asked::Pull, request));
                    }
                }
                Ok(NextOfStage::Changed)
            }
            Stage::Compare(_) => Ok(NextOfStage::Request(Asked::Digest, compare::request())),
            Stage::Photos(stage) => {
                match stage.next(store, photos)? {
                    NextPhoto::Ask(request) => return Ok(NextOfStage::Request(Asked::Photo, request)),
                    NextPhoto::Load { photo, offset, length } => {
                        return Ok(NextOfStage::Load { photo, offset, length });
                    }
                    NextPhoto::Sent => self.report.photos_sent += 1,
                    NextPhoto::Unreadable(sha256) => {
                        let why = FailureReason::PhotoUnreadable { sha256 };
                        self.report.failures.push(Failure { what: Undertaking::Photos, why });
                    }
                    NextPhoto::Done { unjudged: true, .. } => {
                        self.enter(Stage::Pull(AfterPull::Verdicts));
                    }
                    NextPhoto::Done { moved: true, .. } => self.enter(Stage::Pull(AfterPull::Nothing)),
                    NextPhoto::Done { moved: false, .. } => self.enter(Stage::Over),
                }
                Ok(NextOfStage::Changed)
            }
            Stage::Over => Ok(NextOfStage::Changed),
        }
    }

    fn responded(
        &mut self,
        store: &mut DeviceStore,
        asked: Asked,
        response: &HttpResponse,
        now: Instant,
    ) -> Result<(), EngineError> {
        match response.status {
            401 => self.unauthorised(&asked, response),
            429 | 500..=599 => {
                let pause = response.header_number("Retry-After");
                self.failed(&asked, refused(response), pause, now);
            }
            _ => return self.answered(store, asked, response, now),
        }
        Ok(())
    }

    fn answered(
        &mut self,
        store: &mut DeviceStore,
        asked: Asked,
        response: &HttpResponse,
        now: Instant,
    ) -> Result<(), EngineError> {
        match asked {
            Asked::Challenge => match read::<Challenge>(response) {
                Some(challenge) => self.access.challenged(challenge),
                None => self.failed(&asked, not_understood(response), None, now),
            },
            Asked::Token => match read::<AccessToken>(response) {
                Some(token) => {
                    let met = token.epoch.map(|epoch| store.work.meet_epoch(epoch)).transpose()?;
                    if let Some(requeued) = met.flatten() {
                        // What the server said of photos before it was restored is not what it has.
                        self.verdicts.clear();
                        self.met_epoch(Undertaking::Access, requeued);
                    }
                    self.access.granted(token, now);
                }
                None => {
                    self.access.start_over();
                    self.failed(&asked, not_understood(response), None, now);
                }
            },
            Asked::Push(sent) => return self.push_answered(store, sent, response, now),
            Asked::Pull => return self.pull_answered(store, response, now),
            Asked::Snapshot => return self.snapshot_answered(store, response, now),
            Asked::Digest => return self.digest_answered(store, response, now),
            Asked::Photo => return self.photo_answered(store, response),
            Asked::Signature => return Err(EngineError::OutOfTurn),
        }
        Ok(())
    }

    fn push_answered(
        &mut self,
        store: &mut DeviceStore,
        sent: Vec<OperationId>,
        response: &HttpResponse,
        now: Instant,
    ) -> Result<(), EngineError> {
        let Stage::Push(push) = &mut self.stage else { return Err(EngineError::OutOfTurn) };
        if let Some(mut answer) = read::<PushResponse>(response) {
            self.access.accepted();
            self.retry.succeeded();
            self.report.server_time = Some(answer.server_time);
            answer.results = push.answered(&sent, answer.results, &mut self.report);
            let settled = store.work.apply_push_response(&answer)?;
            self.met_epoch(Undertaking::Push, settled.requeued);
            return Ok(());
        }
        match response.problem() {
            None => self.failed(&Asked::Push(sent), not_understood(response), None, now),
            Some(problem) if problem.is(ProblemKind::UnsupportedProtocol) => {
                self.stop(Undertaking::Push, refused(response));
            }
            Some(problem) if problem.is(ProblemKind::DeviceDatabaseCopied) => {
                self.access.accepted();
                self.take_another_identity(store)?;
            }
            Some(_) => {
                self.access.accepted();
                self.push_refused(&sent, refused(response));
            }
        }
        Ok(())
    }

    /// Another copy of this database sends as well: from now on this one numbers for itself. What waits keeps its bytes
    /// and is sent again, with a token of the new identity.
    fn take_another_identity(&mut self, store: &mut DeviceStore) -> Result<(), EngineError> {
        let (high, low) = self.retry.draw();
        let incarnation = Incarnation(uuid::Uuid::from_u64_pair(high, low));
        store.work.renew_incarnation(incarnation)?;
        self.identity.incarnation = incarnation;
        self.report.copied_database = true;
        self.access.start_over();
        self.count_restart(Undertaking::Push);
        Ok(())
    }

    /// A whole batch cannot go: the next is half of it, or its only operation is set aside.
    fn push_refused(&mut self, sent: &[OperationId], why: FailureReason) {
        let Stage::Push(push) = &mut self.stage else { return };
        if let Some(op_id) = push.refused(sent) {
            let why = why.about(Subject::Operation(op_id));
            self.report.failures.push(Failure { what: Undertaking::Push, why });
        }
    }

    /// The server may have told another epoch: then what it had acknowledged waits again.
    fn met_epoch(&mut self, what: Undertaking, requeued: usize) {
        if requeued > 0 {
            self.push_again = true;
            self.count_restart(what);
        }
    }

    /// Fresh starts are counted, so that a server that wants them without end does not get them.
    fn count_restart(&mut self, what: Undertaking) {
        self.restarts += 1;
        if self.restarts > RESTARTS {
            self.stop(what, FailureReason::EndlessRestart);
        }
    }

    fn pull_answered(
        &mut self,
        store: &mut DeviceStore,
        response: &HttpResponse,
        now: Instant,
    ) -> Result<(), EngineError> {
        let Some(answer) = read::<PullAnswer>(response) else {
            return self.pull_refused(store, response, now);
        };
        self.access.accepted();
        self.retry.succeeded();
        match answer {
            PullAnswer::Page(page) if page.user_id != self.identity.user_id => {
                self.stop(Undertaking::Pull, FailureReason::OtherUser);
            }
            PullAnswer::Page(page) => {
                let more = page.more;
                self.take_page(store, &page, DeviceStore::apply_page)?;
                if !more {
                    self.pulled_all(store, now)?;
                }
            }
            PullAnswer::Restart { reason, .. } => self.restart(store, reason)?,
        }
        Ok(())
    }

    /// The pull has come to its end: what it made may be compared before it goes on.
    fn pulled_all(&mut self, store: &mut DeviceStore, now: Instant) -> Result<(), EngineError> {
        match self.stage {
            Stage::Pull(after) if self.compare.is_due(store, now)? => self.enter(Stage::Compare(after)),
            _ => self.leave_pull(),
        }
        Ok(())
    }

    fn digest_answered(
        &mut self,
        store: &mut DeviceStore,
        response: &HttpResponse,
        now: Instant,
    ) -> Result<(), EngineError> {
        let there = read::<ScopeDigest>(response);
        if there.is_none() && response.problem().is_none() {
            self.failed(&Asked::Digest, not_understood(response), None, now);
            return Ok(());
        }
        self.access.accepted();
        self.retry.succeeded();
        self.compare = Compare::Done;
        // A server that cannot say is asked again in a day; one that was elsewhere by then, in the next round.
        let compared = there.map(|there| compare::compare(store, &there)).transpose()?;
        if compared == Some(Compared::AtOtherCursors) {
            self.leave_pull();
            return Ok(());
        }
        store.work.note_compared(now)?;
        match (compared, &self.stage) {
            (Some(Compared::Differences(differences)), Stage::Compare(after)) if !differences.is_empty() => {
                let after = *after;
                self.report.differences = differences;
                store.work.count_repair()?;
                store.restart()?;
                self.enter(Stage::Pull(after));
            }
            _ => self.leave_pull(),
        }
        Ok(())
    }

    fn snapshot_answered(
        &mut self,
        store: &mut DeviceStore,
        response: &HttpResponse,
        now: Instant,
    ) -> Result<(), EngineError> {
        match self.bootstrap.answered(store, response)? {
            Received::Part => {
                self.access.accepted();
                self.retry.succeeded();
            }
            Received::StartsOver => self.count_restart(Undertaking::Snapshot),
            Received::Declined => self.access.accepted(),
            Received::NotUnderstood => self.failed(&Asked::Snapshot, not_understood(response), None, now),
        }
        Ok(())
    }

    fn adopt(&mut self, store: &mut DeviceStore, page: &PullPage) -> Result<(), EngineError> {
        if page.user_id != self.identity.user_id {
            store.discard_snapshot()?;
            self.stop(Undertaking::Snapshot, FailureReason::OtherUser);
            return Ok(());
        }
        self.report.snapshots += 1;
        self.take_page(store, page, DeviceStore::adopt_snapshot)
    }

    fn take_page(
        &mut self,
        store: &mut DeviceStore,
        page: &PullPage,
        apply: fn(&mut DeviceStore, &PullPage) -> Result<Pulled, StoreError>,
    ) -> Result<(), EngineError> {
        // Results that come by pull count where no push answer told of them: that answer was lost.
        let results: Vec<OperationResult> = rows(page, entity::OPERATION);
        let ids: Vec<_> = results.iter().map(|result| result.op_id).collect();
        let known = if ids.is_empty() { Vec::new() } else { store.work.operations_by_id(&ids)? };
        let open: BTreeSet<_> = known
            .iter()
            .filter(|entry| matches!(entry.state, OperationState::Waiting | OperationState::Held(_)))
            .map(|entry| entry.op_id)
            .collect();
        store.work.photos_settled(&std::mem::take(&mut self.verdicts), page.server_time)?;
        let pulled = apply(store, page)?;
        self.report.server_time = Some(page.server_time);
        self.report.pulled_rows += page.changes.len() + pulled.master.bootstrapped;
        for result in results.iter().filter(|result| open.contains(&result.op_id)) {
            self.report.take(result);
        }
        if pulled.work.photos > 0 {
            self.report.take_photos(pulled.work.photos, rows(page, entity::PHOTO));
        }
        self.met_epoch(Undertaking::Pull, pulled.work.requeued);
        Ok(())
    }

    fn pull_refused(
        &mut self,
        store: &mut DeviceStore,
        response: &HttpResponse,
        now: Instant,
    ) -> Result<(), EngineError> {
        match response.problem() {
            Some(problem) if problem.is(ProblemKind::CursorInvalid) => {
                self.restart(store, RestartReason::CursorUnknown)?;
            }
            Some(_) => {
                let why = refused(response);
                self.report.failures.push(Failure { what: Undertaking::Pull, why });
                self.leave_pull();
            }
            None => self.failed(&Asked::Pull, not_understood(response), None, now),
        }
        Ok(())
    }

    /// The server wants a fresh start: a new master is built aside, the work database stays.
    fn restart(&mut self, store: &mut DeviceStore, reason: RestartReason) -> Result<(), EngineError> {
        self.report.restarts.push(reason);
        store.restart()?;
        self.count_restart(Undertaking::Pull);
        Ok(())
    }

    fn photo_answered(
        &mut self,
        store: &mut DeviceStore,
        response: &HttpResponse,
    ) -> Result<(), EngineError> {
        let Stage::Photos(stage) = &mut self.stage else { return Err(EngineError::OutOfTurn) };
        self.access.accepted();
        self.retry.succeeded();
        match stage.answered(store, response)? {
            None => return Err(EngineError::OutOfTurn),
            Some(PhotoAnswered::GoesOn) => {}
            Some(PhotoAnswered::Judged { verdict, sent }) => {
                self.report.photos_sent += usize::from(sent);
                match verdict.refusal.clone() {
                    None => self.report.photos_verified += 1,
                    Some(rejection) => {
                        let sha256 = verdict.sha256.clone();
                        self.report.photos_refused.push(RefusedPhoto { sha256, rejection });
                    }
                }
                self.verdicts.push(verdict);
            }
            Some(PhotoAnswered::Left(sha256)) => {
                let why = refused(response).about(Subject::Photo(sha256));
                self.report.failures.push(Failure { what: Undertaking::Photos, why });
            }
        }
        Ok(())
    }

    /// What follows a pull that has come to its end, or to nothing: what a restored server lost is pushed again before
    /// all else.
    fn leave_pull(&mut self) {
        let next = match self.stage {
            Stage::Pull(_) | Stage::Compare(_) if self.push_again && self.extent == Extent::Sync => {
                Stage::Push(PushStage::new())
            }
            Stage::Pull(AfterPull::Photos) | Stage::Compare(AfterPull::Photos) => {
                Stage::Photos(PhotoStage::sending())
            }
            Stage::Pull(AfterPull::Verdicts) | Stage::Compare(AfterPull::Verdicts) => {
                Stage::Photos(PhotoStage::asking())
            }
            Stage::Pull(AfterPull::Nothing)
            | Stage::Compare(AfterPull::Nothing)
            | Stage::Push(_)
            | Stage::Photos(_)
            | Stage::Over => Stage::Over,
        };
        self.push_again = false;
        self.enter(next);
    }

    fn enter(&mut self, next: Stage) {
        if let Stage::Push(push) = std::mem::replace(&mut self.stage, next) {
            self.report.held = push.into_held();
        }
    }

    /// Ends the round here; everything not done yet waits for the next one.
    fn stop(&mut self, what: Undertaking, why: FailureReason) {
        self.report.failures.push(Failure { what, why });
        self.report.stopped = true;
        self.turn = Turn::Engine;
        self.enter(Stage::Over);
    }

    /// Token or challenge was refused: a new one, unless that does not help either.
    fn unauthorised(&mut self, asked: &Asked, response: &HttpResponse) {
        let final_word = response
            .problem()
            .is_some_and(|p| p.is(ProblemKind::DeviceRevoked) || p.is(ProblemKind::DeviceUnknown));
        if final_word || !self.access.refused() {
            self.stop(asked.undertaking(), refused(response));
        }
    }

    /// No answer, or one that says nothing about what was asked: rest and ask again, a bounded number of times.
    fn failed(&mut self, asked: &Asked, why: FailureReason, pause_seconds: Option<u64>, now: Instant) {
        if asked.undertaking() == Undertaking::Access {
            self.access.start_over();
        }
        // An operation on which the server breaks must not keep its neighbours waiting.
        let breaks = matches!(why, FailureReason::Refused { status: 500, .. });
        let pause = match self.retry.failed(now, pause_seconds) {
            AfterFailure::RestUntil(until) => Some(until),
            AfterFailure::GiveUp => None,
            AfterFailure::EndRound => {
                self.stop(asked.undertaking(), why);
                return;
            }
        };
        match (asked, pause) {
            (Asked::Push(sent), _) if breaks && sent.len() > 1 => self.push_refused(sent, why),
            (_, Some(until)) => self.turn = Turn::Resting(until),
            (Asked::Push(sent), None) if breaks => self.push_refused(sent, why),
            (Asked::Pull, None) if breaks => {
                self.report.failures.push(Failure { what: Undertaking::Pull, why });
                self.leave_pull();
            }
            (Asked::Snapshot, None) if breaks => {
                self.report.failures.push(Failure { what: Undertaking::Snapshot, why });
                self.bootstrap.decline();
            }
            (Asked::Digest, None) if breaks => {
                self.report.failures.push(Failure { what: Undertaking::Compare, why });
                self.leave_pull();
            }
            (Asked::Photo, None) if breaks => self.leave_photo(why),
            (_, None) => self.stop(asked.undertaking(), why),
        }
    }

    /// The present photo waits for the next round.
    fn leave_photo(&mut self, why: FailureReason) {
        let Stage::Photos(stage) = &mut self.stage else { return };
        let Some(sha256) = stage.leave() else { return };
        let why = why.about(Subject::Photo(sha256));
        self.report.failures.push(Failure { what: Undertaking::Photos, why });
    }

    fn finish(&mut self, store: &mut DeviceStore, now: Instant) -> Result<Step, EngineError> {
        let counts = store.work.counts()?;
        self.report.waiting_operations = counts.waiting + counts.held;
        self.report.waiting_photos = counts.photos_waiting;
        self.report.unjudged_photos = counts.photos_unjudged;
        store.work.log_round(&serde_json::to_string(&LoggedRound::of(&self.report, now))?)?;
        Ok(Step::Done(Box::new(self.report.clone())))
    }
}

/// The rows of one kind in a page that this build can read; the store counts the others.
fn rows<T: serde::de::DeserializeOwned>(page: &PullPage, kind: &str) -> Vec<T> {
    let of_kind = page.changes.iter().filter(|change| change.entity == kind);
    of_kind.filter_map(|change| serde_json::from_str(change.row.as_ref()?.get()).ok()).collect()
}

/// The answer's body, if the status is one of success and the body is what was asked for.
fn read<T: serde::de::DeserializeOwned>(response: &HttpResponse) -> Option<T> {
    (200..300).contains(&response.status).then(|| serde_json::from_slice(&response.body).ok()).flatten()
}

fn refused(response: &HttpResponse) -> FailureReason {
    FailureReason::Refused {
        status: response.status,
        problem: response.problem().map(Box::new),
        subject: None,
    }
}

/// A refusal by this product's server, or an answer of something else that stands in between.
fn not_understood(response: &HttpResponse) -> FailureReason {
    match response.problem() {
        Some(_) => refused(response),
        None => FailureReason::NotOurServer { status: response.status },
    }
}
