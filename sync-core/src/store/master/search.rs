//! Searching the register: candidates from the index, the last word from [`Terms`].

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rusqlite::{ToSql, params};
use serde::Serialize;

use super::MasterStore;
use crate::geo::Point;
use crate::ids::{ItemCode, KindCode, TargetId};
use crate::model::case::CaseRow;
use crate::store::columns::{Json, Parsed, row_limit};
use crate::store::error::StoreError;
use crate::store::search_terms::{Query, Terms};

/// Candidates of a query, from the index.
const SEARCH: &str = "SELECT e.target_id, e.name, e.code, e.lon, e.lat
     FROM register_search JOIN register_entry AS e ON e.entry_no = register_search.rowid
     WHERE register_search MATCH :query";

/// The whole register, for a query that asks for nothing.
const LIST: &str = "SELECT e.target_id, e.name, e.code, e.lon, e.lat FROM register_entry AS e WHERE 1";

/// Only targets of one kind.
const OF_KIND: &str = "AND EXISTS (SELECT 1 FROM pulled
         WHERE entity = 'target' AND id = e.target_id AND json ->> '$.kind' = :kind)";

/// What lies within bounds, in no order.
const WITHIN: &str = "SELECT e.target_id, e.name, p.json ->> '$.kind', e.lon, e.lat
     FROM register_entry AS e JOIN pulled AS p ON p.entity = 'target' AND p.id = e.target_id
     WHERE e.lon BETWEEN ?1 AND ?3 AND e.lat BETWEEN ?2 AND ?4 LIMIT ?5";

/// Bounds of a map: west, south, east, north, in degrees.
pub type Bounds = [f64; 4];

/// A target as a map draws it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MapTarget {
    /// Which.
    pub target_id: TargetId,
    /// Its kind.
    pub kind: KindCode,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub point: Point,
}

/// A target that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which.
    pub target_id: TargetId,
    /// Its name, by which hits are ordered where no place is given.
    pub name: String,
    /// How far from the given place, in metres.
    pub distance_metres: Option<f64>,
}

impl Hit {
    /// The order of results: nearest first where a place was given, then by name, then by id.
    pub(in crate::store) fn order(&self, other: &Self) -> Ordering {
        let far = |hit: &Self| hit.distance_metres.unwrap_or(f64::INFINITY);
        far(self)
            .total_cmp(&far(other))
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.target_id.cmp(&other.target_id))
    }
}

impl MasterStore {
    /// Every target that matches, in no order; of one kind where it is named.
    pub(in crate::store) fn hits(
        &self,
        query: &Query,
        kind: Option<&KindCode>,
        near: Option<Point>,
    ) -> Result<Vec<Hit>, StoreError> {
        let expression = (!query.is_empty()).then(|| query.expression());
        let sql = if query.is_empty() { LIST } else { SEARCH };
        let sql = if kind.is_some() { format!("{sql} {OF_KIND}") } else { sql.to_owned() };
        let mut statement = self.connection.prepare_cached(&sql)?;
        let kind = kind.map(KindCode::as_str);
        let mut named: Vec<(&str, &dyn ToSql)> = Vec::new();
        if let Some(expression) = &expression {
            named.push((":query", expression));
        }
        if let Some(kind) = &kind {
            named.push((":kind", kind));
        }
        let mut rows = statement.query(named.as_slice())?;
        let mut hits = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(1)?;
            let code: Option<String> = row.get(2)?;
            if query.is_empty() || Terms::new(&name, code.as_deref()).matches(query) {
                let point = Point { lon: row.get(3)?, lat: row.get(4)? };
                let distance_metres = near.map(|near| near.distance_metres(point));
                hits.push(Hit { target_id: row.get::<_, Parsed<_>>(0)?.0, name, distance_metres });
            }
        }
        Ok(hits)
    }

    /// Pulled targets within bounds, at most `limit`, in no order.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn targets_within(&self, bounds: Bounds, limit: usize) -> Result<Vec<MapTarget>, StoreError> {
        let mut statement = self.connection.prepare_cached(WITHIN)?;
        let [west, south, east, north] = bounds;
        let rows = statement.query_map(params![west, south, east, north, row_limit(limit)], |row| {
            Ok(MapTarget {
                target_id: row.get::<_, Parsed<_>>(0)?.0,
                name: row.get(1)?,
                kind: row.get::<_, Parsed<_>>(2)?.0,
                point: Point { lon: row.get(3)?, lat: row.get(4)? },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many pulled targets of each kind there are, by the kind's code.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn targets_by_kind(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT json ->> '$.kind', count(*) FROM pulled WHERE entity = 'target' GROUP BY 1",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Pulled cases of an item.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn cases_of_item(&self, item: &ItemCode) -> Result<Vec<CaseRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT json FROM pulled WHERE entity = 'case' AND json ->> '$.item' = ?1")?;
        let rows = statement.query_map([item.as_str()], |row| Ok(row.get::<_, Json<CaseRow>>(0)?.0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::master::apply::tests::page_of_targets;
    use rusqlite::StatementStatus;
    use tempfile::TempDir;

    /// Targets of the largest register that search must carry.
    const REGISTER: u32 = 100_000;
    const PAGE: u32 = 1_000;

    fn large_register() -> (TempDir, MasterStore) {
        let directory = TempDir::new().unwrap();
        let mut master = MasterStore::open(&directory.path().join("master.db")).unwrap();
        for first in (0..REGISTER).step_by(1_000) {
            master.apply_page(&page_of_targets(first..first + PAGE)).unwrap();
        }
        (directory, master)
    }

    /// Steps of the plan that read anything, by what they say.
    fn plan(master: &MasterStore, query: &Query) -> Vec<String> {
        let explain = format!("EXPLAIN QUERY PLAN {SEARCH}");
        let mut statement = master.connection.prepare(&explain).unwrap();
        statement.query_map([query.expression()], |row| row.get(3)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_large_register_is_searched_from_its_index_also_by_two_characters() {
        let (_directory, master) = large_register();
        for (text, found) in
            [("马村", 14_286), ("煤", 12_500), ("jls", 14_286), ("DC-099999", 1), ("待王99998", 1)]
        {
            let query = Query::new(text);
            let plan = plan(&master, &query);
            assert_eq!(plan.len(), 2, "{plan:?}");
            assert!(plan[0].contains("register_search VIRTUAL TABLE INDEX 0:M"), "{text}: {plan:?}");
            assert!(plan[1].starts_with("SEARCH e USING INTEGER PRIMARY KEY"), "{text}: {plan:?}");
            assert_eq!(master.hits(&query, None, None).unwrap().len(), found, "{text}");
            let statement = master.connection.prepare_cached(SEARCH).unwrap();
            assert_eq!(statement.get_status(StatementStatus::FullscanStep), 0, "{text}");
        }
    }

    #[test]
    fn a_scan_of_the_register_would_be_noticed() {
        let directory = TempDir::new().unwrap();
        let mut master = MasterStore::open(&directory.path().join("master.db")).unwrap();
        master.apply_page(&page_of_targets(0..10)).unwrap();
        let mut statement = master
            .connection
            .prepare("SELECT count(*) FROM register_entry WHERE name LIKE '%马村%'")
            .unwrap();
        statement.query_row([], |row| row.get::<_, u32>(0)).unwrap();
        assert!(statement.get_status(StatementStatus::FullscanStep) > 0);
    }
}
