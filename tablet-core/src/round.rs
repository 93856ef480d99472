//! A sync round as a browser hosts it: one step at a time, with the bytes of photos handed in before they are read.

use serde::Serialize;
use sync_core::engine::{
    Answer, Engine, Extent, HttpResponse, Identity, PhotoBytes, PhotoUnreadable, Step, SyncReport,
    TransportError,
};
use sync_core::ids::PhotoHash;
use sync_core::store::DeviceStore;
use sync_core::time::Instant;

use crate::error::CallError;

/// What the worker is to do next. The body of a request is fetched apart: it is bytes.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Carry this request once.
    Http {
        /// Method.
        method: &'static str,
        /// Path from `/api/` on.
        path: String,
        /// Header fields.
        headers: Vec<(&'static str, String)>,
    },
    /// Sign this text with the device key.
    Sign {
        /// What to sign.
        challenge: String,
    },
    /// Hand in these bytes of a photo.
    Load {
        /// Which.
        photo: PhotoHash,
        /// From which byte on.
        offset: u64,
        /// How many.
        length: usize,
    },
    /// Call again not before this time.
    Wait {
        /// By the clock that is handed in.
        until: Instant,
    },
    /// The round is over.
    Done {
        /// What it did.
        report: Box<SyncReport>,
    },
}

/// The piece of a photo that was handed in, or that it cannot be read.
#[derive(Debug, Default)]
struct Piece(Option<(PhotoHash, u64, Option<Vec<u8>>)>);

impl PhotoBytes for Piece {
    fn read(&self, photo: &PhotoHash, offset: u64, length: usize) -> Result<Vec<u8>, PhotoUnreadable> {
        let bytes = self.0.as_ref().filter(|(of, from, _)| of == photo && *from == offset);
        let bytes = bytes.and_then(|(_, _, bytes)| bytes.as_ref()).filter(|bytes| bytes.len() == length);
        bytes.cloned().ok_or_else(|| PhotoUnreadable(photo.clone()))
    }

    fn at_hand(&self, photo: &PhotoHash, offset: u64, _length: usize) -> bool {
        self.0.as_ref().is_some_and(|(of, from, _)| of == photo && *from == offset)
    }
}

/// A round under way.
#[derive(Debug)]
pub struct Round {
    engine: Engine,
    piece: Piece,
    wanted: Option<(PhotoHash, u64)>,
    body: Vec<u8>,
}

impl Round {
    /// A round from its start; the seed spreads the pauses of different devices.
    #[must_use]
    pub fn new(identity: Identity, seed: u64) -> Self {
        let engine = Engine::new(identity, Extent::Sync, seed);
        Self { engine, piece: Piece::default(), wanted: None, body: Vec::new() }
    }

    /// The next step.
    ///
    /// # Errors
    /// [`CallError`] when the store failed.
    pub fn next(&mut self, store: &mut DeviceStore, now: Instant) -> Result<Ask, CallError> {
        Ok(match self.engine.next(store, &self.piece, now)? {
            Step::Http(request) => {
                self.piece = Piece::default();
                self.body = request.body;
                Ask::Http { method: request.method.as_str(), path: request.path, headers: request.headers }
            }
            Step::Sign { challenge } => Ask::Sign { challenge },
            Step::Load { photo, offset, length } => {
                self.wanted = Some((photo.clone(), offset));
                Ask::Load { photo, offset, length }
            }
            Step::Wait { until } => Ask::Wait { until },
            Step::Done(report) => Ask::Done { report },
        })
    }

    /// The body of the request that was asked for last.
    pub fn take_body(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// Hands in what was asked for by [`Ask::Load`]; nothing where it cannot be read.
    pub fn load(&mut self, bytes: Option<Vec<u8>>) {
        self.piece = Piece(self.wanted.take().map(|(photo, offset)| (photo, offset, bytes)));
    }

    /// Hands in an answer of whatever status.
    ///
    /// # Errors
    /// [`CallError`] when the store failed.
    pub fn respond(
        &mut self,
        store: &mut DeviceStore,
        response: HttpResponse,
        now: Instant,
    ) -> Result<(), CallError> {
        Ok(self.engine.receive(store, Answer::Response(response), now)?)
    }

    /// Hands in that no answer came.
    ///
    /// # Errors
    /// As [`Self::respond`].
    pub fn fail(
        &mut self,
        store: &mut DeviceStore,
        error: TransportError,
        now: Instant,
    ) -> Result<(), CallError> {
        Ok(self.engine.receive(store, Answer::Failed(error), now)?)
    }

    /// Hands in the signature.
    ///
    /// # Errors
    /// As [`Self::respond`].
    pub fn sign(
        &mut self,
        store: &mut DeviceStore,
        signature: String,
        now: Instant,
    ) -> Result<(), CallError> {
        Ok(self.engine.receive(store, Answer::Signature(signature), now)?)
    }
}
