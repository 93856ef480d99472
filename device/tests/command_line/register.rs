use serde_json::Value;

use super::tablet::{GRID, SITE, STOCKPILE, Tablet, UNIT};

fn names(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap()).collect()
}

fn register<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let place = ["--lon", "113.33", "--lat", "35.28", "--grid", GRID];
    [&["targets", "register", "--kind", "stockpile", "--name", name], &place[..], more].concat()
}

#[test]
fn the_register_is_found_by_name_number_and_pinyin_initials() {
    let tablet = Tablet::enrolled();
    for query in ["砂石", "MC-0002", "ssl"] {
        assert_eq!(names(&tablet.run(&["targets", "search", query]).done()), ["演马砂石料堆场"], "{query}");
    }
    assert_eq!(tablet.run(&["targets", "list"]).done().as_array().unwrap().len(), 2);
    let shown = tablet.run(&["targets", "show", SITE]).done();
    assert_eq!((&shown["version"], &shown["local"]), (&3.into(), &false.into()));
    let said = tablet.say(&["targets", "search", "没有的"]);
    assert_eq!((said.code, said.out.as_str()), (0, "无。\n"));
}

#[test]
fn a_target_registered_on_the_spot_can_be_inspected_before_it_was_ever_sent() {
    let tablet = Tablet::enrolled();
    let registered =
        tablet.run(&register("新堆场", &["--fact", "in_use=true", "--fact", "floor_area=1200"])).done();
    let id = registered["target_id"].as_str().unwrap();
    let found = tablet.run(&["targets", "search", "新堆"]).done();
    assert_eq!(
        (&found[0]["local"], &found[0]["version"], &found[0]["unit_id"]),
        (&true.into(), &0.into(), &UNIT.into())
    );
    let recorded = tablet.run(&["inspect", "--target", id, "--answer", "wall_net_cover=fail"]).done();
    assert_eq!(recorded["kind"], "stockpile");
    let kinds: Vec<_> =
        tablet.run(&["log"]).done().as_array().unwrap().iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["submit_inspection", "register_target"]);
}

#[test]
fn what_cannot_be_registered_is_refused_with_its_field() {
    let tablet = Tablet::enrolled();
    let cases: &[(Vec<&str>, &str, &str)] = &[
        (register("", &[]), "text_required", "name"),
        (register("堆场", &["--fact", "height=3"]), "fact_unknown", "facts.height"),
        (register("堆场", &["--fact", "in_use=perhaps"]), "fact_invalid", "facts.in_use"),
        (register("堆场", &["--unit", STOCKPILE]), "unit_unknown", "unit_id"),
        (
            vec![
                "targets",
                "register",
                "--kind",
                "stockpile",
                "--name",
                "堆",
                "--lon",
                "35",
                "--lat",
                "113",
                "--grid",
                GRID,
            ],
            "place_outside_china",
            "point",
        ),
        (
            vec![
                "targets",
                "register",
                "--kind",
                "stockpile",
                "--name",
                "堆",
                "--lon",
                "113.3",
                "--lat",
                "35.2",
                "--grid",
                "410804/077",
            ],
            "grid_unknown",
            "grid",
        ),
        (
            vec![
                "targets", "register", "--kind", "volcano", "--name", "堆", "--lon", "113.3", "--lat",
                "35.2", "--grid", GRID,
            ],
            "kind_unknown",
            "kind",
        ),
    ];
    for (arguments, code, field) in cases {
        let refused = tablet.run(arguments).refused();
        assert_eq!((refused.0.as_str(), refused.1.as_str()), (*code, *field), "{arguments:?}");
    }
    assert_eq!(tablet.run(&["targets", "list"]).done().as_array().unwrap().len(), 2);
}

#[test]
fn damage_in_the_register_is_told_set_aside_and_costs_no_work() {
    let tablet = Tablet::enrolled();
    let more = |id: u128| {
        let id = uuid::Uuid::from_u128(id).to_string();
        let row = serde_json::json!({
            "target_id": id, "kind": "stockpile", "code": null, "name": "待王煤场", "address": "解放路",
            "point": { "lon": 113.32, "lat": 35.27 }, "grid": GRID, "unit_id": UNIT, "version": 1
        });
        (id, row)
    };
    let rows: Vec<_> = (1..2_000).map(more).collect();
    tablet.pull_rows(&rows.iter().map(|(id, row)| ("target", id.as_str(), row.clone())).collect::<Vec<_>>());
    tablet.run(&register("冯营砂石料场", &[])).done();
    let register = tablet.data().join("users").join(tablet.user.to_string()).join("master.db");
    let mut bytes = std::fs::read(&register).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xA5);
    std::fs::write(&register, bytes).unwrap();
    let said = tablet.say(&["targets", "search", "待王"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("master.db.damaged-"), "{}", said.err);
    assert_eq!(names(&tablet.run(&["targets", "search", ""]).done()), ["冯营砂石料场"], "what waits is here");
}
