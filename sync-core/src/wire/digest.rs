//! Digest (核对): `GET /api/v1/sync/digest`: how many rows of each kind a device should hold at a cursor, and their hash.
//!
//! The hash of a set of rows does not depend on their order: each row's SHA-256 over id and text, taken as four numbers
//! of 64 bits, and these added up. It tells accidents, not forgery: who could forge rows here could send others.
//!
//! Invariant: digests at different cursors say nothing about each other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::pull::entity;

/// Numbers of 64 bits in a SHA-256.
const LANES: usize = 4;
/// Bytes of each.
const LANE_BYTES: usize = 8;

/// What a device should hold at a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScopeDigest {
    /// The cursor at which it holds.
    pub cursor: String,
    /// By kind of row; a kind without rows is left out.
    pub tables: BTreeMap<String, TableDigest>,
}

/// A table in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TableDigest {
    /// How many rows.
    pub rows: u64,
    /// Their hash, as 64 hex digits.
    pub hash: String,
}

/// Takes the digests of tables, row by row in any order.
#[derive(Debug, Clone, Default)]
pub struct Digester {
    sums: BTreeMap<String, (u64, [u64; LANES])>,
}

impl Digester {
    /// Adds a row: its kind, its id and its text as it was sent. What is kept apart from the register, the user's
    /// operations and photos, is left out.
    pub fn add(&mut self, kind: &str, id: &str, json: &str) {
        if kind == entity::OPERATION || kind == entity::PHOTO {
            return;
        }
        let mut hash = Sha256::new();
        hash.update(id);
        // No id holds a NUL, so that no two pairs of id and text are one.
        hash.update([0]);
        hash.update(json);
        let hash: [u8; LANES * LANE_BYTES] = hash.finalize().into();
        let (rows, sum) = match self.sums.get_mut(kind) {
            Some(sums) => sums,
            None => self.sums.entry(kind.to_owned()).or_default(),
        };
        *rows += 1;
        let (lanes, _) = hash.as_chunks::<LANE_BYTES>();
        for (sum, lane) in sum.iter_mut().zip(lanes) {
            *sum = sum.wrapping_add(u64::from_be_bytes(*lane));
        }
    }

    /// The digests, by kind.
    #[must_use]
    pub fn finish(self) -> BTreeMap<String, TableDigest> {
        let digest = |(rows, sum): (u64, [u64; LANES])| TableDigest {
            rows,
            hash: hex::encode(sum.map(u64::to_be_bytes).as_flattened()),
        };
        self.sums.into_iter().map(|(kind, sums)| (kind, digest(sums))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digest(rows: &[(String, String)]) -> BTreeMap<String, TableDigest> {
        let mut digester = Digester::default();
        for (id, json) in rows {
            digester.add("target", id, json);
        }
        digester.finish()
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter_and_each_of_their_bytes_does(
            mut rows in prop::collection::vec(("[a-z]{3}", "[a-z]{1,8}"), 1..20), seed: u64,
        ) {
            let before = digest(&rows);
            let count = u64::try_from(rows.len()).unwrap();
            prop_assert_eq!(before["target"].rows, count);
            let turn = usize::try_from(seed % count).unwrap();
            rows.rotate_left(turn);
            prop_assert_eq!(&digest(&rows), &before);
            rows[turn].1.push('x');
            prop_assert_ne!(&digest(&rows), &before);
        }
    }

    #[test]
    fn a_row_twice_is_not_none_and_own_work_is_left_out() {
        let row = || ("a".to_owned(), "b".to_owned());
        assert_ne!(digest(&[row(), row()])["target"].hash, "0".repeat(64));
        let mut digester = Digester::default();
        digester.add(entity::OPERATION, "a", "b");
        digester.add(entity::PHOTO, "a", "b");
        assert!(digester.finish().is_empty());
    }
}
