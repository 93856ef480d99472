//! The digest of a month (月度摘要): SHA-256 over its lines, which anybody can write down again from the ledger.
//!
//! **Form 1.** UTF-8 text, every line ended by `\n`, fields parted by a tab. First the head: `lantian month digest 1`,
//! then `district`, `month`, `entries` (how many) and `total_fen`, each with its value. Then one line for each entry of
//! the month of account: budget code of the unit at closing, item, measure, kind, signed fen, month of occurrence, grid,
//! clause, pack hash, number of the posting. These lines are sorted by their bytes. Backslash, tab, line feed and
//! carriage return within a field are written `\\`, `\t`, `\n`, `\r`, as PostgreSQL's `COPY` writes them.
//!
//! Invariants: nothing in it was generated (no ids, no entry or decision numbers) and nothing says when it was written, so
//! a ledger that is replayed from its inspections and decisions gives the same digest; the form never changes, a new
//! one gets a new number and a new head.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sync_core::ids::RegionCode;
use sync_core::money::Fen;
use sync_core::time::Month;
use uuid::Uuid;

use crate::db::ledger_entries::EntryContent;
use crate::ledger::chain::HASH_BYTES;

/// The number of the form that is written today.
pub const FORM: u16 = 1;

/// The budget code (预算单位编码) of each unit at closing: the register may change, the month does not.
pub type BudgetCodes = BTreeMap<Uuid, String>;

/// What the decision that closed a month records: all that the month's lines need beside the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingDetail {
    /// The form of the digest.
    pub form: u16,
    /// The digest in hex.
    pub digest: String,
    /// Number of the ledger's last entry then.
    pub entry_no: i64,
    /// Its hash in hex.
    pub entry_hash: String,
    /// The budget code of each unit with an entry in the month.
    pub budget_codes: BudgetCodes,
}

/// Why a month has no lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// An entry stands on the account of a unit without a budget code.
    #[error("unit {0} has no budget code at closing")]
    UnitUnknown(Uuid),
    /// The sum of the month does not fit.
    #[error("the month's total does not fit into 64 bits of fen")]
    TotalTooLarge,
}

/// The lines of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthLines {
    text: String,
}

