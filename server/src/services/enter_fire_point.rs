//! Enters a fire point lead (火点线索) that a satellite, camera or drone brought, so that inspectors of its grid verify it.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Deserialize;
use sync_core::geo::Point;
use sync_core::ids::{FirePointId, GridPath};
use sync_core::limits::{CLOCK_AHEAD_MAX_SECONDS, NOTE_MAX_CHARS};
use sync_core::model::assignment::Role;
use sync_core::model::fire_point::{FirePointRow, FirePointState, FireSource};
use sync_core::text::check_text;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::fire_points::StoredFirePoint;
use crate::db::schema::fire_points;
use crate::db::types::Time;
use crate::problem::ApiError;

/// A lead to be entered.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirePointRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub fire_point_id: FirePointId,
    /// Who saw it.
    pub source: FireSource,
    /// Where, in WGS-84.
    pub point: Point,
    /// The grid it lies in.
    pub grid: GridPath,
    /// When it was seen.
    pub seen_at: Instant,
    /// In words: village, field, camera number.
    #[serde(default)]
    pub note: String,
}

impl FirePointRequest {
    fn check(&self, now: Instant) -> Result<(), ApiError> {
        check_text(&self.note, NOTE_MAX_CHARS).map_err(|fault| ApiError::from(fault).field("note"))?;
        if !self.point.is_in_china() {
            return Err(ApiError::new(ProblemKind::PlaceOutsideChina).field("point"));
        }
        if self.seen_at > now.plus_seconds(CLOCK_AHEAD_MAX_SECONDS) {
            return Err(ApiError::new(ProblemKind::NumberOutOfRange).field("seen_at"));
        }
        Ok(())
    }

    fn is(&self, first: &FirePointRow) -> bool {
        (self.source, self.point, &self.grid, self.seen_at, &self.note)
            == (first.source, first.point, &first.grid, first.seen_at, &first.note)
    }
}

/// Enters a lead for a supervisor of its grid.
///
/// # Errors
/// A problem naming the field: the place, the grid, the note, or an id that another lead has.
pub async fn enter_fire_point(
    connection: &mut Connection,
    actor: &Actor,
    request: &FirePointRequest,
    now: Instant,
) -> Result<FirePointRow, ApiError> {
    request.check(now)?;
    if !actor.covers(Role::Supervisor, &request.grid) {
        return Err(ApiError::new(ProblemKind::OutOfScope).field("grid"));
    }
    connection.transaction(async |conn| enter(conn, actor, request, now).await).await
}

async fn enter(
    conn: &mut Connection,
    actor: &Actor,
    request: &FirePointRequest,
    now: Instant,
) -> Result<FirePointRow, ApiError> {
    let lead = StoredFirePoint {
        district: actor.district.to_string(),
        fire_point_id: request.fire_point_id.0,
        source: request.source.code().to_owned(),
        lon: request.point.lon,
        lat: request.point.lat,
        grid: request.grid.to_string(),
        seen_at: Time(request.seen_at),
        note: request.note.clone(),
        entered_by: actor.user_id.0,
        entered_at: Time(now),
        state: FirePointState::Lead.code().to_owned(),
        verified_by: None,
        verified_at: None,
        inspection_id: None,
        finding: None,
    };
    let key = (actor.district.as_str(), request.fire_point_id.0);
    let new = diesel::insert_into(fire_points::table)
        .values(&lead)
        .on_conflict((fire_points::district, fire_points::fire_point_id))
        .do_nothing()
        .execute(conn)
        .await?;
    let first: StoredFirePoint =
        fire_points::table.find(key).select(StoredFirePoint::as_select()).first(conn).await?;
    let row = first.row()?;
    if new == 0 {
        let again = request.is(&row) && first.entered_by == actor.user_id.0;
        return if again {
            Ok(row)
        } else {
            Err(ApiError::new(ProblemKind::DecisionIdReused).field("fire_point_id"))
        };
    }
    let change = NewChange {
        entity: Entity::FirePoint(request.fire_point_id),
        grid_before: None,
        grid_after: Some(request.grid.clone()),
        user: None,
        unit_before: None,
    };
    record_changes(conn, &actor.district, &[change]).await?;
    Ok(row)
}
