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
    with: &'static str,
    select: &'static str,
}

impl<Q> OverPicked<Q> {
    /// The statement; the columns of `picked` are named as those of its table. The rows are picked once, and the planner
    /// knows nothing of what stands in them.
    #[must_use]
    pub fn new(picked: Q, select: &'static str) -> Self {
        Self { picked, with: "WITH picked AS MATERIALIZED (", select }
    }

    /// The same where many rows are joined: they are picked wherever `picked` is read, and the planner knows of them
    /// what it knows of their table. The text may begin with another `, name AS (…)`.
    #[must_use]
    pub fn inlined(picked: Q, select: &'static str) -> Self {
        Self { picked, with: "WITH picked AS NOT MATERIALIZED (", select }
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for OverPicked<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.with);
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
