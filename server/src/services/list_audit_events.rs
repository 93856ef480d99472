//! Lists the audit trail (审计), the latest first: sign-ins, changes of rights, devices, registers, decisions.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use sync_core::ids::{DeviceId, RegionCode, UserId};
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::{audit_events, devices, users};
use crate::db::types::Time;
use crate::problem::ApiError;

/// Which events; what is absent holds for all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Any of these actions; all of them when empty.
    pub actions: Vec<String>,
    /// By whom.
    pub user: Option<UserId>,
    /// Those before this event.
    pub before: Option<Uuid>,
    /// How many at most.
    pub rows: u16,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditEvent {
    /// Its id.
    pub event_id: Uuid,
    /// When.
    pub at: Instant,
    /// What happened, by its code, such as `sign_in` or `role_assigned`.
    pub action: String,
    /// Who did it; absent where nobody was signed in.
    pub user_id: Option<UserId>,
    /// That person's name.
    pub user_name: Option<String>,
    /// On which device.
    pub device_id: Option<DeviceId>,
    /// What people call it.
    pub device_name: Option<String>,
    /// What it was done to, as `entity/id`.
    pub subject: Option<String>,
    /// From which network address.
    pub address: Option<String>,
    /// What else is known.
    pub detail: Value,
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditList {
    /// The events, the latest first.
    pub events: Vec<AuditEvent>,
    /// What to ask with as `before` for the next page; absent on the last.
    pub next: Option<Uuid>,
}

/// An event as it is selected.
type Row = (
    Uuid,
    Time,
    String,
    Option<Uuid>,
    Option<String>,
    Option<Uuid>,
    Option<String>,
    Option<String>,
    Option<String>,
    Value,
);

/// Lists events.
///
/// # Errors
/// Those of the database.
pub async fn list_audit_events(
    connection: &mut Connection,
    district: &RegionCode,
    filter: &AuditFilter,
) -> Result<AuditList, ApiError> {
    let mut query = audit_events::table
        .left_join(
            users::table.on(users::district
                .eq(audit_events::district)
                .and(users::user_id.nullable().eq(audit_events::user_id))),
        )
        .left_join(
            devices::table.on(devices::district
                .eq(audit_events::district)
                .and(devices::device_id.nullable().eq(audit_events::device_id))),
        )
        .filter(audit_events::district.eq(district.as_str()))
        // The ids are UUIDv7: their order is that of time.
        .order(audit_events::event_id.desc())
        .limit(i64::from(filter.rows).saturating_add(1))
        .select((
            audit_events::event_id,
            audit_events::at,
            audit_events::action,
            audit_events::user_id,
            users::name.nullable(),
            audit_events::device_id,
            devices::name.nullable(),
            audit_events::subject,
            audit_events::address,
            audit_events::detail,
        ))
        .into_boxed();
    if !filter.actions.is_empty() {
        query = query.filter(audit_events::action.eq_any(&filter.actions));
    }
    if let Some(user) = filter.user {
        query = query.filter(audit_events::user_id.eq(user.0));
    }
    if let Some(before) = filter.before {
        query = query.filter(audit_events::event_id.lt(before));
    }
    let rows: Vec<Row> = query.load(connection).await?;
    let more = rows.len() > usize::from(filter.rows);
    let events: Vec<AuditEvent> = rows.into_iter().take(usize::from(filter.rows)).map(event).collect();
    let next = events.last().map(|event| event.event_id).filter(|_| more);
    Ok(AuditList { events, next })
}

fn event(row: Row) -> AuditEvent {
    let (event_id, at, action, user, user_name, device, device_name, subject, address, detail) = row;
    AuditEvent {
        event_id,
        at: at.0,
        action,
        user_id: user.map(UserId),
        user_name,
        device_id: device.map(DeviceId),
        device_name,
        subject,
        address,
        detail,
    }
}
