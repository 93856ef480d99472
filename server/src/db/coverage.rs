//! One statement over register entries and the last inspection of each that counts for a coverage duty (覆盖率).
//!
//! What counts: an inspection of the target before the period's end that no correction replaced and, where the duty
//! names a measurement, in which it was measured. Where the duty names a date on record (such as 最近清洗日期), that date
//! of the register instead; of a period that the register has gone past since, the latest one that was sealed with an
//! inspection and lies before its end. The target is covered when what counts lies in the period.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Jsonb, Nullable, Text, Timestamptz, Untyped};
use jiff::civil::Date;
use serde_json::{Value, json};
use sync_core::ids::{FactCode, QuestionCode};
use sync_core::time::Instant;

use crate::db::types::Time;

/// By what a duty counts.
#[derive(Debug, Clone)]
pub enum CountedBy {
    /// By inspections, with this measurement where one is named; as what their sealed JSON contains.
    Inspections(Option<Value>),
    /// By the date of a fact.
    DateOnRecord {
        /// Which.
        fact: String,
        /// The period's last day, as facts are written.
        to: String,
    },
}

impl CountedBy {
    /// By inspections, with a measurement where the duty names one.
    #[must_use]
    pub fn inspections(measurement: Option<&QuestionCode>) -> Self {
        Self::Inspections(measurement.map(|code| json!({ "measurements": [{ "code": code }] })))
    }

    /// By the date of a fact, in a period that ends with this day.
    #[must_use]
    pub fn date_on_record(fact: &FactCode, to: Date) -> Self {
        Self::DateOnRecord { fact: fact.to_string(), to: to.to_string() }
    }
}

/// `WITH counted AS (…) SELECT …`, loaded by name. `counted` has the columns of the picked targets, and `covered` and
/// `last_at`: when the last inspection that counts occurred, or the day on record began, if there is any.
#[derive(Debug, Clone)]
pub struct OverCounted<Q, R> {
    targets: Q,
    begins: Time,
    ends: Time,
    by: CountedBy,
    read: R,
}

impl<Q, R> OverCounted<Q, R> {
    /// The statement: the picked targets with `district`, `target_id` and `facts`, the period's first instant and the one
    /// after its last, by what the duty counts, and what is read from `counted`.
    #[must_use]
    pub fn new(targets: Q, (begins, ends): (Instant, Instant), by: CountedBy, read: R) -> Self {
        Self { targets, begins: Time(begins), ends: Time(ends), by, read }
    }
}

impl<Q: QueryFragment<Pg>, R: QueryFragment<Pg>> QueryFragment<Pg> for OverCounted<Q, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH picked AS MATERIALIZED (");
        self.targets.walk_ast(out.reborrow())?;
        out.push_sql("), counted AS (SELECT picked.*, last_at, coalesce(last_at >= ");
        out.push_bind_param::<Timestamptz, _>(&self.begins)?;
        out.push_sql(", FALSE) AS covered FROM picked LEFT JOIN LATERAL (");
        match &self.by {
            CountedBy::Inspections(measured) => {
                out.push_sql(
                    "SELECT made.occurred_at AS last_at FROM inspections AS made
                     WHERE made.district = picked.district AND made.target_id = picked.target_id
                       AND made.occurred_at < ",
                );
                out.push_bind_param::<Timestamptz, _>(&self.ends)?;
                out.push_sql(" AND coalesce(made.sealed @> ");
                out.push_bind_param::<Nullable<Jsonb>, _>(measured)?;
                out.push_sql(
                    ", TRUE) AND NOT EXISTS (
                           SELECT FROM inspections AS correction
                           WHERE correction.district = made.district AND correction.replaces = made.inspection_id)
                     ORDER BY made.occurred_at DESC LIMIT 1",
                );
            }
            CountedBy::DateOnRecord { fact, to } => {
                let bind =
                    |out: &mut AstPass<'_, 'b, Pg>, value: &'b String| out.push_bind_param::<Text, _>(value);
                out.push_sql(
                    "SELECT day::timestamp AT TIME ZONE 'Asia/Shanghai' AS last_at
                     FROM (SELECT picked.facts ->> ",
                );
                bind(&mut out, fact)?;
                out.push_sql(" COLLATE \"C\" AS present, ");
                bind(&mut out, to)?;
                out.push_sql(
                    " AS latest) AS record
                     CROSS JOIN LATERAL (
                         SELECT CASE WHEN present <= latest THEN present
                                     WHEN present > latest THEN (
                             SELECT max(sealed.day) FROM (
                                 SELECT made.sealed #>> ARRAY['context', 'target', 'facts', ",
                );
                bind(&mut out, fact)?;
                out.push_sql(
                    "] COLLATE \"C\" AS day FROM inspections AS made
                                 WHERE made.district = picked.district AND made.target_id = picked.target_id
                             ) AS sealed WHERE sealed.day <= latest) END AS day) AS found
                     WHERE day ~ '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$'",
                );
            }
        }
        out.push_sql(") AS last ON TRUE) ");
        self.read.walk_ast(out.reborrow())
    }
}

impl<Q, R> Query for OverCounted<Q, R> {
    type SqlType = Untyped;
}

impl<Q, R> QueryId for OverCounted<Q, R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