impl MonthLines {
    /// Writes the lines of `month` from its entries, in whatever order they come.
    ///
    /// # Errors
    /// [`DigestError`].
    pub fn of<'e>(
        district: &RegionCode,
        month: Month,
        entries: impl IntoIterator<Item = &'e EntryContent>,
        budget_codes: &BudgetCodes,
    ) -> Result<Self, DigestError> {
        let mut lines = Vec::new();
        let mut total = Fen::ZERO;
        for entry in entries {
            total = total.checked_add(Fen::new(entry.amount_fen)).ok_or(DigestError::TotalTooLarge)?;
            lines.push(line(entry, budget_codes)?);
        }
        lines.sort_unstable();
        let mut text = format!(
            "lantian month digest {FORM}\ndistrict\t{district}\nmonth\t{month}\nentries\t{}\ntotal_fen\t{}\n",
            lines.len(),
            total.get()
        );
        text.extend(lines);
        Ok(Self { text })
    }

    /// The text, which closing stores beside the exports.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its SHA-256: the month's digest.
    #[must_use]
    pub fn digest(&self) -> [u8; HASH_BYTES] {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

fn line(entry: &EntryContent, budget_codes: &BudgetCodes) -> Result<String, DigestError> {
    let budget_code = budget_codes.get(&entry.unit_id).ok_or(DigestError::UnitUnknown(entry.unit_id))?;
    let mut line = String::new();
    let fields = [
        budget_code.as_str(),
        &entry.item,
        &entry.measure,
        &entry.kind,
        &entry.amount_fen.to_string(),
        &Month::of(entry.occurred_month.0).to_string(),
        &entry.grid,
        &entry.clause,
        &entry.pack_hash,
    ];
    for field in fields {
        push_escaped(&mut line, field);
        line.push('\t');
    }
    // Writing to a string cannot fail.
    let _ = writeln!(line, "{}", entry.posting_no);
    Ok(line)
}

fn push_escaped(line: &mut String, field: &str) {
    for character in field.chars() {
        match character {
            '\\' => line.push_str("\\\\"),
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            other => line.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff_diesel::ToDiesel as _;
    use proptest::prelude::*;

    use super::*;
    use crate::db::types::Day;

    fn entry(amount_fen: i64) -> EntryContent {
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
            amount_fen,
            grid: "410804/001".to_owned(),
            item: "site_dust".to_owned(),
            measure: "hoarding".to_owned(),
            pack_hash: "a".repeat(64),
            clause: "马政〔2024〕5号 三（三）".to_owned(),
            posted_at: "2024-11-22T05:15:00.123Z".parse::<jiff::Timestamp>().unwrap().to_diesel(),
        }
    }

    fn lines(entries: &[EntryContent]) -> MonthLines {
        let codes = BudgetCodes::from([(Uuid::from_u128(1), "101".to_owned())]);
        MonthLines::of(&"410804".parse().unwrap(), "2024-11".parse().unwrap(), entries, &codes).unwrap()
    }

    #[test]
    fn form_1_never_changes() {
        let lines = lines(&[entry(10_000_000), entry(-5)]);
        let tail = format!("2024-10\t410804/001\t马政〔2024〕5号 三（三）\t{}\t1\n", "a".repeat(64));
        let expected = format!(
            "lantian month digest 1\ndistrict\t410804\nmonth\t2024-11\nentries\t2\ntotal_fen\t9999995\n\
             101\tsite_dust\thoarding\tdeduction\t-5\t{tail}101\tsite_dust\thoarding\tdeduction\t10000000\t{tail}"
        );
        assert_eq!(lines.text(), expected);
        assert_eq!(
            hex::encode(lines.digest()),
            "589bfd234cc9ac1973f8d7a54dd1087bb95ecf9bf8b6101b10b673f9c5498553",
            "a closed month must still replay to its digest"
        );
    }

    #[test]
    fn a_month_without_entries_has_a_digest_of_its_own() {
        let empty = lines(&[]);
        assert!(empty.text().ends_with("entries\t0\ntotal_fen\t0\n"));
        let other =
            MonthLines::of(&"410804".parse().unwrap(), "2024-12".parse().unwrap(), [], &BudgetCodes::new());
        assert_ne!(empty.digest(), other.unwrap().digest());
    }

    #[test]
    fn ids_numbers_and_write_times_are_not_in_it() {
        let generated = EntryContent {
            case_id: Uuid::from_u128(9),
            charge_id: Uuid::from_u128(9),
            decision_no: 99,
            reverses: Some(5),
            posted_at: "2026-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().to_diesel(),
            ..entry(1)
        };
        assert_eq!(lines(&[entry(1)]), lines(&[generated]));
    }

    #[test]
    fn what_an_entry_says_is_in_it() {
        let changes: [fn(&mut EntryContent); 9] = [
            |e| e.kind = "transfer".to_owned(),
            |e| e.occurred_month = Day(date(2024, 11, 1)),
            |e| e.posting_no = 2,
            |e| e.amount_fen -= 1,
            |e| e.grid.push('0'),
            |e| e.item = "stockpile".to_owned(),
            |e| e.measure.clear(),
            |e| e.pack_hash = "b".repeat(64),
            |e| e.clause.push(' '),
        ];
        let digest = lines(&[entry(1)]).digest();
        for (which, change) in changes.iter().enumerate() {
            let mut changed = entry(1);
            change(&mut changed);
            assert_ne!(lines(&[changed]).digest(), digest, "change {which}");
        }
    }

    #[test]
    fn a_field_cannot_pretend_to_be_two_or_another_line() {
        let mut one = entry(1);
        one.clause = "a\tb\\\n\r".to_owned();
        assert!(lines(&[one]).text().contains("\ta\\tb\\\\\\n\\r\t"));
    }

    #[test]
    fn an_entry_of_an_unknown_unit_is_named() {
        let unknown = EntryContent { unit_id: Uuid::from_u128(8), ..entry(1) };
        let refused = MonthLines::of(
            &"410804".parse().unwrap(),
            "2024-11".parse().unwrap(),
            [&unknown],
            &BudgetCodes::new(),
        );
        assert_eq!(refused, Err(DigestError::UnitUnknown(Uuid::from_u128(8))));
    }

    proptest! {
        #[test]
        fn the_order_of_entries_does_not_matter(amounts in proptest::collection::vec(any::<i32>(), 0..20)) {
            let entries: Vec<_> = amounts.iter().map(|amount| entry(i64::from(*amount))).collect();
            let reversed: Vec<_> = entries.iter().rev().cloned().collect();
            prop_assert_eq!(lines(&entries), lines(&reversed));
        }
    }
}
