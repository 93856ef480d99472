//! One file for each group of commands. A command reads its flags, calls the device, and shows what came of it.

mod draft;
mod enrol;
mod field_records;
mod inspect;
mod review;
mod sync;
mod targets;
mod visit;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use sync_core::ids::InspectionId;
use sync_core::time::Clock;

use crate::cli::{Cli, Command};
use crate::device::Device;
use crate::error::DeviceError;
use crate::messages::{Words, problems_of};

/// Exit code when something could not be done: no network, no space, or part of a sync failed.
const EXIT_FAILED: u8 = 1;
/// Exit code when the input is not acceptable; nothing was stored.
const EXIT_BAD_INPUT: u8 = 2;

/// Where a command shows what it did.
struct Screen<'o> {
    json: bool,
    words: Words,
    out: &'o mut dyn Write,
}

impl Screen<'_> {
    /// Shows a value as JSON, or else the text.
    fn show(&mut self, value: &impl Serialize, text: &str) -> Result<(), DeviceError> {
        let failed = |source| DeviceError::File { path: PathBuf::from("stdout"), source };
        if self.json {
            let json = serde_json::to_string_pretty(value)
                .map_err(|source| DeviceError::NotReadable { path: PathBuf::from("stdout"), source })?;
            writeln!(self.out, "{json}").map_err(failed)
        } else {
            writeln!(self.out, "{text}").map_err(failed)
        }
    }

    /// Shows lines as they are, for programs and files.
    fn raw_lines(&mut self, lines: &[String]) -> Result<(), DeviceError> {
        let failed = |source| DeviceError::File { path: PathBuf::from("stdout"), source };
        lines.iter().try_for_each(|line| writeln!(self.out, "{line}")).map_err(failed)
    }

    /// Shows lines, or a word for none.
    fn show_lines(&mut self, value: &impl Serialize, lines: &[String]) -> Result<(), DeviceError> {
        let text = if lines.is_empty() { self.words.nothing().to_owned() } else { lines.join("\n") };
        self.show(value, &text)
    }
}

/// Runs one command; what it shows goes to `out`, what went wrong to `err` (with `--json` both go to `out`).
pub(crate) fn run(cli: &Cli, clock: Arc<dyn Clock>, out: &mut dyn Write, err: &mut dyn Write) -> ExitCode {
    let words = Words(cli.lang);
    let mut screen = Screen { json: cli.json, words, out };
    match dispatch(cli, clock.clone(), &mut screen, err) {
        Ok(code) => code,
        Err(error) => {
            let mut problems = problems_of(&error);
            if error.is_damage() {
                // Not tried again by itself: it may have recorded something already.
                let set_aside = Device::open_thoroughly(&cli.data, cli.user.as_deref(), clock)
                    .and_then(|device| tell_set_aside(&device, words, err));
                problems.extend(set_aside.err().iter().flat_map(problems_of));
            }
            // Nothing is left to tell a closed terminal.
            let _ = if cli.json {
                problems.first().map_or(Ok(()), |problem| {
                    let text = serde_json::to_string_pretty(problem).unwrap_or_default();
                    writeln!(screen.out, "{text}")
                })
            } else {
                problems.iter().try_for_each(|problem| writeln!(err, "{}", words.problem(problem)))
            };
            ExitCode::from(exit_code(&error))
        }
    }
}

fn dispatch(
    cli: &Cli,
    clock: Arc<dyn Clock>,
    screen: &mut Screen<'_>,
    err: &mut dyn Write,
) -> Result<ExitCode, DeviceError> {
    if let Command::Enrol { server, code, name } = &cli.command {
        return enrol::enrol(&cli.data, server, code, name, screen);
    }
    let now = clock.now();
    let mut device = Device::open_as(&cli.data, cli.user.as_deref(), clock)?;
    tell_set_aside(&device, screen.words, err)?;
    match &cli.command {
        Command::Enrol { .. } => {}
        Command::Pull => {
            sync::tell_download(&mut device, screen);
            return sync::show(&device.pull()?, screen);
        }
        Command::Sync => {
            sync::tell_download(&mut device, screen);
            return sync::show(&device.sync()?, screen);
        }
        Command::Compare => return sync::show(&device.compare()?, screen),
        Command::SyncLog => sync::log(&device, screen)?,
        Command::Targets { command } => targets::run(&mut device, command, screen)?,
        Command::Inspect { draft: true, visit } => draft::new(&mut device, visit, now, screen)?,
        Command::Inspect { draft: false, visit } => inspect::inspect(&mut device, visit, now, screen)?,
        Command::Draft { command } => draft::run(&mut device, command, now, screen)?,
        Command::Amend { inspection, visit } => {
            inspect::amend(&mut device, inspection, visit, now, screen)?;
        }
        Command::Charges { inspection } => inspect::charges(&device, inspection, screen)?,
        Command::Orders => field_records::orders(&device, screen)?,
        Command::Report { case, record } => field_records::report(&mut device, case, record, screen)?,
        Command::Recheck { case, result, record } => {
            field_records::recheck(&mut device, case, *result, record, screen)?;
        }
        Command::FirePoints => field_records::fire_points(&device, screen)?,
        Command::VerifyFire { fire_point, inspection, record } => {
            field_records::verify_fire(&mut device, fire_point, inspection.as_deref(), record, screen)?;
        }
        Command::List => review::list(&device, screen)?,
        Command::Status => review::status(&device, screen)?,
        Command::Log => review::log(&device, screen)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn tell_set_aside(device: &Device, words: Words, err: &mut dyn Write) -> Result<(), DeviceError> {
    device.set_aside().iter().try_for_each(|path| {
        writeln!(err, "{}", words.database_set_aside(&path.display().to_string()))
            .map_err(|source| DeviceError::File { path: PathBuf::from("stderr"), source })
    })
}

const fn exit_code(error: &DeviceError) -> u8 {
    match error {
        DeviceError::Refused(_)
        | DeviceError::NotEnrolled(_)
        | DeviceError::WhichUser(_)
        | DeviceError::OtherServer(_)
        | DeviceError::InspectionUnknown(_) => EXIT_BAD_INPUT,
        DeviceError::EnrolmentRefused(_)
        | DeviceError::NotOurServer(_)
        | DeviceError::Transport(_)
        | DeviceError::Key(_)
        | DeviceError::Store(_)
        | DeviceError::Engine(_)
        | DeviceError::File { .. }
        | DeviceError::NotReadable { .. } => EXIT_FAILED,
    }
}

/// An inspection or draft named on the command line.
fn inspection_id(text: &str) -> Result<InspectionId, DeviceError> {
    text.parse().map_err(|_| DeviceError::InspectionUnknown(text.to_owned()))
}
