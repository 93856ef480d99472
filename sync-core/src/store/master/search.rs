//! Searching the register: candidates from the index, the last word from [`Terms`].

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rusqlite::{ToSql, params};
use serde::Serialize;

use super::MasterStore;
use crate::geo::{EARTH_METRES, Point};
use crate::ids::{KindCode, TargetId};
use crate::store::columns::{Parsed, row_limit};
use crate::store::error::StoreError;
use crate::store::search_terms::{Query, Terms};

/// Candidates of a query, from the index.
const SEARCH: &str = "SELECT e.target_id, e.name, e.code, e.lon, e.lat
     FROM register_search JOIN register_entry AS e ON e.entry_no = register_search.rowid
     WHERE register_search MATCH :query";

/// What lies within bounds, for a query that asks for nothing.
const AROUND: &str = "SELECT e.target_id, e.name, e.code, e.lon, e.lat
     FROM register_entry AS e INDEXED BY register_by_place
     WHERE e.lat BETWEEN :south AND :north AND e.lon BETWEEN :west AND :east";

/// The register by name, for a query that asks for nothing.
const BY_NAME: &str = "SELECT e.target_id, e.name, e.code, e.lon, e.lat FROM register_entry AS e WHERE 1";

/// Only targets of one kind.
const OF_KIND: &str = "AND e.kind = :kind";

/// The first ones.
const FIRST: &str = "ORDER BY e.name, e.target_id LIMIT :limit";

/// What lies within bounds, in no order.
const WITHIN: &str = "SELECT target_id, name, kind, lon, lat FROM register_entry INDEXED BY register_by_place
     WHERE lat BETWEEN ?2 AND ?4 AND lon BETWEEN ?1 AND ?3 LIMIT ?5";

/// Metres around a place in which its nearest targets are looked for first; four times as many as long as they do not suffice.
const NEAREST_METRES: f64 = 500.0;

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
    /// The targets that match, in no order: all of them, or the nearest (without a place the first by name) where nothing is
    /// asked for and there are more than `limit`; of one kind where it is named.
    pub(in crate::store) fn hits(
        &self,
        query: &Query,
        kind: Option<&KindCode>,
        near: Option<Point>,
        limit: usize,
    ) -> Result<Vec<Hit>, StoreError> {
        let of_kind = if kind.is_some() { OF_KIND } else { "" };
        let kind = kind.map(KindCode::as_str);
        let mut named: Vec<(&str, &dyn ToSql)> = Vec::new();
        if let Some(kind) = &kind {
            named.push((":kind", kind));
        }
        if !query.is_empty() {
            let expression = query.expression();
            named.push((":query", &expression));
            return self.read_hits(&format!("{SEARCH} {of_kind}"), &named, query, near);
        }
        let Some(here) = near else {
            let limit = row_limit(limit);
            named.push((":limit", &limit));
            return self.read_hits(&format!("{BY_NAME} {of_kind} {FIRST}"), &named, query, near);
        };
        let mut metres = NEAREST_METRES;
        loop {
            let [west, south, east, north] = here.bounds_within(metres);
            let bounds: [(&str, &dyn ToSql); 4] =
                [(":west", &west), (":south", &south), (":east", &east), (":north", &north)];
            let named: Vec<_> = named.iter().copied().chain(bounds).collect();
            let hits = self.read_hits(&format!("{AROUND} {of_kind}"), &named, query, near)?;
            let nearer = |hit: &&Hit| hit.distance_metres.is_some_and(|distance| distance <= metres);
            if metres > EARTH_METRES || hits.iter().filter(nearer).count() >= limit {
                return Ok(hits);
            }
            metres *= 4.0;
        }
    }

    fn read_hits(
        &self,
        sql: &str,
        named: &[(&str, &dyn ToSql)],
        query: &Query,
        near: Option<Point>,
    ) -> Result<Vec<Hit>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(named)?;
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
        let mut statement =
            self.connection.prepare_cached("SELECT kind, targets FROM register_count WHERE targets > 0")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
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
            assert_eq!(master.hits(&query, None, None, usize::MAX).unwrap().len(), found, "{text}");
            let statement = master.connection.prepare_cached(SEARCH).unwrap();
            assert_eq!(statement.get_status(StatementStatus::FullscanStep), 0, "{text}");
        }
    }

    #[test]
    fn the_nearest_and_the_first_of_a_large_register_are_listed_from_its_indexes() {
        let (_directory, master) = large_register();
        let all = Query::new("");
        let here = Point { lon: 113.35, lat: 35.2 };
        let mut nearest = master.hits(&all, None, Some(here), 50).unwrap();
        assert!(nearest.len() < 20_000, "{} were read for 50", nearest.len());
        let mut every = master.hits(&all, None, Some(here), usize::MAX).unwrap();
        assert_eq!(every.len(), 100_000);
        for hits in [&mut nearest, &mut every] {
            hits.sort_by(Hit::order);
        }
        assert_eq!(nearest[..50], every[..50]);
        let kind = "stockpile".parse().unwrap();
        for kind in [None, Some(&kind)] {
            assert_eq!(master.hits(&all, kind, None, 50).unwrap().len(), 50);
            let of_kind = if kind.is_some() { OF_KIND } else { "" };
            let statement = format!("{BY_NAME} {of_kind} {FIRST}");
            let statement = master.connection.prepare_cached(&statement).unwrap();
            assert_eq!(statement.get_status(StatementStatus::Sort), 0, "{kind:?}");
            assert!(statement.get_status(StatementStatus::FullscanStep) < 100, "{kind:?}");
        }
        assert_eq!(master.targets_by_kind().unwrap(), BTreeMap::from([("stockpile".to_owned(), 100_000)]));
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
