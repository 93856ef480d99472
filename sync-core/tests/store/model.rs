//! The outbox against a simple model: whatever is recorded, sent, answered, lost, repeated or restored in whatever
//! order, nothing recorded is lost and nothing acknowledged is sent again.

use std::collections::{BTreeMap, BTreeSet};

use crate::fixtures::*;
use proptest::prelude::*;
use sync_core::ids::{Epoch, OperationId};
use sync_core::store::WorkStore;
use sync_core::wire::operation::Operation;
use sync_core::wire::push::{OperationResult, Outcome, PushResponse};

/// What may happen; numbers choose among what is there.
#[derive(Debug, Clone)]
enum Step {
    Record,
    Amend(usize),
    /// A push of at most so many operations, each answered by the outcome of its number; the answer may be lost.
    Push {
        most: usize,
        outcomes: Vec<u8>,
        answer_lost: bool,
    },
    /// The last answer once more.
    AnswerAgain,
    ReleaseHeld,
    /// A backup that has everything acknowledged so far.
    Backup,
    /// The server is restored from its last backup.
    Restore,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Record),
        2 => any::<usize>().prop_map(Step::Amend),
        5 => (1_usize..6, prop::collection::vec(0_u8..4, 6), any::<bool>())
            .prop_map(|(most, outcomes, answer_lost)| Step::Push { most, outcomes, answer_lost }),
        1 => Just(Step::AnswerAgain),
        2 => Just(Step::ReleaseHeld),
        1 => Just(Step::Backup),
        1 => Just(Step::Restore),
        1 => Just(Step::Reopen),
    ]
}

/// The server, and what the device must know of it.
#[derive(Default)]
struct Model {
    recorded: BTreeMap<OperationId, Operation>,
    /// What the server has stored: applied, or rejected.
    stored: BTreeMap<OperationId, bool>,
    backed_up: BTreeMap<OperationId, bool>,
    /// What the device has seen acknowledged, and no restore has undone.
    acknowledged: BTreeSet<OperationId>,
    refused: BTreeSet<OperationId>,
    forgotten: BTreeSet<OperationId>,
    epoch: u128,
    minute: i64,
    last_answer: Option<PushResponse>,
}

impl Model {
    fn answer(&mut self, sent: &[OperationId], outcomes: &[u8]) -> PushResponse {
        let mut results = vec![];
        for (op_id, choice) in sent.iter().zip(outcomes.iter().cycle()) {
            let outcome = match (self.stored.get(op_id), choice) {
                (Some(true), _) => Outcome::Duplicate { rejection: None },
                (Some(false), _) | (None, 1) => {
                    self.stored.insert(*op_id, false);
                    rejected()
                }
                (None, 2) => Outcome::Held { missing: vec![] },
                (None, 3) => continue,
                (None, _) => {
                    self.stored.insert(*op_id, true);
                    Outcome::Applied
                }
            };
            results.push(OperationResult { op_id: *op_id, outcome });
        }
        results.reverse();
        self.minute += 1;
        PushResponse { results, epoch: Epoch(uuid(self.epoch)), server_time: at(self.minute) }
    }

    fn learn(&mut self, answer: &PushResponse) {
        for result in &answer.results {
            let final_already =
                self.acknowledged.contains(&result.op_id) || self.refused.contains(&result.op_id);
            match &result.outcome {
                _ if final_already => {}
                Outcome::Applied | Outcome::Duplicate { rejection: None } => {
                    self.acknowledged.insert(result.op_id);
                }
                Outcome::Rejected(_) => {
                    self.refused.insert(result.op_id);
                }
                _ => {}
            }
        }
    }

