//! One statement over register entries and the last inspection of each that counts for a coverage duty (覆盖率).
//!
//! What counts: an inspection of the target before the period's end that no correction replaced and, where the duty
//! names a measurement, in which it was measured. The target is covered when that inspection lies in the period.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Jsonb, Nullable, Timestamptz, Untyped};
use serde_json::{Value, json};
use sync_core::ids::QuestionCode;
use sync_core::time::Instant;

use crate::db::types::Time;

/// `WITH counted AS (…) SELECT …`, loaded by name. `counted` has the columns of the picked targets, and `covered` and
/// `last_at`: when the last inspection that counts occurred, if any did.
#[derive(Debug, Clone)]
pub struct OverCounted<Q, R> {
    targets: Q,
    begins: Time,
    ends: Time,
    measured: Option<Value>,
    read: R,
}

impl<Q, R> OverCounted<Q, R> {
    /// The statement: the picked targets with `district` and `target_id`, the period's first instant and the one after
    /// its last, the duty's measurement, and what is read from `counted`.
    #[must_use]
    pub fn new(
        targets: Q,
        (begins, ends): (Instant, Instant),
        measurement: Option<&QuestionCode>,
        read: R,
    ) -> Self {
        let measured = measurement.map(|code| json!({ "measurements": [{ "code": code }] }));
        Self { targets, begins: Time(begins), ends: Time(ends), measured, read }
    }
}

impl<Q: QueryFragment<Pg>, R: QueryFragment<Pg>> QueryFragment<Pg> for OverCounted<Q, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH picked AS MATERIALIZED (");
        self.targets.walk_ast(out.reborrow())?;
        out.push_sql("), counted AS (SELECT picked.*, last_at, coalesce(last_at >= ");
        out.push_bind_param::<Timestamptz, _>(&self.begins)?;
        out.push_sql(
            ", FALSE) AS covered FROM picked LEFT JOIN LATERAL (
                 SELECT made.occurred_at AS last_at FROM inspections AS made
                 WHERE made.district = picked.district AND made.target_id = picked.target_id
                   AND made.occurred_at < ",
        );
        out.push_bind_param::<Timestamptz, _>(&self.ends)?;
        out.push_sql(" AND coalesce(made.sealed @> ");
        out.push_bind_param::<Nullable<Jsonb>, _>(&self.measured)?;
        out.push_sql(
            ", TRUE) AND NOT EXISTS (
                       SELECT FROM inspections AS correction
                       WHERE correction.district = made.district AND correction.replaces = made.inspection_id)
                 ORDER BY made.occurred_at DESC LIMIT 1
             ) AS last ON TRUE) ",
        );
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
