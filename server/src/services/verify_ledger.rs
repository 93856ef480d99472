//! Verifies ledgers (台账校验): walks a district's hash chain from its first entry and names the first that breaks it;
//! then holds what closed months stood on, the sums that are kept and the files of closed months against what they must be.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::districts;
use crate::db::{Connection, district_numbers, ledger_entries, month_exports, month_sums, periods};
use crate::ledger::chain::{Fault, Head};

/// Entries read at a time: memory stays bounded however long the ledger is.
const BATCH_ENTRIES: i64 = 1_000;

/// What a walk along the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// Every entry follows from the one before it, and the last is the district's head.
    Sound {
        /// How many there are.
        entries: i64,
    },
    /// The chain breaks.
    Broken {
        /// The number at which it does.
        entry_no: i64,
        /// How.
        fault: Fault,
    },
}

/// Verifies the ledger of each district, in the order of their codes.
///
/// # Errors
/// Whatever PostgreSQL says; a broken chain is an answer, not an error.
pub async fn verify_every_ledger(connection: &mut Connection) -> QueryResult<Vec<(String, Verification)>> {
    let codes = districts(connection).await?;
    let mut verified = Vec::with_capacity(codes.len());
    for district in codes {
        let verification = verify_ledger(connection, &district).await?;
        verified.push((district, verification));
    }
    Ok(verified)
}

/// The codes of all districts, in order.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn districts(connection: &mut Connection) -> QueryResult<Vec<String>> {
    districts::table.order(districts::district).select(districts::district).load(connection).await
}

/// Walks the whole chain and compares closed months, their files and months' sums with it, in one snapshot of the database,
/// beside running postings.
///
/// # Errors
/// Whatever PostgreSQL says; a broken chain is an answer, not an error.
pub async fn verify_ledger(connection: &mut Connection, district: &str) -> QueryResult<Verification> {
    connection
        .build_transaction()
        .read_only()
        .repeatable_read()
        .run(async |connection| {
            let end = district_numbers::ledger_head(connection, district).await?;
            let verified = walk_to(connection, district, &mut Head::default(), &end).await?;
            let Verification::Sound { entries } = verified else { return Ok(verified) };
            let fault = if periods::stand_on_other_entries(connection, district).await? {
                Fault::ClosedDiffers
            } else if month_sums::differ(connection, district).await? {
                Fault::SumDiffers
            } else if let Some((month, name)) =
                month_exports::first_that_differs(connection, district).await?
            {
                Fault::KeptFileDiffers { month, name }
            } else {
                return Ok(verified);
            };
            Ok(Verification::Broken { entry_no: entries, fault })
        })
        .await
}

/// Walks the chain in one snapshot from an entry that was verified before.
///
/// # Errors
/// Whatever PostgreSQL says; a broken chain is an answer, not an error.
pub async fn verify_ledger_after(
    connection: &mut Connection,
    district: &str,
    mut head: Head,
) -> QueryResult<Verification> {
    connection
        .build_transaction()
        .read_only()
        .repeatable_read()
        .run(async |connection| {
            let end = district_numbers::ledger_head(connection, district).await?;
            walk_to(connection, district, &mut head, &end).await
        })
        .await
}

/// Walks on from `head` to the end of the ledger, which is `end`. Whoever is not in one snapshot holds the district's
/// row lock, or entries are written on the way.
///
/// # Errors
/// Whatever PostgreSQL says; a broken chain is an answer, not an error.
pub async fn walk_to(
    connection: &mut Connection,
    district: &str,
    head: &mut Head,
    end: &Head,
) -> QueryResult<Verification> {
    Ok(match walk(connection, district, head).await? {
        Err(fault) => Verification::Broken { entry_no: head.entry_no.saturating_add(1), fault },
        Ok(()) if head == end => Verification::Sound { entries: head.entry_no },
        Ok(()) => Verification::Broken { entry_no: head.entry_no, fault: Fault::HeadDiffers },
    })
}

/// Walks on from `head` as far as there are entries; the head moves with every sound one.
///
/// # Errors
/// Whatever PostgreSQL says; a broken chain is an answer, not an error.
pub async fn walk(
    connection: &mut Connection,
    district: &str,
    head: &mut Head,
) -> QueryResult<Result<(), Fault>> {
    loop {
        let batch = ledger_entries::following(connection, district, head.entry_no, BATCH_ENTRIES).await?;
        if batch.is_empty() {
            return Ok(Ok(()));
        }
        if let Err(fault) = batch.iter().try_for_each(|entry| head.advance(entry)) {
            return Ok(Err(fault));
        }
    }
}
