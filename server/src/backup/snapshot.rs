//! One moment of the database: exported for `pg_dump`, counted, and asked for the photos it names.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use sync_core::ids::{Epoch, RegionCode};
use sync_core::time::Instant;
use uuid::Uuid;

use super::BackupError;
use super::manifest::KeptPhoto;
use crate::db::Connection;
use crate::db::schema::photos;
use crate::db::types::stored;

/// The table whose rows are left out: their files are unfinished uploads, which devices send again.
pub(super) const LEFT_OUT: &str = "uploads";

/// The table of migrations that ran.
const MIGRATIONS: &str = "__diesel_schema_migrations";

/// Seconds by which a request's own "now" may precede its transaction: far more than it may wait for a connection.
const REQUEST_SECONDS: i64 = 600;

/// A moment of the database, held open by a transaction on its connection.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The name that `pg_dump` takes it up by.
    pub(super) name: String,
    /// PostgreSQL's major version.
    pub(super) major: u32,
    /// When it was taken.
    pub taken_at: Instant,
    /// Work acknowledged up to here is in it: what was still being written had begun later.
    pub through: Instant,
    /// The last migration that had run.
    pub(super) migration: String,
    /// Districts and their epochs.
    pub(super) districts: BTreeMap<RegionCode, Epoch>,
    /// Rows of each table.
    pub(super) rows: BTreeMap<String, i64>,
    /// Photos whose originals are kept.
    pub(super) photos: Vec<KeptPhoto>,
}

/// For how many seconds the oldest transaction has run. Sessions of other roles do not tell, and write nothing here.
const OLDEST_TRANSACTION: &str = "
SELECT '' AS name,
       coalesce(ceil(extract(epoch FROM clock_timestamp() - min(xact_start)))::bigint, 0) AS rows
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

#[derive(QueryableByName)]
struct District {
    #[diesel(sql_type = Text)]
    district: String,
    #[diesel(sql_type = SqlUuid)]
    epoch: Uuid,
}

impl Snapshot {
    /// Takes it `now`; the transaction stays open on `connection` until it is dropped or [`Self::release`]d.
    pub(super) async fn take(connection: &mut Connection, now: Instant) -> Result<Self, BackupError> {
        // Asked before the snapshot: what it does not see was running then already, or began after `now`.
        let oldest: Counted = sql_query(OLDEST_TRANSACTION).get_result(connection).await?;
        let unseen = oldest.rows.max(0).saturating_add(REQUEST_SECONDS);
        connection.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let exported: Counted = sql_query("SELECT pg_export_snapshot() AS name, 0::bigint AS rows")
            .get_result(connection)
            .await?;
        let districts: Vec<District> =
            sql_query("SELECT district, epoch FROM districts").load(connection).await?;
        Ok(Self {
            name: exported.name,
            major: server_major(connection).await?,
            taken_at: now,
            through: now.plus_seconds(unseen.saturating_neg()),
            migration: last_migration(connection).await?,
            districts: districts
                .into_iter()
                .map(|row| Ok((stored("districts.district", &row.district)?, Epoch(row.epoch))))
                .collect::<Result<_, BackupError>>()?,
            rows: count_rows(connection).await?,
            photos: kept_photos(connection).await?,
        })
    }

    /// Lets it go.
    pub(super) async fn release(connection: &mut Connection) -> Result<(), BackupError> {
        Ok(connection.batch_execute("ROLLBACK").await?)
    }
}

/// The photos whose originals are kept.
pub(super) async fn kept_photos(connection: &mut Connection) -> Result<Vec<KeptPhoto>, BackupError> {
    let named: Vec<(String, String, i64)> = photos::table
        .filter(photos::state.eq("verified"))
        .order((photos::district, photos::sha256))
        .select((photos::district, photos::sha256, photos::size))
        .load(connection)
        .await?;
    let kept = named.into_iter().map(|(district, sha256, size)| {
        Ok(KeptPhoto {
            district: stored("photos.district", &district)?,
            sha256: stored("photos.sha256", &sha256)?,
            size: u64::try_from(size).unwrap_or_default(),
        })
    });
    kept.collect()
}

/// PostgreSQL's major version.
pub(super) async fn server_major(connection: &mut Connection) -> Result<u32, BackupError> {
    let version: Counted =
        sql_query("SELECT '' AS name, current_setting('server_version_num')::bigint / 10000 AS rows")
            .get_result(connection)
            .await?;
    Ok(u32::try_from(version.rows).unwrap_or_default())
}

/// The version of the last migration that ran.
pub(super) async fn last_migration(connection: &mut Connection) -> Result<String, BackupError> {
    let last: Counted =
        sql_query(format!("SELECT coalesce(max(version), '') AS name, count(*) AS rows FROM {MIGRATIONS}"))
            .get_result(connection)
            .await?;
    Ok(last.name)
}

/// How many tables there are.
pub(super) async fn count_tables(connection: &mut Connection) -> Result<i64, BackupError> {
    let counted: Counted = sql_query(
        "SELECT '' AS name, count(*) AS rows FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE relkind IN ('r', 'p') AND nspname = 'public'",
    )
    .get_result(connection)
    .await?;
    Ok(counted.rows)
}

/// The rows of every table but [`LEFT_OUT`].
pub(super) async fn count_rows(connection: &mut Connection) -> Result<BTreeMap<String, i64>, BackupError> {
    // One statement over the catalogue: each table is counted by a query that PostgreSQL builds and runs itself.
    let counted: Vec<Counted> = sql_query(
        "SELECT relname::text AS name,
                (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.%I', nspname, relname),
                                                     true, true, '')))[1]::text::bigint AS rows
         FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE relkind = 'r' AND nspname = 'public' AND relname <> $1
         ORDER BY relname",
    )
    .bind::<Text, _>(LEFT_OUT)
    .load(connection)
    .await?;
    Ok(counted.into_iter().map(|table| (table.name, table.rows)).collect())
}
