//! Answers a pull (拉取): what changed behind a cursor, as far as the user may see it, in one snapshot.
//!
//! Invariants: a page holds whole change numbers, so it never splits a transaction; every change that touched the
//! user's scope, before or after, is answered with the row as it is now: upsert where he may hold it, revoke where he
//! may not any more, delete where it is gone. A cursor of another database life, scope or history starts over.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::ids::{ChangeId, Epoch, GridPath};
use sync_core::limits::PULL_PAGE_ROWS;
use sync_core::model::assignment::Role;
use sync_core::time::Instant;
use sync_core::wire::cursor::Cursor;
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::{PullAnswer, PullPage, RestartReason};
use uuid::Uuid;

use super::pull_rows::rows_now;
use super::scope::Scope;
use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::changes::OFFICE_KINDS;
use crate::db::schema::{changes, districts, users};
use crate::db::statement::statement;
use crate::db::types::Time;
use crate::problem::ApiError;
use crate::state::AppState;

/// Answers a pull from a cursor, or from the start where there is none.
///
/// # Errors
/// `cursor_invalid` for a text that is no cursor; faults of the database.
pub async fn pull_changes(
    state: &AppState,
    actor: &Actor,
    cursor: Option<&str>,
) -> Result<PullAnswer, ApiError> {
    let cursor = cursor
        .map(Cursor::decode)
        .transpose()
        .map_err(|_| ApiError::new(ProblemKind::CursorInvalid).field("cursor"))?;
    let mut conn = state.connection().await?;
    conn.build_transaction()
        .repeatable_read()
        .read_only()
        .run(async |conn| {
            let place = place_of(conn, actor).await?;
            // Not before the transaction sees its state: what it tells as settled was settled by then.
            answer(conn, actor, &place, cursor, state.clock.now()).await
        })
        .await
}

/// Where a user stands: the end of all that there is to pull.
pub(super) struct Place {
    pub(super) epoch: Epoch,
    /// The district's last change.
    pub(super) number: i64,
    pub(super) scope: Scope,
    /// As cursors name it.
    pub(super) scope_version: u64,
    backed_up_through: Option<Instant>,
}

impl Place {
    /// The page that all pages end with; changes it has none.
    pub(super) async fn page(
        &self,
        conn: &mut Connection,
        actor: &Actor,
        now: Instant,
    ) -> Result<PullPage, ApiError> {
        Ok(PullPage {
            cursor: self.cursor(conn, actor, self.number).await?.encode(),
            more: false,
            changes: Vec::new(),
            user_id: actor.user_id,
            epoch: self.epoch,
            server_time: now,
            backed_up_through: self.backed_up_through,
        })
    }

    /// The cursor of this number.
    async fn cursor(&self, conn: &mut Connection, actor: &Actor, number: i64) -> Result<Cursor, ApiError> {
        Ok(Cursor {
            epoch: self.epoch,
            scope_version: self.scope_version,
            number: u64::try_from(number).unwrap_or_default(),
            change: change_of(conn, actor, number).await?.unwrap_or(ChangeId(Uuid::nil())),
        })
    }
}

async fn answer(
    conn: &mut Connection,
    actor: &Actor,
    place: &Place,
    cursor: Option<Cursor>,
    now: Instant,
) -> Result<PullAnswer, ApiError> {
    if let Some(cursor) = cursor
        && let Some(reason) = restart_reason(conn, actor, cursor, place).await?
    {
        return Ok(PullAnswer::Restart { reason, epoch: place.epoch });
    }
    let after = cursor.map_or(0, |cursor| i64::try_from(cursor.number).unwrap_or(i64::MAX));
    let page = page_after(conn, actor, &place.scope, after).await?;
    let number = page.through.unwrap_or(place.number);
    Ok(PullAnswer::Page(PullPage {
        cursor: place.cursor(conn, actor, number).await?.encode(),
        more: page.through.is_some(),
        changes: rows_now(conn, &actor.district, &place.scope, &page.touched).await?,
        user_id: actor.user_id,
        epoch: place.epoch,
        server_time: now,
        backed_up_through: place.backed_up_through,
    }))
}

/// Where this user stands.
pub(super) async fn place_of(conn: &mut Connection, actor: &Actor) -> Result<Place, ApiError> {
    let (epoch, number, backed_up_through, stored_version): (Uuid, i64, Option<Time>, i64) = districts::table
        .inner_join(users::table.on(users::district.eq(districts::district)))
        .filter(districts::district.eq(actor.district.as_str()))
        .filter(users::user_id.eq(actor.user_id.0))
        .select((
            districts::epoch,
            districts::change_number,
            districts::backed_up_through,
            users::scope_version,
        ))
        .first(conn)
        .await?;
    let scope = Scope::new(actor.user_id, actor.grids(Role::Inspector));
    Ok(Place {
        epoch: Epoch(epoch),
        number,
        backed_up_through: backed_up_through.map(Instant::from),
        scope_version: scope.version(stored_version),
        scope,
    })
}

