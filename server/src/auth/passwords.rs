//! Passwords: argon2id, hashed and verified away from the threads that serve.
//!
//! Invariants: a password is never logged or kept; a sign-in with an unknown name costs what one with a known name
//! costs; at most `HASHES_AT_ONCE` hashes run, because each takes 19 MiB.

use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use rand::distr::{Alphanumeric, SampleString};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::wire::problem::ProblemKind;
use tokio::sync::Semaphore;

use crate::problem::ApiError;

/// Fewest characters of a new password.
pub const PASSWORD_MIN_CHARS: usize = 10;

/// Hashes that run at the same time.
const HASHES_AT_ONCE: usize = 2;

/// Characters of a password that the server makes up: about 95 bits.
const GENERATED_CHARS: usize = 16;

/// A hash that no password has, for names that nobody has.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now(&generate()).unwrap_or_else(|_| String::new()));

/// Hashing failed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The library refused.
    #[error("password hashing: {0}")]
    Hash(argon2::password_hash::Error),
    /// The work was lost with its thread.
    #[error("password hashing: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// The server stops.
    #[error("password hashing: {0}")]
    Closed(#[from] tokio::sync::AcquireError),
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        Self::internal(error)
    }
}

/// A password of random letters and digits, for a first sign-in.
#[must_use]
pub fn generate() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), GENERATED_CHARS)
}

/// Checks that a new password is long enough.
///
/// # Errors
/// `password_too_weak`, `text_too_long`, naming `field`.
pub fn check_strength(password: &str, field: &'static str) -> Result<(), ApiError> {
    let kind = match password.chars().count() {
        0..PASSWORD_MIN_CHARS => ProblemKind::PasswordTooWeak,
        PASSWORD_MIN_CHARS..=NAME_MAX_CHARS => return Ok(()),
        _ => ProblemKind::TextTooLong,
    };
    Err(ApiError::new(kind).field(field))
}

/// Hashes and verifies within its bound.
#[derive(Debug, Clone)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(HASHES_AT_ONCE)))
    }
}

impl Passwords {
    /// The hash of a password in PHC form.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let _permit = self.0.acquire().await?;
        tokio::task::spawn_blocking(move || hash_now(&password)).await?
    }

    /// Whether the password has this hash; without a hash it takes as long and is false.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        let _permit = self.0.acquire().await?;
        Ok(tokio::task::spawn_blocking(move || {
            let expected = hash.as_deref().unwrap_or(&NOBODY);
            let matches = PasswordHash::new(expected).is_ok_and(|expected| {
                Argon2::default().verify_password(password.as_bytes(), &expected).is_ok()
            });
            matches && hash.is_some()
        })
        .await?)
    }
}

fn hash_now(password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash =
        Argon2::default().hash_password(password.as_bytes()).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_verified_by_its_argon2id_hash_and_by_no_other() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(passwords.verify("correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("battery staple".to_owned(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse".to_owned(), None).await.unwrap());
        assert!(!passwords.verify("correct horse".to_owned(), Some("nonsense".to_owned())).await.unwrap());
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        let kind = |password: &str| check_strength(password, "password").err().map(|error| error.kind());
        assert_eq!(kind("九个字的密码也不行"), Some(ProblemKind::PasswordTooWeak));
        assert_eq!(kind("十个字的密码就可以了吧"), None);
        assert_eq!(kind(&"a".repeat(NAME_MAX_CHARS + 1)), Some(ProblemKind::TextTooLong));
    }
}
