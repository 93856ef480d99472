//! Received operation (收到的操作): its original bytes, their hash, and what they say, if they say anything.
//!
//! Invariant: nothing about one operation fails its neighbours. Only a missing id does, for then there is nothing
//! to answer under.

use sha2::{Digest, Sha256};
use sync_core::ids::OperationId;
use sync_core::wire::operation::{Operation, OperationFault, peek_id};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::push::{PushRequest, Rejection};

/// An operation as it came.
#[derive(Debug)]
pub struct ReceivedOperation<'a> {
    /// Its id.
    pub op_id: OperationId,
    /// Its bytes as sent.
    pub bytes: &'a [u8],
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// What it says, or why it cannot be read.
    pub decoded: Result<Operation, Rejection>,
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
pub fn receive(request: &PushRequest) -> Result<Vec<ReceivedOperation<'_>>, UnreadableId> {
    request
        .operations
        .iter()
        .enumerate()
        .map(|(index, raw)| {
            let bytes = raw.get().as_bytes();
            let op_id = peek_id(bytes).ok_or(UnreadableId { index })?;
            Ok(ReceivedOperation {
                op_id,
                bytes,
                sha256: Sha256::digest(bytes).into(),
                decoded: decode(bytes),
            })
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
