//! Building the web application (网页) with npm: only when its sources are newer than what was built.
//!
//! Its types are made from the agreed OpenAPI document, which is a source like the others.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::error::Error;
use crate::progress::Progress;
use crate::run::{run, succeeds};
use crate::wasm;

/// The npm workspace.
const WORKSPACE: &str = "web";

/// What the server serves.
pub const BUILT: &str = "web/office/dist";

/// What the server serves below `/tablet/`; built with the office.
pub const TABLET: &str = "web/tablet/dist";

/// The API as the screens know it.
const OPENAPI: &str = "tests/integration/snapshots/integration__openapi__openapi.snap";

/// Folders of the workspace that hold no sources.
const NOT_SOURCES: [&str; 2] = ["node_modules", "dist"];

/// Builds what is missing or old. Returns the folder that the server serves.
///
/// # Errors
/// [`Error::Missing`] without npm; what npm says.
pub fn build() -> Result<PathBuf, Error> {
    wasm::build()?;
    let built = PathBuf::from(BUILT);
    let sources = newest(Path::new(WORKSPACE))?.max(changed_at(Path::new(OPENAPI))?);
    if changed_at(&built.join("index.html"))? >= sources {
        return Ok(built);
    }
    if !succeeds(Command::new("npm").arg("--version")) {
        return Err(Error::Missing {
            what: "npm",
            how: "Node.js 20.19 or later with npm (https://nodejs.org, or your distribution's packages nodejs and npm)",
        });
    }
    let mut progress = Progress::default();
    let [lock, installed] =
        ["package-lock.json", "node_modules/.package-lock.json"].map(|file| Path::new(WORKSPACE).join(file));
    if changed_at(&installed)? < changed_at(&lock)? {
        progress.step("web packages", || run(npm().arg("ci")))?;
    }
    progress.step("web application", || run(npm().args(["run", "build"])))?;
    Ok(built)
}

/// npm in the workspace.
pub fn npm() -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(WORKSPACE);
    npm
}

/// When the newest source below a folder changed; `None` where there is none.
fn newest(folder: &Path) -> Result<Option<SystemTime>, Error> {
    let mut newest = None;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
            let entry = entry.map_err(Error::io("read", &folder))?;
            let path = entry.path();
            if !path.is_dir() {
                newest = newest.max(changed_at(&path)?);
            } else if !NOT_SOURCES.iter().any(|name| entry.file_name() == *name) {
                folders.push(path);
            }
        }
    }
    Ok(newest)
}

/// When a file changed; `None` where there is none.
fn changed_at(file: &Path) -> Result<Option<SystemTime>, Error> {
    match std::fs::metadata(file).and_then(|facts| facts.modified()) {
        Ok(changed) => Ok(Some(changed)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", file)(error)),
    }
}
