//! An access token for a signed challenge.
//!
//! Invariants: a challenge is spent by the first answer, right or wrong; the proof is the device's key alone. A
//! revoked device gets a token too: what it may do with it, push into quarantine, is for the permissions to say.
//! Another installation than the known one (a restored or copied database) is noted and becomes the known one: tokens
//! of the other are good no more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sync_core::ids::{DeviceId, Epoch, RegionCode};
use sync_core::time::Instant;
use sync_core::wire::auth::{AccessToken, TokenRequest};
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::audit::{self, Action, Event};
use crate::auth::client::Client;
use crate::auth::identify::token_hash;
use crate::db::Connection;
use crate::db::schema::{device_challenges, device_users, devices, districts};
use crate::db::types::{Time, stored};
use crate::problem::ApiError;
use crate::state::AppState;

/// Verifies the answer to a challenge and issues a token.
///
/// # Errors
/// `challenge_invalid`; `device_unknown` where the user never enrolled on this device.
pub async fn issue_token(
    state: &AppState,
    device: DeviceId,
    request: &TokenRequest,
    client: &Client,
) -> Result<AccessToken, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    // Not in the transaction below: a wrong answer must not give the challenge back.
    let spent = spend_challenge(&mut connection, device, &request.challenge, now).await?;
    let (district, key, incarnation, epoch) = known_device(&mut connection, device, request).await?;
    if !spent || !is_signed(&key, request) {
        return Err(ProblemKind::ChallengeInvalid.into());
    }
    connection
        .transaction(async |connection| {
            let known = devices::table
                .filter(devices::district.eq(district.as_str()).and(devices::device_id.eq(device.0)));
            diesel::update(known)
                .set((devices::last_seen_at.eq(Time(now)), devices::incarnation.eq(request.incarnation.0)))
                .execute(connection)
                .await?;
            if incarnation != request.incarnation.0 {
                let event = Event::new(Action::DeviceReinstalled, &district)
                    .by(Some(request.user_id))
                    .device(device)
                    .from(client.address)
                    .detail(serde_json::json!({ "before": incarnation, "after": request.incarnation }));
                audit::record(connection, now, &[event]).await?;
            }
            Ok::<_, ApiError>(())
        })
        .await?;
    let token = state
        .access_keys
        .issue(&district, device, request.user_id, request.incarnation, now)
        .map_err(ApiError::internal)?;
    Ok(AccessToken { epoch: Some(epoch), ..token })
}

async fn spend_challenge(
    connection: &mut Connection,
    device: DeviceId,
    challenge: &str,
    now: Instant,
) -> Result<bool, ApiError> {
    let expires_at: Option<Time> = diesel::delete(
        device_challenges::table
            .filter(device_challenges::challenge_hash.eq(token_hash(challenge)))
            .filter(device_challenges::device_id.eq(device.0)),
    )
    .returning(device_challenges::expires_at)
    .get_result(connection)
    .await
    .optional()?;
    Ok(expires_at.is_some_and(|at| now < at.0))
}

async fn known_device(
    connection: &mut Connection,
    device: DeviceId,
    request: &TokenRequest,
) -> Result<(RegionCode, Vec<u8>, Uuid, Epoch), ApiError> {
    let found: Option<(String, Vec<u8>, Uuid, Uuid)> = devices::table
        .inner_join(districts::table.on(districts::district.eq(devices::district)))
        .inner_join(device_users::table.on(
            device_users::district.eq(devices::district).and(device_users::device_id.eq(devices::device_id)),
        ))
        .filter(devices::device_id.eq(device.0))
        .filter(device_users::user_id.eq(request.user_id.0))
        .select((devices::district, devices::public_key, devices::incarnation, districts::epoch))
        .first(connection)
        .await
        .optional()?;
    let (district, key, incarnation, epoch) = found.ok_or(ProblemKind::DeviceUnknown)?;
    Ok((stored("devices.district", &district)?, key, incarnation, Epoch(epoch)))
}

fn is_signed(key: &[u8], request: &TokenRequest) -> bool {
    let signature = URL_SAFE_NO_PAD.decode(&request.signature).ok();
    let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
    match (VerifyingKey::from_sec1_bytes(key), signature) {
        (Ok(key), Some(signature)) => key.verify(request.challenge.as_bytes(), &signature).is_ok(),
        _ => false,
    }
}
