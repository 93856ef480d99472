//! Searching the register while typing: name, register number, pinyin initials; nearest first.

use crate::fixtures::*;
use proptest::prelude::*;
use sync_core::geo::Point;
use sync_core::limits::SEARCH_MAX_RESULTS;
use sync_core::model::target::TargetContent;
use sync_core::store::DeviceStore;
use sync_core::wire::operation::Body;
use sync_core::wire::pull::ChangeKind;

fn register(targets: &[(&str, Option<&str>)]) -> (tempfile::TempDir, DeviceStore) {
    let (directory, mut store) = device_store();
    let rows = targets.iter().zip(1..).map(|((name, code), id)| {
        target_row(1, &TargetContent { code: code.map(str::to_owned), ..content(id, name) })
    });
    store.apply_page(&page("1", rows.collect())).unwrap();
    (directory, store)
}

fn found(store: &DeviceStore, text: &str) -> Vec<String> {
    store.search(text, None).unwrap().into_iter().map(|found| found.entry.content.name).collect()
}

#[test]
fn a_target_is_found_by_name_number_and_initials() {
    let (_directory, store) = register(&[
        ("马村区东环路Ａ区工地", Some("GD-2024-0013")),
        ("冯营煤场", Some("DC-2024-0002")),
        ("九里山饭店（重庆火锅）", None),
    ]);
    for (text, name) in [
        ("马", "马村区东环路Ａ区工地"),
        ("马村", "马村区东环路Ａ区工地"),
        ("东环路a区", "马村区东环路Ａ区工地"),
        ("gd-2024", "马村区东环路Ａ区工地"),
        ("0013", "马村区东环路Ａ区工地"),
        ("mcq", "马村区东环路Ａ区工地"),
        ("dhlaq", "马村区东环路Ａ区工地"),
        ("煤场", "冯营煤场"),
        ("fymc", "冯营煤场"),
        ("冯营 dc", "冯营煤场"),
        ("饭店重庆", "九里山饭店（重庆火锅）"),
        ("cqhg", "九里山饭店（重庆火锅）"),
        ("zqhg", "九里山饭店（重庆火锅）"),
    ] {
        assert_eq!(found(&store, text), [name], "{text}");
    }
    for text in ["马区", "马村 煤场", "mcd", "013", "\" OR name : \""] {
        assert!(found(&store, text).is_empty(), "{text}");
    }
}

#[test]
fn rare_characters_outside_the_basic_plane_are_found() {
    let (_directory, store) = register(&[("𬭤家庄堆场", None)]);
    assert_eq!(found(&store, "𬭤家").len(), 1);
    assert_eq!(found(&store, "𬭤").len(), 1);
    assert_eq!(found(&store, "jzdc").len(), 1);
}

#[test]
fn nearest_comes_first_where_a_place_is_given_else_the_order_is_stable() {
    let (_directory, mut store) = device_store();
    let place = |id, name: &str, lon| {
        target_row(1, &TargetContent { point: Point { lon, lat: 35.2 }, ..content(id, name) })
    };
    let rows = vec![place(1, "工地丙", 113.4), place(2, "工地甲", 113.2), place(3, "工地乙", 113.3)];
    store.apply_page(&page("1", rows)).unwrap();
    assert_eq!(found(&store, "工地"), ["工地丙", "工地乙", "工地甲"]);
    let near = store.search("工地", Some(Point { lon: 113.21, lat: 35.2 })).unwrap();
    let names: Vec<_> = near.iter().map(|found| found.entry.content.name.as_str()).collect();
    assert_eq!(names, ["工地甲", "工地乙", "工地丙"]);
    let metres = near[0].distance_metres.unwrap();
    assert!((900.0..920.0).contains(&metres), "{metres}");
}

