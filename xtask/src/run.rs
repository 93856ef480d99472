//! Running other programs.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;

/// Variables that `cargo run` sets for this program; build scripts of others that watch them would run again.
const OF_THIS_PACKAGE: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// The cargo that runs this program.
pub fn cargo(subcommand: &str) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let own = name.to_str().is_some_and(|name| OF_THIS_PACKAGE.iter().any(|own| name.starts_with(own)));
        if own {
            command.env_remove(name);
        }
    }
    command.arg(subcommand);
    command
}

/// Runs a command to its end; its output goes where this program's goes.
///
/// # Errors
/// [`Error::Start`], [`Error::Failed`].
pub fn run(command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(not_started(command))?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: line(command), status }) }
}

/// Builds every program of the workspace, for those who run them; a part of the workspace alone would compile
/// dependencies anew.
///
/// # Errors
/// [`Error::Failed`].
pub fn build_programs(release: bool) -> Result<(), Error> {
    run(cargo("build").args(["--workspace", "--bins"]).args(release.then_some("--release")))
}

/// A program of the workspace, beside this one or in the folder of the other profile; it must be built.
///
/// # Errors
/// [`Error::Io`].
pub fn program(name: &str, release: bool) -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(Error::io("find", Path::new("xtask")))?;
    let profiles = own.parent().and_then(Path::parent).unwrap_or(Path::new("target"));
    Ok(profiles.join(if release { "release" } else { "debug" }).join(name))
}

/// Runs a command with `input` as its standard input and returns what it prints.
///
/// # Errors
/// [`Error::Start`], [`Error::Failed`].
pub fn output(command: &mut Command, input: &str) -> Result<String, Error> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(not_started(command))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends before it has read everything says why itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(not_started(command))?;
    if !output.status.success() {
        return Err(Error::Failed { command: line(command), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command can be run and succeeds; what it prints is of no interest.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
}

/// Starts a command that goes on beside this program.
///
/// # Errors
/// [`Error::Start`].
pub fn start(command: &mut Command) -> Result<(), Error> {
    command.spawn().map(drop).map_err(not_started(command))
}

/// Becomes the command, so that Ctrl-C reaches it and nothing else. Returns only if that fails.
pub fn replace_with(command: &mut Command) -> Error {
    let source = command.exec();
    not_started(command)(source)
}

fn not_started(command: &Command) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let program = command.get_program().to_string_lossy().into_owned();
    move |source| Error::Start { program, source }
}

/// The command line as one would type it.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
