//! Push: `POST /api/v1/sync/push`.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::ids::{Epoch, Incarnation, InspectionId, OperationId, PackHash, PhotoHash, ProblemCode, TargetId};
use crate::time::Instant;

/// A batch of operations, each as its original bytes. At most [`crate::limits::PUSH_MAX_OPERATIONS`] and
/// [`crate::limits::PUSH_MAX_BYTES`]; operations of one lineage are never split over two batches' ends.
#[derive(Debug, Serialize, Deserialize)]
pub struct PushRequest {
    /// [`crate::wire::PROTOCOL_VERSION`].
    pub protocol: u16,
    /// The server epoch the device last saw; absent before its first pull.
    pub epoch: Option<Epoch>,
    /// The installation that sends, the same as in its operations.
    pub incarnation: Incarnation,
    /// The operations.
    pub operations: Vec<Box<RawValue>>,
}

/// What became of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Stored and applied.
    Applied,
    /// Stored before with the same bytes; this is what became of it then.
    Duplicate {
        /// Whether it was applied then; a stored rejection otherwise.
        #[serde(default)]
        rejection: Option<Rejection>,
    },
    /// Stored and not applied. Final: the device shows it and sends it no more.
    Rejected(Rejection),
    /// Stored and kept for an administrator, because the device was revoked (隔离). The device keeps it too.
    Quarantined,
    /// Not stored: it needs something that has not arrived. The device sends it again, after what is missing.
    Held {
        /// What is missing.
        missing: Vec<Missing>,
    },
}

/// Why an operation was not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rejection {
    /// Stable code from the problem table.
    pub code: ProblemCode,
    /// The field it is about, as a path in the operation's body, such as `answers[2].question`.
    pub field: Option<String>,
    /// What happened and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Something an operation waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "what", content = "id", rename_all = "snake_case")]
pub enum Missing {
    /// A target.
    Target(TargetId),
    /// The inspection that a correction replaces.
    Inspection(InspectionId),
    /// A photo.
    Photo(PhotoHash),
    /// The version of a policy pack that an inspection was sealed with: a server restored from a backup may have lost it
    /// until it is adopted again.
    Pack(PackHash),
}

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OperationResult {
    /// Which operation.
    pub op_id: OperationId,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The answer, in the order of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushResponse {
    /// One for each operation sent. A line that this build cannot read, such as a newer server's outcome, is passed over:
    /// its operation stays as it is, the others settle.
    #[serde(deserialize_with = "readable")]
    pub results: Vec<OperationResult>,
    /// The server's epoch.
    pub epoch: Epoch,
    /// The server's clock, for the device to compare its own with.
    pub server_time: Instant,
}

/// The lines that can be read.
fn readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<OperationResult>, D::Error> {
    let lines = Vec::<serde_json::Value>::deserialize(deserializer)?;
    Ok(lines.into_iter().filter_map(|line| serde_json::from_value(line).ok()).collect())
}
