//! `enrol`.

use std::path::Path;
use std::process::ExitCode;

use super::Screen;

use crate::error::DeviceError;

pub(super) fn enrol(
    data: &Path,
    server: &str,
    code: &str,
    name: &str,
    screen: &mut Screen<'_>,
) -> Result<ExitCode, DeviceError> {
    let user = crate::enrol::enrol(data, server, code, name)?;
    screen.show(&user, &screen.words.enrolled(&user))?;
    Ok(ExitCode::SUCCESS)
}
