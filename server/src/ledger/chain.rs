//! The hash chain of a district's ledger: who changes, drops or inserts an entry breaks every hash after it.
//!
//! **Canonical form.** The hash of an entry is SHA-256 over the bytes of [`DOMAIN`], then over each field in the
//! order of [`entry_hash`], every field as its length in bytes (four bytes, big-endian) followed by its bytes:
//! text as UTF-8, numbers as decimal text, ids in hyphenated lower case, dates as `YYYY-MM-DD`, the time of posting
//! as microseconds since 1970 in decimal, an absent `reverses` as the empty text, the previous hash as its 32 bytes.
//! Lengths make the form unambiguous: no two entries share it. The form never changes; a new one gets a new domain.
//!
//! The first entry follows [`GENESIS`].

use sha2::{Digest, Sha256};
use sync_core::time::Month;

use crate::db::ledger_entries::{EntryContent, LedgerEntryRow};

/// Names the form and its version at the head of the hashed bytes.
pub const DOMAIN: &[u8] = b"lantian ledger entry 1\n";

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// What stands where the first entry's previous hash would be.
pub const GENESIS: [u8; HASH_BYTES] = [0; HASH_BYTES];

/// The last link of a chain: what the next entry follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last entry; 0 before the first.
    pub entry_no: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

impl Default for Head {
    fn default() -> Self {
        Self { entry_no: 0, hash: GENESIS.to_vec() }
    }
}

impl Head {
    /// The next entry, numbered and linked; the head moves to it.
    pub fn append(&mut self, content: EntryContent) -> LedgerEntryRow {
        let mut entry = LedgerEntryRow {
            entry_no: self.entry_no.saturating_add(1),
            content,
            previous_hash: std::mem::take(&mut self.hash),
            hash: vec![],
        };
        entry.hash = entry_hash(&entry).to_vec();
        *self = Self { entry_no: entry.entry_no, hash: entry.hash.clone() };
        entry
    }

    /// Checks that an entry is the next one; then the head moves to it.
    ///
    /// # Errors
    /// The [`Fault`] by which the chain breaks at the number after the head's; the head stays.
    pub fn advance(&mut self, entry: &LedgerEntryRow) -> Result<(), Fault> {
        if entry.entry_no != self.entry_no.saturating_add(1) {
            return Err(Fault::Missing);
        }
        if entry.previous_hash != self.hash {
            return Err(Fault::NotLinked);
        }
        if entry.hash != entry_hash(entry) {
            return Err(Fault::Altered);
        }
        *self = Self { entry_no: entry.entry_no, hash: entry.hash.clone() };
        Ok(())
    }
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The number is not there, or was changed.
    #[error("the entry of this number is missing")]
    Missing,
    /// It does not follow the entry before it.
    #[error("its previous hash is not the hash of the entry before it")]
    NotLinked,
    /// Its fields do not give its hash.
    #[error("its fields do not give its hash")]
    Altered,
    /// The chain ends elsewhere than the district's row says.
    #[error("the district's head is not the last entry")]
    HeadDiffers,
    /// The chain is sound, but a closed month was closed on another last entry.
    #[error("a closed month was closed on another entry of the number where it ended")]
    ClosedDiffers,
    /// The chain is sound, but the kept sum of a month ([`crate::db::month_sums`]) is not that of its entries.
    #[error("the kept sum of a month is not the sum of its entries")]
    SumDiffers,
    /// The chain is sound, but a kept file of a closed month ([`crate::db::month_exports`]) is not the one of its closing.
    #[error("the kept file {name} of {month} is not the one that the month was closed with")]
    KeptFileDiffers {
        /// The month.
        month: Month,
        /// The file; missing, added or changed.
        name: String,
    },
}

