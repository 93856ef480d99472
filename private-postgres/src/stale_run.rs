//! Clearing up after a run that did not end by itself.
//!
//! Must be called under the cluster's lock: then whatever still runs in the data directory has no owner.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::directories::{Directories, remove};
use crate::error::Error;
use crate::postmaster::{send, stop_by_ladder, written_pid};

/// Stops what is left of an earlier run, then removes what it left behind: the pid file, the socket and an
/// unfinished data directory.
///
/// # Errors
/// [`Error::Unkillable`], and then nothing is removed; [`Error::Io`].
pub(crate) fn clear(directories: &Directories) -> Result<(), Error> {
    for dir in [&directories.data, &directories.unfinished] {
        stop_processes(dir)?;
    }
    let socket = directories.socket();
    let socket_lock = directories.run.join(format!("{}.lock", file_name(&socket)));
    for file in [directories.postmaster_pid(), socket, socket_lock] {
        remove(std::fs::remove_file(&file), &file)?;
    }
    remove(std::fs::remove_dir_all(&directories.unfinished), &directories.unfinished)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Ends every PostgreSQL process whose working directory is `data`.
///
/// A living postmaster ends its own children in order. Without one, they are told to end at once.
fn stop_processes(data: &Path) -> Result<(), Error> {
    let Ok(place) = std::fs::metadata(data) else { return Ok(()) };
    let postmaster = written_pid(&data.join("postmaster.pid"));
    let signal = |rung: Signal| {
        let running = processes_in(&place);
        match running.iter().find(|pid| Some(**pid) == postmaster) {
            Some(leader) => send(*leader, rung),
            // SIGINT would only cancel what a backend does.
            None if rung == Signal::SIGINT => running.iter().for_each(|pid| send(*pid, Signal::SIGQUIT)),
            None => running.iter().for_each(|pid| send(*pid, rung)),
        }
    };
    if processes_in(&place).is_empty() || stop_by_ladder(signal, || processes_in(&place).is_empty()) {
        return Ok(());
    }
    let pids = processes_in(&place).into_iter().map(Pid::as_raw).collect();
    Err(Error::Unkillable { data: data.to_owned(), pids })
}

/// The PostgreSQL processes whose working directory is `place`. A shell that stands there is not one.
fn processes_in(place: &Metadata) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
            let cwd = std::fs::metadata(entry.path().join("cwd")).ok()?;
            let here = cwd.dev() == place.dev() && cwd.ino() == place.ino();
            (here && name.trim_end() == "postgres").then(|| Pid::from_raw(pid))
        })
        .collect()
}
