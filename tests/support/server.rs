//! A real server for one test: real HTTP on a random port, a database of its own, a clock that the test moves.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use reqwest::{Client, Method, RequestBuilder, Response};
use server::clock::DemonstrationClock;
use server::config::{Config, Secret};
use server::db::{PooledConnection, pool};
use server::demo_district::{DemoDistrict, fill};
use server::http::{self, ServerHandle};
use server::live::Listener;
use server::services::tend_photos;
use server::state::AppState;
use sync_core::time::Clock;
use sync_core::wire::problem::Problem;
use tempfile::TempDir;

use crate::clock::TestClock;
use crate::database::TestDatabase;

/// When a test's clock stands: a Sunday morning, 10:00 in Shanghai.
pub const TEST_NOW: &str = "2026-11-22T02:00:00Z";

/// Connections of a test's pool.
const CONNECTIONS: usize = 4;

/// Hours of a session in a demonstration whose clock is moved: a quarter of a year.
const DEMONSTRATION_HOURS: u32 = 24 * 92;

/// HTTP workers of a test's server: two, so that requests can truly race.
const WORKERS: usize = 2;

/// How long a connection rests before it is not used again.
const IDLE: Duration = Duration::from_secs(2);

/// A running server; it ends with this value.
pub struct TestServer {
    /// Where it serves, such as `http://127.0.0.1:41234`.
    pub url: String,
    /// An HTTP client that follows nothing and stores nothing.
    pub client: Client,
    /// The server's clock.
    pub clock: Arc<TestClock>,
    /// The server's state, for what a test sets up or looks up beside HTTP.
    pub state: Arc<AppState>,
    handle: ServerHandle,
    _files: TempDir,
    database: Arc<TestDatabase>,
}

impl TestServer {
    /// Starts one on an empty, migrated database.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts one with a changed configuration.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(TestDatabase::create().await, change).await
    }

    /// Starts one on this database, which is migrated.
    pub async fn start_on(database: TestDatabase, change: impl FnOnce(&mut Config)) -> Self {
        let server = Self::start_without_background(database, change).await;
        tokio::spawn(tend_photos::run(server.state.clone()));
        server
    }

    /// Starts one that leaves the work on photos to another process on the same database.
    pub async fn start_without_background(database: TestDatabase, change: impl FnOnce(&mut Config)) -> Self {
        let clock = Arc::new(TestClock::at(TEST_NOW.parse().unwrap()));
        Self::serve(Arc::new(database), change, clock, None).await
    }

    /// Starts the demonstration, new, whose clock stands at `begins` while the machine's, which [`Self::clock`] is, shows
    /// `machine`.
    pub async fn demonstration(begins: &str, machine: &str) -> Self {
        let database = TestDatabase::create().await;
        let begins = begins.parse().unwrap();
        let district = DemoDistrict::build().unwrap();
        let mut connection = AsyncPgConnection::establish(database.url()).await.unwrap();
        fill(&mut connection, &district, begins).await.unwrap();
        let machine = Arc::new(TestClock::at(machine.parse().unwrap()));
        let standing = Arc::new(DemonstrationClock::standing(begins, machine.clone()));
        let long = |config: &mut Config| config.session_hours = DEMONSTRATION_HOURS;
        let server = Self::serve(Arc::new(database), long, machine, Some(standing)).await;
        tokio::spawn(tend_photos::run(server.state.clone()));
        server
    }

    /// Starts another process's server beside this one, on the same database, by the same clock; the work on photos stays
    /// with this one.
    pub async fn beside(other: &Self) -> Self {
        Self::serve(other.database.clone(), |_| {}, other.clock.clone(), None).await
    }

    /// The server again after its process was killed: the same database and files, another port.
    pub async fn again(&self) -> Self {
        let data_dir = self.state.config.data_dir.clone();
        Self::serve(self.database.clone(), |config| config.data_dir = data_dir, self.clock.clone(), None)
            .await
    }

    async fn serve(
        database: Arc<TestDatabase>,
        change: impl FnOnce(&mut Config),
        clock: Arc<TestClock>,
        demonstration: Option<Arc<DemonstrationClock>>,
    ) -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: files.path().to_owned(),
            database_connections: CONNECTIONS,
            token_key: Some(Secret::from(STANDARD.encode(rand::random::<[u8; 32]>()))),
            workers: Some(WORKERS),
            ..Config::default()
        };
        change(&mut config);
        let pool = pool::build(database.url(), config.database_connections).unwrap();
        let hearing = Listener::connect(database.url()).await.unwrap();
        let now: Arc<dyn Clock> = match &demonstration {
            Some(standing) => standing.clone(),
            None => clock.clone(),
        };
        let state = AppState::new(config, pool, now).unwrap();
        let state = Arc::new(AppState { demonstration, ..state });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = http::serve(state.clone(), listener, None).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        tokio::spawn(hearing.run(state.clone()));
        Self { url, client: client(), clock, state, handle, _files: files, database }
    }

    /// A request without credentials.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// `GET` without credentials.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// The address of its database.
    #[must_use]
    pub fn database_url(&self) -> &str {
        self.database.url()
    }

    /// A database connection.
    pub async fn connection(&self) -> PooledConnection {
        self.state.pool.get().await.unwrap()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // The command is sent by the call; nobody waits for the answer.
        drop(self.handle.stop(false));
    }
}

/// A client that leaves a connection before the server does, which closes one that rests for five seconds: a request that
/// meets the closing would fail.
fn client() -> Client {
    Client::builder().pool_idle_timeout(IDLE).build().unwrap()
}

/// The problem that a response carries.
///
/// # Panics
/// When it is none, or its status and media type do not fit.
pub async fn problem(response: Response) -> Problem {
    let status = response.status().as_u16();
    let media_type = response.headers().get("content-type").cloned();
    let text = response.text().await.unwrap();
    assert_eq!(media_type.unwrap(), "application/problem+json", "{status}: {text}");
    let problem: Problem = serde_json::from_str(&text).unwrap();
    assert_eq!(problem.status, status);
    assert!(problem.request_id.is_some(), "a problem names its request: {text}");
    problem
}