/// The hash of an entry over its fields and its `previous_hash`; the row's `hash` itself is not read.
#[must_use]
pub fn entry_hash(entry: &LedgerEntryRow) -> [u8; HASH_BYTES] {
    let content = &entry.content;
    let texts = [
        content.district.clone(),
        entry.entry_no.to_string(),
        content.kind.clone(),
        content.unit_id.to_string(),
        content.period.0.to_string(),
        content.occurred_month.0.to_string(),
        content.case_id.to_string(),
        content.charge_id.to_string(),
        content.posting_no.to_string(),
        content.reverses.map(|reversed| reversed.to_string()).unwrap_or_default(),
        content.decision_no.to_string(),
        content.amount_fen.to_string(),
        content.grid.clone(),
        content.item.clone(),
        content.measure.clone(),
        content.pack_hash.clone(),
        content.clause.clone(),
        content.posted_at.to_jiff().as_microsecond().to_string(),
    ];
    let mut digest = Sha256::new_with_prefix(DOMAIN);
    for field in texts.iter().map(String::as_bytes).chain([entry.previous_hash.as_slice()]) {
        digest.update(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(field);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff_diesel::ToDiesel as _;
    use uuid::Uuid;

    use super::*;
    use crate::db::types::Day;

    fn content() -> EntryContent {
        EntryContent {
            district: "410804".to_owned(),
            kind: "deduction".to_owned(),
            unit_id: Uuid::from_u128(1),
            period: Day(date(2024, 11, 1)),
            occurred_month: Day(date(2024, 10, 1)),
            case_id: Uuid::from_u128(2),
            charge_id: Uuid::from_u128(3),
            posting_no: 1,
            reverses: None,
            decision_no: 7,
            amount_fen: 10_000_000,
            grid: "410804/001".to_owned(),
            item: "site_dust".to_owned(),
            measure: "hoarding".to_owned(),
            pack_hash: "a".repeat(64),
            clause: "马政〔2024〕5号 三（三）".to_owned(),
            posted_at: "2024-11-22T05:15:00.123Z".parse::<jiff::Timestamp>().unwrap().to_diesel(),
        }
    }

    fn chain(length: usize) -> Vec<LedgerEntryRow> {
        let mut head = Head::default();
        (0..length).map(|_| head.append(content())).collect()
    }

    fn walk(entries: &[LedgerEntryRow]) -> Result<i64, (i64, Fault)> {
        let mut head = Head::default();
        for entry in entries {
            head.advance(entry).map_err(|fault| (head.entry_no + 1, fault))?;
        }
        Ok(head.entry_no)
    }

    #[test]
    fn the_canonical_form_never_changes() {
        let hash = hex::encode(&chain(1)[0].hash);
        assert_eq!(
            hash, "389e330016be99351642d50d0d2c7f762cabadfee52664efe3e4a33a8fe3ff60",
            "entries already written must still verify"
        );
    }

    #[test]
    fn a_sound_chain_verifies_to_its_end() {
        assert_eq!(walk(&chain(3)), Ok(3));
        assert_eq!(walk(&[]), Ok(0));
    }

    #[test]
    fn a_change_to_any_field_is_found_at_its_entry() {
        let changes: [fn(&mut EntryContent); 17] = [
            |e| e.district = "410805".to_owned(),
            |e| e.kind = "transfer".to_owned(),
            |e| e.unit_id = Uuid::from_u128(9),
            |e| e.period = Day(date(2024, 12, 1)),
            |e| e.occurred_month = Day(date(2024, 11, 1)),
            |e| e.case_id = Uuid::from_u128(9),
            |e| e.charge_id = Uuid::from_u128(9),
            |e| e.posting_no = 2,
            |e| e.reverses = Some(1),
            |e| e.decision_no = 8,
            |e| e.amount_fen -= 1,
            |e| e.grid.push('0'),
            |e| e.item = "stockpile".to_owned(),
            |e| e.measure.clear(),
            |e| e.pack_hash = "b".repeat(64),
            |e| e.clause.push(' '),
            |e| e.posted_at = "2024-11-22T05:15:00.123001Z".parse::<jiff::Timestamp>().unwrap().to_diesel(),
        ];
        for (which, change) in changes.iter().enumerate() {
            let mut entries = chain(3);
            change(&mut entries[1].content);
            assert_eq!(walk(&entries), Err((2, Fault::Altered)), "change {which}");
        }
    }

    #[test]
    fn text_moved_between_neighbouring_fields_is_found() {
        let mut entries = chain(1);
        entries[0].content.item = "site_dus".to_owned();
        entries[0].content.measure = "thoarding".to_owned();
        assert_eq!(walk(&entries), Err((1, Fault::Altered)));
    }

    #[test]
    fn a_dropped_or_replaced_entry_is_found() {
        let mut dropped = chain(3);
        dropped.remove(1);
        assert_eq!(walk(&dropped), Err((2, Fault::Missing)));

        let mut forged = chain(3);
        let mut head = Head { entry_no: 1, hash: forged[0].hash.clone() };
        forged[1] = head.append(EntryContent { amount_fen: 1, ..content() });
        assert_eq!(walk(&forged), Err((3, Fault::NotLinked)));
    }
}
