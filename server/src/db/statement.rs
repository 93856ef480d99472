//! Statements written in SQL (语句) that PostgreSQL parses and plans once a connection, like diesel's typed ones.
//!
//! `diesel::sql_query` has its text parsed and planned anew each time, with a round trip of its own: more than many of
//! these statements take. Use that one where a plan must fit its values, as in reports over years; this one where a
//! statement runs often. Of these PostgreSQL itself keeps to plans that fit the values, as long as they are cheaper.
//!
//! Invariant: texts are constants or made of them. One text a request would fill the connection's cache.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, BoxedSqlQuery, Query, QueryFragment, QueryId, SqlQuery};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};
use diesel_async::RunQueryDsl;

use crate::db::Connection;

/// Has PostgreSQL keep one plan for each statement of this transaction from here on, whatever its values. Where ids are
/// compared with a list it would otherwise plan anew each time, which takes longer than the statement itself.
///
/// # Errors
/// Faults of the database.
pub async fn plan_once(mut conn: &Connection) -> QueryResult<()> {
    statement("SELECT set_config('plan_cache_mode', 'force_generic_plan', TRUE)").execute(&mut conn).await?;
    Ok(())
}

/// A statement with its values; loaded by name.
#[must_use]
pub struct Statement<'a>(BoxedSqlQuery<'a, Pg, SqlQuery>);

/// The statement of this text, whose values follow by [`Statement::bind`] in the order of `$1`, `$2` …
pub fn statement<'a>(sql: impl Into<String>) -> Statement<'a> {
    Statement(diesel::sql_query(sql).into_boxed())
}

impl<'a> Statement<'a> {
    /// The next value, as this SQL type.
    pub fn bind<ST, V>(self, value: V) -> Self
    where
        Pg: HasSqlType<ST>,
        V: ToSql<ST, Pg> + Send + 'a,
        ST: Send + 'a,
    {
        Self(self.0.bind::<ST, V>(value))
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
