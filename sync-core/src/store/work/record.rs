//! Recording: one transaction of the operation, with its number and bytes, and the rows it makes.

use rusqlite::{OptionalExtension, Transaction, params};

use super::WorkStore;
use crate::ids::{InspectionId, OperationId};
use crate::model::inspection::Inspection;
use crate::model::photo::PhotoEntry;
use crate::model::target::TargetContent;
use crate::store::error::StoreError;
use crate::wire::operation::{Body, Operation};

impl WorkStore {
    /// Records an operation: gives it the next `device_seq` (whatever its header says), encodes it, and writes
    /// with it what it means here: the sealed inspection or field record with its photo queue, or the target overlay.
    /// The draft of the same inspection goes in the same transaction. Photo files must be on disk before.
    ///
    /// The same operation again answers the number it got and writes nothing, so that a caller who never saw the
    /// first answer may repeat itself.
    ///
    /// # Errors
    /// [`StoreError::OtherUser`] or [`StoreError::OtherIncarnation`] for an operation of another store;
    /// [`StoreError::Operation`] when it could never be sent; [`StoreError::OperationIdReused`] for other content
    /// under a known id; [`StoreError::InspectionExists`]; [`StoreError::DiskFull`]. Nothing is written then.
    pub fn record(&mut self, operation: Operation) -> Result<u64, StoreError> {
        self.record_correction(operation, None)
    }

    /// As [`Self::record`], of an inspection that was made to correct this one: the one that it replaces for the server,
    /// or one that the server refused, of which the server knows nothing.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn record_correction(
        &mut self,
        mut operation: Operation,
        corrects: Option<InspectionId>,
    ) -> Result<u64, StoreError> {
        self.check_is_ours(&operation)?;
        let transaction = self.transaction()?;
        if let Some(device_seq) = recorded_before(&transaction, &mut operation)? {
            return Ok(device_seq);
        }
        let device_seq: u64 = transaction.query_row(
            "UPDATE identity SET last_device_seq = last_device_seq + 1 RETURNING last_device_seq",
            [],
            |row| row.get(0),
        )?;
        operation.header.device_seq = device_seq;
        insert_operation(&transaction, &operation)?;
        let op_id = operation.header.op_id;
        match &operation.body {
            Body::RegisterTarget(content) => insert_overlay(&transaction, op_id, 0, content)?,
            Body::UpdateTarget(update) => {
                insert_overlay(&transaction, op_id, update.base_version, &update.content)?;
            }
            Body::SubmitInspection(inspection) | Body::AmendInspection(inspection) => {
                insert_inspection(&transaction, op_id, inspection, corrects.or(inspection.replaces))?;
            }
            Body::ReportRectification(report) => {
                insert_field_record(&transaction, &operation, report, &report.photos)?;
            }
            Body::RecheckRectification(check) => {
                insert_field_record(&transaction, &operation, check, &check.photos)?;
            }
            Body::VerifyFirePoint(verification) => {
                insert_field_record(&transaction, &operation, verification, &verification.photos)?;
            }
        }
        transaction.commit()?;
        Ok(device_seq)
    }

    fn check_is_ours(&self, operation: &Operation) -> Result<(), StoreError> {
        let header = &operation.header;
        if header.author != self.user {
            return Err(StoreError::OtherUser { expected: self.user, found: header.author });
        }
        if header.incarnation != self.incarnation {
            return Err(StoreError::OtherIncarnation {
                expected: self.incarnation,
                found: header.incarnation,
            });
        }
        Ok(())
    }
}

