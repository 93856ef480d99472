//! Restores a backup into an empty database, and its photos.

use std::collections::BTreeSet;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_query;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use sync_core::ids::Epoch;

use super::back_up::blocking;
use super::client_programs::ClientPrograms;
use super::directory::Directory;
use super::manifest::{KeptPhoto, Manifest};
use super::snapshot;
use super::{BackupError, Place};
use crate::db::migrate;
use crate::db::schema::{districts, inspection_photos};
use crate::db::types::Time;
use crate::services::verify_ledger::{Verification, verify_every_ledger};

/// What a restore did.
#[derive(Debug, Clone)]
pub struct Restored {
    /// What was in the backup.
    pub manifest: Manifest,
    /// Migrations that ran after it, where the backup was made by an earlier release.
    pub migrations: Vec<String>,
    /// Entries of all ledgers, verified.
    pub entries: i64,
}

/// Restores the backup in `directory` into `place`, whose database must be empty. What its photos hold already stays.
///
/// # Errors
/// [`BackupError`]. Before the dump is taken up nothing is changed; after it the database must be dropped before another
/// try, for it is not empty any more.
pub async fn restore(place: &Place, directory: &Path) -> Result<Restored, BackupError> {
    let directory = Directory::at(directory);
    let manifest = directory.manifest()?;
    if migrate::newest().is_some_and(|newest| manifest.migration > newest) {
        return Err(BackupError::Newer { migration: manifest.migration });
    }
    let mut connection = AsyncPgConnection::establish(&place.database_url).await?;
    match snapshot::count_tables(&mut connection).await? {
        0 => {}
        tables => return Err(BackupError::NotEmpty { tables }),
    }
    let (files, named) = (directory.clone(), manifest.clone());
    blocking(move || files.verify(&named)).await?;

    let major = snapshot::server_major(&mut connection).await?;
    let programs = ClientPrograms::of(&place.database_url, major, place.programs.as_deref())?;
    programs.restore(&directory.dump(&manifest.database.name)).await?;
    begin_epochs(&mut connection, &manifest).await?;
    compare_rows(&mut connection, &manifest).await?;
    let migrations = migrate::run(&place.database_url).await?;
    restore_photos(place, &directory, &manifest.photos).await?;
    compare_photos(&mut connection, &manifest).await?;
    let entries = verify_ledgers(&mut connection).await?;
    Ok(Restored { manifest, migrations, entries })
}

/// Gives every district a new epoch: devices take a new snapshot, and send again what they retained. Stamped copies are
/// derived and not in the backup: they are made again.
async fn begin_epochs(connection: &mut AsyncPgConnection, manifest: &Manifest) -> Result<(), BackupError> {
    let codes: Vec<String> = manifest.districts.keys().map(ToString::to_string).collect();
    let epochs: Vec<uuid::Uuid> = codes.iter().map(|_| Epoch::fresh().0).collect();
    connection
        .transaction(async |connection| {
            sql_query(
                "UPDATE districts SET epoch = fresh.epoch
                 FROM unnest($1::text[], $2::uuid[]) AS fresh (district, epoch)
                 WHERE districts.district = fresh.district",
            )
            .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(&codes)
            .bind::<diesel::sql_types::Array<diesel::sql_types::Uuid>, _>(&epochs)
            .execute(connection)
            .await?;
            let unstamped = inspection_photos::stamped_at.eq(None::<Time>);
            diesel::update(inspection_photos::table).set(unstamped).execute(connection).await?;
            let kept: i64 = districts::table
                .filter(districts::epoch.eq_any(manifest.districts.values().map(|epoch| epoch.0)))
                .count()
                .get_result(connection)
                .await?;
            // A district that the manifest does not name would keep its epoch: then the manifest is not this dump's.
            let all: i64 = districts::table.count().get_result(connection).await?;
            let named = i64::try_from(codes.len()).unwrap_or(i64::MAX);
            if kept != 0 || all != named {
                let table = "districts".to_owned();
                return Err(BackupError::Rows { table, expected: named, restored: all });
            }
            Ok(())
        })
        .await
}

async fn compare_rows(connection: &mut AsyncPgConnection, manifest: &Manifest) -> Result<(), BackupError> {
    let restored = snapshot::count_rows(connection).await?;
    let tables: BTreeSet<&String> = manifest.rows.keys().chain(restored.keys()).collect();
    for table in tables {
        let count = |rows: &std::collections::BTreeMap<String, i64>| rows.get(table).copied().unwrap_or(-1);
        let (expected, found) = (count(&manifest.rows), count(&restored));
        if expected != found {
            return Err(BackupError::Rows { table: table.clone(), expected, restored: found });
        }
    }
    Ok(())
}

async fn restore_photos(
    place: &Place,
    directory: &Directory,
    photos: &[KeptPhoto],
) -> Result<(), BackupError> {
    for photo in photos {
        let (directory, wanted) = (directory.clone(), photo.clone());
        let bytes = blocking(move || directory.read_photo(&wanted)).await?;
        place
            .photos
            .publish(&photo.district, &photo.sha256, bytes.into())
            .await
            .map_err(|source| BackupError::Photo { sha256: photo.sha256.to_string(), source })?;
    }
    Ok(())
}

/// Every photo that the database calls verified must be one that was restored.
async fn compare_photos(connection: &mut AsyncPgConnection, manifest: &Manifest) -> Result<(), BackupError> {
    let restored = snapshot::kept_photos(connection).await?;
    let (named, restored) = (manifest.photos.iter().collect::<BTreeSet<_>>(), restored.iter().collect());
    match named.symmetric_difference(&restored).count() {
        0 => Ok(()),
        count => Err(BackupError::PhotosDiffer { count }),
    }
}

async fn verify_ledgers(connection: &mut AsyncPgConnection) -> Result<i64, BackupError> {
    let mut all = 0_i64;
    for (district, verification) in verify_every_ledger(connection).await? {
        match verification {
            Verification::Sound { entries } => all = all.saturating_add(entries),
            Verification::Broken { entry_no, fault } => {
                return Err(BackupError::LedgerBroken { district, entry_no, fault });
            }
        }
    }
    Ok(all)
}
