//! What the sync log says of a round: when, how much, and what went wrong, by ids and codes. It may be shown to whoever
//! helps: no name, note or measurement of an inspection is in it, nor what the network said in words.

use serde::Serialize;

use super::report::{Failure, FailureReason, SyncReport, Undertaking};
use super::{Difference, TransportError};
use crate::ids::{OperationId, PhotoHash, ProblemCode};
use crate::store::SnapshotFault;
use crate::time::Instant;
use crate::wire::pull::RestartReason;

/// Refusals named in a line, at most.
const NAMED_MAX: usize = 20;

/// A line of the sync log.
#[derive(Debug, Serialize)]
pub(super) struct LoggedRound<'a> {
    at: Instant,
    server_time: Option<Instant>,
    applied: usize,
    duplicate: usize,
    quarantined: usize,
    held: usize,
    refused: Vec<(OperationId, &'a ProblemCode)>,
    photos_sent: usize,
    photos_verified: usize,
    photos_refused: Vec<(&'a PhotoHash, &'a ProblemCode)>,
    pulled_rows: usize,
    snapshots: usize,
    restarts: &'a [RestartReason],
    differences: &'a [Difference],
    copied_database: bool,
    waiting_operations: u64,
    waiting_photos: u64,
    failures: Vec<LoggedFailure<'a>>,
    stopped: bool,
}

#[derive(Debug, Serialize)]
struct LoggedFailure<'a> {
    #[serde(flatten)]
    what: Undertaking,
    why: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a ProblemCode>,
}

impl<'a> LoggedRound<'a> {
    pub(super) fn of(report: &'a SyncReport, at: Instant) -> Self {
        let refused = report.refused.iter().map(|refused| (refused.op_id, &refused.rejection.code));
        let photos = report.photos_refused.iter().map(|refused| (&refused.sha256, &refused.rejection.code));
        Self {
            at,
            server_time: report.server_time,
            applied: report.applied,
            duplicate: report.duplicate,
            quarantined: report.quarantined,
            held: report.held.len(),
            refused: refused.take(NAMED_MAX).collect(),
            photos_sent: report.photos_sent,
            photos_verified: report.photos_verified,
            photos_refused: photos.take(NAMED_MAX).collect(),
            pulled_rows: report.pulled_rows,
            snapshots: report.snapshots,
            restarts: &report.restarts,
            differences: &report.differences,
            copied_database: report.copied_database,
            waiting_operations: report.waiting_operations,
            waiting_photos: report.waiting_photos,
            failures: report.failures.iter().take(NAMED_MAX).map(logged).collect(),
            stopped: report.stopped,
        }
    }
}

fn logged(failure: &Failure) -> LoggedFailure<'_> {
    let (why, status, code) = match &failure.why {
        FailureReason::Transport { error: TransportError::Unreachable(_) } => ("unreachable", None, None),
        FailureReason::Transport { error: TransportError::Interrupted(_) } => ("interrupted", None, None),
        FailureReason::Refused { status, problem, .. } => {
            ("refused", Some(*status), problem.as_ref().map(|problem| &problem.code))
        }
        FailureReason::NotOurServer { status } => ("not_our_server", Some(*status), None),
        FailureReason::OperationUnreadable { .. } => ("operation_unreadable", None, None),
        FailureReason::EndlessRestart => ("endless_restart", None, None),
        FailureReason::PhotoUnreadable { .. } => ("photo_unreadable", None, None),
        FailureReason::OtherUser => ("other_user", None, None),
        FailureReason::Snapshot { fault: SnapshotFault::HashDiffers(_) } => {
            ("snapshot_hash_differs", None, None)
        }
        FailureReason::Snapshot { fault: SnapshotFault::Unreadable(_) } => {
            ("snapshot_unreadable", None, None)
        }
        FailureReason::Snapshot { fault: SnapshotFault::Newer(_) } => ("snapshot_newer", None, None),
    };
    LoggedFailure { what: failure.what, why, status, code }
}
