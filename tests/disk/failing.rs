//! The disk that fails (`failing_disk.c`), from the test's side.

use std::ffi::OsString;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Names the folder whose writes can fail.
const ROOT: &str = "FAILING_DISK";
/// What the dynamic linker loads before the C library.
const PRELOAD: &str = "LD_PRELOAD";
/// "No space left on device" and "Input/output error", as Linux numbers them.
const ENOSPC: i32 = 28;
const EIO: i32 = 5;

/// How calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// From the call on there is no room, until [`Disk::heal`].
    Full,
    /// The one call fails.
    Broken,
}

/// The disk.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The disk of this program; `None` in one that was started without it.
    pub fn loaded() -> Option<Self> {
        std::env::var_os(ROOT).map(|root| Self { root: root.into() })
    }

    /// Builds the disk and becomes this program again, with the disk below it. Returns only if that fails.
    pub fn load() -> ExitCode {
        let built = tempfile::tempdir().unwrap().keep();
        let library = built.join("failing_disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("disk/failing_disk.c");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| OsString::from("cc"));
        let mut compile = Command::new(compiler);
        compile
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(source)
            .arg("-ldl");
        assert!(compile.status().unwrap().success(), "a C compiler built SQLite and builds this");
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(std::env::args_os().skip(1)).env(PRELOAD, &library).env(ROOT, built.join("disk"));
        let error = again.exec();
        eprintln!("cannot start again: {error}");
        ExitCode::FAILURE
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The call of this number, counted from 0 and from now, fails so.
    pub fn fail(&self, call: u64, fault: Fault) {
        match fault {
            Fault::Full => self.set(call, u64::MAX >> 1, ENOSPC),
            Fault::Broken => self.set(call, call + 1, EIO),
        };
    }

    /// Nothing fails any more. Says whether something did.
    pub fn heal(&self) -> bool {
        self.set(u64::MAX >> 1, u64::MAX >> 1, EIO)
    }

    fn set(&self, from: u64, until: u64, errno: i32) -> bool {
        let control = self.root.join(format!(".failing-disk/{from}/{until}/{errno}"));
        let answer = File::open(control).unwrap_err().kind();
        assert!(matches!(answer, ErrorKind::AlreadyExists | ErrorKind::NotFound), "the disk is not loaded");
        answer == ErrorKind::AlreadyExists
    }
}
