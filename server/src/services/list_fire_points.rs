//! Lists fire point leads (火点线索) with what was found, the latest first, a page at a time.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{FirePointId, GridPath, UserId};
use sync_core::model::assignment::Role;
use sync_core::model::fire_point::{FirePointRow, FirePointState};
use sync_core::time::Instant;
use utoipa::ToSchema;

use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::fire_points::StoredFirePoint;
use crate::db::schema::fire_points;
use crate::db::types::Time;
use crate::problem::ApiError;
use crate::services::list_cases::CaseCursor;

/// Which leads; what is absent holds for all.
#[derive(Debug, Clone, Default)]
pub struct FirePointFilter {
    /// What became of them.
    pub state: Option<FirePointState>,
    /// After which one; from the start when absent. The cursor's time is that of sight.
    pub after: Option<CaseCursor>,
    /// How many at most.
    pub rows: u16,
}

/// A lead in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FirePointView {
    /// The lead.
    #[serde(flatten)]
    pub lead: FirePointRow,
    /// Who entered it.
    pub entered_by: UserId,
    /// When.
    pub entered_at: Instant,
    /// Who verified it.
    pub verified_by: Option<UserId>,
    /// When.
    pub verified_at: Option<Instant>,
    /// What was seen on the spot.
    pub finding: Option<String>,
}

/// A page of leads.
#[derive(Debug, Serialize, ToSchema)]
pub struct FirePointList {
    /// The leads.
    pub fire_points: Vec<FirePointView>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
}

/// Lists leads: a supervisor sees those of the own grids, finance and administrators the district's.
///
/// # Errors
/// Those of the database.
pub async fn list_fire_points(
    conn: &mut Connection,
    actor: &Actor,
    filter: &FirePointFilter,
) -> Result<FirePointList, ApiError> {
    let mut query = fire_points::table
        .filter(fire_points::district.eq(actor.district.as_str()))
        .order((fire_points::seen_at.desc(), fire_points::fire_point_id))
        .limit(i64::from(filter.rows).saturating_add(1))
        .select(StoredFirePoint::as_select())
        .into_boxed();
    if !(actor.has(Role::Finance) || actor.has(Role::Administrator)) {
        let own: Vec<String> = actor.grids(Role::Supervisor).iter().map(GridPath::to_string).collect();
        query = query.filter(
            sql::<Bool>("EXISTS (SELECT FROM unnest(")
                .bind::<Array<Text>, _>(own)
                .sql(") AS own (path) WHERE starts_with(grid || '/', own.path || '/'))"),
        );
    }
    if let Some(state) = filter.state {
        query = query.filter(fire_points::state.eq(state.code()));
    }
    if let Some(after) = filter.after {
        let (at, id) = (Time(after.occurred_at), after.case_id.0);
        query = query.filter(
            fire_points::seen_at
                .lt(at)
                .or(fire_points::seen_at.eq(at).and(fire_points::fire_point_id.gt(id))),
        );
    }
    let mut rows: Vec<StoredFirePoint> = query.load(conn).await?;
    let more = rows.len() > usize::from(filter.rows);
    rows.truncate(usize::from(filter.rows));
    let last = rows.last().map(|row| CaseCursor {
        occurred_at: row.seen_at.0,
        case_id: sync_core::ids::CaseId(FirePointId(row.fire_point_id).0),
    });
    let view = |row: StoredFirePoint| -> Result<FirePointView, ApiError> {
        Ok(FirePointView {
            lead: row.row()?,
            entered_by: UserId(row.entered_by),
            entered_at: row.entered_at.0,
            verified_by: row.verified_by.map(UserId),
            verified_at: row.verified_at.map(Instant::from),
            finding: row.finding,
        })
    };
    Ok(FirePointList {
        fire_points: rows.into_iter().map(view).collect::<Result<_, _>>()?,
        next: last.filter(|_| more).map(|cursor| cursor.encode()),
    })
}
