//! `list`, `status` and `log`: how the user's work stands.

use serde::Serialize;
use sync_core::field::SentState;
use sync_core::ids::OperationId;
use sync_core::time::Instant;

use super::Screen;
use crate::device::Device;
use crate::error::DeviceError;

/// Operations in a log, the newest.
const LOG_MAX: usize = 200;

/// An operation of the log.
#[derive(Serialize)]
struct LogLine {
    op_id: OperationId,
    device_seq: u64,
    kind: String,
    subject: String,
    occurred_at: Instant,
    #[serde(flatten)]
    state: SentState,
}

pub(super) fn list(device: &Device, screen: &mut Screen<'_>) -> Result<(), DeviceError> {
    let inspections = device.inspections()?;
    let lines: Vec<_> = inspections.iter().map(|line| screen.words.inspection(line)).collect();
    screen.show_lines(&inspections, &lines)
}

pub(super) fn status(device: &Device, screen: &mut Screen<'_>) -> Result<(), DeviceError> {
    let status = device.status()?;
    screen.show(&status, &screen.words.status(&status))
}

pub(super) fn log(device: &Device, screen: &mut Screen<'_>) -> Result<(), DeviceError> {
    let operations = device.store().work.operations(LOG_MAX)?;
    let log: Vec<_> = operations
        .into_iter()
        .map(|entry| LogLine {
            op_id: entry.op_id,
            device_seq: entry.device_seq,
            kind: entry.kind,
            subject: entry.subject,
            occurred_at: entry.occurred_at,
            state: entry.state.into(),
        })
        .collect();
    let line = |entry: &LogLine| {
        let state = screen.words.state(&entry.state);
        let time = entry.occurred_at.record_text();
        format!("{}  {time}  {}  {}  {state}", entry.device_seq, entry.kind, entry.subject)
    };
    let lines: Vec<_> = log.iter().map(line).collect();
    screen.show_lines(&log, &lines)
}
