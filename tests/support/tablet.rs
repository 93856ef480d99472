//! The native device of an inspector of the demonstration, with its files: opened anew for each piece of work, as a
//! program that is started for it and ends, or is killed in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use device::{Device, HttpTransport, Transport};
use rusqlite::Connection;
use rusqlite::types::Value;
use server::demo_district::{DemoDistrict, fill};
use sync_core::engine::{Extent, HttpRequest, HttpResponse, SyncReport, TransportError};
use sync_core::model::assignment::Role;
use sync_core::wire::problem::{Problem, ProblemKind};
use tempfile::TempDir;
use tokio::task::JoinError;

use crate::clock::TestClock;
use crate::server::TestServer;

/// The path of snapshots.
pub const SNAPSHOT: &str = "/api/v1/sync/snapshot";

impl TestServer {
    /// One with the demonstration district in it.
    pub async fn with_demonstration() -> (Self, DemoDistrict) {
        let server = Self::start().await;
        let demo = DemoDistrict::build().unwrap();
        fill(&mut *server.connection().await, &demo, server.now()).await.unwrap();
        (server, demo)
    }
}

/// A device in a folder.
pub struct Tablet {
    files: TempDir,
    clock: Arc<TestClock>,
}

impl Tablet {
    /// Enrols the device of the district's inspector of this place in the list.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn enrol(server: &TestServer, demo: &DemoDistrict, inspector: usize) -> Self {
        let inspectors = demo.sign_ins.iter().filter(|person| person.assignment.role == Role::Inspector);
        let code = inspectors.filter_map(|person| person.enrolment_code.clone()).nth(inspector).unwrap();
        let tablet = Self { files: tempfile::tempdir().unwrap(), clock: server.clock.clone() };
        let (dir, url) = (tablet.home(), server.url.clone());
        tokio::task::spawn_blocking(move || device::enrol(&dir, &url, &code, "平板").unwrap()).await.unwrap();
        tablet
    }

    /// Its folder.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.files.path().join("tablet")
    }

    /// Another tablet with a copy of this one's folder.
    ///
    /// # Panics
    /// When a file cannot be copied.
    #[must_use]
    pub fn copied(&self) -> Self {
        let copy = Self { files: tempfile::tempdir().unwrap(), clock: self.clock.clone() };
        copy_folder(&self.home(), &copy.home());
        copy
    }

    /// Starts the program, does this, and ends it.
    ///
    /// # Errors
    /// Where it was killed, that is where `work` panics.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Device) -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let (home, clock) = (self.home(), self.clock.clone());
        tokio::task::spawn_blocking(move || work(&mut Device::open(&home, clock).unwrap())).await
    }

    /// A pull by this transport, which is not killed.
    ///
    /// # Panics
    /// When it is.
    pub async fn pull(&self, transport: impl Transport + Send + 'static) -> SyncReport {
        self.run(move |device| device.round(Extent::PullOnly, &transport).unwrap()).await.unwrap()
    }

    /// Rows of one of its user's databases, each as text. The program must not be running.
    ///
    /// # Panics
    /// When the database cannot be read.
    #[must_use]
    pub fn rows(&self, database: &str, sql: &str) -> Vec<String> {
        let connection = Connection::open(self.database(database)).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values: Vec<Value> = (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
            Ok(format!("{values:?}"))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    /// Where one of its user's databases is.
    ///
    /// # Panics
    /// When nobody is enrolled.
    #[must_use]
    pub fn database(&self, name: &str) -> PathBuf {
        let users = std::fs::read_dir(self.home().join("users")).unwrap();
        users.map(|user| user.unwrap().path()).next().unwrap().join(name)
    }

    /// Takes its register away, and what has arrived of another one.
    ///
    /// # Panics
    /// When a file cannot be removed.
    pub fn lose_register(&self) {
        let folder = self.database("");
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if !file.file_name().unwrap().to_str().unwrap().starts_with("work.db") {
                std::fs::remove_file(file).unwrap();
            }
        }
    }

    /// Everything that its register holds, also what searches read.
    #[must_use]
    pub fn register(&self) -> Vec<String> {
        let mut rows = self.rows("master.db", "SELECT entity, id, json FROM pulled ORDER BY entity, id");
        rows.extend(self.rows(
            "master.db",
            "SELECT target_id, name, code, lon, lat FROM register_entry ORDER BY target_id",
        ));
        rows.extend(self.rows("master.db", "SELECT count(*) FROM register_search"));
        rows
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &copy);
        } else {
            std::fs::copy(entry.path(), copy).unwrap();
        }
    }
}

/// A server that knows no snapshots, as those before them.
pub struct PagesOnly(pub HttpTransport);

impl Transport for PagesOnly {
    fn carry(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        if request.path == SNAPSHOT {
            let body = serde_json::to_vec(&Problem::new(ProblemKind::NotFound)).unwrap();
            return Ok(HttpResponse { status: 404, headers: Vec::new(), body });
        }
        self.0.carry(request)
    }
}
