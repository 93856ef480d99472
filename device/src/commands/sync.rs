//! `sync` and `pull`: the report, and a failing exit code when the round did not get everything done that it tried.

use std::process::ExitCode;

use sync_core::engine::SyncReport;

use super::{EXIT_FAILED, Screen};
use crate::error::DeviceError;

pub(super) fn show(report: &SyncReport, screen: &mut Screen<'_>) -> Result<ExitCode, DeviceError> {
    screen.show(report, &screen.words.report(report))?;
    let done = !report.stopped && report.failures.is_empty();
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILED) })
}
