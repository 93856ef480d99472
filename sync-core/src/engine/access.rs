//! Access: the token of minutes, had by signing a challenge with the device key.
//!
//! The device's clock may stand in 1970 or 2099, so a token's life is never read off `expires_at` alone: a
//! challenge is good for one minute from when the server made it, which tells the server's clock, and the token's
//! life is counted from its receipt. A token refused early (401) is renewed; one refused again and again ends the
//! round, and no queue is ever dropped for it.

use super::Identity;
use super::http::{HttpRequest, Method};
use crate::time::Instant;
use crate::wire::auth::{AccessToken, Challenge, TokenRequest};

/// Life of a challenge in seconds, as the protocol fixes it.
const CHALLENGE_SECONDS: i64 = 60;
/// Seconds before its end at which a token counts as spent, so that it does not die on the way.
const SPENT_SECONDS: i64 = 20;
/// Tokens in a row that were all refused before the round ends.
const REFUSALS: u32 = 2;

/// Where access stands.
#[derive(Debug)]
pub(super) struct Access {
    held: Held,
    refusals: u32,
}

#[derive(Debug)]
enum Held {
    Nothing,
    ToSign(Challenge),
    Signed { challenge: Challenge, signature: String },
    Token { token: String, spent_at: Instant },
}

/// What to do to have a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NextForAccess {
    AskChallenge(HttpRequest),
    Sign(String),
    AskToken(HttpRequest),
    Use(String),
}

impl Access {
    pub(super) const fn new() -> Self {
        Self { held: Held::Nothing, refusals: 0 }
    }

    /// The next step towards a token that is good now.
    pub(super) fn next(
        &mut self,
        identity: &Identity,
        now: Instant,
    ) -> Result<NextForAccess, serde_json::Error> {
        if let Held::Token { spent_at, .. } = &self.held
            && *spent_at <= now
        {
            self.held = Held::Nothing;
        }
        Ok(match &self.held {
            Held::Nothing => NextForAccess::AskChallenge(HttpRequest::new(
                Method::Post,
                format!("/api/v1/devices/{}/challenge", identity.device_id),
            )),
            Held::ToSign(challenge) => NextForAccess::Sign(challenge.challenge.clone()),
            Held::Signed { challenge, signature } => {
                let body = TokenRequest {
                    challenge: challenge.challenge.clone(),
                    signature: signature.clone(),
                    user_id: identity.user_id,
                    incarnation: identity.incarnation,
                };
                let path = format!("/api/v1/devices/{}/token", identity.device_id);
                NextForAccess::AskToken(HttpRequest::new(Method::Post, path).json(serde_json::to_vec(&body)?))
            }
            Held::Token { token, .. } => NextForAccess::Use(token.clone()),
        })
    }

    pub(super) fn challenged(&mut self, challenge: Challenge) {
        self.held = Held::ToSign(challenge);
    }

    pub(super) fn signed(&mut self, signature: String) {
        self.held = match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::ToSign(challenge) => Held::Signed { challenge, signature },
            other => other,
        };
    }

    pub(super) fn granted(&mut self, token: AccessToken, now: Instant) {
        let life = match &self.held {
            Held::Signed { challenge, .. } => {
                token.expires_at.seconds_since(challenge.expires_at).saturating_add(CHALLENGE_SECONDS)
            }
            Held::Nothing | Held::ToSign(_) | Held::Token { .. } => 0,
        };
        // At least a second, so that even an odd answer is tried once.
        let spent_at = now.plus_seconds(life.saturating_sub(SPENT_SECONDS).max(1));
        self.held = Held::Token { token: token.access_token, spent_at };
    }

    /// Asks for a new challenge the next time: the last one, or its answer, was lost.
    pub(super) fn start_over(&mut self) {
        self.held = Held::Nothing;
    }

    /// A request with the token went through.
    pub(super) const fn accepted(&mut self) {
        self.refusals = 0;
    }

    /// Token or challenge was refused (401). `false`: too often, the round ends.
    pub(super) fn refused(&mut self) -> bool {
        self.held = Held::Nothing;
        self.refusals = self.refusals.saturating_add(1);
        self.refusals < REFUSALS
    }
}
