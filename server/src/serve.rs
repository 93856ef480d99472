//! `server serve`: finds or starts the database, migrates it, serves until told to stop, and stops in order.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use sync_core::time::Clock;
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::SystemClock;
use crate::config::Config;
use crate::database::{Database, DatabaseError};
use crate::db::migrate::{self, MigrateError};
use crate::db::pool;
use crate::demo_district::{self, FillError};
use crate::http;
use crate::live::{Listener, ListenerFault};
use crate::services::{tend_changes, tend_deadlines, tend_photos, tend_postings};
use crate::state::{AppState, StateError};
use crate::tls::{self, TlsError};

/// How often it is asked whether the private database lives.
const DATABASE_POLL: Duration = Duration::from_secs(1);

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Its migrations.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The demonstration cannot be filled in.
    #[error(transparent)]
    Demonstration(#[from] FillError),
    /// The pool.
    #[error("database pool: {0}")]
    Pool(#[from] diesel_async::pooled_connection::deadpool::BuildError),
    /// Changes cannot be heard from the database.
    #[error("hearing changes: {0}")]
    Hearing(#[from] ListenerFault),
    /// Key, photo directory, counters.
    #[error(transparent)]
    State(#[from] StateError),
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What happened.
        source: std::io::Error,
    },
    /// Serving failed.
    #[error("serving failed: {0}")]
    Io(#[from] std::io::Error),
    /// The private database ended; its log says why.
    #[error("the private PostgreSQL has ended; see its log in data_dir/pg")]
    DatabaseEnded,
}

/// What is asked of a demonstration.
#[derive(Debug, Clone, Copy)]
pub struct Demonstration {
    /// A new one begins so many months ago.
    pub since_months: Option<u8>,
}

/// Serves until SIGINT or SIGTERM: then no connection is accepted any more, running requests finish, and the
/// private database is stopped last. For a demonstration it serves its district, and prints who can sign in.
///
/// # Errors
/// [`ServeError`].
pub async fn run(mut config: Config, demo: Option<Demonstration>) -> Result<(), ServeError> {
    let wanted = config.listen;
    let listener =
        TcpListener::bind(wanted).map_err(|source| ServeError::Listen { address: wanted, source })?;
    let address = listener.local_addr()?;
    let tls = tls::configuration(&config)?;
    let database = Database::open(&config).await?;
    migrate::run(database.url()).await?;
    let demonstration = match demo {
        Some(Demonstration { since_months }) => {
            let machine = Arc::new(SystemClock);
            Some(demo_district::open(&mut config, database.url(), since_months, machine).await?)
        }
        None => None,
    };
    let pool = pool::build(database.url(), config.database_connections)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let hearing = Listener::connect(database.url()).await?;
    let standing = demonstration.as_ref().and_then(|demonstration| demonstration.clock.clone());
    let clock: Arc<dyn Clock> = match &standing {
        Some(standing) => standing.clone(),
        None => Arc::new(SystemClock),
    };
    let mut state = AppState::new(config, pool, clock)?;
    state.demonstration = standing;
    let state = Arc::new(state);
    let server = http::serve(state.clone(), listener, tls)?;
    let tending = [
        tokio::spawn(tend_photos::run(state.clone())),
        tokio::spawn(tend_postings::run(state.clone())),
        tokio::spawn(tend_deadlines::run(state.clone())),
        tokio::spawn(tend_changes::run(state.clone())),
        tokio::spawn(hearing.run(state.clone())),
    ];
    tracing::info!(%scheme, %address, "serving");
    if let Some(demonstration) = demonstration {
        println!("{}", demonstration.district.listing(&url));
    }

    let handle = server.handle();
    let mut serving = tokio::spawn(server);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let outcome = tokio::select! {
        ended = &mut serving => return ended.map_err(std::io::Error::other)?.map_err(ServeError::Io),
        () = watch(&database) => Err(ServeError::DatabaseEnded),
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    tracing::info!("stopping");
    state.streams.close();
    handle.stop(outcome.is_ok()).await;
    serving.await.map_err(std::io::Error::other)??;
    tending.iter().for_each(tokio::task::JoinHandle::abort);
    database.close().await?;
    outcome
}

/// Returns when the private database has ended; with a database of others, never.
async fn watch(database: &Database) {
    while database.is_alive() {
        tokio::time::sleep(DATABASE_POLL).await;
    }
}
