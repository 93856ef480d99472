use super::tablet::{PICTURE, SITE, Tablet};

#[test]
fn a_correction_names_what_it_replaces_and_carries_over_what_is_not_given() {
    let tablet = Tablet::enrolled();
    let photo = format!("{}@hoarding", tablet.picture("gap.jpg", PICTURE));
    let first = tablet
        .run(&[
            "inspect",
            "--target",
            SITE,
            "--answer",
            "hoarding=fail",
            "--answer",
            "material_cover=fail",
            "--photo",
            &photo,
            "--note",
            "早班",
            "--occurred-at",
            "2024-10-08T09:00:00+08:00",
        ])
        .done();
    let first_id = first["inspection_id"].as_str().unwrap();
    let second = tablet.run(&["amend", first_id, "--answer", "material_cover=pass"]).done();
    assert_eq!((&first["total_fen"], &second["total_fen"]), (&20_000_000.into(), &10_000_000.into()));
    let list = tablet.run(&["list"]).done();
    let line = |id: &serde_json::Value| {
        list.as_array().unwrap().iter().find(|line| line["inspection_id"] == *id).unwrap().clone()
    };
    let (old, new) = (line(&first["inspection_id"]), line(&second["inspection_id"]));
    assert_eq!((&new["replaces"], &old["replaced_by"]), (&old["inspection_id"], &new["inspection_id"]));
    assert_eq!((&new["lineage"], &new["occurred_at"]), (&old["lineage"], &old["occurred_at"]));
    assert_eq!(new["photos"]["waiting"], 1);
    assert_eq!(tablet.originals(), 1, "one original serves both");
    let kinds: Vec<_> =
        tablet.run(&["log"]).done().as_array().unwrap().iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["amend_inspection", "submit_inspection"]);
    // The case is the same one: it is derived from lineage and item.
    assert_eq!(first["evaluation"]["cases"][0]["case_id"], second["evaluation"]["cases"][0]["case_id"]);
}
