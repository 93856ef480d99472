//! `draft`: what is not sealed yet.

use serde_json::json;
use sync_core::time::Instant;

use super::inspect::show_saved;
use super::visit::given;
use super::{Screen, inspection_id};
use crate::cli::{DraftCommand, VisitFlags};
use crate::device::Device;
use crate::error::DeviceError;

pub(super) fn run(
    device: &mut Device,
    command: &DraftCommand,
    now: Instant,
    screen: &mut Screen<'_>,
) -> Result<(), DeviceError> {
    match command {
        DraftCommand::List => {
            let drafts = device.store().work.drafts()?;
            let lines: Vec<_> = drafts
                .iter()
                .map(|draft| format!("{}  {}", draft.inspection_id, draft.saved_at.record_text()))
                .collect();
            let json: Vec<_> = drafts
                .iter()
                .map(|draft| json!({ "draft": draft.inspection_id, "saved_at": draft.saved_at }))
                .collect();
            screen.show_lines(&json, &lines)
        }
        DraftCommand::New(visit) => new(device, visit, now, screen),
        DraftCommand::Show { draft } => {
            let draft = device.draft(inspection_id(draft)?)?;
            let text = serde_json::to_string_pretty(&draft).unwrap_or_default();
            screen.show(&draft, &text)
        }
        DraftCommand::Change { draft, visit } => {
            let id = inspection_id(draft)?;
            let changed = given(visit, now)?.over(device.draft(id)?);
            device.save_draft(Some(id), changed)?;
            screen.show(&json!({ "draft": id }), &screen.words.draft_saved(draft))
        }
        DraftCommand::Seal { draft } => {
            let recorded = device.seal_draft(inspection_id(draft)?)?;
            show_saved(device, &recorded, screen)
        }
        DraftCommand::Discard { draft } => {
            device.discard_draft(inspection_id(draft)?)?;
            screen.show(&json!({ "discarded": draft }), &screen.words.draft_discarded(draft))
        }
    }
}

pub(super) fn new(
    device: &mut Device,
    visit: &VisitFlags,
    now: Instant,
    screen: &mut Screen<'_>,
) -> Result<(), DeviceError> {
    let id = device.save_draft(None, given(visit, now)?)?;
    screen.show(&json!({ "draft": id }), &screen.words.draft_saved(&id.to_string()))
}
