//! Where a page of cases ends: opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sync_core::ids::CaseId;
use sync_core::time::Instant;

/// The key of the last case of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseCursor {
    /// When it occurred.
    pub occurred_at: Instant,
    /// Its id.
    pub case_id: CaseId,
}

/// The text is not a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct NotACaseCursor;

impl CaseCursor {
    /// As text for the query string.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = self.occurred_at.as_millisecond().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.case_id.0.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

impl std::str::FromStr for CaseCursor {
    type Err = NotACaseCursor;
    fn from_str(text: &str) -> Result<Self, NotACaseCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotACaseCursor)?;
        let (millis, id) = bytes.split_first_chunk::<8>().ok_or(NotACaseCursor)?;
        let id = uuid::Uuid::from_slice(id).map_err(|_| NotACaseCursor)?;
        let occurred_at =
            Instant::from_millisecond(i64::from_be_bytes(*millis)).map_err(|_| NotACaseCursor)?;
        Ok(Self { occurred_at, case_id: CaseId(id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let cursor = CaseCursor {
            occurred_at: "1969-12-31T23:59:59.999Z".parse().unwrap(),
            case_id: CaseId(uuid::Uuid::from_u128(7)),
        };
        assert_eq!(cursor.encode().parse(), Ok(cursor));
        for bad in ["", "abc", "%", &format!("{}AA", cursor.encode())] {
            assert_eq!(bad.parse::<CaseCursor>(), Err(NotACaseCursor), "{bad}");
        }
    }
}
