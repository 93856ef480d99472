//! Makes stamped copies (水印) of the photos that inspections name, once both are here. The original stays as it is.
//!
//! One picture at a time, so that new uploads find a free image worker. A photo that cannot be stamped is told in the
//! log, stays pending, and holds up no other; another process that stamps the same one writes the same copy.

use std::sync::Arc;

use sync_core::geo::Point;
use sync_core::ids::{InspectionId, PhotoHash, RegionCode};
use sync_core::model::inspection::Inspection;

use crate::db::stamps::{self, PendingStamp};
use crate::db::types::{StoredValueError, stored};
use crate::photos::image_workers::NoWork;
use crate::photos::photo_store::PhotoObject;
use crate::photos::picture::{Font, Picture, PictureRefusal, StampFailure, StampPosition, StampText};
use crate::problem::ApiError;
use crate::state::AppState;

/// Stands for a character the font does not have, such as an emoji in a name; every font has it.
const WITHOUT_GLYPH: char = '?';

/// Why one photo could not be stamped.
#[derive(Debug, thiserror::Error)]
enum StampError {
    #[error(transparent)]
    Row(#[from] StoredValueError),
    #[error("the sealed inspection cannot be read: {0}")]
    Sealed(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] object_store::Error),
    #[error("the original cannot be read any more: {0}")]
    Original(#[from] PictureRefusal),
    #[error(transparent)]
    Draw(#[from] StampFailure),
    #[error(transparent)]
    NoWork(#[from] NoWork),
}

/// Stamps everything that can be stamped, and counts what could not. The font is looked for when it is needed.
///
/// # Errors
/// Faults of the database.
pub async fn stamp_photos(state: &AppState) -> Result<(), ApiError> {
    let mut pending = stamps::count_pending(&mut *state.connection().await?).await?;
    if pending > 0
        && let Some(font) = state.photos.stamper.font().await
    {
        stamp_with(state, &font).await?;
        pending = stamps::count_pending(&mut *state.connection().await?).await?;
    }
    state.metrics.stamps_pending(pending);
    Ok(())
}

async fn stamp_with(state: &AppState, font: &Arc<Font>) -> Result<(), ApiError> {
    let mut after = None;
    loop {
        let batch = stamps::next_pending(&mut *state.connection().await?, after.as_ref()).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = Some(last.key.clone());
        let mut made = Vec::with_capacity(batch.len());
        for pending in batch {
            let key = pending.key.clone();
            match stamp(state, font, pending).await {
                Ok(()) => made.push(key),
                Err(error) => {
                    let (district, inspection, ordinal) = key;
                    tracing::error!(%district, %inspection, ordinal, %error, "a photo could not be stamped");
                }
            }
        }
        let now = state.clock.now();
        stamps::record_stamped(&mut *state.connection().await?, &made, now).await?;
    }
}

async fn stamp(state: &AppState, font: &Arc<Font>, pending: PendingStamp) -> Result<(), StampError> {
    let (district, inspection_id, ordinal) = &pending.key;
    let district: RegionCode = stored("inspection_photos.district", district)?;
    let photo: PhotoHash = stored("inspection_photos.sha256", &pending.sha256)?;
    let copy = PhotoObject::Stamped(InspectionId(*inspection_id), *ordinal);
    let caption = Caption::of(&pending, photo.clone())?;
    let font = font.clone();

    let worker = state.photos.image_workers.free().await?;
    let original = state.photos.store.get(&district, PhotoObject::Original(&photo)).await?;
    let stamping = worker.run(move || -> Result<Vec<u8>, StampError> {
        Ok(Picture::open(&original)?.stamp(&caption.legible(&font).text(), &font)?)
    });
    let stamped = stamping.await??;
    state.photos.store.put_copy(&district, copy, stamped).await?;
    Ok(())
}

/// The words of a stamp, owned.
struct Caption {
    taken_at: sync_core::time::Instant,
    position: Option<StampPosition>,
    place: String,
    inspector: String,
    number: String,
    photo: PhotoHash,
}

impl Caption {
    fn of(pending: &PendingStamp, photo: PhotoHash) -> Result<Self, serde_json::Error> {
        let inspection: Inspection = serde_json::from_value(pending.sealed.clone())?;
        let (_, number, _) = pending.key;
        Ok(Self {
            taken_at: pending.taken_at.0,
            position: position(pending.point, &inspection),
            place: pending.target.clone().unwrap_or(inspection.place),
            inspector: pending.inspector.clone(),
            // Without hyphens it fits its line whole.
            number: number.simple().to_string(),
            photo,
        })
    }

    fn legible(self, font: &Font) -> Self {
        let legible = |text: String| {
            let missing = font.missing(&text);
            text.chars().map(|c| if missing.contains(&c) { WITHOUT_GLYPH } else { c }).collect()
        };
        Self { place: legible(self.place), inspector: legible(self.inspector), ..self }
    }

    fn text(&self) -> StampText<'_> {
        StampText {
            taken_at: self.taken_at,
            position: self.position,
            place: &self.place,
            inspector: &self.inspector,
            number: &self.number,
            photo: &self.photo,
        }
    }
}

/// The photo's own position; the inspection's fix where the photo has none. The accuracy is known of the fix alone.
fn position(own: (Option<f64>, Option<f64>), inspection: &Inspection) -> Option<StampPosition> {
    let fix = inspection.fix.as_ref();
    let own = match own {
        (Some(lon), Some(lat)) => Some(Point { lon, lat }),
        _ => None,
    };
    let point = own.or(fix.map(|fix| fix.point))?;
    let accuracy_metres = fix.filter(|fix| fix.point == point).map(|fix| fix.accuracy_metres);
    Some(StampPosition { point, accuracy_metres })
}
