//! Photos of a round: the store's queue, one upload after another, none waiting for one that fails.
//!
//! First all are sent. The server acknowledges bytes before it has looked at the picture, so what it has whole without a
//! verdict is asked about afterwards, once each: whoever asks is told at once.

use super::http::{HttpRequest, HttpResponse};
use super::upload::{NextForUpload, PhotoUpload, UploadProgress};
use super::{PhotoBytes, PhotoUnreadable};
use crate::ids::PhotoHash;
use crate::store::{DeviceStore, StoreError};
use crate::wire::pull::PhotoRow;

/// What a pass over the queue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Sending what is not sent.
    Send,
    /// Asking for the verdicts on what is.
    Ask,
}

/// One pass over the photos of a round.
#[derive(Debug)]
pub(super) struct PhotoStage {
    purpose: Purpose,
    /// The one on its way.
    present: Option<PhotoUpload>,
    /// Place in the queue up to which they were tried.
    tried: Option<i64>,
    /// Whether the server took or refused any: then there is something to pull.
    moved: bool,
    /// Whether any was sent whole and has no verdict yet.
    unjudged: bool,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum NextPhoto {
    /// Ask this.
    Ask(HttpRequest),
    /// The server has all bytes of a photo and has not judged it yet.
    Sent,
    /// These bytes are not at hand yet.
    Load {
        /// Which photo.
        photo: PhotoHash,
        /// From which byte on.
        offset: u64,
        /// How many bytes.
        length: usize,
    },
    /// A photo cannot be read here.
    Unreadable(PhotoHash),
    /// All were tried.
    Done {
        /// Whether the server took or refused any: then there is something to pull.
        moved: bool,
        /// Whether verdicts are to be asked for.
        unjudged: bool,
    },
}

/// What an answer did.
#[derive(Debug)]
pub(super) enum PhotoAnswered {
    /// The upload goes on.
    GoesOn,
    /// The server has judged it.
    Judged {
        /// The verdict.
        verdict: PhotoRow,
        /// Whether this answer is also the first to say that all bytes are there.
        sent: bool,
    },
    /// It waits for the next round.
    Left(PhotoHash),
}

impl PhotoStage {
    /// A pass that sends what is not sent.
    pub(super) const fn sending() -> Self {
        Self { purpose: Purpose::Send, present: None, tried: None, moved: false, unjudged: false }
    }

    /// A pass that asks for the verdicts on what is sent.
    pub(super) fn asking() -> Self {
        Self { purpose: Purpose::Ask, ..Self::sending() }
    }

    /// What comes next.
    pub(super) fn next(
        &mut self,
        store: &DeviceStore,
        photos: &dyn PhotoBytes,
    ) -> Result<NextPhoto, StoreError> {
        if self.present.is_none() {
            let queued = match self.purpose {
                Purpose::Send => store.work.next_photo(self.tried)?,
                Purpose::Ask => store.work.next_unjudged_photo(self.tried)?,
            };
            self.present = queued.map(PhotoUpload::new);
        }
        let Some(upload) = &self.present else {
            return Ok(NextPhoto::Done { moved: self.moved, unjudged: self.unjudged });
        };
        self.tried = Some(upload.position);
        let read = |offset, length| photos.read(&upload.sha256, offset, length);
        let next = upload.next();
        if let Some((offset, length)) = next.bytes()
            && !photos.at_hand(&upload.sha256, offset, length)
        {
            return Ok(NextPhoto::Load { photo: upload.sha256.clone(), offset, length });
        }
        let request = match next {
            NextForUpload::Ask(request) => Ok(request),
            NextForUpload::Create { length } => read(0, length).map(|first| upload.creation(first)),
            NextForUpload::Send { offset, length } => {
                read(offset, length).map(|bytes| upload.chunk(offset, bytes))
            }
            NextForUpload::Complete => {
                self.moved = true;
                self.unjudged = true;
                self.present = None;
                return Ok(NextPhoto::Sent);
            }
        };
        Ok(match request {
            Ok(request) => NextPhoto::Ask(request),
            Err(PhotoUnreadable(sha256)) => {
                self.present = None;
                NextPhoto::Unreadable(sha256)
            }
        })
    }

    /// Takes an answer other than 401, 429 and 5xx, and writes how far the upload is; `None` when nothing was asked. A
    /// verdict is the caller's to write, once the server has said what time it is after that.
    pub(super) fn answered(
        &mut self,
        store: &mut DeviceStore,
        response: &HttpResponse,
    ) -> Result<Option<PhotoAnswered>, StoreError> {
        let Some(mut upload) = self.present.take() else { return Ok(None) };
        let progress = upload.answered(response);
        store.work.photo_progress(&upload.sha256, upload.progress().as_ref())?;
        let sha256 = upload.sha256.clone();
        let refusal = match progress {
            UploadProgress::Continue => {
                // One that was only asked about has had its turn: the next round does what is left to do.
                if self.purpose == Purpose::Send {
                    self.present = Some(upload);
                }
                return Ok(Some(PhotoAnswered::GoesOn));
            }
            UploadProgress::LeaveForNextRound => return Ok(Some(PhotoAnswered::Left(sha256))),
            UploadProgress::Verified => None,
            UploadProgress::Refused(rejection) => Some(rejection),
        };
        self.moved = true;
        let sent = self.purpose == Purpose::Send && refusal.is_none();
        Ok(Some(PhotoAnswered::Judged { verdict: PhotoRow { sha256, refusal }, sent }))
    }

    /// Leaves the present photo for the next round and says which it is.
    pub(super) fn leave(&mut self) -> Option<PhotoHash> {
        self.present.take().map(|upload| upload.sha256)
    }
}
