//! Fire points (火点) of cases that are merged: one place is one point, whatever number each report gave it.
//!
//! Pure. Where each report has one point at most, that they are the same is what the merge decides; what has no place is
//! told apart by its number alone.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::geo::Point;
use sync_core::ids::MeasureKey;

/// How far apart two reports put one point at most (m): what two tablets' fixes and eyes are off by.
const SAME_POINT_MAX_METRES: f64 = 50.0;

/// What is charged, with its place where it has one.
pub(super) type Places = BTreeMap<MeasureKey, Option<Point>>;

/// The keys that what another case found has beside what is charged already: that of the point at the same place, each
/// at most once; a number of its own for another place. What is not named keeps its key.
pub(super) fn keys_beside(charged: &Places, found: &Places) -> BTreeMap<MeasureKey, MeasureKey> {
    let (known, new) = (placed(charged), placed(found));
    if known.len() <= 1 && new.len() <= 1 {
        return BTreeMap::new();
    }
    let mut near: Vec<(f64, &MeasureKey, &MeasureKey)> = new
        .iter()
        .flat_map(|(key, at)| known.iter().map(|(other, there)| (at.distance_metres(*there), *key, *other)))
        .filter(|(metres, ..)| *metres <= SAME_POINT_MAX_METRES)
        .collect();
    near.sort_by(|one, other| one.0.total_cmp(&other.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    let mut keys: BTreeMap<MeasureKey, MeasureKey> = BTreeMap::new();
    let mut met: BTreeSet<&MeasureKey> = BTreeSet::new();
    for (_, key, other) in near {
        if !keys.contains_key(key) && met.insert(other) {
            keys.insert(key.clone(), other.clone());
        }
    }
    for (key, _) in new {
        if !keys.contains_key(key) {
            let own = if charged.contains_key(key) { free(charged, found, &keys) } else { Some(key.clone()) };
            keys.insert(key.clone(), own.unwrap_or_else(|| key.clone()));
        }
    }
    keys
}

fn placed(places: &Places) -> Vec<(&MeasureKey, Point)> {
    places.iter().filter_map(|(key, place)| Some((key, (*place)?))).collect()
}

/// The first number that no point has.
fn free(charged: &Places, found: &Places, keys: &BTreeMap<MeasureKey, MeasureKey>) -> Option<MeasureKey> {
    let taken = |key: &MeasureKey| {
        charged.contains_key(key) || found.contains_key(key) || keys.values().any(|other| other == key)
    };
    (1..=u16::MAX).map(MeasureKey::point).find(|key| !taken(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points by number, each so many metres east of the first field's corner.
    fn points(metres: &[(u16, f64)]) -> Places {
        let at = |east: f64| Point { lon: 113.3 + east / 90_700.0, lat: 35.3 };
        metres.iter().map(|(number, east)| (MeasureKey::point(*number), Some(at(*east)))).collect()
    }

    fn keys(charged: &[(u16, f64)], found: &[(u16, f64)]) -> Vec<(String, String)> {
        let keys = keys_beside(&points(charged), &points(found));
        keys.into_iter().map(|(from, to)| (from.to_string(), to.to_string())).collect()
    }

    fn key(from: u16, to: u16) -> (String, String) {
        (format!("point_{from}"), format!("point_{to}"))
    }

    #[test]
    fn one_point_each_is_the_same_wherever_each_saw_it() {
        assert_eq!(keys(&[(1, 0.0)], &[(1, 90.0)]), []);
    }

    #[test]
    fn a_point_elsewhere_has_a_number_of_its_own_and_one_at_the_same_place_that_ones() {
        assert_eq!(keys(&[(1, 0.0), (2, 200.0)], &[(1, 400.0)]), [key(1, 3)]);
        assert_eq!(keys(&[(1, 0.0), (2, 200.0)], &[(1, 210.0)]), [key(1, 2)]);
        assert_eq!(keys(&[(1, 0.0)], &[(1, 300.0), (2, 10.0)]), [key(1, 3), key(2, 1)]);
        assert_eq!(keys(&[(1, 0.0)], &[(1, 5.0), (2, 300.0)]), [key(1, 1), key(2, 2)]);
    }

    #[test]
    fn two_points_of_one_report_are_never_one_of_the_other() {
        assert_eq!(keys(&[(1, 0.0)], &[(1, 30.0), (2, 10.0)]), [key(1, 3), key(2, 1)]);
    }

    #[test]
    fn what_has_no_place_keeps_its_key() {
        let nowhere: Places = [(MeasureKey::point(1), None), (MeasureKey::case(), None)].into();
        assert_eq!(keys_beside(&points(&[(1, 0.0), (2, 200.0)]), &nowhere), BTreeMap::new());
    }
}
