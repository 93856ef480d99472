//! `inspect`, `amend` and `charges`: what was found, and what follows from it, at once and offline.

use serde_json::json;
use sync_core::field::Recorded;
use sync_core::time::Instant;

use super::visit::given;
use super::{Screen, inspection_id};
use crate::cli::VisitFlags;
use crate::device::Device;
use crate::error::DeviceError;

pub(super) fn inspect(
    device: &mut Device,
    visit: &VisitFlags,
    now: Instant,
    screen: &mut Screen<'_>,
) -> Result<(), DeviceError> {
    let recorded = device.record(given(visit, now)?)?;
    show_saved(device, &recorded, screen)
}

pub(super) fn amend(
    device: &mut Device,
    replaced: &str,
    visit: &VisitFlags,
    now: Instant,
    screen: &mut Screen<'_>,
) -> Result<(), DeviceError> {
    let recorded = device.amend(inspection_id(replaced)?, given(visit, now)?)?;
    show_saved(device, &recorded, screen)
}

pub(super) fn charges(device: &Device, inspection: &str, screen: &mut Screen<'_>) -> Result<(), DeviceError> {
    let recorded = device.recorded(inspection_id(inspection)?)?;
    let text = charges_text(device, &recorded, screen)?;
    screen.show(&recorded_json(&recorded), &text)
}

pub(super) fn show_saved(
    device: &Device,
    recorded: &Recorded,
    screen: &mut Screen<'_>,
) -> Result<(), DeviceError> {
    let saved = screen.words.saved(recorded);
    let charges = charges_text(device, recorded, screen)?;
    screen.show(&recorded_json(recorded), &format!("{saved}\n{charges}"))
}

fn charges_text(device: &Device, recorded: &Recorded, screen: &Screen<'_>) -> Result<String, DeviceError> {
    let kind = device.checklist(recorded)?;
    Ok(screen.words.evaluation(&recorded.evaluation, kind.as_ref()))
}

fn recorded_json(recorded: &Recorded) -> serde_json::Value {
    json!({
        "inspection_id": recorded.inspection_id,
        "kind": recorded.kind,
        "evaluation": recorded.evaluation,
        "total_fen": recorded.evaluation.total(),
    })
}
