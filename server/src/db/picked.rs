//! One statement over rows that a typed query picks: scope and filters stay typed, what follows from the picked rows is
//! SQL that reads `picked`. So an export of thousands of rows is one round trip, and no id travels twice.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;

/// `WITH picked AS (…) SELECT …`, loaded by name.
#[derive(Debug, Clone, Copy)]
pub struct OverPicked<Q> {
    picked: Q,
    select: &'static str,
}

impl<Q> OverPicked<Q> {
    /// The statement; the columns of `picked` are named as those of its table.
    #[must_use]
    pub fn new(picked: Q, select: &'static str) -> Self {
        Self { picked, select }
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for OverPicked<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH picked AS MATERIALIZED (");
        self.picked.walk_ast(out.reborrow())?;
        out.push_sql(") ");
        out.push_sql(self.select);
        Ok(())
    }
}

impl<Q> Query for OverPicked<Q> {
    type SqlType = Untyped;
}

impl<Q> QueryId for OverPicked<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
