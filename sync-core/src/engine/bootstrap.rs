//! Bootstrap: a register that is not there yet is fetched as a snapshot, in parts, over as many rounds as it takes.
//!
//! When: there is no cursor to pull from, which is so on first start and after every word to start over. Parts are asked
//! for by `Range` on condition (`If-Match`) that it is still the same file; another one starts over. What cannot be had
//! or used as a snapshot is pulled page by page, so a server that knows no snapshots, or one that is damaged, keeps nobody
//! from a register.

use super::http::{HttpRequest, HttpResponse, Method};
use crate::limits::{SNAPSHOT_CHUNK_BYTES, SNAPSHOT_MAX_BYTES, SNAPSHOT_PIECE_BYTES};
use crate::store::{DeviceStore, SnapshotChunk, SnapshotFault, StoreError, Unpacked};
use crate::wire::pull::PullPage;

const PATH: &str = "/api/v1/sync/snapshot";
/// Hex digits of a SHA-256.
const HASH_DIGITS: usize = 64;

/// The fetching of a snapshot in one round.
#[derive(Debug)]
pub(super) struct Bootstrap {
    /// This round asks for no snapshot any more.
    declined: bool,
}

/// What a round that wants to pull is to do first.
#[derive(Debug)]
pub(super) enum NextForBootstrap {
    /// Ask for the next part.
    Ask(HttpRequest),
    /// Nothing: it is being unpacked, and goes on after a turn of others.
    Unpacking,
    /// Adopt the snapshot that this page stands for.
    Adopt(Box<PullPage>),
    /// Tell of a snapshot that could not be used.
    Refused(SnapshotFault),
    /// Pull pages from this cursor.
    Pages(Option<String>),
}

/// What an answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received {
    /// A part, which is kept.
    Part,
    /// The word that the file is not the one that was begun.
    StartsOver,
    /// No snapshot is to be had: it goes on page by page.
    Declined,
    /// Nothing of this product's, or cut off.
    NotUnderstood,
}

impl Bootstrap {
    pub(super) const fn new() -> Self {
        Self { declined: false }
    }

    /// Asks for no snapshot any more in this round.
    pub(super) const fn decline(&mut self) {
        self.declined = true;
    }

    pub(super) fn next(&mut self, store: &mut DeviceStore) -> Result<NextForBootstrap, StoreError> {
        let cursor = store.pull_cursor()?;
        if self.declined || cursor.is_some() {
            return Ok(NextForBootstrap::Pages(cursor));
        }
        let received = store.snapshot_received()?;
        let Some(received) = received else { return Ok(NextForBootstrap::Ask(part(0))) };
        if !received.is_complete() {
            let same = format!("\"{}\"", received.sha256);
            return Ok(NextForBootstrap::Ask(part(received.received).header("If-Match", same)));
        }
        Ok(match store.unpack_snapshot(&received, SNAPSHOT_PIECE_BYTES)? {
            Unpacked::InPart => NextForBootstrap::Unpacking,
            Unpacked::Sound(page) => NextForBootstrap::Adopt(Box::new(page)),
            Unpacked::Refused(fault) => {
                self.declined = true;
                NextForBootstrap::Refused(fault)
            }
        })
    }

    pub(super) fn answered(
        &mut self,
        store: &mut DeviceStore,
        response: &HttpResponse,
    ) -> Result<Received, StoreError> {
        match response.status {
            200 | 206 => {
                let Some(chunk) = chunk(response) else { return Ok(Received::NotUnderstood) };
                store.take_snapshot_chunk(&chunk)?;
                Ok(Received::Part)
            }
            // Another file, or a range that it does not have.
            412 | 416 if response.problem().is_some() => {
                store.discard_snapshot()?;
                Ok(Received::StartsOver)
            }
            _ if response.problem().is_some() => {
                self.declined = true;
                Ok(Received::Declined)
            }
            _ => Ok(Received::NotUnderstood),
        }
    }
}

/// A request for the part from `start` on.
fn part(start: u64) -> HttpRequest {
    let last = start.saturating_add(SNAPSHOT_CHUNK_BYTES).saturating_sub(1);
    HttpRequest::new(Method::Get, PATH).header("Range", format!("bytes={start}-{last}"))
}

/// The part that an answer carries, if it is whole. The tag of the file is its SHA-256.
fn chunk(response: &HttpResponse) -> Option<SnapshotChunk> {
    let sha256 = response.header_value("ETag")?.strip_prefix('"')?.strip_suffix('"')?;
    let is_hash = sha256.len() == HASH_DIGITS && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    let length = u64::try_from(response.body.len()).ok()?;
    let (start, total) = match response.status {
        206 => {
            let range = response.header_value("Content-Range")?.strip_prefix("bytes ")?;
            let (range, total) = range.split_once('/')?;
            let (first, last) = range.split_once('-')?;
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            (last.checked_sub(first)?.checked_add(1)? == length).then_some(())?;
            (first, total.parse().ok()?)
        }
        _ => (0, response.header_number("Content-Length")?),
    };
    let end = length.checked_add(start)?;
    let is_sound = is_hash && length > 0 && end <= total && total <= SNAPSHOT_MAX_BYTES;
    let (sha256, bytes) = (sha256.to_owned(), response.body.clone());
    is_sound.then_some(SnapshotChunk { sha256, total, start, bytes })
}
