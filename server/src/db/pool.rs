//! The connection pool.
//!
//! Invariant: connections are opened and driven on the main runtime, whoever asks for them. Opened by an actix
//! worker, a connection would stall whenever that worker does.

use std::time::Duration;

use deadpool::Runtime;
use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{self as diesel_pool, BuildError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::runtime::Handle;

/// A pool of connections to PostgreSQL.
pub type Pool = diesel_pool::Pool<AsyncPgConnection>;

/// A connection on loan from the pool.
pub type PooledConnection = diesel_pool::Object<AsyncPgConnection>;

/// How long a request waits for a free connection before it is answered `unavailable`.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// What each connection is told when it is opened. Our statements take milliseconds; to compile the larger ones anew each
/// time, as PostgreSQL would by itself, takes it longer than to run them.
const SETTINGS: &str = "SET jit = off";

/// Makes the pool; connections are opened when first needed. Call it on the main runtime.
///
/// # Errors
/// [`BuildError`] where the pool cannot be made.
pub fn build(url: &str, connections: usize) -> Result<Pool, BuildError> {
    let main_runtime = Handle::current();
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |url| open(&main_runtime, url));
    let manager = AsyncDieselConnectionManager::new_with_config(url, config);
    diesel_pool::Pool::builder(manager)
        .max_size(connections)
        .wait_timeout(Some(WAIT_LIMIT))
        .create_timeout(Some(WAIT_LIMIT))
        .runtime(Runtime::Tokio1)
        .build()
}

fn open(main_runtime: &Handle, url: &str) -> BoxFuture<'static, Result<AsyncPgConnection, ConnectionError>> {
    let url = url.to_owned();
    let opening = main_runtime.spawn(async move {
        let mut connection = AsyncPgConnection::establish(&url).await?;
        connection.batch_execute(SETTINGS).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    });
    async move { opening.await.unwrap_or_else(|gone| Err(ConnectionError::BadConnection(gone.to_string()))) }
        .boxed()
}
