//! Prunes the change log (清理变更记录): changes that are old and outdated by a later one go.
//!
//! A change is outdated when a later one tells the same things of the same row to the same people: same grids before and
//! after, same user. Whoever asks from before both hears of the row by the later one, as it is now; so nobody misses
//! anything by what goes, and a pull from the start still brings everything. Only a cursor that names a change which went
//! leads nowhere: its device starts over.
//!
//! Must not: remove a change that is not outdated, however old.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::db::types::Time;
use crate::problem::ApiError;
use crate::state::AppState;

/// Days that every change is kept: a device that was away longer may have to start over.
pub const CHANGES_KEPT_DAYS: i64 = 90;

/// Seconds of a day.
const DAY_SECONDS: i64 = 24 * 3600;

#[derive(QueryableByName)]
struct Pruned {
    #[diesel(sql_type = BigInt)]
    pruned: i64,
}

/// Prunes the logs of all districts; says how many changes went.
///
/// # Errors
/// Faults of the database.
pub async fn prune_changes(state: &AppState) -> Result<i64, ApiError> {
    let kept_since = state.clock.now().plus_seconds(-CHANGES_KEPT_DAYS * DAY_SECONDS);
    let mut conn = state.connection().await?;
    // The last number of a district is where its devices stand: it stays.
    let pruned: Pruned = diesel::sql_query(
        "WITH gone AS (
             DELETE FROM changes AS old USING districts
             WHERE districts.district = old.district AND old.number < districts.change_number
               AND old.changed_at < $1
               AND EXISTS (
                   SELECT 1 FROM changes AS later
                   WHERE later.district = old.district AND later.entity = old.entity
                     AND later.entity_id = old.entity_id AND later.number > old.number
                     AND ROW (later.grid_before, later.grid_after, later.user_id)
                         IS NOT DISTINCT FROM ROW (old.grid_before, old.grid_after, old.user_id))
             RETURNING 1
         )
         SELECT count(*) AS pruned FROM gone",
    )
    .bind::<Timestamptz, _>(Time(kept_since))
    .get_result(&mut conn)
    .await?;
    Ok(pruned.pruned)
}
