//! Received operation (收到的操作): its original bytes, their hash, and what they say, if they say anything.
//!
//! Invariant: nothing about one operation fails its neighbours. Only a missing id does, for then there is nothing
//! to answer under.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use sync_core::ids::OperationId;
use sync_core::wire::operation::{Operation, OperationFault, peek_id};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::push::{PushRequest, Rejection};

/// An operation as it came.
#[derive(Debug)]
pub struct ReceivedOperation {
    /// Its id.
    pub op_id: OperationId,
    raw: Box<RawValue>,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// What it says, or why it cannot be read.
    pub decoded: Result<Operation, Rejection>,
}

impl ReceivedOperation {
    /// Its bytes as sent.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.raw.get().as_bytes()
    }
}

/// An operation has no readable id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("operation {index} of the request has no readable op_id")]
pub struct UnreadableId {
    /// Its place in the request, from 0.
    pub index: usize,
}

/// Reads the operations of a request.
///
/// # Errors
/// [`UnreadableId`] for the first operation without one.
pub fn receive(request: PushRequest) -> Result<Vec<ReceivedOperation>, UnreadableId> {
    request
        .operations
        .into_iter()
        .enumerate()
        .map(|(index, raw)| {
            let bytes = raw.get().as_bytes();
            let op_id = peek_id(bytes).ok_or(UnreadableId { index })?;
            let (sha256, decoded) = (Sha256::digest(bytes).into(), decode(bytes));
            Ok(ReceivedOperation { op_id, raw, sha256, decoded })
        })
        .collect()
}

fn decode(bytes: &[u8]) -> Result<Operation, Rejection> {
    let operation = Operation::decode(bytes).map_err(|fault| {
        tracing::debug!(%fault, "operation cannot be read");
        let (kind, field) = match fault {
            OperationFault::TooLarge { .. } => (ProblemKind::OperationTooLarge, None),
            OperationFault::Malformed(_) => (ProblemKind::OperationMalformed, None),
            OperationFault::UnknownKind(_) => (ProblemKind::OperationKindUnknown, Some("kind")),
            OperationFault::NewerSchema(_) => (ProblemKind::OperationSchemaNewer, Some("schema_version")),
        };
        kind.rejection(field.map(str::to_owned))
    })?;
    // The column is signed; no device counts this far.
    if i64::try_from(operation.header.device_seq).is_err() {
        return Err(ProblemKind::OperationMalformed.rejection(Some("device_seq".to_owned())));
    }
    Ok(operation)
}
