//! The district's devices (终端) with their users.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{DeviceId, RegionCode, UserId};
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::{device_users, devices, users};
use crate::db::types::Time;
use crate::problem::ApiError;

/// A device as an administrator sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Device {
    /// Its id.
    pub device_id: DeviceId,
    /// What people call it.
    pub name: String,
    /// Its users.
    pub users: Vec<UserId>,
    /// Their names, in the same order.
    pub user_names: Vec<String>,
    /// When it enrolled first.
    pub enrolled_at: Instant,
    /// When it last asked for a token.
    pub last_seen_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
}

/// The devices, the newest first.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn list_devices(
    connection: &mut Connection,
    district: &RegionCode,
) -> Result<Vec<Device>, ApiError> {
    type Row = (Uuid, String, Time, Option<Time>, Option<Time>, Uuid, String);
    let rows: Vec<Row> = devices::table
        .inner_join(device_users::table.on(
            device_users::district.eq(devices::district).and(device_users::device_id.eq(devices::device_id)),
        ))
        .inner_join(
            users::table
                .on(users::district.eq(device_users::district).and(users::user_id.eq(device_users::user_id))),
        )
        .filter(devices::district.eq(district.as_str()))
        .order((devices::enrolled_at.desc(), devices::device_id, device_users::user_id))
        .select((
            devices::device_id,
            devices::name,
            devices::enrolled_at,
            devices::last_seen_at,
            devices::revoked_at,
            device_users::user_id,
            users::name,
        ))
        .load(connection)
        .await?;
    let mut list: Vec<Device> = Vec::new();
    for (device_id, name, enrolled_at, last_seen_at, revoked_at, user, user_name) in rows {
        match list.last_mut() {
            Some(device) if device.device_id.0 == device_id => {
                device.users.push(UserId(user));
                device.user_names.push(user_name);
            }
            _ => list.push(Device {
                device_id: DeviceId(device_id),
                name,
                users: vec![UserId(user)],
                user_names: vec![user_name],
                enrolled_at: enrolled_at.into(),
                last_seen_at: last_seen_at.map(Instant::from),
                revoked_at: revoked_at.map(Instant::from),
            }),
        }
    }
    Ok(list)
}
