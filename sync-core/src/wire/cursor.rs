//! Cursor: where a device stands in its district's changes. Opaque to devices.
//!
//! It names epoch, scope version, change number and the random id of that change row, so that a restored server, a
//! changed scope or an unknown position is recognised instead of silently skipped.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::ids::{ChangeId, Epoch};

/// Bytes of a cursor before encoding: version, epoch, scope version, number, change id.
const CURSOR_BYTES: usize = 1 + 16 + 8 + 8 + 16;
/// The cursor format of this build.
const CURSOR_VERSION: u8 = 1;

/// A position in a district's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The database life it belongs to.
    pub epoch: Epoch,
    /// The scope version of the user when it was given out.
    pub scope_version: u64,
    /// The last change number seen; 0 before the first.
    pub number: u64,
    /// The id of that change row; nil before the first.
    pub change: ChangeId,
}

/// The text is not a cursor of this build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl Cursor {
    /// As text for the query string.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(CURSOR_BYTES);
        bytes.push(CURSOR_VERSION);
        bytes.extend_from_slice(self.epoch.0.as_bytes());
        bytes.extend_from_slice(&self.scope_version.to_be_bytes());
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(self.change.0.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor.
    ///
    /// # Errors
    /// [`NotACursor`] for anything that [`Self::encode`] did not make.
    pub fn decode(text: &str) -> Result<Self, NotACursor> {
        fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], NotACursor> {
            let (head, rest) = bytes.split_first_chunk::<N>().ok_or(NotACursor)?;
            *bytes = rest;
            Ok(*head)
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotACursor)?;
        let mut rest = bytes.as_slice();
        let [version] = take::<1>(&mut rest)?;
        let cursor = Self {
            epoch: Epoch(uuid::Uuid::from_bytes(take(&mut rest)?)),
            scope_version: u64::from_be_bytes(take(&mut rest)?),
            number: u64::from_be_bytes(take(&mut rest)?),
            change: ChangeId(uuid::Uuid::from_bytes(take(&mut rest)?)),
        };
        if version == CURSOR_VERSION && rest.is_empty() { Ok(cursor) } else { Err(NotACursor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went(epoch: u128, scope_version: u64, number: u64, change: u128) {
            let cursor = Cursor {
                epoch: Epoch(uuid::Uuid::from_u128(epoch)),
                scope_version,
                number,
                change: ChangeId(uuid::Uuid::from_u128(change)),
            };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }

        #[test]
        fn any_other_text_is_refused(text: String) {
            if let Ok(cursor) = Cursor::decode(&text) {
                prop_assert_eq!(cursor.encode(), text);
            }
        }
    }
}
