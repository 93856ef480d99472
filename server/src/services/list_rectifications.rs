//! Lists present rounds of rectification (整改) that an actor sees, a page at a time: overdue ones first, then by deadline.
//!
//! Invariants: pages follow by key, so an order that appears meanwhile shifts nothing; all pages judge by the moment of
//! the first one, so a deadline that passes meanwhile does not either. Rounds of cases that were dismissed or merged are
//! nobody's any more, and not listed.

use std::collections::HashMap;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::dsl::{not, sql};
use diesel::expression::{AsExpression, SqlLiteral, UncheckedBind};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{CaseId, GridPath, UnitId};
use sync_core::model::rectification::RoundState;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::case_scope::{CaseScope, in_grid};
use crate::db::Connection;
use crate::db::rectifications::{NO_CASE_ANY_MORE, PAST_STATES, present_rounds};
use crate::db::schema::{cases, rectifications};
use crate::db::types::Time;
use crate::problem::ApiError;
use crate::services::list_cases::{CaseSummary, summaries};
use crate::services::show_rectification::RoundView;

/// Which rounds; what is absent holds for all.
#[derive(Debug, Clone, Default)]
pub struct RectificationFilter {
    /// States.
    pub states: Vec<RoundState>,
    /// Whether the deadline has passed while the unit has it.
    pub overdue: Option<bool>,
    /// The unit it was ordered from.
    pub unit: Option<UnitId>,
    /// Grid, with everything below it.
    pub grid: Option<GridPath>,
    /// After which round; from the start when absent.
    pub after: Option<RoundCursor>,
    /// How many at most.
    pub rows: u16,
}

/// The key of the last round of a page, and the moment the pages are judged at; opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundCursor {
    judged_at: Instant,
    overdue: bool,
    due_at: Instant,
    case_id: CaseId,
}

/// The text is not a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct NotARoundCursor;

impl RoundCursor {
    fn encode(&self) -> String {
        let mut bytes = self.judged_at.as_millisecond().to_be_bytes().to_vec();
        bytes.push(u8::from(self.overdue));
        bytes.extend_from_slice(&self.due_at.as_millisecond().to_be_bytes());
        bytes.extend_from_slice(self.case_id.0.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

impl FromStr for RoundCursor {
    type Err = NotARoundCursor;

    fn from_str(text: &str) -> Result<Self, NotARoundCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotARoundCursor)?;
        let (judged_at, rest) = bytes.split_first_chunk::<8>().ok_or(NotARoundCursor)?;
        let (overdue, rest) = rest.split_first().ok_or(NotARoundCursor)?;
        let (due_at, id) = rest.split_first_chunk::<8>().ok_or(NotARoundCursor)?;
        let instant = |millis: &[u8; 8]| {
            Instant::from_millisecond(i64::from_be_bytes(*millis)).map_err(|_| NotARoundCursor)
        };
        Ok(Self {
            judged_at: instant(judged_at)?,
            overdue: *overdue != 0,
            due_at: instant(due_at)?,
            case_id: CaseId(Uuid::from_slice(id).map_err(|_| NotARoundCursor)?),
        })
    }
}

/// A case with its present round.
#[derive(Debug, Serialize, ToSchema)]
pub struct RectificationItem {
    /// What lists show of the case.
    pub case: CaseSummary,
    /// Its present round.
    pub round: RoundView,
    /// Whether the deadline has passed while the unit has it, as the filter judges it.
    pub overdue: bool,
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub struct RectificationList {
    /// The rounds with their cases.
    pub rectifications: Vec<RectificationItem>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
}

/// Whether the unit has it and its deadline has passed at a moment.
const OVERDUE: &str = "(rectifications.state = 'assigned' AND coalesce(rectifications.deadline < ";

/// When it is due; what has no deadline yet comes last.
const DUE_AT: &str = "coalesce(rectifications.deadline, '9999-12-01 00:00:00+00'::timestamptz)";

type BoundTime = <Time as AsExpression<Timestamptz>>::Expression;

fn is_overdue(at: Instant) -> SqlLiteral<Bool, UncheckedBind<SqlLiteral<Bool>, BoundTime>> {
    sql::<Bool>(OVERDUE).bind::<Timestamptz, _>(Time(at)).sql(", FALSE))")
}

fn due_at() -> SqlLiteral<Timestamptz> {
    sql(DUE_AT)
}

/// Lists present rounds.
///
/// # Errors
/// Those of the database.
pub async fn list_rectifications(
    conn: &mut Connection,
    scope: &CaseScope,
    filter: &RectificationFilter,
    now: Instant,
) -> Result<RectificationList, ApiError> {
    let judged_at = filter.after.map_or(now, |after| after.judged_at);
    let seen = cases::table.filter(scope.condition()).filter(cases::review_state.ne_all(NO_CASE_ANY_MORE));
    let mut seen = seen.select(cases::case_id).into_boxed();
    if let Some(grid) = &filter.grid {
        seen = seen.filter(in_grid(grid));
    }
    let mut query = rectifications::table
        .filter(rectifications::district.eq(scope.district().as_str()))
        .filter(rectifications::state.ne_all(PAST_STATES))
        .filter(rectifications::case_id.eq_any(seen))
        .order((not(is_overdue(judged_at)), due_at(), rectifications::case_id))
        .limit(i64::from(filter.rows).saturating_add(1))
        .select((is_overdue(judged_at), due_at(), rectifications::case_id))
        .into_boxed();
    if !filter.states.is_empty() {
        query = query.filter(rectifications::state.eq_any(filter.states.iter().map(|state| state.code())));
    }
    if let Some(unit) = filter.unit {
        query = query.filter(rectifications::unit_id.eq(unit.0));
    }
    if let Some(overdue) = filter.overdue {
        query = query.filter(is_overdue(judged_at).eq(overdue));
    }
    if let Some(after) = filter.after {
        let key = sql::<Bool>("(NOT ")
            .sql(OVERDUE)
            .bind::<Timestamptz, _>(Time(judged_at))
            .sql(", FALSE)), ")
            .sql(DUE_AT)
            .sql(", rectifications.case_id) > (")
            .bind::<Bool, _>(!after.overdue)
            .sql(", ")
            .bind::<Timestamptz, _>(Time(after.due_at))
            .sql(", ")
            .bind::<SqlUuid, _>(after.case_id.0)
            .sql(")");
        query = query.filter(key);
    }
    let mut keys: Vec<(bool, Time, Uuid)> = query.load(conn).await?;
    let more = keys.len() > usize::from(filter.rows);
    keys.truncate(usize::from(filter.rows));
    let last = keys.last().map(|&(overdue, due_at, id)| RoundCursor {
        judged_at,
        overdue,
        due_at: due_at.0,
        case_id: CaseId(id),
    });
    let ids: Vec<CaseId> = keys.into_iter().map(|(_, _, id)| CaseId(id)).collect();
    let mut rounds: HashMap<_, _> = present_rounds(conn, scope.district(), ids.iter().map(|id| id.0)).await?;
    let cases = summaries(conn, scope.district(), &ids).await?;
    let items = cases.into_iter().filter_map(|case| {
        let round = rounds.remove(&case.case_id)?;
        let overdue = round.state == RoundState::Assigned && round.on_time(judged_at) == Some(false);
        Some(RectificationItem { case, round: RoundView::new(round), overdue })
    });
    Ok(RectificationList {
        rectifications: items.collect(),
        next: last.filter(|_| more).map(|cursor| cursor.encode()),
    })
}
