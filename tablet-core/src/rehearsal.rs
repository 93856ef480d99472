//! A rehearsal (预演) of unlocking: stores with one of everything that the day reads, all made up.
//!
//! A browser compiles a function when it is first called, and between the PIN and the day some thousands are: half of that
//! time. So the worker makes the same calls here while nobody is unlocked yet.
//!
//! Invariant: nothing of it reaches the disk, a screen or the server; where it fails, nothing is lost but time.

use std::path::Path;

use serde_json::{Value, json};
use sync_core::geo::Point;
use sync_core::policy::{PolicyPack, builtin_packs};
use sync_core::time::Instant;

use crate::error::CallError;
use crate::session::{Identity, Opening, Session};

/// Whose stores: nobody's.
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
/// Where: somewhere in the district.
const HERE: Point = Point { lon: 113.4, lat: 35.2 };

impl Session {
    /// Stores to rehearse with, in a directory that is not kept.
    ///
    /// # Errors
    /// Those of opening them.
    pub fn rehearsal(directory: &Path, now: Instant) -> Result<Self, CallError> {
        let identity: Identity =
            serde_json::from_value(json!({ "user_id": NOBODY, "device_id": NOBODY, "incarnation": NOBODY }))?;
        let mut session = Self::open_in(directory, identity, Opening::Quickly, now)?;
        let page = serde_json::from_str(&page(now))?;
        session.store.apply_page(&page)?;
        Ok(session)
    }
}

/// A pack with a duty, the user's assignment, and a target.
fn page(now: Instant) -> String {
    let loaded = builtin_packs().iter().find_map(|file| {
        let pack = PolicyPack::load(file.source, file.file).ok()?;
        (!pack.content().coverage.is_empty()).then_some((file.source, pack))
    });
    let changes: Vec<Value> = loaded.iter().flat_map(|(source, pack)| rows(source, pack)).collect();
    json!({
        "cursor": "", "more": false, "changes": changes, "user_id": NOBODY, "epoch": NOBODY, "server_time": now,
        "backed_up_through": null,
    })
    .to_string()
}

fn rows(source: &str, pack: &PolicyPack) -> [Value; 5] {
    let district = pack.region();
    let grid = format!("{district}/001");
    let row = |entity: &str, id: &str, row: Value| json!({ "entity": entity, "id": id, "change": "upsert", "row": row });
    let from = "2000-01-01";
    [
        row(
            "pack",
            pack.hash().as_str(),
            json!({
                "id": pack.id(), "hash": pack.hash(), "region": district, "source": source,
                "adopted_from": from, "adopted_until": null,
            }),
        ),
        row(
            "assignment",
            NOBODY,
            json!({
                "assignment_id": NOBODY, "user_id": NOBODY, "role": "inspector", "grid": grid, "unit_id": null,
                "level": "district", "from": from, "until": null,
            }),
        ),
        row(
            "unit",
            NOBODY,
            json!({ "unit_id": NOBODY, "name": "", "kind": "street_office", "credit_code": null, "budget_code": "" }),
        ),
        row(
            "grid",
            &grid,
            json!({ "path": grid, "name": "", "statistical_code": null, "unit_id": NOBODY, "polygon": null }),
        ),
        row(
            "target",
            NOBODY,
            json!({
                "target_id": NOBODY, "kind": pack.kinds().first().map(|kind| &kind.code), "code": null, "name": "工地",
                "address": "", "point": HERE, "grid": grid, "unit_id": NOBODY, "supervising_department": null,
                "responsible_person": null, "version": 1,
            }),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn the_day_of_a_rehearsal_has_one_of_everything_that_it_reads() {
        let directory = tempfile::TempDir::new().unwrap();
        let now: Instant = "2026-11-23T02:00:00Z".parse().unwrap();
        let mut session = Session::rehearsal(directory.path(), now).unwrap();
        let mut ask = |call: Value| {
            let call: Call = serde_json::from_value(call).unwrap();
            session.call(call, now, 0).unwrap()
        };
        let today = ask(json!({ "call": "today", "near": HERE }));
        assert_eq!(today["targets"].as_array().unwrap().len(), 1);
        assert!(!today["coverage"].as_array().unwrap().is_empty());
        let rules = ask(json!({ "call": "rules" }));
        assert!(!rules["kinds"].as_array().unwrap().is_empty());
        for list in ["grids", "units"] {
            assert_eq!(ask(json!({ "call": list })).as_array().unwrap().len(), 1, "{list}");
        }
    }
}
