//! Comparing (核对): once a day, or when asked, whether the register holds what the server says it should.
//!
//! Compared is at the end of a pull and at one cursor only; where something changed in between, the next round tries
//! again. A difference is told, counted, and healed by a new register; what was recorded here is not in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::http::{HttpRequest, Method};
use crate::store::{DeviceStore, StoreError};
use crate::time::Instant;
use crate::wire::digest::{ScopeDigest, TableDigest};

/// Seconds between two comparisons (a day).
const INTERVAL_SECONDS: i64 = 24 * 3600;

/// A kind of row of which this device holds others than the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The kind, as pulls name it.
    pub entity: String,
    /// Rows here.
    pub here: u64,
    /// Rows there. As many as here: one at least has another content.
    pub there: u64,
}

/// Whether a round still compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    /// When the last time was a day ago.
    Daily,
    /// In any case.
    Now,
    /// Not again in this round.
    Done,
}

/// What came of comparing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The server was elsewhere by then.
    AtOtherCursors,
    /// Nothing, or this.
    Differences(Vec<Difference>),
}

impl Compare {
    /// Whether it is time. A device that never compared has just been given its register: its day begins now, as that of
    /// one whose clock was set back.
    pub(super) fn is_due(self, store: &mut DeviceStore, now: Instant) -> Result<bool, StoreError> {
        match self {
            Self::Now => Ok(true),
            Self::Done => Ok(false),
            Self::Daily => {
                let since = store.work.compared_at()?.map(|at| now.seconds_since(at));
                let is_due = since.is_some_and(|since| since >= INTERVAL_SECONDS);
                if since.is_none_or(|since| since < 0) {
                    store.work.note_compared(now)?;
                }
                Ok(is_due)
            }
        }
    }
}

pub(super) fn request() -> HttpRequest {
    HttpRequest::new(Method::Get, "/api/v1/sync/digest")
}

pub(super) fn compare(store: &DeviceStore, there: &ScopeDigest) -> Result<Compared, StoreError> {
    if store.pull_cursor()?.as_ref() != Some(&there.cursor) {
        return Ok(Compared::AtOtherCursors);
    }
    let here = store.master().digest()?;
    let kinds: BTreeSet<&String> = here.keys().chain(there.tables.keys()).collect();
    let rows = |tables: &BTreeMap<String, TableDigest>, kind: &String| {
        tables.get(kind).map_or(0, |table| table.rows)
    };
    let differing = kinds.into_iter().filter(|kind| here.get(*kind) != there.tables.get(*kind));
    let difference = |kind: &String| Difference {
        entity: kind.clone(),
        here: rows(&here, kind),
        there: rows(&there.tables, kind),
    };
    Ok(Compared::Differences(differing.map(difference).collect()))
}
