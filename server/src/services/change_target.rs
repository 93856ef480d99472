//! Changes of the register (台账) by an administrator: a target is made, changed or removed.
//!
//! Invariants: facts are those of the kinds of the pack in force; a change names the version it was made on; devices
//! hear of every change, also that a target left their grid or is gone. A removed target keeps its row and its
//! register number, because inspections and cases name it. A request sent twice is done once.

use diesel_async::AsyncConnection;
use serde::Deserialize;
use sync_core::ids::{RegionCode, TargetId};
use sync_core::model::target::{Target, TargetContent};
use sync_core::policy::{PolicyBook, PolicyPack, check_target};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::changes::{NewChange, record_changes};
use crate::db::targets::{TargetRow, TargetWrite, given_code, insert_targets, lock_targets, update_targets};
use crate::problem::ApiError;

/// A change of a target.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct TargetChange {
    /// The version it was made on.
    pub expected_version: u32,
    /// The target as it shall be.
    #[serde(flatten)]
    pub content: TargetContent,
}

/// The pack whose kinds register entries follow today: the one in force, else the draft that would govern.
///
/// # Errors
/// `kind_unknown` where the district has no pack at all.
pub fn register_pack<'b>(
    book: &'b PolicyBook,
    district: &RegionCode,
    now: Instant,
) -> Result<&'b PolicyPack, ApiError> {
    book.in_force(district, now.record_date())
        .or_else(|| book.unadopted_draft(district))
        .ok_or_else(|| ApiError::new(ProblemKind::KindUnknown).field("kind"))
}

/// Makes a target, under the id that the client gave it.
///
/// # Errors
/// Those of its facts and texts with their fields; `grid_unknown`, `unit_unknown`, `target_code_taken`;
/// `target_exists` for an id that another content has.
pub async fn create_target(
    connection: &mut Connection,
    actor: &Actor,
    book: &PolicyBook,
    mut content: TargetContent,
    now: Instant,
) -> Result<Target, ApiError> {
    let district = &actor.district;
    check(book, district, &content, now)?;
    let id = content.target_id;
    content.code.get_or_insert_with(|| given_code(id));
    let target = Target { content, version: 1 };
    connection
        .transaction(async |connection| {
            if let Some(stored) = lock_targets(connection, district, &[id]).await?.pop() {
                return same_or(stored, &target, ProblemKind::TargetExists);
            }
            insert_targets(connection, &[TargetWrite::new(district, &target, now)]).await?;
            let change = NewChange::of_target(id, None, Some(target.content.grid.clone()));
            conclude(connection, actor, id, "created", change, now).await?;
            Ok(target)
        })
        .await
}

/// Changes a target.
///
/// # Errors
/// As [`create_target`]; `not_found`, `target_removed`, `target_changed`.
pub async fn update_target(
    connection: &mut Connection,
    actor: &Actor,
    book: &PolicyBook,
    change: TargetChange,
    now: Instant,
) -> Result<Target, ApiError> {
    let district = &actor.district;
    let TargetChange { expected_version, mut content } = change;
    check(book, district, &content, now)?;
    let id = content.target_id;
    connection
        .transaction(async |connection| {
            let stored = lock(connection, district, id).await?;
            let before = Target::try_from(stored.clone())?;
            content.code = content.code.or(before.content.code);
            let target = Target { content, version: expected_version.saturating_add(1) };
            if stored.deleted_at.is_some() {
                return Err(ProblemKind::TargetRemoved.into());
            }
            if before.version != expected_version {
                return same_or(stored, &target, ProblemKind::TargetChanged);
            }
            update_targets(connection, &[TargetWrite::new(district, &target, now)]).await?;
            let change =
                NewChange::of_target(id, Some(before.content.grid), Some(target.content.grid.clone()));
            conclude(connection, actor, id, "changed", change, now).await?;
            Ok(target)
        })
        .await
}

/// Removes a target from the register; one that was removed from this version stays so.
///
/// # Errors
/// `not_found`, `target_changed`.
pub async fn remove_target(
    connection: &mut Connection,
    actor: &Actor,
    id: TargetId,
    expected_version: u32,
    now: Instant,
) -> Result<(), ApiError> {
    let district = &actor.district;
    connection
        .transaction(async |connection| {
            let stored = lock(connection, district, id).await?;
            let removed = stored.deleted_at.is_some();
            let mut target = Target::try_from(stored)?;
            if removed && target.version == expected_version.saturating_add(1) {
                return Ok(());
            }
            if removed || target.version != expected_version {
                return Err(ApiError::new(ProblemKind::TargetChanged).field("expected_version"));
            }
            target.version = expected_version.saturating_add(1);
            update_targets(connection, &[TargetWrite::removed(district, &target, now)]).await?;
            let change = NewChange::of_target(id, Some(target.content.grid), None);
            conclude(connection, actor, id, "removed", change, now).await
        })
        .await
}

fn check(
    book: &PolicyBook,
    district: &RegionCode,
    content: &TargetContent,
    now: Instant,
) -> Result<(), ApiError> {
    let pack = register_pack(book, district, now)?;
    if let Some(fault) = check_target(pack, content).into_iter().next() {
        return Err(ApiError::new(fault.kind).field(fault.field));
    }
    if content.grid.region() != *district {
        return Err(ApiError::new(ProblemKind::OtherDistrict).field("grid"));
    }
    match &content.code {
        Some(code) if code.trim().is_empty() => Err(ApiError::new(ProblemKind::TextRequired).field("code")),
        _ => Ok(()),
    }
}

async fn lock(
    connection: &mut Connection,
    district: &RegionCode,
    id: TargetId,
) -> Result<TargetRow, ApiError> {
    let stored = lock_targets(connection, district, &[id]).await?.pop();
    stored.ok_or_else(|| ApiError::new(ProblemKind::NotFound).field("target_id"))
}

/// The stored target, where it is what an earlier try of the same request left.
fn same_or(stored: TargetRow, wanted: &Target, problem: ProblemKind) -> Result<Target, ApiError> {
    let removed = stored.deleted_at.is_some();
    let stored = Target::try_from(stored)?;
    if stored == *wanted && !removed { Ok(stored) } else { Err(problem.into()) }
}

async fn conclude(
    connection: &mut Connection,
    actor: &Actor,
    id: TargetId,
    deed: &str,
    change: NewChange,
    now: Instant,
) -> Result<(), ApiError> {
    let event = Event::new(Action::RegisterChanged, &actor.district)
        .by(Some(actor.user_id))
        .about("target", id)
        .detail(serde_json::json!({ "deed": deed }));
    audit::record(connection, now, &[event]).await?;
    Ok(record_changes(connection, &actor.district, &[change]).await?)
}
