//! Applying a pulled page: one transaction with the cursor, set by set.
//!
//! Rows are kept as they came, kinds that this build does not know included: a newer build finds them. A row of a
//! known kind that this build cannot read is kept and counted too, and is as good as absent until then.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Transaction, TransactionBehavior, params};
use serde::Serialize;
use serde_json::json;

use super::MasterStore;
use crate::model::assignment::Assignment;
use crate::model::case::CaseRow;
use crate::model::fire_point::FirePointRow;
use crate::model::grid::Grid;
use crate::model::rectification::RectificationRow;
use crate::model::target::{Target, TargetContent};
use crate::model::unit::Unit;
use crate::model::zone::Zone;
use crate::store::error::StoreError;
use crate::store::search_terms::Terms;
use crate::wire::pull::{Change, ChangeKind, PackRow, PullPage, entity};

/// What a page did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageSummary {
    /// Rows written.
    pub upserted: usize,
    /// Rows that came with a snapshot.
    pub bootstrapped: usize,
    /// Rows gone: deleted or revoked.
    pub removed: usize,
    /// Rows of kinds that this build does not know.
    pub unknown_kinds: usize,
    /// Rows of known kinds that this build cannot read.
    pub unreadable: usize,
}

impl MasterStore {
    /// Applies a page and moves the cursor, all or nothing. The user's operation results and photo states are the
    /// work store's: see [`crate::store::WorkStore::apply_pulled`].
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Corrupt`], [`StoreError::Sqlite`]; nothing is changed then.
    pub fn apply_page(&mut self, page: &PullPage) -> Result<PageSummary, StoreError> {
        self.apply(&page.changes, Some(page))
    }

    /// Writes rows and leaves the cursor where it is: for a snapshot, which gets its cursor in the end.
    pub(in crate::store) fn write_changes(&mut self, changes: &[Change]) -> Result<PageSummary, StoreError> {
        self.apply(changes, None)
    }

    fn apply(&mut self, changes: &[Change], page: Option<&PullPage>) -> Result<PageSummary, StoreError> {
        let net = net_changes(changes);
        let mut summary = PageSummary::default();
        let (mut gone, mut rows, mut touched, mut targets) = (vec![], vec![], vec![], vec![]);
        for change in net.values() {
            if change.entity == entity::TARGET {
                touched.push(change.id.as_str());
            }
            match (change.change, &change.row) {
                (ChangeKind::Upsert, Some(row)) => {
                    rows.push(RowLine { entity: &change.entity, id: &change.id, json: row.get() });
                    match read(&change.entity, row.get()) {
                        Reading::Target(target) => targets.push((change.id.as_str(), target.content)),
                        Reading::Other => {}
                        Reading::UnknownKind => summary.unknown_kinds += 1,
                        Reading::Unreadable => summary.unreadable += 1,
                    }
                }
                (ChangeKind::Upsert, None) => summary.unreadable += 1,
                (ChangeKind::Delete | ChangeKind::Revoke, _) => {
                    gone.push(json!({ "entity": change.entity, "id": change.id }));
                }
            }
        }
        let rows = serde_json::to_string(&rows).map_err(|e| StoreError::unreadable("pulled rows", e))?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        summary.removed = remove_rows(&transaction, &json!(gone).to_string())?;
        summary.upserted = write_rows(&transaction, &rows)?;
        index_targets(&transaction, &json!(touched).to_string(), &targets)?;
        if let Some(page) = page {
            transaction.execute(
                "INSERT INTO position (one, cursor, server_time) VALUES (1, ?1, ?2)
                 ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor, server_time = excluded.server_time",
                params![page.cursor, page.server_time.as_millisecond()],
            )?;
        }
        transaction.commit()?;
        if net.keys().any(|(kind, _)| *kind == entity::PACK) {
            self.policies.take();
        }
        Ok(summary)
    }
}

/// The last change of each row: a page holds whole transactions in order, and only its end is seen.
fn net_changes(changes: &[Change]) -> BTreeMap<(&str, &str), &Change> {
    changes
        .iter()
        .filter(|change| change.entity != entity::OPERATION && change.entity != entity::PHOTO)
        .map(|change| ((change.entity.as_str(), change.id.as_str()), change))
        .collect()
}

enum Reading {
    Target(Box<Target>),
    Other,
    UnknownKind,
    Unreadable,
}

/// A row on its way into `pulled`: borrowed, for a page has many.
#[derive(Serialize)]
struct RowLine<'a> {
    entity: &'a str,
    id: &'a str,
    json: &'a str,
}

fn read(kind: &str, json: &str) -> Reading {
    fn other<T: serde::de::DeserializeOwned>(json: &str) -> Reading {
        serde_json::from_str::<T>(json).map_or(Reading::Unreadable, |_| Reading::Other)
    }
    match kind {
        entity::TARGET => serde_json::from_str(json).map_or(Reading::Unreadable, Reading::Target),
        entity::UNIT => other::<Unit>(json),
        entity::GRID => other::<Grid>(json),
        entity::ZONE => other::<Zone>(json),
        entity::PACK => other::<PackRow>(json),
        entity::RECTIFICATION => other::<RectificationRow>(json),
        entity::FIRE_POINT => other::<FirePointRow>(json),
        entity::ASSIGNMENT => other::<Assignment>(json),
        entity::CASE => other::<CaseRow>(json),
        _ => Reading::UnknownKind,
    }
}

fn entry_line(id: &str, content: &TargetContent) -> serde_json::Value {
    json!({
        "target_id": id,
        "kind": content.kind,
        "name": content.name,
        "code": content.code,
        "lon": content.point.lon,
        "lat": content.point.lat,
    })
}

fn terms_line(id: &str, content: &TargetContent) -> serde_json::Value {
    let terms = Terms::new(&content.name, content.code.as_deref());
    json!({
        "target_id": id,
        "name": terms.name_column(),
        "code": terms.code_column(),
        "initials": terms.initials_column(),
    })
}

fn remove_rows(transaction: &Transaction<'_>, gone: &str) -> Result<usize, StoreError> {
    let removed = transaction.execute(
        "DELETE FROM pulled
         WHERE (entity, id) IN (SELECT value ->> '$.entity', value ->> '$.id' FROM json_each(?1))",
        [gone],
    )?;
    Ok(removed)
}

fn write_rows(transaction: &Transaction<'_>, rows: &str) -> Result<usize, StoreError> {
    let written = transaction.execute(
        "INSERT INTO pulled (entity, id, json)
         SELECT value ->> '$.entity', value ->> '$.id', value ->> '$.json' FROM json_each(?1) WHERE true
         ON CONFLICT (entity, id) DO UPDATE SET json = excluded.json",
        [rows],
    )?;
    Ok(written)
}

/// Brings the register's index to what these targets are now. The terms of one that keeps its name and code stay: they
/// are most of what a changed target costs.
fn index_targets(
    transaction: &Transaction<'_>,
    touched: &str,
    targets: &[(&str, TargetContent)],
) -> Result<(), StoreError> {
    let entries: Vec<_> = targets.iter().map(|(id, content)| entry_line(id, content)).collect();
    let entries = json!(entries).to_string();
    let stay = ids_that_keep_their_terms(transaction, &entries)?;
    let leave = json!(stay).to_string();
    transaction.execute(
        "DELETE FROM register_search WHERE rowid IN (
             SELECT entry_no FROM register_entry
             WHERE target_id IN (SELECT value FROM json_each(?1) EXCEPT SELECT value FROM json_each(?2)))",
        [touched, &leave],
    )?;
    transaction.execute(
        "INSERT INTO register_count (kind, targets)
         SELECT kind, -count(*) FROM register_entry
         WHERE target_id IN (SELECT value FROM json_each(?1)) GROUP BY kind
         ON CONFLICT (kind) DO UPDATE SET targets = targets + excluded.targets",
        [touched],
    )?;
    transaction.execute(
        "DELETE FROM register_entry
         WHERE target_id IN (SELECT value FROM json_each(?1) EXCEPT SELECT value FROM json_each(?2))",
        [touched, &leave],
    )?;
    transaction.execute(
        "INSERT INTO register_entry (target_id, kind, name, code, lon, lat)
         SELECT value ->> '$.target_id', value ->> '$.kind', value ->> '$.name', value ->> '$.code',
                value ->> '$.lon', value ->> '$.lat'
         FROM json_each(?1) WHERE true
         ON CONFLICT (target_id) DO UPDATE SET kind = excluded.kind, lon = excluded.lon, lat = excluded.lat
         WHERE (kind, lon, lat) IS NOT (excluded.kind, excluded.lon, excluded.lat)",
        [&entries],
    )?;
    transaction.execute(
        "INSERT INTO register_count (kind, targets)
         SELECT value ->> '$.kind', count(*) FROM json_each(?1) WHERE true GROUP BY 1
         ON CONFLICT (kind) DO UPDATE SET targets = targets + excluded.targets",
        [entries],
    )?;
    let terms: Vec<_> = targets
        .iter()
        .filter(|(id, _)| !stay.contains(*id))
        .map(|(id, content)| terms_line(id, content))
        .collect();
    transaction.execute(
        "INSERT INTO register_search (rowid, name, code, initials)
         SELECT e.entry_no, value ->> '$.name', value ->> '$.code', value ->> '$.initials'
         FROM json_each(?1) AS j JOIN register_entry AS e ON e.target_id = value ->> '$.target_id'",
        [json!(terms).to_string()],
    )?;
    Ok(())
}

/// Those that are in the index under the name and the code they have now.
fn ids_that_keep_their_terms(
    transaction: &Transaction<'_>,
    entries: &str,
) -> Result<BTreeSet<String>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT e.target_id FROM json_each(?1) AS j
         JOIN register_entry AS e ON e.target_id = value ->> '$.target_id'
         WHERE e.name = value ->> '$.name' AND e.code IS value ->> '$.code'",
    )?;
    let ids = statement.query_map([entries], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::geo::Point;
    use crate::ids::{Epoch, TargetId, UserId};
    use serde_json::value::RawValue;
    use std::ops::Range;
    use tempfile::TempDir;
    use uuid::Uuid;

    const STREETS: [&str; 7] = ["马村", "冯营", "九里山", "待王", "安阳城", "演马", "武王"];
    const KINDS: [&str; 8] = ["煤场", "砂石料场", "工地", "饭店", "锅炉房", "停车场", "秸秆点", "砖厂"];

    /// A page of made-up targets, each with the number in its name and code.
    pub(in crate::store::master) fn page_of_targets(numbers: Range<u32>) -> PullPage {
        let target = |number: u32| {
            let place = usize::try_from(number).unwrap();
            let (street, kind) = (STREETS[place % STREETS.len()], KINDS[place % KINDS.len()]);
            let id = TargetId(Uuid::from_u128(u128::from(number) + 1));
            let row = json!({
                "target_id": id, "kind": "stockpile", "code": format!("DC-{number:06}"),
                "name": format!("{street}{number}号{kind}"), "address": "",
                "point": { "lon": 113.3 + f64::from(number % 1000) / 10_000.0, "lat": 35.2 },
                "grid": "410804/001", "unit_id": Uuid::from_u128(7), "version": 1,
            });
            let row = RawValue::from_string(row.to_string()).unwrap();
            Change {
                entity: entity::TARGET.to_owned(),
                id: id.to_string(),
                change: ChangeKind::Upsert,
                row: Some(row),
            }
        };
        PullPage {
            cursor: format!("after-{}", numbers.end),
            more: false,
            changes: numbers.map(target).collect(),
            user_id: UserId(Uuid::from_u128(1)),
            epoch: Epoch(Uuid::from_u128(2)),
            server_time: "2024-10-08T00:00:00Z".parse().unwrap(),
            backed_up_through: None,
        }
    }

    /// The row of one target, altered.
    fn altered(number: u32, alter: impl FnOnce(&mut serde_json::Value)) -> Change {
        let mut change = page_of_targets(number..number + 1).changes.remove(0);
        let mut row = serde_json::from_str(change.row.unwrap().get()).unwrap();
        alter(&mut row);
        change.row = Some(RawValue::from_string(row.to_string()).unwrap());
        change
    }

    /// The numbers of the targets that a text finds, of a kind and around a place where these are given.
    fn found(master: &MasterStore, text: &str, kind: Option<&str>, near: Option<Point>) -> Vec<u128> {
        let kind = kind.map(|kind| kind.parse().unwrap());
        let query = crate::store::search_terms::Query::new(text);
        let mut hits = master.hits(&query, kind.as_ref(), near, 1).unwrap();
        hits.sort_by(crate::store::master::search::Hit::order);
        hits.iter().map(|hit| hit.target_id.0.as_u128() - 1).collect()
    }

    #[test]
    fn a_changed_target_is_found_as_what_it_is_now_and_as_nothing_else() {
        let directory = TempDir::new().unwrap();
        let mut master = MasterStore::open(&directory.path().join("master.db")).unwrap();
        master.apply_page(&page_of_targets(0..6)).unwrap();
        let elsewhere = Point { lon: 114.0, lat: 36.0 };
        let gone = Change { change: ChangeKind::Delete, row: None, ..altered(5, |_| {}) };
        let changes = vec![
            altered(1, |row| row["name"] = json!("改名堆场")),
            altered(2, |row| row["code"] = json!("XX-000002")),
            altered(3, |row| row["point"] = json!({ "lon": elsewhere.lon, "lat": elsewhere.lat })),
            altered(4, |row| row["kind"] = json!("construction_site")),
            gone,
        ];
        master.apply_page(&PullPage { changes, ..page_of_targets(0..0) }).unwrap();
        assert_eq!(found(&master, "改名", None, None), [1]);
        assert!(found(&master, "冯营1号", None, None).is_empty(), "its name before");
        assert_eq!(found(&master, "XX", None, None), [2]);
        assert!(found(&master, "DC-000002", None, None).is_empty(), "its number before");
        assert_eq!(found(&master, "", None, Some(elsewhere))[0], 3);
        assert_eq!(found(&master, "DC-000003", None, None), [3]);
        assert_eq!(found(&master, "DC", Some("construction_site"), None), [4]);
        assert!(found(&master, "DC-000005", None, None).is_empty(), "it is gone");
        let changes = vec![altered(5, |_| {})];
        master.apply_page(&PullPage { changes, ..page_of_targets(0..0) }).unwrap();
        assert_eq!(found(&master, "DC-000005", None, None), [5], "it is back");
        let counted = master.targets_by_kind().unwrap();
        let expected = [("construction_site", 1), ("stockpile", 5)];
        assert_eq!(counted, expected.map(|(kind, count)| (kind.to_owned(), count)).into());
    }

    #[test]
    fn the_terms_of_a_target_that_keeps_its_name_are_not_written_again() {
        let directory = TempDir::new().unwrap();
        let mut master = MasterStore::open(&directory.path().join("master.db")).unwrap();
        master.apply_page(&page_of_targets(0..2)).unwrap();
        let written = |master: &MasterStore| -> i64 {
            let sum = "SELECT sum(length(block)) + count(*) FROM register_search_data";
            master.connection.query_row(sum, [], |row| row.get(0)).unwrap()
        };
        let before = written(&master);
        let moved = altered(1, |row| row["point"]["lon"] = json!(113.9));
        master.apply_page(&PullPage { changes: vec![moved], ..page_of_targets(0..0) }).unwrap();
        assert_eq!(written(&master), before);
        let renamed = altered(1, |row| row["name"] = json!("改名堆场"));
        master.apply_page(&PullPage { changes: vec![renamed], ..page_of_targets(0..0) }).unwrap();
        assert!(written(&master) > before, "a write would be noticed");
    }

    #[test]
    fn a_full_disk_in_mid_page_leaves_rows_and_cursor_as_they_were() {
        let directory = TempDir::new().unwrap();
        let mut master = MasterStore::open(&directory.path().join("master.db")).unwrap();
        master.apply_page(&page_of_targets(0..10)).unwrap();
        let pages: i64 = master.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        let limit = |master: &MasterStore, pages: i64| {
            master.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        };
        limit(&master, pages + 3);
        let refused = master.apply_page(&page_of_targets(10..500));
        assert!(matches!(refused, Err(StoreError::DiskFull)), "{refused:?}");
        assert_eq!(master.cursor().unwrap().as_deref(), Some("after-10"));
        let all = crate::store::search_terms::Query::new("");
        assert_eq!(master.hits(&all, None, None, usize::MAX).unwrap().len(), 10);
        limit(&master, pages + 10_000);
        master.apply_page(&page_of_targets(10..500)).unwrap();
        assert_eq!(master.hits(&all, None, None, usize::MAX).unwrap().len(), 500);
    }
}
