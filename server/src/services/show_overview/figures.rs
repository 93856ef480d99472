//! Figures of a span of days: cases and money by kind, item, unit, street and day, in one pass over the cases.

use diesel::QueryableByName;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date as SqlDate, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::ids::{GridPath, UnitId};
use sync_core::money::Fen;
use utoipa::ToSchema;
use uuid::Uuid;

use super::OverviewQuestion;
use crate::auth::case_scope::CaseScope;
use crate::db::Connection;
use crate::db::picked::OverPicked;
use crate::db::schema::cases;
use crate::db::types::{Day, StoredValueError, stored};
use crate::problem::ApiError;
use crate::services::list_cases::CaseFilter;

/// How many, and how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figures {
    /// Cases.
    pub cases: i64,
    /// Of these, confirmed.
    pub confirmed: i64,
    /// Of these, dismissed or merged into another.
    pub dismissed: i64,
    /// Fen of pending charges.
    pub pending: Fen,
    /// Fen of posted charges.
    pub posted: Fen,
}

/// Figures of a kind or an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CodeFigures {
    /// Its code.
    pub code: String,
    /// In Chinese, as the latest case names it.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitFigures {
    /// The unit.
    pub unit_id: UnitId,
    /// Its name.
    pub unit_name: String,
    /// What it is, such as `street_office`.
    pub unit_kind: String,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures of a street's grid and everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GridFigures {
    /// The grid; the district's root for what lies in no street.
    pub grid: GridPath,
    /// Its name.
    pub grid_name: String,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayFigures {
    /// The day of occurrence, zone of record.
    #[schema(value_type = String, format = "date")]
    pub day: Date,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// All figures of a span.
#[derive(Debug, Default)]
pub(super) struct SpanFigures {
    pub(super) total: Figures,
    pub(super) before: Figures,
    pub(super) kinds: Vec<CodeFigures>,
    pub(super) items: Vec<CodeFigures>,
    pub(super) units: Vec<UnitFigures>,
    pub(super) grids: Vec<GridFigures>,
    pub(super) days: Vec<DayFigures>,
}

/// `mask` tells by its bits what a row is not grouped by; all of them: the whole span.
const SELECT_FIGURES: &str = "
, sums AS (
    SELECT charges.case_id,
           coalesce(sum(amount_fen) FILTER (WHERE charges.state = 'pending'), 0)::bigint AS pending,
           coalesce(sum(amount_fen) FILTER (WHERE charges.state = 'posted'), 0)::bigint AS posted
    FROM picked JOIN charges ON charges.district = picked.district AND charges.case_id = picked.case_id
    GROUP BY charges.case_id
), grouped AS (
    SELECT picked.in_span, picked.kind, picked.item, picked.unit_id, picked.street, picked.day,
           grouping(picked.kind, picked.item, picked.unit_id, picked.street, picked.day) AS mask,
           max(picked.district) AS district, max(picked.item_zh) AS item_zh, max(picked.item_en) AS item_en,
           count(*) AS cases, count(*) FILTER (WHERE review_state = 'confirmed') AS confirmed,
           count(*) FILTER (WHERE review_state IN ('dismissed', 'merged')) AS dismissed,
           coalesce(sum(sums.pending), 0)::bigint AS pending, coalesce(sum(sums.posted), 0)::bigint AS posted
    FROM picked LEFT JOIN sums ON sums.case_id = picked.case_id
    GROUP BY GROUPING SETS (
        (picked.in_span), (picked.in_span, picked.kind), (picked.in_span, picked.item),
        (picked.in_span, picked.unit_id), (picked.in_span, picked.street), (picked.in_span, picked.day))
)
SELECT grouped.*, units.name AS unit_name, units.kind AS unit_kind, grids.name AS street_name
FROM grouped
LEFT JOIN units ON units.district = grouped.district AND units.unit_id = grouped.unit_id
LEFT JOIN grids ON grids.district = grouped.district AND grids.path = grouped.street
WHERE in_span OR mask = 31
ORDER BY mask, cases DESC, grouped.kind, item, grouped.unit_id, street, day";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Bool)]
    in_span: bool,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    item: Option<String>,
    #[diesel(sql_type = Text)]
    item_zh: String,
    #[diesel(sql_type = Text)]
    item_en: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    unit_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    unit_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    unit_kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    street: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    street_name: Option<String>,
    #[diesel(sql_type = Nullable<SqlDate>)]
    day: Option<Day>,
    #[diesel(sql_type = BigInt)]
    cases: i64,
    #[diesel(sql_type = BigInt)]
    confirmed: i64,
    #[diesel(sql_type = BigInt)]
    dismissed: i64,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = BigInt)]
    posted: i64,
}

