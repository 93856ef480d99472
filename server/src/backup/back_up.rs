//! Makes a backup, beside a serving server or without one.

use std::path::Path;

use diesel::sql_query;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use sync_core::ids::PhotoHash;
use sync_core::time::Instant;

use super::client_programs::ClientPrograms;
use super::directory::Directory;
use super::manifest::{FORM, KeptFile, KeptPhoto, Manifest};
use super::snapshot::Snapshot;
use super::{BackupError, Place};
use crate::db::types::Time;
use crate::photos::photo_store::PhotoObject;

/// What a backup did.
#[derive(Debug, Clone)]
pub struct BackedUp {
    /// What it holds.
    pub manifest: Manifest,
    /// Photos that were not in the directory before, or had rotted there.
    pub photos_copied: usize,
}

/// Backs `place` up into `directory`, which is made or holds an earlier backup of the same place. `now` is the servers'
/// present, by which they told devices when work was acknowledged.
///
/// # Errors
/// [`BackupError`]; the backup before then still stands.
pub async fn back_up(place: &Place, directory: &Path, now: Instant) -> Result<BackedUp, BackupError> {
    let directory = Directory::at(directory);
    directory.create()?;
    let mut connection = AsyncPgConnection::establish(&place.database_url).await?;
    let snapshot = Snapshot::take(&mut connection, now).await?;
    let database = dump(place, &directory, &snapshot).await?;
    Snapshot::release(&mut connection).await?;
    let photos_copied = copy_photos(place, &directory, &snapshot.photos).await?;
    let manifest = Manifest {
        form: FORM,
        release: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at: snapshot.taken_at,
        through: snapshot.through,
        migration: snapshot.migration,
        database,
        districts: snapshot.districts,
        rows: snapshot.rows,
        photos: snapshot.photos,
    };
    let manifest = blocking(move || directory.finish(&manifest).map(|()| manifest)).await?;
    // A backup that is taken up late must not take back what a later one said.
    sql_query("UPDATE districts SET backed_up_through = greatest(backed_up_through, $1)")
        .bind::<Timestamptz, _>(Time(manifest.through))
        .execute(&mut connection)
        .await?;
    Ok(BackedUp { manifest, photos_copied })
}

async fn dump(place: &Place, directory: &Directory, snapshot: &Snapshot) -> Result<KeptFile, BackupError> {
    let programs = ClientPrograms::of(&place.database_url, snapshot.major, place.programs.as_deref())?;
    let name = Directory::dump_name(snapshot.taken_at.as_millisecond());
    programs.dump(&snapshot.name, &directory.dump(&name)).await?;
    let directory = directory.clone();
    blocking(move || directory.seal_dump(&name)).await
}

/// Copies the photos that are not there yet, or no longer as they were; the damaged ones are told at the end, so that they hold up no other.
async fn copy_photos(
    place: &Place,
    directory: &Directory,
    photos: &[KeptPhoto],
) -> Result<usize, BackupError> {
    let (mut copied, mut damaged) = (0_usize, Vec::new());
    for photo in photos {
        let (there, looked_for) = (directory.clone(), photo.clone());
        if blocking(move || Ok(there.has_photo(&looked_for))).await? {
            continue;
        }
        let original = place.photos.get(&photo.district, PhotoObject::Original(&photo.sha256)).await;
        let (directory, wanted) = (directory.clone(), photo.clone());
        let kept = match original {
            Err(_) => false,
            Ok(bytes) => {
                blocking(move || {
                    if PhotoHash::of(&bytes) != wanted.sha256 {
                        return Ok(false);
                    }
                    directory.keep_photo(&wanted, &bytes).map(|()| true)
                })
                .await?
            }
        };
        if kept {
            copied = copied.saturating_add(1);
        } else {
            damaged.push(photo);
        }
    }
    match damaged.as_slice() {
        [] => Ok(copied),
        [first, ..] => Err(BackupError::PhotosDamaged {
            count: damaged.len(),
            district: first.district.to_string(),
            first: first.sha256.to_string(),
        }),
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    tokio::task::spawn_blocking(work).await?
}
