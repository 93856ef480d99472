//! A challenge (签名挑战) for a device to sign: good for one use and one minute.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::DeviceId;
use sync_core::wire::auth::Challenge;
use sync_core::wire::problem::ProblemKind;

use crate::auth::identify::token_hash;
use crate::db::schema::{device_challenges, devices};
use crate::db::types::Time;
use crate::problem::ApiError;
use crate::state::AppState;

/// How long a challenge is good, in seconds.
pub const CHALLENGE_SECONDS: i64 = 60;

/// Issues a challenge and forgets the device's old ones.
///
/// # Errors
/// `device_unknown`.
pub async fn issue_challenge(state: &AppState, device: DeviceId) -> Result<Challenge, ApiError> {
    let now = state.clock.now();
    let expires_at = now.plus_seconds(CHALLENGE_SECONDS);
    let random = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let challenge = format!("lantian-challenge {device} {random}");
    state
        .connection()
        .await?
        .transaction(async |connection| {
            let known = devices::table.filter(devices::device_id.eq(device.0));
            if known.count().get_result::<i64>(connection).await? == 0 {
                return Err(ApiError::from(ProblemKind::DeviceUnknown));
            }
            diesel::delete(
                device_challenges::table
                    .filter(device_challenges::device_id.eq(device.0))
                    .filter(device_challenges::expires_at.le(Time(now))),
            )
            .execute(connection)
            .await?;
            diesel::insert_into(device_challenges::table)
                .values((
                    device_challenges::challenge_hash.eq(token_hash(&challenge)),
                    device_challenges::device_id.eq(device.0),
                    device_challenges::expires_at.eq(Time(expires_at)),
                ))
                .execute(connection)
                .await?;
            Ok(())
        })
        .await?;
    Ok(Challenge { challenge, expires_at })
}
