//! `orders`, `report`, `recheck`, `fire-points` and `verify-fire`: the closed loop and fire points on the spot.

use serde_json::json;
use sync_core::ids::{CaseId, FirePointId, OperationId};
use sync_core::wire::problem::ProblemKind;

use super::{Screen, inspection_id};
use crate::cli::{CheckResult, RecordFlags};
use crate::device::Device;
use crate::error::DeviceError;
use crate::field_records::NewRecord;

pub(super) fn orders(device: &Device, screen: &mut Screen<'_>) -> Result<(), DeviceError> {
    let orders = device.orders()?;
    let lines: Vec<_> = orders.iter().map(|order| screen.words.order(order)).collect();
    screen.show_lines(&orders, &lines)
}

pub(super) fn fire_points(device: &Device, screen: &mut Screen<'_>) -> Result<(), DeviceError> {
    let leads = device.fire_points()?;
    let lines: Vec<_> = leads.iter().map(|lead| screen.words.lead(lead)).collect();
    screen.show_lines(&leads, &lines)
}

pub(super) fn report(
    device: &mut Device,
    case: &str,
    flags: &RecordFlags,
    screen: &mut Screen<'_>,
) -> Result<(), DeviceError> {
    let op_id = device.report_rectification(case_id(case)?, given(flags))?;
    show_saved(op_id, screen)
}

pub(super) fn recheck(
    device: &mut Device,
    case: &str,
    result: CheckResult,
    flags: &RecordFlags,
    screen: &mut Screen<'_>,
) -> Result<(), DeviceError> {
    let passed = result == CheckResult::Pass;
    let op_id = device.recheck_rectification(case_id(case)?, passed, given(flags))?;
    show_saved(op_id, screen)
}

pub(super) fn verify_fire(
    device: &mut Device,
    fire_point: &str,
    inspection: Option<&str>,
    flags: &RecordFlags,
    screen: &mut Screen<'_>,
) -> Result<(), DeviceError> {
    let unknown = || DeviceError::refused(ProblemKind::FirePointUnknown, "fire_point");
    let id: FirePointId = fire_point.parse().map_err(|_| unknown())?;
    let inspection = inspection.map(inspection_id).transpose()?;
    let op_id = device.verify_fire_point(id, inspection, given(flags))?;
    show_saved(op_id, screen)
}

fn show_saved(op_id: OperationId, screen: &mut Screen<'_>) -> Result<(), DeviceError> {
    screen.show(&json!({ "op_id": op_id }), &screen.words.record_saved(op_id))
}

fn case_id(text: &str) -> Result<CaseId, DeviceError> {
    text.parse().map_err(|_| DeviceError::refused(ProblemKind::CaseUnknown, "case"))
}

fn given(flags: &RecordFlags) -> NewRecord {
    NewRecord { text: flags.text.clone(), photos: flags.photos.clone() }
}
