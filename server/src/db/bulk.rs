//! Many rows in one statement: they travel as one JSON array whose keys are column names.
//!
//! A row a bind variable would meet PostgreSQL's limit of 65,535 variables, and every batch size would be another
//! statement to plan.

use diesel::QueryResult;
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use serde::Serialize;

use crate::db::Connection;
use crate::db::statement::statement;

/// Runs a statement whose `$1` is the rows as JSON text, to be read by
/// `json_populate_recordset(NULL::table, CAST($1 AS json))`. Does nothing when there are no rows.
///
/// # Errors
/// Faults of the database.
pub async fn execute_with_rows<T: Serialize>(
    mut conn: &Connection,
    sql: &str,
    rows: &[T],
) -> QueryResult<usize> {
    if rows.is_empty() {
        return Ok(0);
    }
    let json = serde_json::to_string(rows).map_err(|error| Error::SerializationError(Box::new(error)))?;
    statement(sql).bind::<Text, _>(json).execute(&mut conn).await
}

/// Inserts rows that carry a value for each of these columns.
///
/// # Errors
/// Faults of the database.
pub async fn insert_rows<T: Serialize>(
    conn: &Connection,
    table: &'static str,
    columns: &str,
    rows: &[T],
) -> QueryResult<usize> {
    let sql = format!(
        "INSERT INTO {table} ({columns}) \
         SELECT {columns} FROM json_populate_recordset(NULL::{table}, CAST($1 AS json))"
    );
    execute_with_rows(conn, &sql, rows).await
}
