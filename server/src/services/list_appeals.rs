//! Lists appeals (申诉) with their outcome, the latest first; and those of one case or one id.
//!
//! Invariant: pages follow by key, so an appeal that is filed meanwhile shifts nothing.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{AppealId, CaseId, PhotoHash, RegionCode, UnitId, UserId};
use sync_core::model::appeal::AppealState;
use sync_core::model::decision::DecisionKind;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::actor::Actor;
use crate::auth::case_scope::{CaseScope, liaison_units};
use crate::db::Connection;
use crate::db::appeals::AppealRow;
use crate::db::schema::{appeals, cases, decisions, inspections, record_photos, targets, units, users};
use crate::db::types::{StoredValueError, Time, stored, stored_code};
use crate::problem::ApiError;

/// An appeal (申诉).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Appeal {
    /// Its id.
    pub appeal_id: AppealId,
    /// The case.
    pub case_id: CaseId,
    /// What it is about: the target's name, unless it was a spot.
    pub target_name: Option<String>,
    /// The place in words, of a spot.
    pub place: String,
    /// The item's name in Chinese.
    pub item_zh: String,
    /// The item's name in English.
    pub item_en: String,
    /// The unit that appeals.
    pub unit_id: UnitId,
    /// That unit's name.
    pub unit_name: String,
    /// The decision that charged it, from which the time to appeal ran.
    pub charged_by: i64,
    /// Why it objects.
    pub grounds: String,
    /// SHA-256 of its photos.
    pub photos: Vec<PhotoHash>,
    /// Who filed it.
    pub filed_by: UserId,
    /// By name.
    pub filed_by_name: String,
    /// When.
    pub filed_at: Instant,
    /// When it has to be decided.
    pub due_at: Instant,
    /// Whether the holiday calendar lacks a year of that time: Monday to Friday count then, until the year is added.
    pub due_assumed: bool,
    /// Whether that is over and it is still open.
    pub overdue: bool,
    /// Its state.
    pub state: AppealState,
    /// When it was taken back.
    pub withdrawn_at: Option<Instant>,
    /// How it was decided: upheld, reduced or reversed.
    pub outcome: Option<DecisionKind>,
    /// The decision.
    pub decision_no: Option<i64>,
    /// When it was made.
    pub decided_at: Option<Instant>,
    /// Why so.
    pub reason: Option<String>,
}

/// Which appeals; what is absent holds for all.
#[derive(Debug, Clone, Default)]
pub struct AppealFilter {
    /// In this state.
    pub state: Option<AppealState>,
    /// Open and past the time to decide them, or not.
    pub overdue: Option<bool>,
    /// Filed before this one: `next` of the page before.
    pub before: Option<AppealId>,
    /// How many at most.
    pub rows: u16,
}

/// A page of appeals.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppealList {
    /// The appeals, the latest first.
    pub appeals: Vec<Appeal>,
    /// What to ask for before the next page; absent on the last.
    pub next: Option<AppealId>,
}

/// What an appeal is about: name of target, place, and the item's names.
type About = (Option<String>, String, String, String);

/// An appeal, what it is about, the names of its unit and of who filed it, and kind, reason and time of the decision on
/// it.
type Joined = (AppealRow, About, String, String, Option<String>, Option<String>, Option<Time>);

/// Lists the appeals on cases that the caller sees, and those of the caller's unit.
///
/// # Errors
/// Those of the database.
pub async fn list_appeals(
    connection: &mut Connection,
    actor: &Actor,
    filter: &AppealFilter,
    now: Instant,
) -> Result<AppealList, ApiError> {
    let seen = cases::table.filter(CaseScope::of(actor).condition()).select(cases::case_id).into_boxed();
    let own: Vec<Uuid> = liaison_units(actor).into_iter().map(|unit| unit.0).collect();
    let mut query = appeals::table
        .filter(appeals::district.eq(actor.district.as_str()))
        .filter(appeals::case_id.eq_any(seen).or(appeals::unit_id.eq_any(own)))
        .order(appeals::appeal_id.desc())
        .limit(i64::from(filter.rows).saturating_add(1))
        .select(appeals::appeal_id)
        .into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(appeals::state.eq(state.code()));
    }
    if let Some(overdue) = filter.overdue {
        let late = appeals::state.eq(AppealState::Open.code()).and(appeals::due_at.lt(Time(now)));
        query = if overdue { query.filter(late) } else { query.filter(diesel::dsl::not(late)) };
    }
    if let Some(before) = filter.before {
        query = query.filter(appeals::appeal_id.lt(before.0));
    }
    let mut ids: Vec<Uuid> = query.load(connection).await?;
    let more = ids.len() > usize::from(filter.rows);
    ids.truncate(usize::from(filter.rows));
    let next = ids.last().filter(|_| more).map(|id| AppealId(*id));
    let mut appeals = shown(connection, &actor.district, ids, now).await?;
    appeals.reverse();
    Ok(AppealList { appeals, next })
}

