//! The body of an append, received in pieces of bounded size before anything is locked.

use std::time::Duration;

use actix_web::web::{Bytes, BytesMut, Payload};
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

/// How a piece ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceEnd {
    /// The piece is full, and more follows.
    Full,
    /// The body is over.
    Complete,
    /// The connection was cut, or the sender was too slow.
    Cut,
}

/// Bytes in a row.
#[derive(Debug)]
pub struct Piece {
    /// What arrived.
    pub bytes: Bytes,
    /// And why no more.
    pub end: PieceEnd,
}

/// A body on its way in.
pub struct ChunkBody {
    payload: Payload,
    rest: Bytes,
}

impl ChunkBody {
    /// Of a request.
    #[must_use]
    pub fn new(payload: Payload) -> Self {
        Self { payload, rest: Bytes::new() }
    }

    /// The next bytes, at most `max_bytes`, as far as they arrive within the time limit; `expected` bytes are made
    /// room for at once.
    pub async fn next_piece(&mut self, expected: usize, max_bytes: usize, time_limit: Duration) -> Piece {
        let deadline = Instant::now() + time_limit;
        let mut bytes = BytesMut::with_capacity(expected.min(max_bytes));
        let end = loop {
            if self.rest.is_empty() {
                match timeout_at(deadline, self.payload.next()).await {
                    Ok(Some(Ok(arrived))) => self.rest = arrived,
                    Ok(None) => break PieceEnd::Complete,
                    Ok(Some(Err(_))) | Err(_) => break PieceEnd::Cut,
                }
            } else if bytes.len() == max_bytes {
                break PieceEnd::Full;
            } else {
                let fits = self.rest.len().min(max_bytes - bytes.len());
                bytes.extend_from_slice(&self.rest.split_to(fits));
            }
        };
        Piece { bytes: bytes.freeze(), end }
    }
}
