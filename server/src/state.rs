//! What every handler may use: one value for the process, shared by its workers.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use sync_core::time::Clock;
use tokio::sync::Semaphore;

use crate::auth::access_token::{AccessKeys, KeyError};
use crate::auth::passwords::Passwords;
use crate::auth::rate_limit::GuessLimit;
use crate::config::Config;
use crate::db::{Pool, PooledConnection};
use crate::metrics::Metrics;
use crate::policies::PolicyBooks;
use crate::problem::ApiError;

/// Where photos are and who may work on them.
#[derive(Clone)]
pub struct PhotoPlaces {
    /// Originals and derivatives by content; writes are durable when they return.
    pub store: Arc<dyn ObjectStore>,
    /// Unfinished uploads, one file each.
    pub uploads: PathBuf,
    /// One permit for each image that may be decoded at the same time.
    pub image_workers: Arc<Semaphore>,
}

/// The state of a server process.
pub struct AppState {
    /// Connections to PostgreSQL.
    pub pool: Pool,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// The configuration.
    pub config: Config,
    /// Keys of device access tokens.
    pub access_keys: AccessKeys,
    /// Policy books of the districts.
    pub policies: PolicyBooks,
    /// Passwords.
    pub passwords: Passwords,
    /// How often an address may guess at passwords and codes.
    pub guesses: GuessLimit,
    /// Photos.
    pub photos: PhotoPlaces,
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
    /// A counter cannot be made.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

impl AppState {
    /// Puts the state together and makes the directories.
    ///
    /// # Errors
    /// [`StateError`] naming what is missing.
    pub fn new(config: Config, pool: Pool, clock: Arc<dyn Clock>) -> Result<Self, StateError> {
        Ok(Self {
            access_keys: AccessKeys::from_config(&config)?,
            policies: PolicyBooks::default(),
            passwords: Passwords::default(),
            guesses: GuessLimit::new(clock.clone()),
            photos: PhotoPlaces::open(&config)?,
            metrics: Metrics::new()?,
            pool,
            clock,
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

impl PhotoPlaces {
    fn open(config: &Config) -> Result<Self, StateError> {
        let dir = config.photo_dir();
        let uploads = dir.join("uploads");
        let originals = dir.join("objects");
        let fault = |source| StateError::PhotoDirectory { dir: dir.clone(), source };
        std::fs::create_dir_all(&uploads).map_err(fault)?;
        std::fs::create_dir_all(&originals).map_err(fault)?;
        let store = LocalFileSystem::new_with_prefix(&originals)
            .map_err(|error| fault(error.into()))?
            .with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            uploads,
            image_workers: Arc::new(Semaphore::new(config.image_workers)),
        })
    }
}
