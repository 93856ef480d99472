//! Builds snapshots (快照): the register of one user's scope as a `master.db` of sync-core's own schema, at one change
//! number, compressed.
//!
//! Invariants: everything is read in one transaction that sees one state; rows go to the file in sets, so that memory
//! does not grow with the register; whoever asks while one is being built waits for it, and a build goes on when the one
//! who asked for it is gone.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sync_core::store::{SnapshotWriter, StoreError};
use sync_core::wire::pull::{Change, PullPage};
use tokio::sync::mpsc;

use super::pull_changes::{Place, place_of};
use super::scope_rows::ScopeRows;
use crate::auth::actor::Actor;
use crate::problem::ApiError;
use crate::snapshots::{Building, SnapshotFile};
use crate::state::AppState;

/// Sets of rows that wait to be written, at most.
const SETS_WAITING: usize = 2;
/// How hard zstd tries: further levels cost more time than they save on the way.
const ZSTD_LEVEL: i32 = 3;
/// The form of the file: another one is another key.
const FORM: &str = "snapshot-1";

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
enum BuildError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error("the change number is no number of this build")]
    Number,
    #[error("what wrote the snapshot has stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// The snapshot of this user's scope with these bytes, where it is still kept.
///
/// # Errors
/// Faults of the database and of files.
pub async fn known_snapshot(
    state: &AppState,
    actor: &Actor,
    sha256: &str,
) -> Result<Option<SnapshotFile>, ApiError> {
    let place = place_of(&mut *state.connection().await?, actor).await?;
    state.snapshots.find(&key(actor, &place), sha256).map_err(ApiError::internal)
}

/// A snapshot of this user's scope: one that is there and fresh, else a new one.
///
/// # Errors
/// Faults of the database and of files.
pub async fn snapshot_for(state: &Arc<AppState>, actor: &Actor) -> Result<SnapshotFile, ApiError> {
    if let Some(fresh) = fresh(state, actor).await? {
        return Ok(fresh);
    }
    let (state, actor) = (Arc::clone(state), actor.clone());
    let built = tokio::spawn(async move {
        let _turn = state.snapshots.turn.lock().await;
        // Somebody may have built it meanwhile.
        match fresh(&state, &actor).await? {
            Some(fresh) => Ok(fresh),
            None => build(&state, &actor).await,
        }
    });
    built.await.map_err(ApiError::internal)?
}

async fn fresh(state: &AppState, actor: &Actor) -> Result<Option<SnapshotFile>, ApiError> {
    let place = place_of(&mut *state.connection().await?, actor).await?;
    let number = u64::try_from(place.number).map_err(|_| ApiError::internal(BuildError::Number))?;
    state.snapshots.fresh(&key(actor, &place), number, state.clock.now()).map_err(ApiError::internal)
}

/// What a snapshot is for: nobody else's name or scope leads to it.
fn key(actor: &Actor, place: &Place) -> String {
    let mut hash = Sha256::new();
    hash.update(FORM);
    // Another build may write rows otherwise.
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(actor.district.as_str());
    hash.update(actor.user_id.0.as_bytes());
    hash.update(place.epoch.0.as_bytes());
    hash.update(place.scope_version.to_be_bytes());
    hex::encode(hash.finalize().first_chunk::<16>().copied().unwrap_or_default())
}

async fn build(state: &AppState, actor: &Actor) -> Result<SnapshotFile, ApiError> {
    let building = state.snapshots.building().map_err(ApiError::internal)?;
    let (send, receive) = mpsc::channel(SETS_WAITING);
    let database = building.file("master.db");
    let writing = tokio::task::spawn_blocking(move || write_sets(&database, receive));
    let mut conn = state.connection().await?;
    let read = conn
        .build_transaction()
        .repeatable_read()
        .read_only()
        .run(async |conn| {
            let place = place_of(conn, actor).await?;
            // Not before the transaction sees its state: what is told as settled by now is in it.
            let head = place.page(conn, actor, state.clock.now()).await?;
            let mut rows = ScopeRows::new(&actor.district, &place.scope);
            while let Some(changes) = rows.next(conn).await? {
                if send.send(changes).await.is_err() {
                    // The writer has failed, and says why below.
                    break;
                }
            }
            drop(send);
            Ok::<_, ApiError>((place, head))
        })
        .await;
    drop(conn);
    let writer = writing.await.map_err(ApiError::internal)?;
    let (place, head) = read?;
    let now = head.server_time;
    let finished = tokio::task::spawn_blocking(move || finish(writer?, &head, building));
    let (sha256, building) =
        finished.await.map_err(BuildError::from).and_then(|finished| finished).map_err(ApiError::internal)?;
    let number = u64::try_from(place.number).map_err(|_| ApiError::internal(BuildError::Number))?;
    let file = SnapshotFile { key: key(actor, &place), number, built_at: now, sha256 };
    state.snapshots.keep(&building.file("master.db.zst"), &file).map_err(ApiError::internal)?;
    state.snapshots.prune(now).map_err(ApiError::internal)?;
    tracing::info!(district = %actor.district, number, "a snapshot was built");
    Ok(file)
}

fn write_sets(path: &Path, mut sets: mpsc::Receiver<Vec<Change>>) -> Result<SnapshotWriter, BuildError> {
    let mut writer = SnapshotWriter::create(path)?;
    while let Some(changes) = sets.blocking_recv() {
        writer.write(&changes)?;
    }
    Ok(writer)
}

/// Closes the database and compresses it; says its hash.
fn finish(
    writer: SnapshotWriter,
    head: &PullPage,
    building: Building,
) -> Result<(String, Building), BuildError> {
    writer.finish(head)?;
    let packed = File::create(building.file("master.db.zst"))?;
    let mut encoder = zstd::Encoder::new(Hashing { file: packed, hash: Sha256::new() }, ZSTD_LEVEL)?;
    io::copy(&mut BufReader::new(File::open(building.file("master.db"))?), &mut encoder)?;
    let Hashing { file, hash } = encoder.finish()?;
    file.sync_all()?;
    Ok((hex::encode(hash.finalize()), building))
}

/// A file whose hash is taken as it is written.
struct Hashing {
    file: File,
    hash: Sha256,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
