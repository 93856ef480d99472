//! Which database: the one of `database_url`, or a private PostgreSQL that lives and dies with this process.

use std::path::{Path, PathBuf};

use diesel::ConnectionError;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use private_postgres::{Cluster, Options};

use crate::config::Config;

/// The database's name in the private cluster.
const PRIVATE_NAME: &str = "lantian";

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The private cluster cannot be started; the message says what to do.
    #[error(transparent)]
    Private(#[from] private_postgres::Error),
    /// `sslmode` asks for what this build does not do.
    #[error(
        "database_url asks for sslmode={0}: connections to PostgreSQL are not encrypted yet; use a unix socket or a \
         trusted network with sslmode=disable"
    )]
    TlsUnsupported(String),
    /// The private cluster does not answer.
    #[error("cannot connect to the private PostgreSQL: {0}")]
    Connect(#[from] ConnectionError),
    /// The private database cannot be made.
    #[error("cannot create the database: {0}")]
    Create(#[from] diesel::result::Error),
    /// Work was lost with its thread.
    #[error("{0}")]
    Task(#[from] tokio::task::JoinError),
}

/// A database to work on.
#[derive(Debug)]
pub struct Database {
    url: String,
    cluster: Option<Cluster>,
    /// Where the programs of the private PostgreSQL are.
    programs: Option<PathBuf>,
}

impl Database {
    /// Finds or starts it.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(config: &Config) -> Result<Self, DatabaseError> {
        if let Some(url) = &config.database_url {
            let url = url.reveal().to_owned();
            refuse_tls(&url)?;
            return Ok(Self { url, cluster: None, programs: None });
        }
        let options = private_options(config);
        let cluster = tokio::task::spawn_blocking(move || Cluster::start(&options)).await??;
        create_if_missing(&cluster.url("postgres")).await?;
        let programs = Some(cluster.bin_dir().to_owned());
        Ok(Self { url: cluster.url(PRIVATE_NAME), cluster: Some(cluster), programs })
    }

    /// Finds or starts it, also where another process serves from the private one just now.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn join(config: &Config) -> Result<Self, DatabaseError> {
        match Self::open(config).await {
            Err(DatabaseError::Private(private_postgres::Error::Locked { .. })) => {
                let options = private_options(config);
                let url = Cluster::url_of_running(&options, PRIVATE_NAME)?;
                Ok(Self { url, cluster: None, programs: options.find_programs().ok() })
            }
            opened => opened,
        }
    }

    /// Where the programs of the private PostgreSQL are; nothing is known of a database of others.
    #[must_use]
    pub fn programs(&self) -> Option<&Path> {
        self.programs.as_deref()
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// False once the private cluster has ended; a database of others is not watched.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.cluster.as_ref().is_none_or(Cluster::is_alive)
    }

    /// Stops the private cluster, if it is one.
    ///
    /// # Errors
    /// [`DatabaseError::Private`].
    pub async fn close(self) -> Result<(), DatabaseError> {
        if let Some(cluster) = self.cluster {
            tokio::task::spawn_blocking(move || cluster.stop()).await??;
        }
        Ok(())
    }
}

fn private_options(config: &Config) -> Options {
    Options::new(config.data_dir.join("pg"))
}

/// Without this, diesel-async would connect unencrypted though encryption was asked for.
fn refuse_tls(url: &str) -> Result<(), DatabaseError> {
    let parameters = url.split(['?', '&', ' ']).filter_map(|part| part.split_once('='));
    for (name, value) in parameters {
        if name == "sslmode" && !matches!(value, "disable" | "allow" | "prefer") {
            return Err(DatabaseError::TlsUnsupported(value.to_owned()));
        }
    }
    Ok(())
}

async fn create_if_missing(admin_url: &str) -> Result<(), DatabaseError> {
    #[derive(diesel::QueryableByName)]
    struct Known {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        known: bool,
    }
    let mut connection = AsyncPgConnection::establish(admin_url).await?;
    let Known { known } =
        diesel::sql_query("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS known")
            .bind::<diesel::sql_types::Text, _>(PRIVATE_NAME)
            .get_result(&mut connection)
            .await?;
    if !known {
        diesel::sql_query(format!("CREATE DATABASE {PRIVATE_NAME}")).execute(&mut connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_that_is_asked_for_is_never_silently_left_out() {
        assert!(matches!(
            refuse_tls("postgres://a@b/c?sslmode=verify-full&application_name=x"),
            Err(DatabaseError::TlsUnsupported(mode)) if mode == "verify-full"
        ));
        assert!(matches!(refuse_tls("host=b sslmode=require"), Err(DatabaseError::TlsUnsupported(_))));
        assert!(refuse_tls("postgres:///lantian?host=%2Fvar%2Fpg%2Frun&user=postgres").is_ok());
    }
}
