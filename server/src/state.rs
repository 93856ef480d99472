//! What every handler may use: one value for the process, shared by its workers.

use std::path::PathBuf;
use std::sync::Arc;

use sync_core::time::Clock;
use tokio::runtime::Handle;

use crate::auth::access_token::{AccessKeys, KeyError};
use crate::auth::passwords::Passwords;
use crate::auth::rate_limit::GuessLimit;
use crate::calendar::{CalendarFault, WorkCalendar};
use crate::clock::DemonstrationClock;
use crate::config::Config;
use crate::db::{Pool, PooledConnection};
use crate::live::Streams;
use crate::metrics::Metrics;
use crate::photos::places::PhotoPlaces;
use crate::policies::PolicyBooks;
use crate::problem::ApiError;
use crate::screens::{Screens, ScreensFault};
use crate::services::sync::PushQueue;
use crate::snapshots::Snapshots;

/// The state of a server process.
pub struct AppState {
    /// The main runtime, on which connections are driven: what asks the database often runs there, for between two
    /// threads each question and each answer wakes the other one.
    pub runtime: Handle,
    /// Connections to PostgreSQL.
    pub pool: Pool,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// The same clock, where it is that of a demonstration which began in the past.
    pub demonstration: Option<Arc<DemonstrationClock>>,
    /// The configuration.
    pub config: Config,
    /// Keys of device access tokens.
    pub access_keys: AccessKeys,
    /// Holidays and office hours, for deadlines.
    pub calendar: Arc<WorkCalendar>,
    /// Policy books of the districts.
    pub policies: PolicyBooks,
    /// What devices push and is not stored yet.
    pub pushes: PushQueue,
    /// Passwords.
    pub passwords: Passwords,
    /// How often an address may guess at passwords and codes.
    pub guesses: GuessLimit,
    /// Photos.
    pub photos: PhotoPlaces,
    /// The web application.
    pub screens: Screens,
    /// Registers as files.
    pub snapshots: Snapshots,
    /// Who hears of changes at this process.
    pub streams: Arc<Streams>,
    /// Counters.
    pub metrics: Metrics,
}

/// Why there is no state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The token key is absent or too weak.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The photo directory cannot be made or used.
    #[error("photo directory {dir}: {source}")]
    PhotoDirectory {
        /// The directory.
        dir: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The directory of snapshots cannot be made or used.
    #[error("snapshot directory {dir}: {source}")]
    SnapshotDirectory {
        /// The directory.
        dir: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The holiday calendar cannot be read.
    #[error("holiday calendar: {0}")]
    Calendar(#[from] CalendarFault),
    /// The web application.
    #[error(transparent)]
    Screens(#[from] ScreensFault),
    /// A counter cannot be made.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

impl AppState {
    /// Puts the state together and makes the directories. Call it on the main runtime.
    ///
    /// # Errors
    /// [`StateError`] naming what is missing.
    pub fn new(config: Config, pool: Pool, clock: Arc<dyn Clock>) -> Result<Self, StateError> {
        let photos = PhotoPlaces::open(&config)
            .map_err(|source| StateError::PhotoDirectory { dir: config.photo_dir(), source })?;
        let dir = config.data_dir.join("snapshots");
        let snapshots =
            Snapshots::open(dir.clone()).map_err(|source| StateError::SnapshotDirectory { dir, source })?;
        let bundled = WorkCalendar::bundled()?;
        let calendar = match &config.calendar_dir {
            Some(directory) => bundled.with_directory(directory)?,
            None => bundled,
        };
        Ok(Self {
            access_keys: AccessKeys::from_config(&config)?,
            calendar: Arc::new(calendar),
            policies: PolicyBooks::default(),
            pushes: PushQueue::default(),
            passwords: Passwords::default(),
            guesses: GuessLimit::new(clock.clone()),
            photos,
            screens: Screens::open(&config)?,
            snapshots,
            streams: Arc::default(),
            metrics: Metrics::new()?,
            runtime: Handle::current(),
            pool,
            clock,
            demonstration: None,
            config,
        })
    }

    /// A connection of the pool.
    ///
    /// # Errors
    /// `unavailable` where none is free in time or the database does not answer.
    pub async fn connection(&self) -> Result<PooledConnection, ApiError> {
        Ok(self.pool.get().await?)
    }
}
