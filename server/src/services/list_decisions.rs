//! Lists decisions (决定), the latest first: who decided what, when, why, and who reviewed it.
//!
//! Invariant: a decision on a case is listed where its case is seen, one on a month for whoever sees the accounts.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date as SqlDate, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::ids::{CaseId, GridPath, UserId};
use sync_core::model::decision::DecisionKind;
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::case_scope::CaseScope;
use crate::db::Connection;
use crate::db::picked::OverPicked;
use crate::db::schema::{cases, decisions};
use crate::db::types::{Day, StoredValueError, Time, stored, stored_code};
use crate::problem::ApiError;

/// Which decisions; what is absent holds for all.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
    /// Any of these kinds; all of them when empty.
    pub kinds: Vec<DecisionKind>,
    /// Who decided or reviewed.
    pub actor: Option<UserId>,
    /// About which case.
    pub case: Option<CaseId>,
    /// About which month of account.
    pub month: Option<Month>,
    /// First day of decision, zone of record.
    pub from: Option<Date>,
    /// Last day of decision.
    pub to: Option<Date>,
    /// Those before this number.
    pub before: Option<i64>,
    /// How many at most.
    pub rows: u16,
}

/// A decision in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DecisionRecord {
    /// Its number in the district, without gaps.
    pub decision_no: i64,
    /// What was decided.
    pub kind: DecisionKind,
    /// About which case.
    pub case_id: Option<CaseId>,
    /// The case's item in Chinese.
    pub item_zh: Option<String>,
    /// The case's item in English.
    pub item_en: Option<String>,
    /// The case's target or place.
    pub place: Option<String>,
    /// The case's grid.
    pub grid: Option<GridPath>,
    /// About which month of account, where no case is decided.
    pub month: Option<Month>,
    /// Who decided (经办); absent where a timer did.
    pub actor: Option<UserId>,
    /// That person's name.
    pub actor_name: Option<String>,
    /// The second person (复核), where two were needed.
    pub reviewer: Option<UserId>,
    /// That person's name.
    pub reviewer_name: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub decided_at: Instant,
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionList {
    /// The decisions, the latest first.
    pub decisions: Vec<DecisionRecord>,
    /// What to ask with as `before` for the next page; absent on the last.
    pub next: Option<i64>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    decision_no: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    case_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    item_zh: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    item_en: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    place: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    grid: Option<String>,
    #[diesel(sql_type = Nullable<SqlDate>)]
    month: Option<Day>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    actor_name: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    reviewer: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    reviewer_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    decided_at: Time,
}

const SELECT_RECORDS: &str = "
SELECT picked.decision_no, picked.kind, picked.case_id,
       coalesce(cases.evaluation->>'zh', cases.item) AS item_zh,
       coalesce(cases.evaluation->>'en', cases.item) AS item_en,
       coalesce(targets.name, inspections.sealed->>'place') AS place, cases.grid, picked.month,
       picked.actor, actors.name AS actor_name, picked.reviewer, reviewers.name AS reviewer_name,
       picked.reason, picked.decided_at
FROM picked
LEFT JOIN cases ON cases.district = picked.district AND cases.case_id = picked.case_id
LEFT JOIN inspections
    ON inspections.district = picked.district AND inspections.inspection_id = cases.inspection_id
LEFT JOIN targets ON targets.district = picked.district AND targets.target_id = cases.target_id
LEFT JOIN users AS actors ON actors.district = picked.district AND actors.user_id = picked.actor
LEFT JOIN users AS reviewers ON reviewers.district = picked.district AND reviewers.user_id = picked.reviewer
ORDER BY picked.decision_no DESC";

/// Lists decisions.
///
/// # Errors
/// Those of the database.
pub async fn list_decisions(
    connection: &mut Connection,
    scope: &CaseScope,
    filter: &DecisionFilter,
) -> Result<DecisionList, ApiError> {
    let seen = cases::table.filter(scope.condition()).select(cases::case_id.nullable()).into_boxed::<Pg>();
    let mut picked = decisions::table
        .filter(decisions::district.eq(scope.district().to_string()))
        .filter(decisions::case_id.is_null().or(decisions::case_id.eq_any(seen)))
        .order(decisions::decision_no.desc())
        .limit(i64::from(filter.rows).saturating_add(1))
        .select((
            decisions::district,
            decisions::decision_no,
            decisions::kind,
            decisions::case_id,
            decisions::month,
            decisions::actor,
            decisions::reviewer,
            decisions::reason,
            decisions::decided_at,
        ))
        .into_boxed::<Pg>();
    if !filter.kinds.is_empty() {
        picked = picked.filter(decisions::kind.eq_any(filter.kinds.iter().map(|kind| kind.code())));
    }
    if let Some(actor) = filter.actor {
        picked = picked.filter(decisions::actor.eq(actor.0).or(decisions::reviewer.eq(actor.0)));
    }
    if let Some(case) = filter.case {
        picked = picked.filter(decisions::case_id.eq(case.0));
    }
    if let Some(month) = filter.month {
        picked = picked.filter(decisions::month.eq(Day(month.first_day())));
    }
    if let Some(from) = filter.from {
        picked = picked.filter(decisions::decided_at.ge(midnight(from)));
    }
    if let Some(last) = filter.to {
        let after = last.tomorrow().unwrap_or(Date::MAX);
        picked = picked.filter(decisions::decided_at.lt(midnight(after)));
    }
    if let Some(before) = filter.before {
        picked = picked.filter(decisions::decision_no.lt(before));
    }
    let mut rows: Vec<Row> = OverPicked::new(picked, SELECT_RECORDS).load(connection).await?;
    let more = rows.len() > usize::from(filter.rows);
    rows.truncate(usize::from(filter.rows));
    let next = rows.last().map(|row| row.decision_no).filter(|_| more);
    let decisions = rows.into_iter().map(DecisionRecord::try_from).collect::<Result<_, _>>()?;
    Ok(DecisionList { decisions, next })
}

/// The begin of a day in the zone of record.
fn midnight(day: Date) -> SqlLiteral<Timestamptz> {
    sql(&format!("('{day}'::timestamp AT TIME ZONE 'Asia/Shanghai')"))
}

impl TryFrom<Row> for DecisionRecord {
    type Error = StoredValueError;

    fn try_from(row: Row) -> Result<Self, StoredValueError> {
        Ok(Self {
            decision_no: row.decision_no,
            kind: stored_code("decisions.kind", &row.kind)?,
            case_id: row.case_id.map(CaseId),
            item_zh: row.item_zh,
            item_en: row.item_en,
            place: row.place,
            grid: row.grid.map(|grid| stored("cases.grid", &grid)).transpose()?,
            month: row.month.map(|day| Month::of(day.0)),
            actor: row.actor.map(UserId),
            actor_name: row.actor_name,
            reviewer: row.reviewer.map(UserId),
            reviewer_name: row.reviewer_name,
            reason: row.reason,
            decided_at: row.decided_at.0,
        })
    }
}
