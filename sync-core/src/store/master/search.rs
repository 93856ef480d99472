//! Searching the register: candidates from the index, the last word from [`Terms`].

use std::cmp::Ordering;

use super::MasterStore;
use crate::geo::Point;
use crate::ids::TargetId;
use crate::store::columns::Parsed;
use crate::store::error::StoreError;
use crate::store::search_terms::{Query, Terms};

/// Candidates of a query, from the index.
const SEARCH: &str = "SELECT e.target_id, e.name, e.code, e.lon, e.lat
     FROM register_search JOIN register_entry AS e ON e.entry_no = register_search.rowid
     WHERE register_search MATCH ?1";

/// The whole register, for a query that asks for nothing.
const LIST: &str = "SELECT target_id, name, code, lon, lat FROM register_entry";

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
    /// Every target that matches, in no order.
    pub(in crate::store) fn hits(&self, query: &Query, near: Option<Point>) -> Result<Vec<Hit>, StoreError> {
        let mut statement = self.connection.prepare_cached(if query.is_empty() { LIST } else { SEARCH })?;
        let expression = (!query.is_empty()).then(|| query.expression());
        let mut rows = statement.query(rusqlite::params_from_iter(expression))?;
        let mut hits = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(1)?;
            let code: Option<String> = row.get(2)?;
            if Terms::new(&name, code.as_deref()).matches(query) {
                let point = Point { lon: row.get(3)?, lat: row.get(4)? };
                let distance_metres = near.map(|near| near.distance_metres(point));
                hits.push(Hit { target_id: row.get::<_, Parsed<_>>(0)?.0, name, distance_metres });
            }
        }
        Ok(hits)
    }
}