/// The appeals of a case, the first first; whoever may see the case may see them.
///
/// # Errors
/// Those of the database.
pub async fn appeals_of(
    connection: &mut Connection,
    district: &RegionCode,
    case_id: CaseId,
    now: Instant,
) -> Result<Vec<Appeal>, ApiError> {
    let of_case = appeals::table
        .filter(appeals::district.eq(district.as_str()))
        .filter(appeals::case_id.eq(case_id.0))
        .select(appeals::appeal_id);
    let ids: Vec<Uuid> = of_case.load(connection).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    shown(connection, district, ids, now).await
}

/// One appeal.
///
/// # Errors
/// `appeal_unknown`; those of the database.
pub async fn show_appeal(
    connection: &mut Connection,
    district: &RegionCode,
    id: AppealId,
    now: Instant,
) -> Result<Appeal, ApiError> {
    let shown = shown(connection, district, vec![id.0], now).await?.pop();
    shown.ok_or_else(|| ProblemKind::AppealUnknown.into())
}

/// These appeals, the first first.
async fn shown(
    connection: &mut Connection,
    district: &RegionCode,
    ids: Vec<Uuid>,
    now: Instant,
) -> Result<Vec<Appeal>, ApiError> {
    let rows: Vec<Joined> = appeals::table
        .inner_join(
            units::table.on(units::district.eq(appeals::district).and(units::unit_id.eq(appeals::unit_id))),
        )
        .inner_join(
            users::table.on(users::district.eq(appeals::district).and(users::user_id.eq(appeals::filed_by))),
        )
        .inner_join(
            cases::table.on(cases::district.eq(appeals::district).and(cases::case_id.eq(appeals::case_id))),
        )
        .inner_join(
            inspections::table.on(inspections::district
                .eq(cases::district)
                .and(inspections::inspection_id.eq(cases::inspection_id))),
        )
        .left_join(targets::table.on(
            targets::district.eq(cases::district).and(targets::target_id.nullable().eq(cases::target_id)),
        ))
        .left_join(
            decisions::table.on(decisions::district
                .eq(appeals::district)
                .and(decisions::decision_no.nullable().eq(appeals::decision_no))),
        )
        .filter(appeals::district.eq(district.as_str()))
        .filter(appeals::appeal_id.eq_any(&ids))
        .order(appeals::appeal_id)
        .select((
            AppealRow::as_select(),
            (
                targets::name.nullable(),
                sql::<Text>("coalesce(sealed->>'place', '')"),
                sql::<Text>("coalesce(evaluation->>'zh', cases.item)"),
                sql::<Text>("coalesce(evaluation->>'en', cases.item)"),
            ),
            units::name,
            users::name,
            decisions::kind.nullable(),
            decisions::reason.nullable(),
            decisions::decided_at.nullable(),
        ))
        .load(connection)
        .await?;
    let mut photos = photos(connection, district, &ids).await?;
    let show = |(row, about, unit_name, filed_by_name, kind, reason, decided_at): Joined| {
        let state: AppealState = stored_code("appeals.state", &row.state)?;
        let (target_name, place, item_zh, item_en) = about;
        Ok::<_, StoredValueError>(Appeal {
            photos: photos.remove(&row.appeal_id).unwrap_or_default(),
            appeal_id: AppealId(row.appeal_id),
            case_id: CaseId(row.case_id),
            target_name,
            place,
            item_zh,
            item_en,
            unit_id: UnitId(row.unit_id),
            unit_name,
            charged_by: row.charged_by,
            grounds: row.grounds,
            filed_by: UserId(row.filed_by),
            filed_by_name,
            filed_at: row.filed_at.0,
            due_at: row.due_at.0,
            due_assumed: row.due_assumed,
            overdue: state == AppealState::Open && row.due_at.0 < now,
            state,
            withdrawn_at: row.withdrawn_at.map(Instant::from),
            outcome: kind.map(|kind| stored_code("decisions.kind", &kind)).transpose()?,
            decision_no: row.decision_no,
            decided_at: decided_at.map(Instant::from),
            reason,
        })
    };
    Ok(rows.into_iter().map(show).collect::<Result<_, _>>()?)
}

/// The photos of these appeals, each in its order.
async fn photos(
    connection: &mut Connection,
    district: &RegionCode,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<PhotoHash>>, ApiError> {
    let rows: Vec<(Uuid, String)> = record_photos::table
        .filter(record_photos::district.eq(district.as_str()))
        .filter(record_photos::record_id.eq_any(ids))
        .order((record_photos::record_id, record_photos::ordinal))
        .select((record_photos::record_id, record_photos::sha256))
        .load(connection)
        .await?;
    let mut of_appeal: HashMap<Uuid, Vec<PhotoHash>> = HashMap::new();
    for (appeal, sha256) in rows {
        of_appeal.entry(appeal).or_default().push(stored("record_photos.sha256", &sha256)?);
    }
    Ok(of_appeal)
}
