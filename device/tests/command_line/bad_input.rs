use super::tablet::{GRID, PICTURE, SITE, Tablet};

#[test]
fn every_wrong_value_gets_its_code_and_field_and_nothing_is_stored() {
    let tablet = Tablet::enrolled();
    let no_picture = tablet.picture("note.jpg", b"hello");
    let gif = tablet.picture("a.gif", b"GIF89a....");
    let long = tablet.picture("long.json", format!(r#"{{"notes":"{}"}}"#, "长".repeat(1 << 20)).as_bytes());
    let nul = tablet.picture("nul.json", br#"{"notes":"a\u0000b"}"#);
    let surrogate = tablet.picture("surrogate.json", br#"{"notes":"\ud800"}"#);
    let unknown_field = tablet.picture("field.json", br#"{"taget":null}"#);
    let site = ["inspect", "--target", SITE];
    let cases: &[(&[&str], &str, &str)] = &[
        (&["inspect", "--target", "01890000-0000-7000-8000-0000000000ff"], "target_unknown", "target"),
        (&["inspect", "--target", "site"], "target_unknown", "target"),
        (&["inspect", "--kind", "volcano"], "kind_unknown", "kind"),
        (&["inspect"], "text_required", "kind"),
        (&[site[0], site[1], site[2], "--answer", "roof=fail"], "question_unknown", "answers[0].question"),
        (&[site[0], site[1], site[2], "--answer", "hoarding=bad"], "malformed_request", "answers[0].verdict"),
        (&[site[0], site[1], site[2], "--answer", "hoarding"], "malformed_request", "answers[0]"),
        (
            &[site[0], site[1], site[2], "--measure", "tsp=much"],
            "number_out_of_range",
            "measurements[0].value",
        ),
        (
            &[site[0], site[1], site[2], "--measure", "tsp=NaN"],
            "number_out_of_range",
            "measurements[0].value",
        ),
        (
            &[site[0], site[1], site[2], "--lon", "35.27", "--lat", "113.32"],
            "place_outside_china",
            "fix.point",
        ),
        (&[site[0], site[1], site[2], "--occurred-at", "yesterday"], "malformed_request", "occurred_at"),
        (
            &[site[0], site[1], site[2], "--representative", "shrugged"],
            "malformed_request",
            "site_representative",
        ),
        (
            &[site[0], site[1], site[2], "--representative", "signed:"],
            "text_required",
            "site_representative.name",
        ),
        (&[site[0], site[1], site[2], "--fire-points", "2"], "malformed_request", "fire_points"),
        (&[site[0], site[1], site[2], "--photo", &no_picture], "photo_not_an_image", "photos[0]"),
        (&[site[0], site[1], site[2], "--photo", &gif], "photo_unsupported_format", "photos[0]"),
        (&[site[0], site[1], site[2], "--file", &long], "text_too_long", "notes"),
        (&[site[0], site[1], site[2], "--file", &nul], "text_contains_nul", "notes"),
        (&[site[0], site[1], site[2], "--file", &surrogate], "malformed_request", "file"),
        (&[site[0], site[1], site[2], "--file", &unknown_field], "malformed_request", "file"),
        (&["amend", "nothing"], "not_found", "inspection"),
        (&["charges", SITE], "not_found", "inspection"),
        (&["targets", "show", "x"], "target_unknown", "target"),
    ];
    for (arguments, code, field) in cases {
        let refused = tablet.run(arguments).refused();
        assert_eq!((refused.0.as_str(), refused.1.as_str()), (*code, *field), "{arguments:?}");
    }
    assert_eq!(tablet.run(&["log"]).done().as_array().unwrap().len(), 0);
    assert_eq!(tablet.run(&["status"]).done()["photos_waiting"], 0);
    assert_eq!(tablet.originals(), 0);
}

#[test]
fn a_bad_photo_beside_a_good_one_records_nothing() {
    let tablet = Tablet::enrolled();
    let good = tablet.picture("good.jpg", PICTURE);
    let bad = tablet.picture("bad.jpg", b"bad");
    let refused = tablet
        .run(&["inspect", "--target", SITE, "--answer", "hoarding=fail", "--photo", &good, "--photo", &bad])
        .refused();
    assert_eq!(refused.1, "photos[1]");
    assert_eq!(tablet.run(&["list"]).done().as_array().unwrap().len(), 0);
}

#[test]
fn people_get_the_sentence_with_field_and_code_and_all_of_them_at_once() {
    let tablet = Tablet::enrolled();
    let said = tablet.say(&[
        "inspect",
        "--target",
        SITE,
        "--answer",
        "hoarding=bad",
        "--measure",
        "tsp=much",
        "--grid",
        GRID,
    ]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert_eq!(said.err.lines().count(), 2, "{}", said.err);
    assert!(
        said.err.contains("[number_out_of_range] measurements[0].value: 数值超出允许范围。"),
        "{}",
        said.err
    );
    let said = tablet.say(&["--lang", "en", "inspect", "--kind", "volcano"]);
    assert!(said.err.contains("There is no such target kind."), "{}", said.err);
}