    fn check(&self, store: &WorkStore) -> Result<(), TestCaseError> {
        let counts = store.counts().unwrap();
        let number = |count: u64| usize::try_from(count).unwrap();
        prop_assert_eq!(number(counts.acknowledged), self.acknowledged.len());
        prop_assert_eq!(number(counts.refused), self.refused.len());
        let open = self.recorded.len() - self.acknowledged.len() - self.refused.len();
        prop_assert_eq!(number(counts.waiting + counts.held), open, "nothing recorded is lost");
        let batch = store.outbox_batch(usize::MAX, usize::MAX).unwrap();
        prop_assert!(batch.is_sorted_by_key(|op| op.device_seq));
        for op in batch {
            prop_assert!(!self.acknowledged.contains(&op.op_id), "nothing acknowledged is sent again");
            prop_assert!(!self.refused.contains(&op.op_id), "nothing refused is sent again");
            let sent = Operation::decode(&op.bytes).unwrap();
            prop_assert_eq!(&sent.body, &self.recorded[&op.op_id].body);
            prop_assert_eq!(sent.header.device_seq, op.device_seq);
        }
        Ok(())
    }
}

fn take(store: &mut WorkStore, model: &mut Model, step: Step, path: &std::path::Path) {
    match step {
        Step::Record => {
            let op = submission();
            store.record(op.clone()).unwrap();
            model.recorded.insert(op.header.op_id, op);
        }
        Step::Amend(choice) => {
            let first = model.recorded.values().filter(|op| op.body.kind() == "submit_inspection");
            let firsts: Vec<_> = first.cloned().collect();
            if !firsts.is_empty() {
                let op = amendment(&firsts[choice % firsts.len()]);
                store.record(op.clone()).unwrap();
                model.recorded.insert(op.header.op_id, op);
            }
        }
        Step::Push { most, outcomes, answer_lost } => {
            let sent = ids(&store.outbox_batch(most, usize::MAX).unwrap());
            assert!(sent.len() <= most);
            let answer = model.answer(&sent, &outcomes);
            if !answer_lost {
                store.apply_push_response(&answer).unwrap();
                model.learn(&answer);
                model.last_answer = Some(answer);
            }
        }
        Step::AnswerAgain => {
            if let Some(answer) = &model.last_answer {
                store.apply_push_response(answer).unwrap();
            }
        }
        Step::ReleaseHeld => {
            store.release_held().unwrap();
        }
        Step::Backup => {
            model.backed_up = model.stored.clone();
            model.forgotten = model.acknowledged.clone();
            let mut backup = page("c", vec![]);
            backup.epoch = Epoch(uuid(model.epoch));
            backup.backed_up_through = Some(at(model.minute));
            store.apply_pulled(&backup).unwrap();
        }
        Step::Restore => {
            model.stored = model.backed_up.clone();
            model.epoch += 1;
            model.last_answer = None;
            let had_epoch = store.epoch().unwrap().is_some();
            let mut restored = page("c", vec![]);
            restored.epoch = Epoch(uuid(model.epoch));
            store.apply_pulled(&restored).unwrap();
            assert!(had_epoch || model.acknowledged.is_empty());
            model.acknowledged = model.forgotten.clone();
        }
        Step::Reopen => {
            let closed = WorkStore::open(&path.with_extension("none"), USER, INCARNATION).unwrap();
            drop(std::mem::replace(store, closed));
            *store = WorkStore::open(path, USER, INCARNATION).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn nothing_recorded_is_lost_and_nothing_acknowledged_is_sent_again(steps in prop::collection::vec(step(), 1..40)) {
        let (directory, mut store) = work_store();
        let path = directory.path().join("work.db");
        let mut model = Model { epoch: 1, ..Model::default() };
        for step in steps {
            take(&mut store, &mut model, step, &path);
            model.check(&store)?;
        }
        // Once the server answers everything, nothing waits any more.
        for _ in 0..=model.recorded.len() {
            take(&mut store, &mut model, Step::ReleaseHeld, &path);
            let step = Step::Push { most: 5, outcomes: vec![0], answer_lost: false };
            take(&mut store, &mut model, step, &path);
        }
        model.check(&store)?;
        let counts = store.counts().unwrap();
        prop_assert_eq!((counts.waiting, counts.held), (0, 0));
    }
}
