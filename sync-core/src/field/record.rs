//! Recording: the one place where an operation is made of what was given, and what an own inspection led to, again.

use super::error::FieldError;
use super::seal_inspection::{Sealed, evaluate_again, policies};
use crate::evaluate::Evaluation;
use crate::ids::{BootId, DeviceId, InspectionId, KindCode, OperationId, UserId};
use crate::model::inspection::Inspection;
use crate::policy::Kind;
use crate::store::{DeviceStore, StoreError};
use crate::time::{Instant, ZoneName};
use crate::wire::operation::{Body, Header, OPERATION_SCHEMA_VERSION, Operation};

/// Who records, on which device, in which run of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// This run of the program.
    pub boot: BootId,
}

/// When something is written, and under which id: the same id again writes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The operation's id.
    pub op_id: OperationId,
    /// By the device's clock.
    pub at: Instant,
    /// Milliseconds since the program's start.
    pub monotonic: u64,
}

/// What recording an inspection led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its id.
    pub inspection_id: InspectionId,
    /// The kind whose checklist was walked.
    pub kind: KindCode,
    /// Its charges and non-charges.
    pub evaluation: Evaluation,
}

/// Records a sealed inspection.
///
/// # Errors
/// [`StoreError`]; nothing is written then.
pub fn record_inspection(
    store: &mut DeviceStore,
    author: &Author,
    sealed: Sealed,
    written: Written,
) -> Result<Recorded, StoreError> {
    let Sealed { inspection, corrects, evaluation } = sealed;
    let recorded =
        Recorded { inspection_id: inspection.inspection_id, kind: inspection.kind.clone(), evaluation };
    let body = match inspection.replaces {
        None => Body::SubmitInspection(inspection),
        Some(_) => Body::AmendInspection(inspection),
    };
    let operation = operation(store, author, body, written);
    store.work.record_correction(operation, corrects)?;
    Ok(recorded)
}

/// Records any other operation.
///
/// # Errors
/// [`StoreError`]; nothing is written then.
pub fn record(
    store: &mut DeviceStore,
    author: &Author,
    body: Body,
    written: Written,
) -> Result<(), StoreError> {
    let operation = operation(store, author, body, written);
    store.work.record(operation)?;
    Ok(())
}

fn operation(store: &DeviceStore, author: &Author, body: Body, written: Written) -> Operation {
    let pack_version = match &body {
        Body::SubmitInspection(inspection) | Body::AmendInspection(inspection) => {
            inspection.context.pack.as_ref().map(|pack| pack.hash.clone())
        }
        Body::RegisterTarget(_)
        | Body::UpdateTarget(_)
        | Body::ReportRectification(_)
        | Body::RecheckRectification(_)
        | Body::VerifyFirePoint(_) => None,
    };
    let header = Header {
        op_id: written.op_id,
        author: author.user,
        device: author.device,
        incarnation: store.work.incarnation(),
        boot: author.boot,
        // The store gives the number.
        device_seq: 0,
        kind: body.kind().to_owned(),
        schema_version: OPERATION_SCHEMA_VERSION,
        pack_version,
        occurred_at: occurred_at(&body).unwrap_or(written.at),
        zone: ZoneName::record(),
        monotonic: written.monotonic,
    };
    Operation { header, body }
}

/// When what the operation says occurred, where that is not when it was written.
fn occurred_at(body: &Body) -> Option<Instant> {
    match body {
        Body::SubmitInspection(inspection) | Body::AmendInspection(inspection) => {
            Some(inspection.occurred_at)
        }
        Body::RegisterTarget(_)
        | Body::UpdateTarget(_)
        | Body::ReportRectification(_)
        | Body::RecheckRectification(_)
        | Body::VerifyFirePoint(_) => None,
    }
}

/// An own inspection as it was sealed.
///
/// # Errors
/// [`FieldError::InspectionUnknown`] when it is none of this user's on this device; [`FieldError::Store`].
pub fn own_inspection(store: &DeviceStore, id: InspectionId) -> Result<Inspection, FieldError> {
    let own = store.work.inspection(id)?;
    own.map(|own| own.inspection).ok_or_else(|| FieldError::InspectionUnknown(id.to_string()))
}

/// What an own inspection led to, again.
///
/// # Errors
/// As [`own_inspection`].
pub fn recorded(store: &DeviceStore, id: InspectionId) -> Result<Recorded, FieldError> {
    let inspection = own_inspection(store, id)?;
    let evaluation = evaluate_again(store, &inspection)?;
    Ok(Recorded { inspection_id: id, kind: inspection.kind, evaluation })
}

/// The kind as the pack that judged describes it, with the wording of its questions.
///
/// # Errors
/// [`StoreError::Sqlite`] and its special cases.
pub fn checklist(store: &DeviceStore, recorded: &Recorded) -> Result<Option<Kind>, StoreError> {
    let policies = policies(store)?;
    let book = &policies.book;
    let pack = recorded.evaluation.pack.as_ref().and_then(|pack| book.by_hash(&pack.hash));
    Ok(pack.and_then(|pack| pack.kind(&recorded.kind)).cloned())
}
