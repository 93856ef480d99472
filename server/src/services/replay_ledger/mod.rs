//! Replays a ledger (台账重放) from what the database holds of inspections and decisions, and holds every stored entry and
//! every closed month against it.
//!
//! Invariants: one snapshot of the database, in which nothing is written; decisions, inspections and entries come in
//! batches, so that what grows in memory is the money of cases alone. A difference is an answer, not an error.

mod read;

use sync_core::ids::RegionCode;
use sync_core::time::Month;

use crate::db::types::StoredValueError;
use crate::db::{Connection, district_numbers, ledger_entries, periods};
use crate::ledger::replay::{
    Evidence, EvidenceFault, NumberedDecision, Replay, ReplayFault, Step, difference,
};

/// How far to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// To the closing of this month.
    Month(Month),
    /// To the last decision.
    All,
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// Every entry came out again, with its hash, and every closed month with its digest.
    Same {
        /// Decisions taken.
        decisions: i64,
        /// Entries compared.
        entries: i64,
        /// The closed months, each with its digest in hex.
        months: Vec<(Month, String)>,
    },
    /// The first difference.
    Differs(Difference),
}

/// Where the record differs from what replays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// A stored entry is another one.
    #[error("entry {entry_no} differs from its replay in {field}")]
    Entry {
        /// Its number.
        entry_no: i64,
        /// The first column that differs.
        field: &'static str,
    },
    /// An entry that replays is not stored.
    #[error("entry {0} replays and is not stored")]
    EntryMissing(i64),
    /// An entry is stored that does not follow from any decision.
    #[error("entry {0} is stored and follows from no decision")]
    EntryBeyond(i64),
    /// A closed month is stored with another digest, or none.
    #[error("month {0} is not stored with the digest it replays to")]
    Month(Month),
    /// The record is at odds with itself.
    #[error(transparent)]
    Fault(#[from] ReplayFault),
    /// An inspection or pack is not what it was.
    #[error(transparent)]
    Evidence(#[from] EvidenceFault),
    /// A decision's record cannot be read.
    #[error("the record of decision {0} cannot be read")]
    DecisionUnreadable(i64),
}

/// Why nothing was replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The month has no digest to replay to.
    #[error("month {0} is not closed")]
    NotClosed(Month),
    /// The database holds something that this server does not know.
    #[error(transparent)]
    Stored(#[from] StoredValueError),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// How far a replay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Decisions taken.
    pub done: i64,
    /// Decisions to take.
    pub of: i64,
}

/// Replays the ledger of a district; `report` hears of every batch.
///
/// # Errors
/// [`ReplayError`].
pub async fn replay_ledger(
    connection: &mut Connection,
    district: &RegionCode,
    extent: Extent,
    mut report: impl FnMut(Progress) + Send,
) -> Result<Replayed, ReplayError> {
    connection
        .build_transaction()
        .read_only()
        .repeatable_read()
        .run(async |connection| match replay(connection, district, extent, &mut report).await {
            Ok(replayed) => Ok(replayed),
            Err(Stop::Differs(difference)) => Ok(Replayed::Differs(difference)),
            Err(Stop::Error(error)) => Err(error),
        })
        .await
}

/// Why a replay ends before its extent.
enum Stop {
    Differs(Difference),
    Error(ReplayError),
}

impl From<Difference> for Stop {
    fn from(difference: Difference) -> Self {
        Self::Differs(difference)
    }
}

impl From<ReplayFault> for Stop {
    fn from(fault: ReplayFault) -> Self {
        Self::Differs(fault.into())
    }
}

impl From<EvidenceFault> for Stop {
    fn from(fault: EvidenceFault) -> Self {
        Self::Differs(fault.into())
    }
}

impl From<diesel::result::Error> for Stop {
    fn from(error: diesel::result::Error) -> Self {
        Self::Error(error.into())
    }
}

impl From<StoredValueError> for Stop {
    fn from(error: StoredValueError) -> Self {
        Self::Error(error.into())
    }
}

async fn replay(
    connection: &mut Connection,
    district: &RegionCode,
    extent: Extent,
    report: &mut (impl FnMut(Progress) + Send),
) -> Result<Replayed, Stop> {
    let last = match extent {
        Extent::All => read::last_decision(connection, district).await?,
        Extent::Month(month) => {
            let period = periods::find_closed(connection, district, month).await?;
            period.ok_or(Stop::Error(ReplayError::NotClosed(month)))?.decision_no
        }
    };
    let mut evidence = Evidence::default();
    read::add_packs(connection, district, &mut evidence).await?;
    let mut replay = Replay::new(district.clone());
    let mut months = Vec::new();
    let mut done = 0;
    while done < last {
        let batch = read::decisions(connection, district, done, last).await?;
        if batch.is_empty() {
            return Err(ReplayFault::DecisionMissing(done.saturating_add(1)).into());
        }
        evidence.set_inspections(read::inspections(connection, district, &batch).await?);
        take(connection, &mut replay, district, &batch, &evidence, &mut months).await?;
        done = batch.last().map_or(last, |decision| decision.decision_no);
        report(Progress { done, of: last });
    }
    finish(connection, district, extent, &replay, &months).await?;
    let months = months.into_iter().map(|(month, digest)| (month, hex::encode(digest))).collect();
    Ok(Replayed::Same { decisions: last, entries: replay.head().entry_no, months })
}

/// Takes a batch of decisions and holds the stored entries against what comes out.
async fn take(
    connection: &mut Connection,
    replay: &mut Replay,
    district: &RegionCode,
    batch: &[NumberedDecision],
    evidence: &Evidence,
    months: &mut Vec<(Month, Vec<u8>)>,
) -> Result<(), Stop> {
    let before = replay.head().entry_no;
    let mut replayed = Vec::new();
    for decision in batch {
        match replay.apply(decision, evidence)? {
            Step::Entries(entries) => replayed.extend(entries),
            Step::Closed { month, digest } => months.push((month, digest)),
        }
    }
    let count = i64::try_from(replayed.len()).unwrap_or(i64::MAX);
    let stored = match count {
        0 => vec![],
        count => ledger_entries::following(connection, district.as_str(), before, count).await?,
    };
    for (replayed, stored) in replayed.iter().zip(&stored) {
        if let Some(field) = difference(replayed, stored) {
            return Err(Difference::Entry { entry_no: replayed.entry_no, field }.into());
        }
    }
    match replayed.get(stored.len()) {
        Some(missing) => Err(Difference::EntryMissing(missing.entry_no).into()),
        None => Ok(()),
    }
}

/// Holds what stands beside the entries against the replay: closed months, and that nothing follows from nothing.
async fn finish(
    connection: &mut Connection,
    district: &RegionCode,
    extent: Extent,
    replay: &Replay,
    months: &[(Month, Vec<u8>)],
) -> Result<(), Stop> {
    let stored = periods::closed(connection, district).await?;
    for (month, digest) in months {
        if !stored.iter().any(|period| period.month == *month && period.digest == *digest) {
            return Err(Difference::Month(*month).into());
        }
    }
    if extent != Extent::All {
        return Ok(());
    }
    if let Some(period) = stored.iter().find(|period| months.iter().all(|(month, _)| *month != period.month))
    {
        return Err(Difference::Month(period.month).into());
    }
    let head = replay.head();
    let beyond = ledger_entries::following(connection, district.as_str(), head.entry_no, 1).await?;
    if let Some(entry) = beyond.into_iter().next() {
        return Err(Difference::EntryBeyond(entry.entry_no).into());
    }
    if district_numbers::ledger_head(connection, district.as_str()).await? == *head {
        Ok(())
    } else {
        Err(Difference::EntryMissing(head.entry_no.saturating_add(1)).into())
    }
}