/// The figures; `name_kind` names a kind by its code, in Chinese and English.
///
/// # Errors
/// Those of the database.
pub(super) async fn figures(
    connection: &mut Connection,
    scope: &CaseScope,
    asked: &OverviewQuestion,
    name_kind: impl Fn(&str) -> (String, String),
) -> Result<SpanFigures, ApiError> {
    let filter = CaseFilter {
        grid: asked.grid.clone(),
        from: Some(day_before_span(asked)),
        to: Some(asked.to),
        ..CaseFilter::default()
    };
    let picked = cases::table.filter(scope.condition()).filter(filter.condition()).select((
        cases::district,
        cases::case_id,
        cases::kind,
        cases::item,
        cases::unit_id,
        cases::review_state,
        sql::<Text>("coalesce(evaluation->>'zh', item) AS item_zh"),
        sql::<Text>("coalesce(evaluation->>'en', item) AS item_en"),
        sql::<Text>("array_to_string((string_to_array(grid, '/'))[1:2], '/') AS street"),
        sql::<SqlDate>("(occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS day"),
        sql::<Bool>("(occurred_at AT TIME ZONE 'Asia/Shanghai')::date >= ")
            .bind::<SqlDate, _>(Day(asked.from))
            .sql(" AS in_span"),
    ));
    let rows: Vec<Row> = OverPicked::new(picked, SELECT_FIGURES).load(connection).await?;
    let mut span = SpanFigures::default();
    for row in rows {
        span.take(row, &name_kind)?;
    }
    span.units.sort_by_key(|unit| std::cmp::Reverse(unit.figures.money()));
    span.days.sort_by_key(|day| day.day);
    Ok(span)
}

/// The first day of the span of as many days before; the earliest day there is where there are not so many.
fn day_before_span(asked: &OverviewQuestion) -> Date {
    let days = asked.from.until(asked.to).map(|span| span.get_days()).unwrap_or_default();
    asked.from.checked_sub(days.saturating_add(1).days()).unwrap_or(Date::MIN)
}

impl Figures {
    fn money(&self) -> i64 {
        self.pending.get().saturating_add(self.posted.get())
    }
}

impl SpanFigures {
    fn take(
        &mut self,
        row: Row,
        name_kind: &impl Fn(&str) -> (String, String),
    ) -> Result<(), StoredValueError> {
        let figures = Figures {
            cases: row.cases,
            confirmed: row.confirmed,
            dismissed: row.dismissed,
            pending: Fen::new(row.pending),
            posted: Fen::new(row.posted),
        };
        match (row.kind, row.item, row.unit_id, row.street, row.day) {
            (Some(code), ..) => {
                let (zh, en) = name_kind(&code);
                self.kinds.push(CodeFigures { code, zh, en, figures });
            }
            (_, Some(code), ..) => {
                self.items.push(CodeFigures { code, zh: row.item_zh, en: row.item_en, figures });
            }
            (_, _, Some(unit), ..) => self.units.push(UnitFigures {
                unit_id: UnitId(unit),
                unit_name: row.unit_name.unwrap_or_default(),
                unit_kind: row.unit_kind.unwrap_or_default(),
                figures,
            }),
            (_, _, _, Some(street), _) => self.grids.push(GridFigures {
                grid: stored("cases.grid", &street)?,
                grid_name: row.street_name.unwrap_or_default(),
                figures,
            }),
            (.., Some(day)) => self.days.push(DayFigures { day: day.0, figures }),
            _ if row.in_span => self.total = figures,
            _ => self.before = figures,
        }
        Ok(())
    }
}