/// Why this cursor does not lead to `here`, if it does not.
async fn restart_reason(
    conn: &mut Connection,
    actor: &Actor,
    cursor: Cursor,
    here: &Place,
) -> Result<Option<RestartReason>, ApiError> {
    if cursor.epoch != here.epoch {
        return Ok(Some(RestartReason::EpochChanged));
    }
    if cursor.scope_version != here.scope_version {
        return Ok(Some(RestartReason::ScopeChanged));
    }
    if cursor.number == 0 {
        return Ok(None);
    }
    let Ok(number) = i64::try_from(cursor.number) else { return Ok(Some(RestartReason::CursorUnknown)) };
    let known = change_of(conn, actor, number).await? == Some(cursor.change);
    Ok((!known).then_some(RestartReason::CursorUnknown))
}

/// The id by which cursors name a number: that of its first row.
async fn change_of(conn: &mut Connection, actor: &Actor, number: i64) -> Result<Option<ChangeId>, ApiError> {
    let id: Option<Uuid> = changes::table
        .filter(changes::district.eq(actor.district.as_str()))
        .filter(changes::number.eq(number))
        .order(changes::ordinal)
        .select(changes::change_id)
        .first(conn)
        .await
        .optional()?;
    Ok(id.map(ChangeId))
}

/// One thing that changed, by kind and id.
pub(super) type Touched = (String, String);

/// A page of the change log.
struct Page {
    /// Every thing once, in the order of its last change.
    touched: Vec<Touched>,
    /// The last number it holds, where more follow.
    through: Option<i64>,
}

#[derive(QueryableByName)]
struct LogRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    entity: String,
    #[diesel(sql_type = Text)]
    entity_id: String,
}

/// Whole numbers behind `after`, as many as fit a page, one at least.
async fn page_after(
    conn: &mut Connection,
    actor: &Actor,
    scope: &Scope,
    after: i64,
) -> Result<Page, ApiError> {
    let most = i64::try_from(PULL_PAGE_ROWS).unwrap_or(i64::MAX);
    let mut rows = log(conn, actor, scope, (after, i64::MAX), most.saturating_add(1)).await?;
    let Some(cut) = rows.get(PULL_PAGE_ROWS).map(|row| row.number) else {
        return Ok(Page { touched: each_once(rows), through: None });
    };
    rows.retain(|row| row.number < cut);
    if let Some(last) = rows.last() {
        let through = Some(last.number);
        return Ok(Page { touched: each_once(rows), through });
    }
    let whole = log(conn, actor, scope, (after, cut), i64::MAX).await?;
    let more = !log(conn, actor, scope, (cut, i64::MAX), 1).await?.is_empty();
    Ok(Page { touched: each_once(whole), through: more.then_some(cut) })
}

/// The log between two numbers, the first excluded, as far as it concerns the scope.
async fn log(
    conn: &mut Connection,
    actor: &Actor,
    scope: &Scope,
    (after, through): (i64, i64),
    most: i64,
) -> Result<Vec<LogRow>, ApiError> {
    let rows = statement(
        "SELECT number, entity, entity_id
         FROM changes
         WHERE district = $1 AND number > $2 AND number <= $3 AND entity <> ALL ($7) AND (
             user_id = $4
             OR (user_id IS NULL AND grid_before IS NULL AND grid_after IS NULL)
             OR EXISTS (SELECT 1 FROM unnest($5) AS own (grid)
                        WHERE starts_with(grid_before || '/', own.grid || '/')
                           OR starts_with(grid_after || '/', own.grid || '/')))
         ORDER BY number, ordinal
         LIMIT $6",
    )
    .bind::<Text, _>(actor.district.as_str())
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(through)
    .bind::<SqlUuid, _>(scope.user.0)
    .bind::<Array<Text>, _>(scope.grids.iter().map(GridPath::as_str).collect::<Vec<_>>())
    .bind::<BigInt, _>(most)
    .bind::<Array<Text>, _>(OFFICE_KINDS.as_slice())
    .load(conn)
    .await?;
    Ok(rows)
}

/// Every thing once, where it changed last.
fn each_once(rows: Vec<LogRow>) -> Vec<Touched> {
    let last: HashMap<Touched, usize> = rows
        .iter()
        .enumerate()
        .map(|(place, row)| ((row.entity.clone(), row.entity_id.clone()), place))
        .collect();
    let mut places: Vec<(usize, Touched)> =
        last.into_iter().map(|(touched, place)| (place, touched)).collect();
    places.sort_unstable_by_key(|(place, _)| *place);
    places.into_iter().map(|(_, touched)| touched).collect()
}