#[test]
fn own_entries_are_found_by_their_new_names_only_and_gone_ones_not_at_all() {
    let (_directory, mut store) = register(&[("旧名堆场", None), ("远方堆场", None)]);
    store.work.record(update(1, content(1, "新名堆场"))).unwrap();
    store.work.record(operation(Body::RegisterTarget(content(9, "刚登记的堆场")))).unwrap();
    store.apply_page(&page("2", vec![gone("target", uuid(2), ChangeKind::Revoke)])).unwrap();
    assert_eq!(found(&store, "堆场"), ["刚登记的堆场", "新名堆场"]);
    assert!(found(&store, "旧名").is_empty());
    assert_eq!(found(&store, "gdj"), ["刚登记的堆场"]);
    assert!(found(&store, "远方").is_empty());
    assert!(store.search("新名", None).unwrap()[0].entry.local);
}

#[test]
fn a_renamed_target_leaves_no_trace_of_its_old_name() {
    let (_directory, mut store) = register(&[("旧名堆场", Some("DC-1"))]);
    store.apply_page(&page("2", vec![target_row(2, &content(1, "新名堆场"))])).unwrap();
    assert!(found(&store, "旧名").is_empty());
    assert!(found(&store, "dc1").is_empty());
    assert_eq!(found(&store, "新名"), ["新名堆场"]);
}

#[test]
fn results_are_bounded_and_an_empty_text_lists_the_register() {
    let targets: Vec<_> = (0..=SEARCH_MAX_RESULTS).map(|_| ("工地", None)).collect();
    let (_directory, store) = register(&targets);
    assert_eq!(found(&store, "工地").len(), SEARCH_MAX_RESULTS);
    assert_eq!(found(&store, "  ").len(), SEARCH_MAX_RESULTS);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Wherever one stands, an empty text lists the nearest, as if every distance had been measured.
    #[test]
    fn the_nearest_are_those_that_measuring_each_finds(
        places in prop::collection::vec((-180.0_f64..180.0, -90.0_f64..90.0, 0.0_f64..0.02), 60..90),
        lon in prop_oneof![-180.0_f64..180.0, Just(113.3), Just(179.99)],
        lat in prop_oneof![-90.0_f64..90.0, Just(35.2), Just(89.999)],
    ) {
        let (_directory, mut store) = device_store();
        let here = Point { lon, lat };
        // A third all over the earth, the others near by.
        let place = |(number, (far_lon, far_lat, near)): (u128, (f64, f64, f64))| match number % 3 {
            0 => Point { lon: far_lon, lat: far_lat },
            1 => Point { lon: (lon + near).clamp(-180.0, 180.0), lat },
            _ => Point { lon, lat: (lat - near).clamp(-90.0, 90.0) },
        };
        let points: Vec<_> = (1..).zip(places).map(|(number, drawn)| (number, place((number, drawn)))).collect();
        let rows = points.iter().map(|(id, point)| {
            target_row(1, &TargetContent { point: *point, ..content(*id, "工地") })
        });
        store.apply_page(&page("1", rows.collect())).unwrap();
        let mut metres: Vec<f64> = points.iter().map(|(_, point)| here.distance_metres(*point)).collect();
        metres.sort_by(f64::total_cmp);
        metres.truncate(SEARCH_MAX_RESULTS);
        let found = store.search("", Some(here)).unwrap();
        let found: Vec<f64> = found.iter().map(|found| found.distance_metres.unwrap()).collect();
        prop_assert_eq!(found.len(), metres.len());
        // Numbers that went through JSON may differ in their last digit.
        for (found, measured) in found.iter().zip(metres) {
            prop_assert!((found - measured).abs() < 0.001, "{found} is not {measured}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The index never hides what is there: every part of a name finds it, whatever the text.
    #[test]
    fn every_part_of_a_name_finds_it(name in "[一-龥a-zA-Z0-9（）· ]{1,12}", from in 0_usize..12, length in 1_usize..6) {
        let part: String = name.chars().filter(|c| c.is_alphanumeric()).skip(from).take(length).collect();
        let (_directory, store) = register(&[(name.as_str(), None), ("别处", None)]);
        prop_assert!(part.is_empty() || found(&store, &part).contains(&name), "{part:?} in {name:?}");
    }
}
