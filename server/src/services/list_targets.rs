//! Lists the register (台账) that an actor sees, by register number, a page at a time; and shows one entry.
//!
//! Invariant: pages follow by key, so an entry that appears meanwhile shifts nothing.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{GridPath, KindCode, TargetId, UnitId};
use sync_core::model::target::Target;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::target_scope::{TargetCondition, TargetScope, lies_in};
use crate::db::Connection;
use crate::db::schema::{grids, targets, units};
use crate::db::targets::TargetRow;
use crate::db::types::Time;
use crate::problem::ApiError;

/// A register entry with the names of what it refers to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RegisteredTarget {
    /// The entry.
    #[serde(flatten)]
    pub target: Target,
    /// The grid's name.
    pub grid_name: String,
    /// The unit's name.
    pub unit_name: String,
    /// When it was changed last.
    pub updated_at: Instant,
    /// When it was removed from the register.
    pub removed_at: Option<Instant>,
}

/// Filters, all of which must hold; an absent one holds for all.
#[derive(Debug, Clone, Default)]
pub struct TargetFilter {
    /// Kind.
    pub kind: Option<KindCode>,
    /// Grid, with everything below it.
    pub grid: Option<GridPath>,
    /// Responsible unit.
    pub unit: Option<UnitId>,
    /// What stands in number, name or address, whatever its case.
    pub text: Option<String>,
    /// Those that were removed instead of those that stand.
    pub removed: bool,
}

impl TargetFilter {
    /// As a condition on rows that are still registered, or on removed ones where these are asked for.
    pub(super) fn condition(&self) -> TargetCondition {
        let conditions = [
            self.kind
                .as_ref()
                .map(|kind| -> TargetCondition { Box::new(targets::kind.eq(kind.to_string())) }),
            self.grid.as_ref().map(lies_in),
            self.unit.map(|unit| -> TargetCondition { Box::new(targets::unit_id.eq(unit.0)) }),
            self.text.as_deref().map(has_text),
        ];
        let standing: TargetCondition = if self.removed {
            Box::new(targets::deleted_at.is_not_null().and(sql::<Bool>("TRUE")))
        } else {
            Box::new(targets::deleted_at.is_null().and(sql::<Bool>("TRUE")))
        };
        conditions.into_iter().flatten().fold(standing, |all, one| Box::new(all.and(one)))
    }
}

fn has_text(text: &str) -> TargetCondition {
    let found =
        sql::<Bool>("strpos(lower(concat_ws(' ', targets.code, targets.name, targets.address)), lower(")
            .bind::<Text, _>(text.trim().to_owned())
            .sql(")) > 0");
    Box::new(found)
}

/// Where a page of the register ends: opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetCursor(String);

/// The text is not a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct NotATargetCursor;

impl std::str::FromStr for TargetCursor {
    type Err = NotATargetCursor;
    fn from_str(text: &str) -> Result<Self, NotATargetCursor> {
        let code = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        code.filter(|code| !code.is_empty() && !code.contains('\0')).map(Self).ok_or(NotATargetCursor)
    }
}

/// A page of the register.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetList {
    /// The entries.
    pub targets: Vec<RegisteredTarget>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
    /// How many entries the filters leave.
    pub count: i64,
}

type Row = (TargetRow, Time);

/// Adds the names of grids and units; one statement for each.
async fn with_names(
    connection: &mut Connection,
    scope: &TargetScope,
    rows: Vec<Row>,
) -> Result<Vec<RegisteredTarget>, ApiError> {
    let district = scope.district().as_str();
    let grid_names: HashMap<String, String> = grids::table
        .filter(grids::district.eq(district))
        .filter(grids::path.eq_any(rows.iter().map(|(row, _)| &row.grid)))
        .select((grids::path, grids::name))
        .load::<(String, String)>(connection)
        .await?
        .into_iter()
        .collect();
    let unit_names: HashMap<Uuid, String> = units::table
        .filter(units::district.eq(district))
        .filter(units::unit_id.eq_any(rows.iter().map(|(row, _)| row.unit_id)))
        .select((units::unit_id, units::name))
        .load::<(Uuid, String)>(connection)
        .await?
        .into_iter()
        .collect();
    rows.into_iter()
        .map(|(row, updated_at)| {
            Ok(RegisteredTarget {
                grid_name: grid_names.get(&row.grid).cloned().unwrap_or_default(),
                unit_name: unit_names.get(&row.unit_id).cloned().unwrap_or_default(),
                updated_at: updated_at.into(),
                removed_at: row.deleted_at.map(Instant::from),
                target: row.try_into()?,
            })
        })
        .collect()
}

/// Lists the register by register number, `rows` entries at most.
///
/// # Errors
/// Those of the database.
pub async fn list_targets(
    connection: &mut Connection,
    scope: &TargetScope,
    filter: &TargetFilter,
    after: Option<TargetCursor>,
    rows: u16,
) -> Result<TargetList, ApiError> {
    let from: TargetCondition = match after {
        None => Box::new(sql::<Bool>("TRUE")),
        Some(TargetCursor(code)) => Box::new(targets::code.gt(code)),
    };
    let mut found: Vec<Row> = targets::table
        .filter(scope.condition())
        .filter(filter.condition())
        .filter(from)
        .order(targets::code)
        .limit(i64::from(rows).saturating_add(1))
        .select((TargetRow::as_select(), targets::updated_at))
        .load(connection)
        .await?;
    let more = found.len() > usize::from(rows);
    found.truncate(usize::from(rows));
    let last = found.last().map(|(row, _)| URL_SAFE_NO_PAD.encode(&row.code));
    let count = targets::table
        .filter(scope.condition())
        .filter(filter.condition())
        .count()
        .get_result(connection)
        .await?;
    Ok(TargetList {
        targets: with_names(connection, scope, found).await?,
        next: last.filter(|_| more),
        count,
    })
}

/// One entry, also one that was removed: cases name it.
///
/// # Errors
/// `not_found`, also where it is not the actor's to see.
pub async fn show_target(
    connection: &mut Connection,
    scope: &TargetScope,
    id: TargetId,
) -> Result<RegisteredTarget, ApiError> {
    let found: Option<Row> = targets::table
        .filter(scope.condition())
        .filter(targets::target_id.eq(id.0))
        .select((TargetRow::as_select(), targets::updated_at))
        .first(connection)
        .await
        .optional()?;
    let shown = with_names(connection, scope, found.into_iter().collect()).await?.pop();
    shown.ok_or_else(|| ApiError::new(ProblemKind::NotFound).field("target_id"))
}
