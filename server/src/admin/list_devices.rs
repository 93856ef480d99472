//! The district's devices (终端) with their users, and what waits of their work as far as the server knows, a
//! page at a time.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
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
use crate::query::{Page, unknown_cursor};

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

/// A page of devices.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceList {
    /// The devices, the newest first.
    pub devices: Vec<Device>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
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
    WHERE named.district = $1 AND i.device_id = ANY ($2)
      AND NOT EXISTS (SELECT FROM photos WHERE photos.district = $1 AND photos.sha256 = named.sha256)
    GROUP BY i.device_id
) AS awaited USING (device_id)
WHERE d.district = $1 AND d.device_id = ANY ($2)";

/// Lists devices, the newest first; a device keeps the day it enrolled first, so it keeps its place.
///
/// # Errors
/// `malformed_request` where the cursor is no device of the district; whatever PostgreSQL says.
pub async fn list_devices(
    connection: &mut Connection,
    district: &RegionCode,
    page: Page<DeviceId>,
) -> Result<DeviceList, ApiError> {
    let mut rows = rows_of(connection, district, &page).await?;
    let next = page.cut(&mut rows, |row| DeviceId(row.0));
    let ids: Vec<Uuid> = rows.iter().map(|row| row.0).collect();
    let mut people: HashMap<Uuid, (Vec<UserId>, Vec<String>)> = HashMap::new();
    for (device, user, name) in people_of(connection, district, &ids).await? {
        let (users, names) = people.entry(device).or_default();
        users.push(UserId(user));
        names.push(name);
    }
    let waiting: Vec<WaitingRow> = sql_query(WAITING)
        .bind::<Text, _>(district.as_str())
        .bind::<Array<SqlUuid>, _>(&ids)
        .load(connection)
        .await?;
    let mut waiting: HashMap<Uuid, WaitingRow> =
        waiting.into_iter().map(|row| (row.device_id, row)).collect();
    let device = |(device_id, name, enrolled_at, last_seen_at, revoked_at): DeviceRow| {
        let (users, user_names) = people.remove(&device_id).unwrap_or_default();
        let waiting = waiting.remove(&device_id);
        Device {
            device_id: DeviceId(device_id),
            name,
            users,
            user_names,
            enrolled_at: enrolled_at.into(),
            last_seen_at: last_seen_at.map(Instant::from),
            revoked_at: revoked_at.map(Instant::from),
            last_push_at: waiting.as_ref().and_then(|row| row.last_push_at).map(Instant::from),
            photos_awaited: waiting.as_ref().map_or(0, |row| row.photos_awaited),
            quarantined: waiting.as_ref().map_or(0, |row| row.quarantined),
        }
    };
    Ok(DeviceList { devices: rows.into_iter().map(device).collect(), next })
}

/// Id, name, and when it enrolled, was last seen, and was revoked.
type DeviceRow = (Uuid, String, Time, Option<Time>, Option<Time>);

/// The devices of a page, and one more where another page follows.
async fn rows_of(
    connection: &mut Connection,
    district: &RegionCode,
    page: &Page<DeviceId>,
) -> Result<Vec<DeviceRow>, ApiError> {
    let mut query = devices::table
        .filter(devices::district.eq(district.as_str()))
        .order((devices::enrolled_at.desc(), devices::device_id))
        .limit(page.with_one_more())
        .select((
            devices::device_id,
            devices::name,
            devices::enrolled_at,
            devices::last_seen_at,
            devices::revoked_at,
        ))
        .into_boxed();
    if let Some(after) = page.after {
        let last: Option<Time> = devices::table
            .find((district.as_str(), after.0))
            .select(devices::enrolled_at)
            .first(connection)
            .await
            .optional()?;
        let last = last.ok_or_else(unknown_cursor)?;
        let behind_it = devices::enrolled_at.eq(last).and(devices::device_id.gt(after.0));
        query = query.filter(devices::enrolled_at.lt(last).or(behind_it));
    }
    Ok(query.load(connection).await?)
}

/// Device, user and the user's name, of these devices.
async fn people_of(
    connection: &mut Connection,
    district: &RegionCode,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, Uuid, String)>> {
    device_users::table
        .inner_join(
            users::table
                .on(users::district.eq(device_users::district).and(users::user_id.eq(device_users::user_id))),
        )
        .filter(device_users::district.eq(district.as_str()))
        .filter(device_users::device_id.eq_any(ids))
        .order((device_users::device_id, device_users::user_id))
        .select((device_users::device_id, device_users::user_id, users::name))
        .load(connection)
        .await
}
