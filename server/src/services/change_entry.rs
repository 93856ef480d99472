//! Changes of units, grids and zones by an administrator.
//!
//! Invariants: a change names the version it was made on; every device of the district hears of it; a request sent
//! twice is done once. Grids and zones are never removed, for what happened in them names them; a unit only while
//! nothing names it.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Deserialize;
use sync_core::ids::{RegionCode, UnitId};
use sync_core::model::grid::Grid;
use sync_core::model::unit::Unit;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::district_entries::{
    DistrictEntry, Versioned, Which, insert_entries, load_entries, update_entries,
};
use crate::problem::ApiError;
use crate::registers::CheckEntry;

/// An entry as it shall be, and the version that the change was made on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct EntryChange<E> {
    /// The version it was made on.
    pub expected_version: u32,
    /// The entry as it shall be.
    #[serde(flatten)]
    pub entry: E,
}

/// Makes an entry, under the id that the client gave it.
///
/// # Errors
/// Its faults with their fields; that id, name or code are taken.
pub async fn create_entry<E: DistrictEntry + CheckEntry>(
    connection: &mut Connection,
    actor: &Actor,
    entry: E,
    now: Instant,
) -> Result<Versioned<E>, ApiError> {
    let district = &actor.district;
    if let Some(fault) = entry.faults(district).into_iter().next() {
        return Err(fault.into());
    }
    let entity = entry.entity();
    let made = Versioned { entry, version: 1 };
    connection
        .transaction(async |connection| {
            let key = [entity.to_string()];
            let stored = load_entries(connection, district, Which::Keys(&key), true).await?.pop();
            if stored.as_ref() == Some(&made) {
                return Ok(made);
            }
            require_parent(connection, district, &entity).await?;
            insert_entries(connection, district, std::slice::from_ref(&made)).await?;
            conclude(connection, actor, entity, "created", now).await?;
            Ok(made)
        })
        .await
}

/// Changes an entry.
///
/// # Errors
/// As [`create_entry`]; `not_found`, `register_changed`.
pub async fn update_entry<E: DistrictEntry + CheckEntry>(
    connection: &mut Connection,
    actor: &Actor,
    change: EntryChange<E>,
    now: Instant,
) -> Result<Versioned<E>, ApiError> {
    let district = &actor.district;
    let EntryChange { expected_version, entry } = change;
    if let Some(fault) = entry.faults(district).into_iter().next() {
        return Err(fault.into());
    }
    let entity = entry.entity();
    let changed = Versioned { entry, version: expected_version.saturating_add(1) };
    connection
        .transaction(async |connection| {
            let key = [entity.to_string()];
            let stored = load_entries(connection, district, Which::Keys(&key), true).await?.pop();
            match stored {
                None => return Err(ApiError::new(ProblemKind::NotFound).field(E::KEY)),
                Some(stored) if stored == changed => return Ok(changed),
                Some(stored) if stored.version != expected_version => {
                    return Err(ApiError::new(ProblemKind::RegisterChanged).field("expected_version"));
                }
                Some(_) => {}
            }
            update_entries(connection, district, std::slice::from_ref(&changed)).await?;
            conclude(connection, actor, entity, "changed", now).await?;
            Ok(changed)
        })
        .await
}

/// Removes a unit that nothing names.
///
/// # Errors
/// `not_found`, `register_changed`, `unit_in_use`.
pub async fn remove_unit(
    connection: &mut Connection,
    actor: &Actor,
    unit: UnitId,
    expected_version: u32,
    now: Instant,
) -> Result<(), ApiError> {
    #[derive(QueryableByName)]
    struct Use {
        #[diesel(sql_type = Bool)]
        used: bool,
    }
    let district = &actor.district;
    connection
        .transaction(async |connection| {
            let key = [unit.to_string()];
            // The lock keeps new rows from naming it until the end.
            let stored = load_entries::<Unit>(connection, district, Which::Keys(&key), true).await?.pop();
            let stored = stored.ok_or_else(|| ApiError::new(ProblemKind::NotFound).field("unit_id"))?;
            if stored.version != expected_version {
                return Err(ApiError::new(ProblemKind::RegisterChanged).field("expected_version"));
            }
            let found: Use = sql_query(
                "SELECT EXISTS (SELECT 1 FROM grids WHERE district = $1 AND unit_id = $2)
                     OR EXISTS (SELECT 1 FROM targets WHERE district = $1 AND unit_id = $2)
                     OR EXISTS (SELECT 1 FROM assignments WHERE district = $1 AND unit_id = $2)
                     OR EXISTS (SELECT 1 FROM inspections WHERE district = $1 AND unit_id = $2)
                     OR EXISTS (SELECT 1 FROM cases WHERE district = $1 AND unit_id = $2)
                     OR EXISTS (SELECT 1 FROM charges WHERE district = $1 AND unit_id = $2)
                     OR EXISTS (SELECT 1 FROM ledger_entries WHERE district = $1 AND unit_id = $2)
                     OR EXISTS (SELECT 1 FROM rectifications WHERE district = $1 AND unit_id = $2)
                     OR EXISTS (SELECT 1 FROM appeals WHERE district = $1 AND unit_id = $2)
                     OR EXISTS (SELECT 1 FROM executions WHERE district = $1 AND unit_id = $2) AS used",
            )
            .bind::<Text, _>(district.as_str())
            .bind::<SqlUuid, _>(unit.0)
            .get_result(connection)
            .await?;
            if found.used {
                return Err(ApiError::new(ProblemKind::UnitInUse).field("unit_id"));
            }
            sql_query("DELETE FROM units WHERE district = $1 AND unit_id = $2")
                .bind::<Text, _>(district.as_str())
                .bind::<SqlUuid, _>(unit.0)
                .execute(connection)
                .await?;
            conclude(connection, actor, Entity::Unit(unit), "removed", now).await
        })
        .await
}

/// A grid needs the one above it, unless it is the district's own.
async fn require_parent(
    connection: &mut Connection,
    district: &RegionCode,
    entity: &Entity,
) -> Result<(), ApiError> {
    let Entity::Grid(path) = entity else { return Ok(()) };
    let Some(parent) = path.parent() else { return Ok(()) };
    let key = [parent.to_string()];
    match load_entries::<Grid>(connection, district, Which::Keys(&key), false).await?.is_empty() {
        true => Err(ApiError::new(ProblemKind::GridParentUnknown).field("path")),
        false => Ok(()),
    }
}

async fn conclude(
    connection: &mut Connection,
    actor: &Actor,
    entity: Entity,
    deed: &str,
    now: Instant,
) -> Result<(), ApiError> {
    let event = Event::new(Action::RegisterChanged, &actor.district)
        .by(Some(actor.user_id))
        .about(entity.kind(), &entity)
        .detail(serde_json::json!({ "deed": deed }));
    audit::record(connection, now, &[event]).await?;
    Ok(record_changes(connection, &actor.district, &[NewChange::of_district(entity)]).await?)
}
