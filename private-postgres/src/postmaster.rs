//! The PostgreSQL programs as child processes: `initdb` once, then the postmaster.
//!
//! A child gets a clean environment, so that no `PGDATA`, locale or time zone of the caller reaches it. The
//! postmaster is a process group of its own (Ctrl-C in a terminal reaches the program first, which then stops
//! it), and the kernel sends it SIGINT when the program dies.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::cluster::{Options, SUPERUSER};
use crate::directories::{Directories, PORT};
use crate::error::Error;

/// How to stop: fast shutdown, immediate shutdown, none; each with the time it gets.
const STOP_LADDER: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(30)),
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// Between two looks at a process that starts or stops.
const POLL: Duration = Duration::from_millis(5);

/// All of the environment that a child gets.
const ENVIRONMENT: [(&str, &str); 3] = [("PATH", "/usr/bin:/bin"), ("LC_ALL", "C"), ("TZ", "UTC")];

/// Which line of `postmaster.pid` has the state, counted from 0.
const STATE_LINE: usize = 7;

/// Makes the data directory: under a temporary name, then renamed, because `initdb` may be interrupted.
///
/// # Errors
/// [`Error::Initdb`], [`Error::Io`].
pub(crate) fn initdb(
    binaries: &Binaries,
    account: &Account,
    directories: &Directories,
    options: &Options,
) -> Result<(), Error> {
    let unfinished = &directories.unfinished;
    Directories::make_private(unfinished, account)?;
    let program = binaries.program("initdb");
    let mut command = clean_command(&program, account, Signal::SIGKILL);
    command
        .args(["--auth=trust", "--encoding=UTF8", "--lc-collate=C"])
        // With ctype C the trigram index sees no Chinese at all.
        .args(["--lc-ctype=C.UTF-8", "--data-checksums", "--no-instructions"])
        .arg(format!("--username={SUPERUSER}"))
        .args(options.scratch.then_some("--no-sync"))
        .arg("--pgdata")
        .arg(unfinished);
    let output = command.output().map_err(Error::io("run", &program))?;
    if !output.status.success() {
        let output_text = [output.stdout, output.stderr].concat();
        let output_text = String::from_utf8_lossy(&output_text).into_owned();
        return Err(Error::Initdb { status: output.status, output: output_text });
    }
    std::fs::rename(unfinished, &directories.data).map_err(Error::io("rename", unfinished))?;
    File::open(&directories.root)
        .and_then(|root| root.sync_all())
        .map_err(Error::io("sync", &directories.root))
}

/// PostgreSQL's own settings are for a machine of 1995: a year of a large district fits these buffers, of which nothing is
/// taken before it is used, and its disk has no heads to move. [`Options::settings`] override them.
const FOR_SERVICE: [&str; 3] = ["shared_buffers=1GB", "max_wal_size=4GB", "random_page_cost=1.1"];

/// A running postmaster.
#[derive(Debug)]
pub(crate) struct Postmaster {
    child: Child,
    /// Closing it ends the thread that started the child. The death signal is bound to that thread, not to
    /// the process, so the thread must outlive the child.
    _starter: mpsc::Sender<()>,
}

impl Postmaster {
    /// Starts it and returns when it takes connections.
    ///
    /// # Errors
    /// [`Error::EndedEarly`], [`Error::NotReady`], [`Error::Io`].
    pub(crate) fn start(
        binaries: &Binaries,
        account: &Account,
        directories: &Directories,
        options: &Options,
    ) -> Result<Self, Error> {
        let program = binaries.program("postgres");
        let mut command = clean_command(&program, account, Signal::SIGINT);
        command.arg("-D").arg(&directories.data).args(["-p", PORT]);
        command.arg("-k").arg(&directories.run).args(["-c", "listen_addresses="]);
        // Recovery after a crash in 0.2 s instead of some seconds.
        command.args(["-c", "recovery_init_sync_method=syncfs"]);
        if options.scratch {
            command.arg("--fsync=off");
        } else {
            command.args(FOR_SERVICE.iter().flat_map(|setting| ["-c", setting]));
        }
        for (name, value) in &options.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(directories.open_log()?).process_group(0);
        let (child, starter) = spawn_from_lasting_thread(command).map_err(Error::io("run", &program))?;
        let mut postmaster = Self { child, _starter: starter };
        let outcome = postmaster.await_ready(directories, options.start_limit);
        if outcome.is_err() {
            postmaster.stop();
        }
        outcome.map(|()| postmaster)
    }

