//! Access tokens of devices: JWTs of minutes, HS256, named by the fingerprint of their key.
//!
//! Invariants: only HS256 with one of our keys is believed, whatever the token's header says; expiry is judged by
//! the injected clock; no key is built in, outside the demonstration.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sync_core::ids::{DeviceId, Incarnation, RegionCode, UserId};
use sync_core::time::Instant;
use sync_core::wire::auth::AccessToken;
use sync_core::wire::problem::ProblemKind;

use crate::config::{Config, Secret};

/// How long a token is good, in seconds.
pub const TOKEN_SECONDS: i64 = 15 * 60;

/// Fewest bytes of a key: as many as the hash has.
const KEY_MIN_BYTES: usize = 32;

/// Bytes of the key's hash that name it.
const KEY_ID_BYTES: usize = 8;

/// Whom tokens are for.
const AUDIENCE: &str = "lantian-device";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    aud: String,
    exp: i64,
    /// The device.
    pub device: DeviceId,
    /// The user of the device.
    pub user: UserId,
    /// The district of both.
    pub district: RegionCode,
    /// The installation that asked.
    pub incarnation: Incarnation,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Forged, of another algorithm, of another key, for somebody else, or no token at all.
    #[error("the access token is not valid")]
    Invalid,
    /// It was good once.
    #[error("the access token has expired")]
    Expired,
}

impl From<TokenFault> for ProblemKind {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::Invalid => Self::TokenInvalid,
            TokenFault::Expired => Self::TokenExpired,
        }
    }
}

/// Why a key is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key is configured.
    #[error(
        "configuration key token_key is missing: set LANTIAN_TOKEN_KEY to at least 32 random bytes in base64, \
         for example from `openssl rand -base64 32`"
    )]
    Missing,
    /// A configured key is no base64 or too short.
    #[error("configuration key {0} is not base64 of at least 32 bytes")]
    Weak(&'static str),
    /// A token could not be signed.
    #[error("cannot sign the access token: {0}")]
    Signing(String),
}

struct Key {
    id: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl Key {
    fn from_secret(name: &'static str, secret: &Secret) -> Result<Self, KeyError> {
        let bytes = STANDARD.decode(secret.reveal().trim()).map_err(|_| KeyError::Weak(name))?;
        if bytes.len() < KEY_MIN_BYTES {
            return Err(KeyError::Weak(name));
        }
        Ok(Self {
            id: Sha256::digest(&bytes).iter().take(KEY_ID_BYTES).map(|byte| format!("{byte:02x}")).collect(),
            signing: EncodingKey::from_secret(&bytes),
            verifying: DecodingKey::from_secret(&bytes),
        })
    }
}

/// The keys of a server: the first signs, all verify.
pub struct AccessKeys {
    current: Key,
    previous: Option<Key>,
}

impl AccessKeys {
    /// From `token_key` and `token_key_previous`.
    ///
    /// # Errors
    /// [`KeyError`] naming the key.
    pub fn from_config(config: &Config) -> Result<Self, KeyError> {
        let current = config.token_key.as_ref().ok_or(KeyError::Missing)?;
        let previous = config.token_key_previous.as_ref();
        Ok(Self {
            current: Key::from_secret("token_key", current)?,
            previous: previous.map(|secret| Key::from_secret("token_key_previous", secret)).transpose()?,
        })
    }

    /// A token for this device and user; the epoch is not told by these keys.
    ///
    /// # Errors
    /// [`KeyError::Signing`] where the library cannot.
    pub fn issue(
        &self,
        district: &RegionCode,
        device: DeviceId,
        user: UserId,
        incarnation: Incarnation,
        now: Instant,
    ) -> Result<AccessToken, KeyError> {
        let expires_at = now.plus_seconds(TOKEN_SECONDS);
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            exp: expires_at.timestamp().as_second(),
            device,
            user,
            district: district.clone(),
            incarnation,
        };
        let header = Header { kid: Some(self.current.id.clone()), ..Header::new(Algorithm::HS256) };
        let access_token = jsonwebtoken::encode(&header, &claims, &self.current.signing)
            .map_err(|error| KeyError::Signing(error.to_string()))?;
        Ok(AccessToken { access_token, expires_at, epoch: None })
    }

    /// What a token says, when it is to be believed.
    ///
    /// # Errors
    /// [`TokenFault`].
    pub fn verify(&self, token: &str, now: Instant) -> Result<Claims, TokenFault> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenFault::Invalid)?;
        let key = [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| header.kid.as_ref() == Some(&key.id))
            .ok_or(TokenFault::Invalid)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        // The library would ask the system's clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.verifying, &validation)
            .map_err(|_| TokenFault::Invalid)?
            .claims;
        if now.timestamp().as_second() < claims.exp { Ok(claims) } else { Err(TokenFault::Expired) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    fn keys(current: u8, previous: Option<u8>) -> AccessKeys {
        let secret = |byte| Secret::from(STANDARD.encode([byte; KEY_MIN_BYTES]));
        AccessKeys::from_config(&Config {
            token_key: Some(secret(current)),
            token_key_previous: previous.map(secret),
            ..Config::default()
        })
        .unwrap()
    }

    fn now() -> Instant {
        "2026-11-22T05:00:00Z".parse().unwrap()
    }

    fn issue(keys: &AccessKeys) -> AccessToken {
        let district = "410804".parse().unwrap();
        keys.issue(&district, DeviceId::fresh(), UserId::fresh(), Incarnation::fresh(), now()).unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_minutes_by_the_injected_clock() {
        let keys = keys(1, None);
        let token = issue(&keys);
        assert!(keys.verify(&token.access_token, now()).is_ok());
        assert!(keys.verify(&token.access_token, token.expires_at.plus_seconds(-1)).is_ok());
        assert_eq!(keys.verify(&token.access_token, token.expires_at), Err(TokenFault::Expired));
    }

    #[test]
    fn a_changed_key_still_verifies_what_the_one_before_signed() {
        let token = issue(&keys(1, None));
        assert!(keys(2, Some(1)).verify(&token.access_token, now()).is_ok());
        assert_eq!(keys(2, None).verify(&token.access_token, now()), Err(TokenFault::Invalid));
    }

    #[test]
    fn tokens_of_another_key_or_algorithm_are_not_believed() {
        let keys = keys(1, None);
        let token = issue(&keys).access_token;
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
        let header_of = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let kid = keys.current.id.as_str();
        let unsigned = header_of(json!({"alg": "none", "typ": "JWT", "kid": kid}));
        let stronger = header_of(json!({"alg": "HS512", "typ": "JWT", "kid": kid}));
        let other_claims = URL_SAFE_NO_PAD.encode("{}");
        for forged in [
            format!("{unsigned}.{claims}."),
            format!("{unsigned}.{claims}.{signature}"),
            format!("{stronger}.{claims}.{signature}"),
            format!("{header}.{other_claims}.{signature}"),
            format!("{header}.{claims}.AAAA"),
            issue(&self::keys(3, None)).access_token,
            "nonsense".to_owned(),
            String::new(),
        ] {
            assert_eq!(keys.verify(&forged, now()), Err(TokenFault::Invalid), "{forged}");
        }
    }

    #[test]
    fn a_short_key_is_refused() {
        let config = Config { token_key: Some(Secret::from("c2hvcnQ=".to_owned())), ..Config::default() };
        assert_eq!(AccessKeys::from_config(&config).err(), Some(KeyError::Weak("token_key")));
        assert_eq!(AccessKeys::from_config(&Config::default()).err(), Some(KeyError::Missing));
    }
}
