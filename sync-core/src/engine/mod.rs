//! The sync engine (同步引擎): a state machine that asks for requests to be carried and takes their answers.
//!
//! Its host calls [`Engine::next`], does what the [`Step`] says, hands the outcome to [`Engine::receive`], and so on
//! until [`Step::Done`]. The same code runs over HTTP natively, over `fetch` in the browser and under a simulator.
//!
//! One round: access, push until nothing more can be settled, pull until there is no more (where there is no register yet,
//! from a snapshot), photos, a pull for what they changed, and for those of whose verdict it did not tell, the question and a last pull. Invariants: no I/O, no clock read (now is handed in), no thread, randomness from the
//! seed. Every answer is written to the store before the next step is thought of, so a host may stop between any
//! two calls; the next round heals whatever answer was lost. No failure drops a queue, and none goes unreported.

mod access;
mod bootstrap;
mod compare;
mod http;
mod log;
mod photos;
mod push;
mod report;
mod retry;
mod round;
mod upload;

#[cfg(test)]
mod tests;

pub use compare::Difference;
pub use http::{HttpRequest, HttpResponse, Method, TransportError};
pub use report::{
    Failure, FailureReason, HeldOperation, RefusedOperation, RefusedPhoto, Subject, SyncReport, Undertaking,
};
pub use round::Engine;

use crate::ids::{DeviceId, Incarnation, PhotoHash, UserId};
use crate::store::StoreError;
use crate::time::Instant;

/// Who syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The enrolled device.
    pub device_id: DeviceId,
    /// The user whose stores these are.
    pub user_id: UserId,
    /// This installation of the device's database.
    pub incarnation: Incarnation,
}

/// How much of a round to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Sync,
    /// Only what the server has to tell.
    PullOnly,
}

/// Where photo originals are read from. Reading is all the engine does with them.
pub trait PhotoBytes {
    /// Exactly `length` bytes from `offset` on.
    ///
    /// # Errors
    /// [`PhotoUnreadable`] when the file is missing, shorter or cannot be read.
    fn read(&self, photo: &PhotoHash, offset: u64, length: usize) -> Result<Vec<u8>, PhotoUnreadable>;

    /// Whether they can be read at once. A host that cannot read while it is called (a browser) answers no, is asked
    /// by [`Step::Load`], and answers yes when it has them or knows that it never will.
    fn at_hand(&self, _photo: &PhotoHash, _offset: u64, _length: usize) -> bool {
        true
    }
}

/// A photo's file is missing, shorter than recorded, or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("photo {0} cannot be read on this device")]
pub struct PhotoUnreadable(pub PhotoHash);

/// What the host is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Carry this request once and hand in what comes back.
    Http(HttpRequest),
    /// Sign this text's UTF-8 bytes with the device key (ECDSA P-256, SHA-256) and hand in r‖s as base64url
    /// without padding.
    Sign {
        /// What to sign.
        challenge: String,
    },
    /// Have these bytes of a photo at hand and call again. Only where [`PhotoBytes::at_hand`] said no.
    Load {
        /// Which photo.
        photo: PhotoHash,
        /// From which byte on.
        offset: u64,
        /// How many bytes.
        length: usize,
    },
    /// Call again not before this time.
    Wait {
        /// By the clock that is handed in.
        until: Instant,
    },
    /// The round is over.
    Done(Box<SyncReport>),
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An answer of whatever status.
    Response(HttpResponse),
    /// No answer.
    Failed(TransportError),
    /// The signature of the challenge.
    Signature(String),
}

/// Why the engine cannot go on at all. What the network or the server do never is one.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The device's own store failed, for example on a full disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A request could not be written as JSON.
    #[error("the request cannot be written: {0}")]
    Encode(#[from] serde_json::Error),
    /// The host called out of turn: an answer nobody asked for, or a step before the last one's answer.
    #[error("the engine was called out of turn")]
    OutOfTurn,
}
