//! Enrolment of a device (终端入网): a code is spent, a key becomes known.
//!
//! Invariants: a code is spent at most once, by one statement, and the key that spent it is answered again as long as the
//! code would hold: its first answer may be lost. A device works for one district; a key that was revoked stays revoked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use p256::ecdsa::VerifyingKey;
use sync_core::ids::{DeviceId, RegionCode, UserId};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::text::check_required;
use sync_core::time::Instant;
use sync_core::wire::auth::{EnrolRequest, Enrolled};
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::audit::{self, Action, Event};
use crate::auth::client::Client;
use crate::auth::enrolment_code::EnrolmentCode;
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::{device_users, devices};
use crate::db::types::{Time, stored};
use crate::problem::ApiError;
use crate::state::AppState;

/// Bytes of an uncompressed SEC1 point of P-256.
const PUBLIC_KEY_BYTES: usize = 65;

#[derive(Debug, QueryableByName)]
struct SpentCode {
    #[diesel(sql_type = Text)]
    district: String,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Text)]
    user_name: String,
}

/// Enrols a device, or a known one for another user.
///
/// # Errors
/// `rate_limited`, `public_key_invalid`, `enrolment_code_invalid`, `device_revoked`, `other_district`, text faults.
pub async fn enrol_device(
    state: &AppState,
    request: &EnrolRequest,
    client: &Client,
) -> Result<Enrolled, ApiError> {
    state.guesses.count(client.network())?;
    check_required(&request.device_name, NAME_MAX_CHARS)
        .map_err(|fault| ApiError::from(fault).field("device_name"))?;
    let key = public_key(&request.public_key)?;
    let code = EnrolmentCode::typed(&request.code);
    let now = state.clock.now();
    state
        .connection()
        .await?
        .transaction(async |connection| {
            let spent = spend_code(connection, &code, &key, now).await?;
            let district: RegionCode = stored("enrolment_codes.district", &spent.district)?;
            refuse_other_district(connection, &district, &key).await?;
            let device_id = store_device(connection, &district, &key, request, now).await?;
            let user_id = UserId(spent.user_id);
            add_user(connection, &district, device_id, user_id, now).await?;
            note_device(connection, &code, device_id).await?;
            let event = Event::new(Action::DeviceEnrolled, &district)
                .by(Some(user_id))
                .device(device_id)
                .from(client.address)
                .detail(serde_json::json!({ "device_name": request.device_name }));
            audit::record(connection, now, &[event]).await?;
            let change = NewChange::of_district(Entity::Device(device_id));
            record_changes(connection, &district, &[change]).await?;
            Ok(Enrolled { device_id, district, user_id, user_name: spent.user_name })
        })
        .await
}

fn public_key(text: &str) -> Result<Vec<u8>, ApiError> {
    let invalid = || ApiError::new(ProblemKind::PublicKeyInvalid).field("public_key");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    if bytes.len() != PUBLIC_KEY_BYTES || VerifyingKey::from_sec1_bytes(&bytes).is_err() {
        return Err(invalid());
    }
    Ok(bytes)
}

async fn spend_code(
    connection: &mut Connection,
    code: &EnrolmentCode,
    key: &[u8],
    now: Instant,
) -> Result<SpentCode, ApiError> {
    diesel::sql_query(
        "UPDATE enrolment_codes AS c SET used_at = coalesce(c.used_at, $2) FROM users AS u
         WHERE c.code_hash = $1 AND c.expires_at > $2
           AND (c.used_at IS NULL OR c.device_id IN (SELECT device_id FROM devices WHERE public_key = $3))
           AND u.district = c.district AND u.user_id = c.user_id AND u.disabled_at IS NULL
         RETURNING c.district, c.user_id, u.name AS user_name",
    )
    .bind::<Binary, _>(code.hash())
    .bind::<Timestamptz, _>(Time(now))
    .bind::<Binary, _>(key)
    .get_result(connection)
    .await
    .optional()?
    .ok_or_else(|| ApiError::new(ProblemKind::EnrolmentCodeInvalid).field("code"))
}

async fn refuse_other_district(
    connection: &mut Connection,
    district: &RegionCode,
    key: &[u8],
) -> Result<(), ApiError> {
    let elsewhere: bool = diesel::select(exists(
        devices::table.filter(devices::public_key.eq(key)).filter(devices::district.ne(district.as_str())),
    ))
    .get_result(connection)
    .await?;
    if elsewhere { Err(ApiError::new(ProblemKind::OtherDistrict).field("public_key")) } else { Ok(()) }
}

async fn store_device(
    connection: &mut Connection,
    district: &RegionCode,
    key: &[u8],
    request: &EnrolRequest,
    now: Instant,
) -> Result<DeviceId, ApiError> {
    #[derive(QueryableByName)]
    struct Stored {
        #[diesel(sql_type = SqlUuid)]
        device_id: Uuid,
    }
    diesel::sql_query(
        "INSERT INTO devices (district, device_id, name, public_key, incarnation, enrolled_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT ON CONSTRAINT devices_public_key_key
         DO UPDATE SET name = excluded.name, incarnation = excluded.incarnation
         WHERE devices.revoked_at IS NULL
         RETURNING device_id",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<SqlUuid, _>(DeviceId::fresh().0)
    .bind::<Text, _>(&request.device_name)
    .bind::<Binary, _>(key)
    .bind::<SqlUuid, _>(request.incarnation.0)
    .bind::<Timestamptz, _>(Time(now))
    .get_result::<Stored>(connection)
    .await
    .optional()?
    .map(|stored| DeviceId(stored.device_id))
    .ok_or_else(|| ProblemKind::DeviceRevoked.into())
}

async fn add_user(
    connection: &mut Connection,
    district: &RegionCode,
    device: DeviceId,
    user: UserId,
    now: Instant,
) -> QueryResult<usize> {
    diesel::insert_into(device_users::table)
        .values((
            device_users::district.eq(district.as_str()),
            device_users::device_id.eq(device.0),
            device_users::user_id.eq(user.0),
            device_users::enrolled_at.eq(Time(now)),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
}

async fn note_device(
    connection: &mut Connection,
    code: &EnrolmentCode,
    device: DeviceId,
) -> QueryResult<usize> {
    use crate::db::schema::enrolment_codes;
    diesel::update(enrolment_codes::table.filter(enrolment_codes::code_hash.eq(code.hash())))
        .set(enrolment_codes::device_id.eq(device.0))
        .execute(connection)
        .await
}