/// The number of an operation recorded before with the same content.
fn recorded_before(
    transaction: &Transaction<'_>,
    operation: &mut Operation,
) -> Result<Option<u64>, StoreError> {
    let op_id = operation.header.op_id;
    let known: Option<(u64, Option<Vec<u8>>)> = transaction
        .query_row("SELECT device_seq, bytes FROM operation WHERE op_id = ?1", [op_id.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((device_seq, bytes)) = known else { return Ok(None) };
    operation.header.device_seq = device_seq;
    if bytes.as_deref() == Some(operation.encode()?.as_slice()) {
        Ok(Some(device_seq))
    } else {
        Err(StoreError::OperationIdReused(op_id))
    }
}

/// What a batch never splits: the lineage of an inspection, the target, or what a field record is about.
fn subject(body: &Body) -> String {
    match body {
        Body::RegisterTarget(content) => content.target_id.to_string(),
        Body::UpdateTarget(update) => update.target_id().to_string(),
        Body::SubmitInspection(inspection) | Body::AmendInspection(inspection) => {
            inspection.lineage.to_string()
        }
        Body::ReportRectification(report) => report.case_id.to_string(),
        Body::RecheckRectification(check) => check.case_id.to_string(),
        Body::VerifyFirePoint(verification) => verification.fire_point_id.to_string(),
    }
}

fn insert_operation(transaction: &Transaction<'_>, operation: &Operation) -> Result<(), StoreError> {
    let header = &operation.header;
    transaction.execute(
        "INSERT INTO operation (op_id, incarnation, device_seq, kind, subject, occurred_at, bytes, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting')",
        params![
            header.op_id.to_string(),
            header.incarnation.to_string(),
            header.device_seq,
            header.kind,
            subject(&operation.body),
            header.occurred_at.as_millisecond(),
            operation.encode()?,
        ],
    )?;
    Ok(())
}

fn insert_overlay(
    transaction: &Transaction<'_>,
    op_id: OperationId,
    base_version: u32,
    content: &TargetContent,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO target_overlay (op_id, target_id, base_version, json) VALUES (?1, ?2, ?3, ?4)",
        params![op_id.to_string(), content.target_id.to_string(), base_version, json("target", content)?],
    )?;
    Ok(())
}

fn insert_inspection(
    transaction: &Transaction<'_>,
    op_id: OperationId,
    inspection: &Inspection,
    corrects: Option<InspectionId>,
) -> Result<(), StoreError> {
    let id = inspection.inspection_id;
    if is_sealed(transaction, id)? {
        return Err(StoreError::InspectionExists(id));
    }
    transaction.execute(
        "INSERT INTO inspection (inspection_id, lineage, replaces, target_id, op_id, occurred_at, json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            id.to_string(),
            inspection.lineage.to_string(),
            corrects.map(|corrected| corrected.to_string()),
            inspection.context.target.as_ref().map(|target| target.target_id.to_string()),
            op_id.to_string(),
            inspection.occurred_at.as_millisecond(),
            json("inspection", inspection)?,
        ],
    )?;
    queue_photos(transaction, &inspection.photos)?;
    transaction.execute("DELETE FROM draft WHERE inspection_id = ?1", [id.to_string()])?;
    Ok(())
}

fn insert_field_record<T: serde::Serialize>(
    transaction: &Transaction<'_>,
    operation: &Operation,
    record: &T,
    photos: &[PhotoEntry],
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO field_record (op_id, subject, json) VALUES (?1, ?2, ?3)",
        params![operation.header.op_id.to_string(), subject(&operation.body), json("field record", record)?],
    )?;
    queue_photos(transaction, photos)
}

fn is_sealed(transaction: &Transaction<'_>, id: InspectionId) -> Result<bool, StoreError> {
    let sealed = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM inspection WHERE inspection_id = ?1)",
        [id.to_string()],
        |row| row.get(0),
    )?;
    Ok(sealed)
}

/// Queues the photos not known yet, in manifest order; a photo of an earlier inspection is queued once.
fn queue_photos(transaction: &Transaction<'_>, photos: &[PhotoEntry]) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO photo (sha256, size, state)
         SELECT value ->> '$.sha256', value ->> '$.size', 'waiting' FROM json_each(?1) WHERE true ORDER BY key
         ON CONFLICT (sha256) DO NOTHING",
        [json("photos", photos)?],
    )?;
    Ok(())
}

fn json<T: serde::Serialize + ?Sized>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|reason| StoreError::unreadable(what, reason))
}
