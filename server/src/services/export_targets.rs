//! The register (台账) as features of a map, each at its registered point with what is registered of it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::model::target::Target;
use sync_core::wire::problem::ProblemKind;

use crate::auth::target_scope::TargetScope;
use crate::db::Connection;
use crate::db::schema::targets;
use crate::db::targets::TargetRow;
use crate::geojson::{Feature, FeatureCollection};
use crate::problem::ApiError;
use crate::services::list_targets::TargetFilter;

/// Targets on a map at most: more than any district registers, and what the server can hold at once.
pub const TARGETS_MAX: usize = 50_000;

/// The targets that scope and filters pick, by register number. A registered point has no accuracy: it was marked.
///
/// # Errors
/// `too_many_items` beyond [`TARGETS_MAX`]; those of the database.
pub async fn read_target_features(
    connection: &mut Connection,
    scope: &TargetScope,
    filter: &TargetFilter,
) -> Result<FeatureCollection<Target>, ApiError> {
    let most = i64::try_from(TARGETS_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let rows: Vec<TargetRow> = targets::table
        .filter(scope.condition())
        .filter(filter.condition())
        .order(targets::code)
        .limit(most)
        .select(TargetRow::as_select())
        .load(connection)
        .await?;
    if rows.len() > TARGETS_MAX {
        let detail = format!("{TARGETS_MAX} targets at most; narrow the filters");
        return Err(ApiError::new(ProblemKind::TooManyItems).detail(detail));
    }
    let features = rows.into_iter().map(|row| {
        let target = Target::try_from(row)?;
        let (id, geometry) = (target.content.target_id.to_string(), Some(target.content.point));
        Ok(Feature { id, geometry, properties: target })
    });
    Ok(FeatureCollection::new(features.collect::<Result<_, ApiError>>()?))
}