    fn await_ready(&mut self, directories: &Directories, limit: Duration) -> Result<(), Error> {
        let pid_file = directories.postmaster_pid();
        let started = Instant::now();
        loop {
            if let Some(status) = self.end() {
                return Err(Error::EndedEarly { status, log: directories.log_tail() });
            }
            if written_pid(&pid_file) == Some(self.pid()) && is_ready(&pid_file) {
                return Ok(());
            }
            if started.elapsed() > limit {
                return Err(Error::NotReady { log: directories.log_tail() });
            }
            std::thread::sleep(POLL);
        }
    }

    /// How it ended, or none while it runs.
    pub(crate) fn end(&mut self) -> Option<ExitStatus> {
        // The only error is that the child was waited for elsewhere, and it never is.
        self.child.try_wait().ok().flatten()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Stops it: true unless not even SIGKILL ended it.
    pub(crate) fn stop(&mut self) -> bool {
        let pid = self.pid();
        if self.end().is_some() {
            return true;
        }
        // Not yet waited for, so the id is still the child's.
        stop_by_ladder(|signal| send(pid, signal), || self.end().is_some())
    }
}

/// Calls `signal` with one rung of the ladder after the other until all is `gone`: true if it is.
pub(crate) fn stop_by_ladder(signal: impl Fn(Signal), mut gone: impl FnMut() -> bool) -> bool {
    for (rung, patience) in STOP_LADDER {
        signal(rung);
        let sent = Instant::now();
        while sent.elapsed() < patience {
            if gone() {
                return true;
            }
            std::thread::sleep(POLL);
        }
    }
    false
}

/// Signals a process that may just have ended, which is as good.
pub(crate) fn send(pid: Pid, signal: Signal) {
    let _ = kill(pid, signal);
}

/// The process id on line 1 of a `postmaster.pid`.
pub(crate) fn written_pid(pid_file: &Path) -> Option<Pid> {
    let content = std::fs::read_to_string(pid_file).ok()?;
    content.lines().next()?.trim().parse().ok().map(Pid::from_raw)
}

fn is_ready(pid_file: &Path) -> bool {
    std::fs::read_to_string(pid_file)
        .is_ok_and(|content| content.lines().nth(STATE_LINE).is_some_and(|state| state.trim() == "ready"))
}

/// Starts `command` from a thread that lasts until the returned sender is dropped.
fn spawn_from_lasting_thread(mut command: Command) -> io::Result<(Child, mpsc::Sender<()>)> {
    let (starter, released) = mpsc::channel::<()>();
    let (report, reported) = mpsc::sync_channel(1);
    std::thread::Builder::new().name("postmaster-parent".to_owned()).spawn(move || {
        if report.send(command.spawn()).is_ok() {
            // Ends with an error when the sender is dropped: the only thing that is waited for.
            let _ = released.recv();
        }
    })?;
    let child = reported.recv().map_err(io::Error::other)??;
    Ok((child, starter))
}

/// `program` with a clean environment, as `account`, from a directory that everybody may stand in, to be sent
/// `death_signal` when the thread that starts it ends.
fn clean_command(program: &Path, account: &Account, death_signal: Signal) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(ENVIRONMENT).current_dir("/");
    account.apply(&mut command);
    let parent = std::process::id();
    // SAFETY: runs between fork and exec, where only async-signal-safe calls are allowed: two system calls
    // and no allocation. It runs after the change of account, which would clear the death signal.
    #[allow(unsafe_code, reason = "the death signal can only be set in the child, before exec")]
    unsafe {
        command.pre_exec(move || die_with(parent, death_signal));
    }
    command
}

#[cfg(target_os = "linux")]
fn die_with(parent: u32, signal: Signal) -> io::Result<()> {
    nix::sys::prctl::set_pdeathsig(signal)?;
    // The parent may have died before the signal was set; then it never comes.
    if nix::unistd::getppid().as_raw().cast_unsigned() == parent {
        Ok(())
    } else {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with(_parent: u32, _signal: Signal) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
