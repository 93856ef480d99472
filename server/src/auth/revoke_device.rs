//! Revocation of a device (停用终端): from now on it may only push, and that goes to quarantine.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::{DeviceId, RegionCode, UserId};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::devices;
use crate::db::types::Time;
use crate::problem::ApiError;

/// Revokes a device of the district; one that is revoked already stays so, and nothing is noted again.
///
/// # Errors
/// `not_found`.
pub async fn revoke_device(
    connection: &mut Connection,
    district: &RegionCode,
    device: DeviceId,
    by: Option<UserId>,
    now: Instant,
) -> Result<(), ApiError> {
    connection
        .transaction(async |connection| {
            let known = devices::table
                .filter(devices::district.eq(district.as_str()).and(devices::device_id.eq(device.0)));
            let revoked = diesel::update(known.filter(devices::revoked_at.is_null()))
                .set(devices::revoked_at.eq(Time(now)))
                .execute(connection)
                .await?;
            if revoked == 1 {
                let event = Event::new(Action::DeviceRevoked, district).by(by).device(device);
                audit::record(connection, now, &[event]).await?;
                let change = NewChange::of_district(Entity::Device(device));
                return Ok(record_changes(connection, district, &[change]).await?);
            }
            match known.count().get_result::<i64>(connection).await? {
                0 => Err(ApiError::new(ProblemKind::NotFound).field("device_id")),
                _ => Ok(()),
            }
        })
        .await
}
