//! Rows of the registers that every device of a district holds whole: units, grids, zones.
//!
//! Invariant: a row is written over the version before it or not at all, so that of two changes at once one is told.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Jsonb, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sync_core::ids::RegionCode;
use sync_core::model::grid::Grid;
use sync_core::model::unit::Unit;
use sync_core::model::zone::Zone;
use utoipa::ToSchema;

use crate::db::Connection;
use crate::db::bulk::{execute_with_rows, insert_rows};
use crate::db::changes::Entity;
use crate::db::statement::statement;
use crate::db::types::{StoredValueError, stored_json};
use crate::problem::ApiError;

/// A row of one of these registers.
pub trait DistrictEntry: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync {
    /// The table.
    const TABLE: &'static str;
    /// The column that is its key within the district.
    const KEY: &'static str;
    /// The columns that a change writes.
    const COLUMNS: &'static [&'static str];

    /// What devices hear of.
    fn entity(&self) -> Entity;

    /// The row by column names, without district and version.
    ///
    /// # Errors
    /// Where it cannot be JSON.
    fn to_columns(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// [`StoredValueError`].
    fn from_columns(columns: Value) -> Result<Self, StoredValueError> {
        stored_json(Self::TABLE, columns)
    }
}

impl DistrictEntry for Unit {
    const TABLE: &'static str = "units";
    const KEY: &'static str = "unit_id";
    const COLUMNS: &'static [&'static str] = &["name", "kind", "credit_code", "budget_code"];

    fn entity(&self) -> Entity {
        Entity::Unit(self.unit_id)
    }
}

impl DistrictEntry for Grid {
    const TABLE: &'static str = "grids";
    const KEY: &'static str = "path";
    const COLUMNS: &'static [&'static str] = &["name", "statistical_code", "unit_id", "polygon", "staff"];

    fn entity(&self) -> Entity {
        Entity::Grid(self.path.clone())
    }
}

/// On the wire a zone has `from` and `until`, which SQL would have to quote.
impl DistrictEntry for Zone {
    const TABLE: &'static str = "zones";
    const KEY: &'static str = "zone_id";
    const COLUMNS: &'static [&'static str] = &["kind", "name", "polygon", "from_day", "until_day"];

    fn entity(&self) -> Entity {
        Entity::Zone(self.zone_id)
    }

    fn to_columns(&self) -> serde_json::Result<Value> {
        let mut columns = serde_json::to_value(self)?;
        rename(&mut columns, &[("from", "from_day"), ("until", "until_day")]);
        Ok(columns)
    }

    fn from_columns(mut columns: Value) -> Result<Self, StoredValueError> {
        rename(&mut columns, &[("from_day", "from"), ("until_day", "until")]);
        stored_json(Self::TABLE, columns)
    }
}

fn rename(columns: &mut Value, names: &[(&str, &str)]) {
    let Some(columns) = columns.as_object_mut() else { return };
    for (from, to) in names {
        if let Some(value) = columns.remove(*from) {
            columns.insert((*to).to_owned(), value);
        }
    }
}

/// An entry with its version.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Versioned<E> {
    /// The entry.
    #[serde(flatten)]
    pub entry: E,
    /// Grows by one with each change.
    pub version: u32,
}

/// Which entries.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// All of the district.
    All,
    /// Those of these keys.
    Keys(&'a [String]),
}

/// Entries by key; locked to the end of the transaction where asked.
///
/// # Errors
/// Faults of the database.
pub async fn load_entries<E: DistrictEntry>(
    connection: &mut Connection,
    district: &RegionCode,
    which: Which<'_>,
    lock: bool,
) -> Result<Vec<Versioned<E>>, ApiError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Jsonb)]
        columns: Value,
    }
    let keys = match which {
        Which::All => None,
        Which::Keys(keys) => Some(keys),
    };
    let (table, key) = (E::TABLE, E::KEY);
    let locking = if lock { "FOR UPDATE" } else { "" };
    let rows: Vec<Row> = statement(format!(
        "SELECT to_jsonb(t) AS columns FROM {table} AS t
         WHERE district = $1 AND ($2 OR CAST({key} AS text) = ANY ($3))
         ORDER BY {key} {locking}"
    ))
    .bind::<Text, _>(district.as_str())
    .bind::<Bool, _>(keys.is_none())
    .bind::<Nullable<Array<Text>>, _>(keys)
    .load(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let version = row.columns.get("version").and_then(Value::as_u64).unwrap_or_default();
            let version = u32::try_from(version).unwrap_or_default();
            Ok(Versioned { entry: E::from_columns(row.columns)?, version })
        })
        .collect()
}

/// Inserts new entries.
///
/// # Errors
/// Faults of the database; violated keys by their names.
pub async fn insert_entries<E: DistrictEntry>(
    connection: &mut Connection,
    district: &RegionCode,
    entries: &[Versioned<E>],
) -> Result<(), ApiError> {
    let columns = format!("district, {}, {}, version", E::KEY, E::COLUMNS.join(", "));
    insert_rows(connection, E::TABLE, &columns, &rows_of(district, entries)?).await?;
    Ok(())
}

/// Writes entries over the version before theirs, and says how many had it.
///
/// # Errors
/// Faults of the database; violated keys by their names.
pub async fn update_entries<E: DistrictEntry>(
    connection: &mut Connection,
    district: &RegionCode,
    entries: &[Versioned<E>],
) -> Result<usize, ApiError> {
    let (table, key) = (E::TABLE, E::KEY);
    let set: Vec<String> = E::COLUMNS.iter().map(|column| format!("{column} = new.{column}")).collect();
    let sql = format!(
        "UPDATE {table} AS t SET {}, version = new.version
         FROM json_populate_recordset(NULL::{table}, CAST($1 AS json)) AS new
         WHERE t.district = new.district AND t.{key} = new.{key} AND t.version = new.version - 1",
        set.join(", ")
    );
    Ok(execute_with_rows(connection, &sql, &rows_of(district, entries)?).await?)
}

fn rows_of<E: DistrictEntry>(
    district: &RegionCode,
    entries: &[Versioned<E>],
) -> Result<Vec<Value>, ApiError> {
    entries
        .iter()
        .map(|entry| {
            let mut columns = entry.entry.to_columns().map_err(ApiError::internal)?;
            if let Some(columns) = columns.as_object_mut() {
                columns.insert("district".to_owned(), json!(district));
                columns.insert("version".to_owned(), json!(entry.version));
            }
            Ok(columns)
        })
        .collect()
}
