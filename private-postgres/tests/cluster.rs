//! The life of a private cluster, against a real PostgreSQL: start, refuse, stop, and every way to die.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use private_postgres::{Cluster, Error, Options};
use tempfile::TempDir;

/// A directory that the unprivileged account may pass, with all in its name that needs quoting.
fn temp() -> TempDir {
    let open = Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("蓝天 a&b%").permissions(open).tempdir().unwrap()
}

fn start(root: &Path) -> Cluster {
    Cluster::start(&Options::new(root)).unwrap()
}

/// What `sql` prints, one value a line; a failing statement fails the test.
fn query(cluster: &Cluster, sql: &str) -> String {
    psql(&cluster.bin_dir().join("psql"), &cluster.url("postgres"), sql)
}

fn psql(program: &Path, url: &str, sql: &str) -> String {
    let output = Command::new(program)
        .args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--dbname",
            url,
        ])
        .args(["--command", sql])
        .output()
        .unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const SAVE_A_ROW: &str = "create table finding (item text); insert into finding values ('裸土未覆盖')";
const READ_THE_ROW: &str = "select item from finding";

/// Another process that holds the cluster of `root`, as a server would.
struct Holder {
    child: Child,
    url: String,
    psql: PathBuf,
}

impl Holder {
    fn start(root: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hold-cluster"))
            .arg(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().expect("hold-cluster failed").unwrap();
        Self { url: line(), psql: Path::new(&line()).join("psql"), child }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_cold_start_serves_chinese_text_on_a_private_socket_with_fsync_and_checksums() {
    let temp = temp();
    let cluster = start(temp.path());

    let shown = |setting: &str| query(&cluster, &format!("show {setting}"));
    assert_eq!(shown("fsync"), "on");
    assert_eq!(shown("data_checksums"), "on");
    assert_eq!(shown("listen_addresses"), "");
    assert_eq!(shown("server_encoding"), "UTF8");
    assert_eq!(query(&cluster, "select '裸' collate \"C\" > 'z'"), "t");
    assert_eq!(query(&cluster, "create extension pg_trgm; select show_trgm('裸土未覆盖') <> '{}'"), "t");
    let run = std::fs::metadata(cluster.socket_dir()).unwrap();
    assert_eq!(run.mode() & 0o777, 0o700);
}

#[test]
fn a_stopped_cluster_shuts_down_in_order_and_keeps_its_rows_for_the_next_start() {
    let temp = temp();
    let cluster = start(temp.path());
    query(&cluster, SAVE_A_ROW);
    cluster.stop().unwrap();

    let log = std::fs::read_to_string(temp.path().join("log")).unwrap();
    assert!(log.contains("database system is shut down"), "{log}");
    assert!(!temp.path().join("data/postmaster.pid").exists());
    assert_eq!(query(&start(temp.path()), READ_THE_ROW), "裸土未覆盖");
}

#[test]
fn a_second_start_on_the_same_directory_is_refused_and_the_first_goes_on() {
    let temp = temp();
    let first = start(temp.path());

    let second = Cluster::start(&Options::new(temp.path()));

    assert!(matches!(second, Err(Error::Locked { .. })), "{second:?}");
    assert!(first.is_alive());
    assert_eq!(query(&first, "select 1"), "1");
}

#[test]
fn a_start_from_a_thread_that_ends_outlives_the_thread() {
    let temp = temp();
    let root = temp.path().to_owned();
    let cluster = std::thread::spawn(move || start(&root)).join().unwrap();
    assert_eq!(query(&cluster, "select 1"), "1");
    assert!(cluster.is_alive());
}

#[test]
fn when_the_program_is_killed_the_next_start_has_every_committed_row() {
    let temp = temp();
    let holder = Holder::start(temp.path());
    psql(&holder.psql, &holder.url, SAVE_A_ROW);
    holder.kill();

    assert_eq!(query(&start(temp.path()), READ_THE_ROW), "裸土未覆盖");
}

#[test]
fn when_the_program_is_killed_the_postmaster_ends_too() {
    let temp = temp();
    let holder = Holder::start(temp.path());
    let pid_file = std::fs::read_to_string(temp.path().join("data/postmaster.pid")).unwrap();
    let postmaster: PathBuf = ["/proc", pid_file.lines().next().unwrap()].iter().collect();
    assert!(postmaster.exists());
    holder.kill();

    // Removed by the postmaster itself as the last thing it does; without the death signal this never ends.
    while temp.path().join("data/postmaster.pid").exists() {
        std::thread::yield_now();
    }
}

#[test]
fn when_the_postmaster_is_killed_the_cluster_says_so_and_the_next_start_ends_its_backends() {
    let temp = temp();
    let cluster = start(temp.path());
    query(&cluster, SAVE_A_ROW);
    let mut busy = Command::new(cluster.bin_dir().join("psql"))
        .args(["--dbname", &cluster.url("postgres"), "--command"])
        // Never looks whether the postmaster lives, unlike a backend that waits.
        .arg("select count(*) from generate_series(1, 1000000000000)")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while query(&cluster, "select count(*) from pg_stat_activity where query like '%generate_series(1%'")
        != "2"
    {}

    kill(Pid::from_raw(cluster.pid()), Signal::SIGKILL).unwrap();
    while cluster.is_alive() {}
    drop(cluster);
    let next = start(temp.path());

    assert_eq!(query(&next, READ_THE_ROW), "裸土未覆盖");
    assert!(!busy.wait().unwrap().success(), "the backend of the dead postmaster still answered");
}

#[test]
fn a_postmaster_without_an_owner_is_stopped_before_the_next_start() {
    let temp = temp();
    let cluster = start(temp.path());
    query(&cluster, SAVE_A_ROW);
    let bin_dir = cluster.bin_dir().to_owned();
    let socket_dir = cluster.socket_dir().to_owned();
    let url = cluster.url("postgres");
    cluster.stop().unwrap();
    let owner = std::fs::metadata(temp.path().join("data")).unwrap();
    let mut orphan = Command::new(bin_dir.join("postgres"));
    if nix::unistd::geteuid().is_root() {
        orphan.uid(owner.uid()).gid(owner.gid());
    }
    let mut orphan = orphan
        .arg("-D")
        .arg(temp.path().join("data"))
        .arg("-k")
        .arg(socket_dir)
        .args(["-c", "listen_addresses="])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !Command::new(bin_dir.join("pg_isready"))
        .args(["--quiet", "--dbname", &url])
        .status()
        .unwrap()
        .success()
    {}

    let next = start(temp.path());

    assert_eq!(orphan.wait().unwrap().code(), Some(0), "shut down in order");
    assert_eq!(query(&next, READ_THE_ROW), "裸土未覆盖");
}

#[test]
fn what_an_interrupted_initdb_left_is_thrown_away() {
    let temp = temp();
    let unfinished = temp.path().join("data.initdb");
    std::fs::create_dir(&unfinished).unwrap();
    std::fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();

    assert_eq!(query(&start(temp.path()), "select 1"), "1");
    assert!(!unfinished.exists());
}

#[test]
fn settings_reach_the_server_and_a_wrong_one_fails_with_the_log() {
    let temp = temp();
    let mut options = Options::new(temp.path());
    options.settings = vec![("max_connections".to_owned(), "17".to_owned())];
    assert_eq!(query(&Cluster::start(&options).unwrap(), "show max_connections"), "17");

    options.settings = vec![("max_connections".to_owned(), "many".to_owned())];
    let failed = Cluster::start(&options);
    assert!(
        matches!(&failed, Err(Error::EndedEarly { log, .. }) if log.contains("max_connections")),
        "{failed:?}"
    );
}

#[test]
fn a_scratch_cluster_starts_empty_each_time() {
    let temp = temp();
    let options = Options { scratch: true, ..Options::new(temp.path()) };
    let first = Cluster::start(&options).unwrap();
    query(&first, SAVE_A_ROW);
    assert_eq!(query(&first, "show fsync"), "off");
    first.stop().unwrap();

    let second = Cluster::start(&options).unwrap();

    assert_eq!(query(&second, "select to_regclass('finding') is null"), "t");
}

#[test]
fn a_folder_without_postgresql_is_refused_by_name() {
    let temp = temp();
    let options = Options { bin_dir: Some(temp.path().to_owned()), ..Options::new(temp.path().join("pg")) };
    let refused = Cluster::start(&options);
    assert!(matches!(&refused, Err(Error::BinDirUnusable { dir }) if dir == temp.path()), "{refused:?}");
}

#[test]
fn data_of_a_version_that_is_not_installed_is_left_alone_and_named() {
    let temp = temp();
    start(temp.path()).stop().unwrap();
    let version_file = temp.path().join("data/PG_VERSION");
    std::fs::write(&version_file, "9\n").unwrap();

    let refused = Cluster::start(&Options::new(temp.path()));

    assert!(matches!(&refused, Err(Error::MajorMissing { needed, .. }) if needed == "9"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&version_file).unwrap(), "9\n");
}

#[test]
fn a_directory_whose_socket_path_would_be_too_long_is_refused() {
    let temp = temp();
    let refused = Cluster::start(&Options::new(temp.path().join("x".repeat(80))));
    assert!(matches!(refused, Err(Error::SocketPathTooLong { .. })), "{refused:?}");
}
