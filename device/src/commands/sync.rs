//! `sync` and `pull`: the report, and a failing exit code when the round did not get everything done that it tried.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use sync_core::engine::SyncReport;

use super::{EXIT_FAILED, Screen};
use crate::device::Device;
use crate::error::DeviceError;

/// Shows on a terminal how far the download of the register is; a file or a program gets the report alone.
pub(super) fn tell_download(device: &mut Device, screen: &Screen<'_>) {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() {
        let words = screen.words;
        device.watch_download(move |received| {
            // A terminal that is gone keeps nobody from syncing.
            let _ = write!(terminal, "{}", words.download(received));
        });
    }
}

pub(super) fn show(report: &SyncReport, screen: &mut Screen<'_>) -> Result<ExitCode, DeviceError> {
    screen.show(report, &screen.words.report(report))?;
    let done = !report.stopped && report.failures.is_empty();
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILED) })
}

/// The sync log as it is kept, whatever the output's form: one JSON a line, to be handed on.
pub(super) fn log(device: &Device, screen: &mut Screen<'_>) -> Result<(), DeviceError> {
    screen.raw_lines(&device.store().work.sync_log()?)
}
