//! Enrolment codes (入网码): ten characters that people read out and type, good once, kept only as a hash.

use std::fmt;

use diesel::sql_types::{Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use rand::RngExt as _;
use sha2::{Digest, Sha256};
use sync_core::ids::{RegionCode, UserId};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::types::Time;
use crate::problem::ApiError;

/// Crockford's alphabet: no I, L, O, U, which are misread or misheard.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a code: 50 bits, which the rate limit keeps out of reach.
const CODE_CHARS: usize = 10;

/// Where the hyphen stands.
const GROUP_CHARS: usize = 5;

/// How long a code is good, in seconds (7 days).
pub const CODE_SECONDS: i64 = 7 * 24 * 3600;

/// A code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentCode(String);

impl EnrolmentCode {
    /// A random one.
    #[must_use]
    pub fn generate() -> Self {
        let mut random = rand::rng();
        let character = || ALPHABET.get(random.random_range(0..ALPHABET.len())).copied().map(char::from);
        Self(std::iter::repeat_with(character).flatten().take(CODE_CHARS).collect())
    }

    /// As somebody typed it: case, spaces and hyphens do not matter, nor O for 0 and I or L for 1.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        let read = |character: char| match character.to_ascii_uppercase() {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            ' ' | '-' => None,
            other => Some(other),
        };
        Self(text.chars().filter_map(read).collect())
    }

    /// What the database keeps.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

/// In two groups, as it is shown.
impl fmt::Display for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_at_checked(GROUP_CHARS) {
            Some((first, second)) => write!(f, "{first}-{second}"),
            None => f.write_str(&self.0),
        }
    }
}

/// Issues a code for a user of the district; `by` is nobody where the command line issues it.
///
/// # Errors
/// `user_unknown`.
pub async fn issue_enrolment_code(
    connection: &mut Connection,
    district: &RegionCode,
    user: UserId,
    by: Option<UserId>,
    now: Instant,
) -> Result<(EnrolmentCode, Instant), ApiError> {
    let code = EnrolmentCode::generate();
    let expires_at = now.plus_seconds(CODE_SECONDS);
    connection
        .transaction(async |connection| {
            let issued = diesel::sql_query(
                "INSERT INTO enrolment_codes (code_hash, district, user_id, issued_by, issued_at, expires_at)
                 SELECT $1, district, user_id, $4, $5, $6 FROM users
                 WHERE district = $2 AND user_id = $3 AND disabled_at IS NULL",
            )
            .bind::<Binary, _>(code.hash())
            .bind::<Text, _>(district.as_str())
            .bind::<SqlUuid, _>(user.0)
            .bind::<Nullable<SqlUuid>, _>(by.map(|by| by.0))
            .bind::<Timestamptz, _>(Time(now))
            .bind::<Timestamptz, _>(Time(expires_at))
            .execute(connection)
            .await?;
            if issued == 0 {
                return Err(ApiError::new(ProblemKind::UserUnknown).field("user_id"));
            }
            let event = Event::new(Action::EnrolmentCodeIssued, district).by(by).about("user", user);
            Ok(audit::record(connection, now, &[event]).await?)
        })
        .await?;
    Ok((code, expires_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_recognised_however_it_is_typed() {
        let code = EnrolmentCode("0A1BCDEFGH".to_owned());
        assert_eq!(code.to_string(), "0A1BC-DEFGH");
        for typed in ["0A1BC-DEFGH", "oaibc defgh", " OALBC--DEFGH "] {
            assert_eq!(EnrolmentCode::typed(typed), code, "{typed}");
        }
        assert_ne!(EnrolmentCode::typed("0A1BC-DEFGJ").hash(), code.hash());
    }

    #[test]
    fn codes_are_of_the_alphabet_and_differ() {
        let codes: std::collections::BTreeSet<_> =
            (0..100).map(|_| EnrolmentCode::generate().to_string()).collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            assert_eq!(code.len(), CODE_CHARS + 1, "{code}");
            assert_eq!(EnrolmentCode::typed(&code).to_string(), code);
        }
    }
}
