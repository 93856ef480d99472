//! How a record stands (进度), for the one who made it: one answer out of its operation, its photos and what is under way
//! just now. Screens and the command line show this and nothing else of their own.
//!
//! Invariant: sent means that the server has all of it: refused, quarantined or half-sent work never is.

use serde::Serialize;

use super::work::{OperationState, PhotoState};
use crate::wire::push::Rejection;

/// How a record or a photo stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "liveness", rename_all = "snake_case")]
pub enum Liveness {
    /// It waits to be sent (待发送).
    Waiting,
    /// It is on its way, or the server has it and has not judged it yet (发送中).
    Sending,
    /// The server has all of it (已送达).
    Sent,
    /// The server refused it for good (被拒绝).
    Refused {
        /// Why.
        why: Rejection,
    },
    /// It does not go on by itself (需要处理).
    NeedsYou {
        /// What is to be done.
        #[serde(flatten)]
        need: Need,
    },
}

/// What only a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "need", rename_all = "snake_case")]
pub enum Need {
    /// Take the photo again: the server refused this one.
    TakePhotoAgain {
        /// Why.
        why: Rejection,
    },
    /// Ask the administrator: this device was revoked, its work is kept for him.
    AskAdministrator,
}

impl Liveness {
    /// Of a photo; `is_under_way`: its bytes are being sent now.
    #[must_use]
    pub fn of_photo(state: &PhotoState, size: u64, is_under_way: bool) -> Self {
        match state {
            PhotoState::Verified { .. } => Self::Sent,
            PhotoState::Refused(why) => Self::NeedsYou { need: Need::TakePhotoAgain { why: why.clone() } },
            PhotoState::Waiting { upload } => {
                let is_whole = upload.as_ref().is_some_and(|upload| upload.offset == size);
                if is_under_way || is_whole { Self::Sending } else { Self::Waiting }
            }
        }
    }

    /// Of a record with its photos; `is_under_way`: its operation is being sent now. What a person must do comes before
    /// what the device still does.
    #[must_use]
    pub fn of_record(
        operation: &OperationState,
        is_under_way: bool,
        photos: impl IntoIterator<Item = Self>,
    ) -> Self {
        let operation = match operation {
            OperationState::Refused(why) => return Self::Refused { why: why.clone() },
            OperationState::Quarantined { .. } => {
                return Self::NeedsYou { need: Need::AskAdministrator };
            }
            OperationState::Applied { .. } => Self::Sent,
            OperationState::Waiting | OperationState::Held(_) if is_under_way => Self::Sending,
            OperationState::Waiting | OperationState::Held(_) => Self::Waiting,
        };
        photos
            .into_iter()
            .fold(operation, |so_far, photo| if photo.rank() > so_far.rank() { photo } else { so_far })
    }

    /// What a record with several parts shows: the part that is furthest from being done.
    const fn rank(&self) -> u8 {
        match self {
            Self::Sent => 0,
            Self::Sending => 1,
            Self::Waiting => 2,
            Self::NeedsYou { .. } => 3,
            Self::Refused { .. } => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Upload;
    use crate::time::Instant;
    use crate::wire::problem::ProblemKind;

    fn at() -> Instant {
        "2024-10-08T01:00:00Z".parse().unwrap()
    }

    fn why() -> Rejection {
        ProblemKind::PhotoTruncated.rejection(None)
    }

    fn upload(offset: u64) -> PhotoState {
        PhotoState::Waiting { upload: Some(Upload { url: "/u".to_owned(), offset }) }
    }

    #[test]
    fn a_photo_is_sent_when_the_server_has_verified_it_and_not_before() {
        let retake = Liveness::NeedsYou { need: Need::TakePhotoAgain { why: why() } };
        for (state, is_under_way, expected) in [
            (PhotoState::Waiting { upload: None }, false, Liveness::Waiting),
            (upload(5), false, Liveness::Waiting),
            (upload(5), true, Liveness::Sending),
            (upload(10), false, Liveness::Sending),
            (PhotoState::Verified { at: at() }, false, Liveness::Sent),
            (PhotoState::Refused(why()), true, retake),
        ] {
            assert_eq!(Liveness::of_photo(&state, 10, is_under_way), expected, "{state:?}");
        }
    }

    #[test]
    fn a_record_is_sent_when_all_of_it_is_and_refused_work_never_counts() {
        use Liveness::{Sending, Sent, Waiting};
        let applied = OperationState::Applied { at: at() };
        let retake = || Liveness::NeedsYou { need: Need::TakePhotoAgain { why: why() } };
        let of = |operation: &OperationState, is_under_way, photos: &[Liveness]| {
            Liveness::of_record(operation, is_under_way, photos.iter().cloned())
        };
        assert_eq!(of(&OperationState::Waiting, false, &[]), Waiting);
        assert_eq!(of(&OperationState::Waiting, true, &[]), Sending);
        assert_eq!(of(&OperationState::Held(vec![]), false, &[Sent]), Waiting);
        assert_eq!(of(&applied, false, &[Sent, Sent]), Sent);
        assert_eq!(of(&applied, false, &[Sent, Waiting]), Waiting);
        assert_eq!(of(&applied, false, &[Sent, Sending]), Sending);
        assert_eq!(of(&applied, false, &[Waiting, retake(), Sent]), retake());
        let refused = OperationState::Refused(why());
        assert_eq!(of(&refused, true, &[Sent, retake()]), Liveness::Refused { why: why() });
        let quarantined = OperationState::Quarantined { at: at() };
        assert_eq!(of(&quarantined, false, &[Sent]), Liveness::NeedsYou { need: Need::AskAdministrator });
    }
}
