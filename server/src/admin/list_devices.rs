//! The district's devices (终端) with their users, and what waits of their work as far as the server knows.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
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
    /// When the latest work of its present installation arrived.
    pub last_push_at: Option<Instant>,
    /// Photos that its inspections name and that are not here yet.
    pub photos_awaited: i64,
    /// Operations in quarantine (隔离), pushed after it was revoked.
    pub quarantined: i64,
}

/// What waits of a device's work.
#[derive(QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = SqlUuid)]
    device_id: Uuid,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_push_at: Option<Time>,
    #[diesel(sql_type = BigInt)]
    photos_awaited: i64,
    #[diesel(sql_type = BigInt)]
    quarantined: i64,
}

/// The latest operation of each user comes from the index of sequence numbers; quarantine is read of revoked devices only.
const WAITING: &str = "
SELECT d.device_id,
       (SELECT max(latest.received_at)
        FROM device_users AS u CROSS JOIN LATERAL (
            SELECT received_at FROM operations AS o
            WHERE o.district = d.district AND o.device_id = d.device_id AND o.incarnation = d.incarnation
              AND o.user_id = u.user_id AND o.device_seq IS NOT NULL
            ORDER BY o.device_seq DESC LIMIT 1
        ) AS latest
        WHERE u.district = d.district AND u.device_id = d.device_id) AS last_push_at,
       coalesce(awaited.photos, 0) AS photos_awaited,
       CASE WHEN d.revoked_at IS NULL THEN 0
            ELSE (SELECT count(*) FROM operations AS o
                  WHERE o.district = d.district AND o.device_id = d.device_id AND o.outcome IS NULL) END AS quarantined
FROM devices AS d
LEFT JOIN (
    SELECT i.device_id, count(DISTINCT named.sha256) AS photos
    FROM inspection_photos AS named JOIN inspections AS i USING (district, inspection_id)
    WHERE named.district = $1
      AND NOT EXISTS (SELECT FROM photos WHERE photos.district = $1 AND photos.sha256 = named.sha256)
    GROUP BY i.device_id
) AS awaited USING (device_id)
WHERE d.district = $1";

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
    let waiting: Vec<WaitingRow> =
        sql_query(WAITING).bind::<Text, _>(district.as_str()).load(connection).await?;
    let mut waiting: HashMap<Uuid, WaitingRow> =
        waiting.into_iter().map(|row| (row.device_id, row)).collect();
    let mut list: Vec<Device> = Vec::new();
    for (device_id, name, enrolled_at, last_seen_at, revoked_at, user, user_name) in rows {
        match list.last_mut() {
            Some(device) if device.device_id.0 == device_id => {
                device.users.push(UserId(user));
                device.user_names.push(user_name);
            }
            _ => {
                let waiting = waiting.remove(&device_id);
                list.push(Device {
                    device_id: DeviceId(device_id),
                    name,
                    users: vec![UserId(user)],
                    user_names: vec![user_name],
                    enrolled_at: enrolled_at.into(),
                    last_seen_at: last_seen_at.map(Instant::from),
                    revoked_at: revoked_at.map(Instant::from),
                    last_push_at: waiting.as_ref().and_then(|row| row.last_push_at).map(Instant::from),
                    photos_awaited: waiting.as_ref().map_or(0, |row| row.photos_awaited),
                    quarantined: waiting.as_ref().map_or(0, |row| row.quarantined),
                });
            }
        }
    }
    Ok(list)
}
