//! Operation (操作): one local write of a device, kept and sent as its original bytes.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::{BootId, DeviceId, Incarnation, OperationId, PackHash, TargetId, UserId};
use crate::limits;
use crate::model::inspection::Inspection;
use crate::model::target::TargetContent;
use crate::time::{Instant, ZoneName};
use crate::wire::field_record::{FirePointVerification, RectificationCheck, RectificationReport};

/// The schema version of operation bodies that this build writes.
pub const OPERATION_SCHEMA_VERSION: u16 = 1;

/// What every operation says beside its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Header {
    /// Its id; a retry carries the same.
    pub op_id: OperationId,
    /// Who did it.
    pub author: UserId,
    /// On which device.
    pub device: DeviceId,
    /// In which installation of its database.
    pub incarnation: Incarnation,
    /// In which run of the program.
    pub boot: BootId,
    /// Counts the operations of author, device and incarnation from 1, without gaps.
    pub device_seq: u64,
    /// What the body is, by the code of [`Body::kind`]; a server rejects a kind it does not know.
    pub kind: String,
    /// Version of the body's schema.
    pub schema_version: u16,
    /// The pack the device judged by, if any.
    pub pack_version: Option<PackHash>,
    /// When, by the device's clock.
    pub occurred_at: Instant,
    /// The zone the device was in.
    pub zone: ZoneName,
    /// Milliseconds since the program's start: orders a boot's operations whatever the clock did.
    pub monotonic: u64,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Registers a target on the spot.
    RegisterTarget(TargetContent),
    /// Changes a target.
    UpdateTarget(TargetUpdate),
    /// Submits a sealed inspection.
    SubmitInspection(Inspection),
    /// Submits a correction, which names the inspection it replaces.
    AmendInspection(Inspection),
    /// Reports that a case is rectified (整改反馈).
    ReportRectification(RectificationReport),
    /// Re-checks a case on the spot (复核).
    RecheckRectification(RectificationCheck),
    /// Verifies a fire point lead on the spot (火点核查).
    VerifyFirePoint(FirePointVerification),
}

/// A change of a target, made on a version the device knew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TargetUpdate {
    /// The version it was made on.
    pub base_version: u32,
    /// The target as it should be.
    pub content: TargetContent,
}

impl TargetUpdate {
    /// The target changed.
    #[must_use]
    pub fn target_id(&self) -> TargetId {
        self.content.target_id
    }
}

impl Body {
    /// Its kind as the header names it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RegisterTarget(_) => "register_target",
            Self::UpdateTarget(_) => "update_target",
            Self::SubmitInspection(_) => "submit_inspection",
            Self::AmendInspection(_) => "amend_inspection",
            Self::ReportRectification(_) => "report_rectification",
            Self::RecheckRectification(_) => "recheck_rectification",
            Self::VerifyFirePoint(_) => "verify_fire_point",
        }
    }
}

/// A decoded operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What every operation says.
    pub header: Header,
    /// What this one does.
    pub body: Body,
}

/// Why bytes are not an operation this build can apply. Each is a stored rejection, never a failed request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperationFault {
    /// Larger than an operation may be.
    #[error("operation has {found} bytes, at most {most} are taken", most = limits::OPERATION_MAX_BYTES)]
    TooLarge {
        /// Bytes found.
        found: usize,
    },
    /// Header or body are not of the expected form.
    #[error("operation is malformed: {0}")]
    Malformed(String),
    /// A kind this build does not know.
    #[error("unknown operation kind {0:?}")]
    UnknownKind(String),
    /// A schema version newer than this build.
    #[error("operation schema version {0} is newer than this server")]
    NewerSchema(u16),
}

#[derive(Deserialize)]
struct IdOnly {
    op_id: OperationId,
}

#[derive(Deserialize)]
struct BodyOnly<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
}

#[derive(Serialize)]
struct Envelope<'a, T: Serialize> {
    #[serde(flatten)]
    header: &'a Header,
    body: &'a T,
}

/// The id of an operation, even of one whose rest cannot be read; `None` when not even that can.
#[must_use]
pub fn peek_id(bytes: &[u8]) -> Option<OperationId> {
    serde_json::from_slice::<IdOnly>(bytes).ok().map(|only| only.op_id)
}

impl Operation {
    /// The bytes that are kept, hashed and sent.
    ///
    /// # Errors
    /// [`OperationFault::Malformed`] when a number in the body is not finite, [`OperationFault::TooLarge`] when
    /// the operation could never be pushed.
    pub fn encode(&self) -> Result<Vec<u8>, OperationFault> {
        fn bytes<T: Serialize>(header: &Header, body: &T) -> Result<Vec<u8>, OperationFault> {
            serde_json::to_vec(&Envelope { header, body })
                .map_err(|e| OperationFault::Malformed(e.to_string()))
        }
        let encoded = match &self.body {
            Body::RegisterTarget(body) => bytes(&self.header, body),
            Body::UpdateTarget(body) => bytes(&self.header, body),
            Body::SubmitInspection(body) | Body::AmendInspection(body) => bytes(&self.header, body),
            Body::ReportRectification(body) => bytes(&self.header, body),
            Body::RecheckRectification(body) => bytes(&self.header, body),
            Body::VerifyFirePoint(body) => bytes(&self.header, body),
        }?;
        if encoded.len() > limits::OPERATION_MAX_BYTES {
            return Err(OperationFault::TooLarge { found: encoded.len() });
        }
        Ok(encoded)
    }

    /// Reads an operation from its bytes.
    ///
    /// # Errors
    /// Any [`OperationFault`].
    pub fn decode(bytes: &[u8]) -> Result<Self, OperationFault> {
        fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, OperationFault> {
            serde_json::from_str(text).map_err(|e| OperationFault::Malformed(e.to_string()))
        }
        if bytes.len() > limits::OPERATION_MAX_BYTES {
            return Err(OperationFault::TooLarge { found: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|e| OperationFault::Malformed(e.to_string()))?;
        let header: Header = read(text)?;
        if header.schema_version > OPERATION_SCHEMA_VERSION {
            return Err(OperationFault::NewerSchema(header.schema_version));
        }
        let body = read::<BodyOnly<'_>>(text)?.body.get();
        let body = match header.kind.as_str() {
            "register_target" => Body::RegisterTarget(read(body)?),
            "update_target" => Body::UpdateTarget(read(body)?),
            "submit_inspection" => Body::SubmitInspection(read(body)?),
            "amend_inspection" => Body::AmendInspection(read(body)?),
            "report_rectification" => Body::ReportRectification(read(body)?),
            "recheck_rectification" => Body::RecheckRectification(read(body)?),
            "verify_fire_point" => Body::VerifyFirePoint(read(body)?),
            other => return Err(OperationFault::UnknownKind(other.to_owned())),
        };
        Ok(Self { header, body })
    }
}
