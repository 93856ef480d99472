//! Judges an upload whose bytes are all here (收齐校验): hash, picture, copies; then keeps the photo or refuses it.
//!
//! Invariants: files are durable before rows name them, so after a crash in between the upload still awaits its
//! verdict and gets the same one again; whoever judges it twice or at the same time changes nothing. A hash that does
//! not fit says something of the upload, not of the photo: nothing is recorded of the photo then.

use actix_web::web::Bytes;
use diesel_async::AsyncConnection;
use sync_core::ids::PhotoHash;
use sync_core::wire::problem::ProblemKind;

use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::photos::{PhotoVerdict, record_verdict};
use crate::db::uploads::{self, Upload, Verdict};
use crate::photos::photo_store::PhotoObject;
use crate::photos::picture::{EncodeFailure, Picture, PictureFacts, PictureRefusal, ThumbnailSize};
use crate::problem::ApiError;
use crate::services::complete_evidence::complete_evidence;
use crate::state::AppState;

/// What the bytes are.
enum Examined {
    Sound(Box<Sound>),
    Refused(PictureRefusal),
    HashDiffers,
}

struct Sound {
    original: Bytes,
    facts: PictureFacts,
    list: Vec<u8>,
    page: Vec<u8>,
}

/// Judges the upload, with one of the image workers, and gives the verdict that stands; `None` where the upload
/// is gone, because the disk lost its bytes or it expired.
///
/// # Errors
/// Faults of the database and the store; the upload then still awaits its verdict.
pub async fn finish_upload(state: &AppState, upload: &Upload) -> Result<Option<Verdict>, ApiError> {
    let worker = state.photos.image_workers.free().await.map_err(ApiError::internal)?;
    let bytes = state.photos.uploads.read(&upload.key, upload.length).await.map_err(ApiError::internal)?;
    let Some(bytes) = bytes else { return without_bytes(state, upload).await };
    let expected = upload.sha256.clone();
    let examining = worker.run(move || examine(bytes.into(), &expected));
    let examined = examining.await.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
    let verdict = match examined {
        Examined::Sound(photo) => keep(state, upload, *photo).await?,
        Examined::Refused(refusal) => {
            tracing::info!(upload = %upload.key, %refusal, "photo refused");
            refuse(state, upload, refusal.problem()).await?
        }
        Examined::HashDiffers => {
            tracing::info!(upload = %upload.key, "the bytes sent are not the photo announced");
            refuse_upload(state, upload).await?
        }
    };
    state.photos.uploads.remove(&upload.key).await.map_err(ApiError::internal)?;
    Ok(verdict)
}

fn examine(original: Bytes, expected: &PhotoHash) -> Result<Examined, EncodeFailure> {
    if PhotoHash::of(&original) != *expected {
        return Ok(Examined::HashDiffers);
    }
    Ok(match Picture::open(&original) {
        Err(refusal) => Examined::Refused(refusal),
        Ok(picture) => Examined::Sound(Box::new(Sound {
            facts: picture.facts().clone(),
            // Here the pixels are decoded already: a copy costs less than keeping track of those not made yet.
            list: picture.thumbnail(ThumbnailSize::List)?,
            page: picture.thumbnail(ThumbnailSize::Page)?,
            original,
        })),
    })
}

/// The file is gone or too short: somebody else has finished the upload, or the disk lost it.
async fn without_bytes(state: &AppState, upload: &Upload) -> Result<Option<Verdict>, ApiError> {
    let mut connection = state.connection().await?;
    let verdict = uploads::verdict(&mut connection, &upload.key).await?;
    if verdict.is_none() && uploads::remove_unfinished(&mut connection, &upload.key).await? {
        tracing::error!(upload = %upload.key, "acknowledged bytes of an upload are gone from the disk; it begins again");
    }
    Ok(verdict)
}

async fn keep(state: &AppState, upload: &Upload, photo: Sound) -> Result<Option<Verdict>, ApiError> {
    let (district, hash) = (&upload.key.district, &upload.sha256);
    let store = &state.photos.store;
    let thumbnails = [(ThumbnailSize::List, photo.list), (ThumbnailSize::Page, photo.page)];
    for (size, bytes) in thumbnails {
        let copy = PhotoObject::Thumbnail(hash, size);
        store.put_copy(district, copy, bytes).await.map_err(ApiError::internal)?;
    }
    store.publish(district, hash, photo.original).await.map_err(ApiError::internal)?;

    let now = state.clock.now();
    let found = PhotoVerdict::Verified(photo.facts);
    let mut connection = state.connection().await?;
    let verdict = connection
        .transaction(async |conn| {
            if !uploads::finish(conn, &upload.key, Verdict::Verified, now).await? {
                return uploads::verdict(conn, &upload.key).await;
            }
            record_verdict(conn, district, hash, upload.length, &found, now).await?;
            let mut changes = complete_evidence(conn, district, std::slice::from_ref(hash), now).await?;
            changes.push(NewChange::of_user(Entity::Photo(hash.clone()), upload.user_id));
            record_changes(conn, district, &changes).await?;
            Ok::<_, ApiError>(Some(Verdict::Verified))
        })
        .await?;
    state.photos.stamper.rounds.wake();
    Ok(verdict)
}

async fn refuse(
    state: &AppState,
    upload: &Upload,
    problem: ProblemKind,
) -> Result<Option<Verdict>, ApiError> {
    let (district, hash) = (&upload.key.district, &upload.sha256);
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    connection
        .transaction(async |conn| {
            let verdict = Verdict::Refused(problem);
            if !uploads::finish(conn, &upload.key, verdict, now).await? {
                return uploads::verdict(conn, &upload.key).await;
            }
            record_verdict(conn, district, hash, upload.length, &PhotoVerdict::Refused(problem), now).await?;
            let changes = [NewChange::of_user(Entity::Photo(hash.clone()), upload.user_id)];
            record_changes(conn, district, &changes).await?;
            Ok::<_, ApiError>(Some(verdict))
        })
        .await
}

async fn refuse_upload(state: &AppState, upload: &Upload) -> Result<Option<Verdict>, ApiError> {
    let mut connection = state.connection().await?;
    let verdict = Verdict::Refused(ProblemKind::PhotoHashMismatch);
    uploads::finish(&mut connection, &upload.key, verdict, state.clock.now()).await?;
    uploads::verdict(&mut connection, &upload.key).await
}
