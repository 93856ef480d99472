//! Where a page of cases ends: opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sync_core::ids::CaseId;
use sync_core::money::Fen;
use sync_core::time::Instant;

/// The key of the last case of a page in order of occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseCursor {
    /// When it occurred.
    pub occurred_at: Instant,
    /// Its id.
    pub case_id: CaseId,
}

/// The key of the last case of a page in order of amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountCursor {
    /// What stood on it.
    pub amount: Fen,
    /// Its id.
    pub case_id: CaseId,
}

/// The text is not a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct NotACaseCursor;

/// What an amount's cursor begins with: no cursor of one order reads as one of the other.
const AMOUNT: u8 = b'f';

impl CaseCursor {
    /// As text for the query string.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(&[], self.occurred_at.as_millisecond(), self.case_id)
    }
}

impl std::str::FromStr for CaseCursor {
    type Err = NotACaseCursor;
    fn from_str(text: &str) -> Result<Self, NotACaseCursor> {
        let (millis, case_id) = decode(&bytes(text)?)?;
        let occurred_at = Instant::from_millisecond(millis).map_err(|_| NotACaseCursor)?;
        Ok(Self { occurred_at, case_id })
    }
}

impl AmountCursor {
    /// As text for the query string.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(&[AMOUNT], self.amount.get(), self.case_id)
    }
}

impl std::str::FromStr for AmountCursor {
    type Err = NotACaseCursor;
    fn from_str(text: &str) -> Result<Self, NotACaseCursor> {
        let bytes = bytes(text)?;
        let (fen, case_id) = decode(bytes.strip_prefix(&[AMOUNT]).ok_or(NotACaseCursor)?)?;
        Ok(Self { amount: Fen::new(fen), case_id })
    }
}

fn encode(head: &[u8], key: i64, case_id: CaseId) -> String {
    let mut bytes = head.to_vec();
    bytes.extend_from_slice(&key.to_be_bytes());
    bytes.extend_from_slice(case_id.0.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes(text: &str) -> Result<Vec<u8>, NotACaseCursor> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotACaseCursor)
}

fn decode(bytes: &[u8]) -> Result<(i64, CaseId), NotACaseCursor> {
    let (key, id) = bytes.split_first_chunk::<8>().ok_or(NotACaseCursor)?;
    let id = uuid::Uuid::from_slice(id).map_err(|_| NotACaseCursor)?;
    Ok((i64::from_be_bytes(*key), CaseId(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: CaseId = CaseId(uuid::Uuid::from_u128(7));

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let occurred_at = "1969-12-31T23:59:59.999Z".parse().unwrap();
        let cursor = CaseCursor { occurred_at, case_id: CASE };
        assert_eq!(cursor.encode().parse(), Ok(cursor));
        for bad in ["", "abc", "%", &format!("{}AA", cursor.encode())] {
            assert_eq!(bad.parse::<CaseCursor>(), Err(NotACaseCursor), "{bad}");
        }
    }

    #[test]
    fn a_cursor_of_one_order_is_none_of_the_other() {
        let occurrence = CaseCursor { occurred_at: "2026-11-20T01:30:00Z".parse().unwrap(), case_id: CASE };
        let amount = AmountCursor { amount: Fen::new(-1), case_id: CASE };
        assert_eq!(amount.encode().parse(), Ok(amount));
        assert_eq!(amount.encode().parse::<CaseCursor>(), Err(NotACaseCursor));
        assert_eq!(occurrence.encode().parse::<AmountCursor>(), Err(NotACaseCursor));
    }
}
