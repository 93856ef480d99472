//! What one sync round did, for people and for `--json`: nothing that failed goes unheard.

use serde::Serialize;

use super::compare::Difference;
use super::http::TransportError;
use crate::ids::{OperationId, PhotoHash};
use crate::store::SnapshotFault;
use crate::time::Instant;
use crate::wire::problem::Problem;
use crate::wire::pull::{PhotoRow, RestartReason};
use crate::wire::push::{Missing, OperationResult, Outcome, Rejection};

/// What one sync round did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// Operations stored and applied now.
    pub applied: usize,
    /// Operations the server keeps for an administrator because this device was revoked (隔离).
    pub quarantined: usize,
    /// Operations the server had already, from an answer that was lost.
    pub duplicate: usize,
    /// Operations the server refused for good, and why.
    pub refused: Vec<RefusedOperation>,
    /// Operations that wait for something else to arrive.
    pub held: Vec<HeldOperation>,
    /// Photos whose bytes are now all on the server.
    pub photos_sent: usize,
    /// Photos that the server has verified; their local originals may go.
    pub photos_verified: usize,
    /// Photos the server refused, and why.
    pub photos_refused: Vec<RefusedPhoto>,
    /// Snapshots of the register that took the place of the one before (快照).
    pub snapshots: usize,
    /// Rows pulled: upserts, deletions and revocations, and those of snapshots.
    pub pulled_rows: usize,
    /// Why the master data was fetched anew, if it was.
    pub restarts: Vec<RestartReason>,
    /// Kinds of row of which this device held others than the server says; the register was fetched anew.
    pub differences: Vec<Difference>,
    /// Whether the server said that this device's database is a copy; it has another identity now (重新标识).
    pub copied_database: bool,
    /// The server's clock when it last told.
    pub server_time: Option<Instant>,
    /// Operations that still wait on this device.
    pub waiting_operations: u64,
    /// Photos that still wait on this device to be sent, whole or in part.
    pub waiting_photos: u64,
    /// Photos that the server has whole and has not judged yet (待核验): nothing has failed, the verdict comes.
    pub unjudged_photos: u64,
    /// What was tried and failed in this round, with the reason.
    pub failures: Vec<Failure>,
    /// Whether the round ended before it had tried everything.
    pub stopped: bool,
}

impl SyncReport {
    /// Counts what became of an operation; what is held is counted when the pushing ends.
    pub(super) fn take(&mut self, result: &OperationResult) {
        match &result.outcome {
            Outcome::Applied => self.applied += 1,
            Outcome::Duplicate { rejection: None } => self.duplicate += 1,
            Outcome::Quarantined => self.quarantined += 1,
            Outcome::Rejected(rejection) | Outcome::Duplicate { rejection: Some(rejection) } => {
                let rejection = rejection.clone();
                self.refused.push(RefusedOperation { op_id: result.op_id, rejection });
            }
            Outcome::Held { .. } => {}
        }
    }

    /// Counts photos of which a page told something new.
    pub(super) fn take_photos(&mut self, settled: usize, rows: Vec<PhotoRow>) {
        let refused: Vec<_> = rows
            .into_iter()
            .filter_map(|row| Some(RefusedPhoto { sha256: row.sha256, rejection: row.refusal? }))
            .filter(|refused| !self.photos_refused.contains(refused))
            .collect();
        self.photos_verified += settled.saturating_sub(refused.len());
        self.photos_refused.extend(refused);
    }
}

/// An operation the server refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedOperation {
    /// Which.
    pub op_id: OperationId,
    /// Why.
    #[serde(flatten)]
    pub rejection: Rejection,
}

/// An operation that waits for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldOperation {
    /// Which.
    pub op_id: OperationId,
    /// What is missing.
    pub missing: Vec<Missing>,
}

/// A photo the server refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedPhoto {
    /// Which.
    pub sha256: PhotoHash,
    /// Why.
    #[serde(flatten)]
    pub rejection: Rejection,
}

/// Something that failed in this round and waits for the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What was being done.
    #[serde(flatten)]
    pub what: Undertaking,
    /// Why it failed.
    #[serde(flatten)]
    pub why: FailureReason,
}

/// What a round undertakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "undertaking", rename_all = "snake_case")]
pub enum Undertaking {
    /// Getting an access token.
    Access,
    /// Pushing operations.
    Push,
    /// Pulling changes.
    Pull,
    /// Fetching a snapshot of the register.
    Snapshot,
    /// Comparing the register with the server's.
    Compare,
    /// Sending photos.
    Photos,
}

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum FailureReason {
    /// No answer came.
    Transport {
        /// How.
        error: TransportError,
    },
    /// The server answered with a failure.
    Refused {
        /// HTTP status.
        status: u16,
        /// The problem it named, if it is this product's server that answered.
        problem: Option<Box<Problem>>,
        /// The operation or photo that it is about, where only one was sent.
        subject: Option<Subject>,
    },
    /// The answer is none of this product's: a captive portal, a proxy, another server.
    NotOurServer {
        /// HTTP status.
        status: u16,
    },
    /// An operation's bytes on this device are no longer what was written; it is never sent.
    OperationUnreadable {
        /// Which.
        op_id: OperationId,
    },
    /// The server asked for a fresh start again and again.
    EndlessRestart,
    /// A photo's file is missing, shorter than recorded or unreadable on this device.
    PhotoUnreadable {
        /// Which.
        sha256: PhotoHash,
    },
    /// The page is for another user than the one who asked.
    OtherUser,
    /// The snapshot that came cannot be used; the register is pulled page by page.
    Snapshot {
        /// What is wrong with it.
        fault: SnapshotFault,
    },
}

impl FailureReason {
    /// The same, naming the one operation or photo that it is about.
    pub(super) fn about(self, about: Subject) -> Self {
        match self {
            Self::Refused { status, problem, subject: _ } => {
                Self::Refused { status, problem, subject: Some(about) }
            }
            other => other,
        }
    }
}

/// One thing that was sent alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "subject", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// An operation.
    Operation(OperationId),
    /// A photo.
    Photo(PhotoHash),
}
