//! Photos of a round: the store's queue, one upload after another, none waiting for one that fails.

use super::http::{HttpRequest, HttpResponse};
use super::upload::{NextForUpload, PhotoUpload, UploadProgress};
use super::{PhotoBytes, PhotoUnreadable};
use crate::ids::PhotoHash;
use crate::store::{DeviceStore, StoreError};
use crate::time::Instant;
use crate::wire::pull::PhotoRow;
use crate::wire::push::Rejection;

/// The photo part of a round.
#[derive(Debug, Default)]
pub(super) struct PhotoStage {
    /// The one on its way.
    present: Option<PhotoUpload>,
    /// Place in the queue up to which they were tried.
    tried: Option<i64>,
    /// Whether the server took or refused any: then there is something to pull.
    moved: bool,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum NextPhoto {
    /// Ask this.
    Ask(HttpRequest),
    /// The server has all bytes of a photo and has not verified them yet.
    Sent,
    /// A photo cannot be read here.
    Unreadable(PhotoHash),
    /// All were tried; `moved` says whether there is something to pull.
    Done {
        /// Whether the server took or refused any.
        moved: bool,
    },
}

/// What an answer did.
#[derive(Debug)]
pub(super) enum PhotoAnswered {
    /// The upload goes on.
    GoesOn,
    /// The server has it and has verified it.
    Verified,
    /// The server will not have it.
    Refused(PhotoHash, Rejection),
    /// It waits for the next round.
    Left(PhotoHash),
}

impl PhotoStage {
    /// What comes next.
    pub(super) fn next(
        &mut self,
        store: &DeviceStore,
        photos: &dyn PhotoBytes,
    ) -> Result<NextPhoto, StoreError> {
        if self.present.is_none() {
            self.present = store.work.next_photo(self.tried)?.map(PhotoUpload::new);
        }
        let Some(upload) = &self.present else { return Ok(NextPhoto::Done { moved: self.moved }) };
        self.tried = Some(upload.position);
        Ok(match upload.next() {
            NextForUpload::Create(request) | NextForUpload::Ask(request) => NextPhoto::Ask(request),
            NextForUpload::Send { offset, length } => match photos.read(&upload.sha256, offset, length) {
                Ok(bytes) => NextPhoto::Ask(upload.chunk(offset, bytes)),
                Err(PhotoUnreadable(sha256)) => {
                    self.present = None;
                    NextPhoto::Unreadable(sha256)
                }
            },
            NextForUpload::Complete => {
                self.moved = true;
                self.present = None;
                NextPhoto::Sent
            }
        })
    }

    /// Takes an answer other than 401, 429 and 5xx, and writes what it changed; `None` when nothing was asked.
    pub(super) fn answered(
        &mut self,
        store: &mut DeviceStore,
        response: &HttpResponse,
        server_time: Instant,
    ) -> Result<Option<PhotoAnswered>, StoreError> {
        let Some(mut upload) = self.present.take() else { return Ok(None) };
        let progress = upload.answered(response);
        store.work.photo_progress(&upload.sha256, upload.progress().as_ref())?;
        let sha256 = upload.sha256.clone();
        let refusal = match progress {
            UploadProgress::Continue => {
                self.present = Some(upload);
                return Ok(Some(PhotoAnswered::GoesOn));
            }
            UploadProgress::LeaveForNextRound => return Ok(Some(PhotoAnswered::Left(sha256))),
            UploadProgress::Verified => None,
            UploadProgress::Refused(rejection) => Some(rejection),
        };
        self.moved = true;
        let row = PhotoRow { sha256, refusal };
        store.work.photo_settled(&row, server_time)?;
        Ok(Some(match row.refusal {
            None => PhotoAnswered::Verified,
            Some(rejection) => PhotoAnswered::Refused(row.sha256, rejection),
        }))
    }

    /// Leaves the present photo for the next round and says which it is.
    pub(super) fn leave(&mut self) -> Option<PhotoHash> {
        self.present.take().map(|upload| upload.sha256)
    }
}
