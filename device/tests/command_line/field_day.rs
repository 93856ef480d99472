use super::tablet::{PICTURE, SITE, Tablet};

const THREE_FAIL: [&str; 10] = [
    "inspect",
    "--target",
    SITE,
    "--occurred-at",
    "2024-10-08T09:00:00+08:00",
    "--answer=hoarding=fail:缺口十米",
    "--answer=material_cover=fail",
    "--answer=vehicle_washing=fail",
    "--answer=ground_hardening=pass",
    "--answer=licensed_trucks=na",
];

#[test]
fn three_of_six_measures_cost_three_hundred_thousand_at_once_and_offline() {
    let tablet = Tablet::enrolled();
    let recorded = tablet.run(&THREE_FAIL).done();
    assert_eq!(recorded["total_fen"], 30_000_000);
    let charges = recorded["evaluation"]["cases"][0]["charges"].as_array().unwrap();
    let measures: Vec<_> = charges.iter().map(|charge| charge["measure"].as_str().unwrap()).collect();
    assert_eq!(measures, ["hoarding", "material_cover", "vehicle_washing"]);
    let id = recorded["inspection_id"].as_str().unwrap();
    assert_eq!(tablet.run(&["charges", id]).done()["total_fen"], 30_000_000, "and again later");
}

#[test]
fn people_read_charges_and_non_charges_with_reasons_and_clauses_in_chinese() {
    let tablet = Tablet::enrolled();
    let said = tablet.say(&THREE_FAIL);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    for expected in [
        "已封存，待发送",
        "扣缴 100000.00 元  周边硬质密闭围挡：该项措施不到位，叠加扣缴〔马政〔2024〕5号 三（三）〕",
        "不扣缴  现场地面硬化保洁：合格",
        "不扣缴  土方和垃圾密闭堆存、及时密闭清运：未检查",
        "还缺 3 张照片",
        "合计扣缴 300000.00 元",
    ] {
        assert!(said.out.contains(expected), "{expected} in {}", said.out);
    }
    let said = tablet.say(&[&["--lang", "en"][..], &THREE_FAIL[..]].concat());
    assert!(said.out.contains("charges in all: 300000.00 yuan"), "{}", said.out);
}

#[test]
fn photos_are_kept_under_their_hash_and_wait_apart_from_the_record() {
    let tablet = Tablet::enrolled();
    let photo = format!("{}@hoarding", tablet.picture("gap.jpg", PICTURE));
    let all = tablet.picture("all.jpg", b"\xff\xd8\xff\xe1 another scene");
    tablet
        .run(&["inspect", "--target", SITE, "--answer", "hoarding=fail", "--photo", &photo, "--photo", &all])
        .done();
    assert_eq!(tablet.originals(), 2);
    let status = tablet.run(&["status"]).done();
    assert_eq!((&status["waiting"], &status["photos_waiting"]), (&1.into(), &2.into()));
    let list = tablet.run(&["list"]).done();
    assert_eq!(list[0]["state"], "waiting");
    assert_eq!(list[0]["photos"]["waiting"], 2);
    assert_eq!(list[0]["target_name"], "和谐家园二期工地");
}

#[test]
fn a_spot_is_in_the_grid_whose_outline_contains_it_and_else_in_the_inspectors_own() {
    let tablet = Tablet::enrolled();
    let spot = |lon: &str| {
        let position = ["--lon", lon, "--lat", "35.26", "--accuracy", "8"];
        let visit =
            ["inspect", "--kind", "straw_point", "--answer", "no_straw_burning=fail", "--fire-points", "2"];
        tablet.run(&[&visit[..], &position[..]].concat()).done()
    };
    for lon in ["113.31", "113.90"] {
        // Macun charges open burning by the case, however many fires (reading in the pack).
        assert_eq!(spot(lon)["total_fen"], 5_000_000);
    }
    let log = tablet.run(&["log"]).done();
    assert_eq!((log.as_array().unwrap().len(), &log[0]["device_seq"]), (2, &2.into()));
}

#[test]
fn a_clock_in_1970_or_2099_keeps_nobody_from_recording() {
    for clock in ["1970-01-01T00:00:00Z", "2099-12-31T00:00:00Z"] {
        let tablet = Tablet::enrolled();
        let recorded =
            tablet.run(&["inspect", "--target", SITE, "--answer", "hoarding=fail", "--occurred-at", clock]);
        assert_eq!(recorded.code, 0, "{clock}: {}", recorded.out);
    }
}

#[test]
fn an_impossible_measurement_is_recorded_for_a_supervisor_to_settle() {
    let tablet = Tablet::enrolled();
    let said = tablet.run(&["inspect", "--target", SITE, "--answer", "hoarding=pass", "--measure", "tsp=-5"]);
    assert_eq!(said.code, 0, "{}", said.out);
}

#[test]
fn a_sync_without_network_fails_loudly_and_loses_nothing() {
    let tablet = Tablet::enrolled();
    tablet.run(&THREE_FAIL).done();
    device::DeviceKey::read_or_make(&tablet.data().join("device.key")).unwrap();
    let said = tablet.run(&["sync"]);
    let report = said.json();
    assert_eq!((said.code, &report["stopped"], &report["waiting_operations"]), (1, &true.into(), &1.into()));
    assert_eq!(report["failures"][0]["error"]["transport"], "unreachable");
    assert_eq!(tablet.run(&["status"]).done()["waiting"], 1);
}

#[test]
fn two_inspectors_of_one_tablet_see_only_how_much_of_the_others_work_waits() {
    let tablet = Tablet::enrolled();
    tablet.run(&THREE_FAIL).done();
    let colleague = sync_core::ids::UserId::fresh();
    tablet.write_profile(&[(tablet.user, "张三"), (colleague, "李四")]);
    tablet.pull(colleague);
    assert_eq!(tablet.run(&["list"]).refused().1, "user", "one of them has to be named");
    assert_eq!(tablet.run(&["--user", "李四", "list"]).done().as_array().unwrap().len(), 0);
    let status = tablet.run(&["--user", "李四", "status"]).done();
    assert_eq!(status["colleagues"][0]["user"], "张三");
    assert_eq!(status["colleagues"][0]["waiting"], 1);
}
