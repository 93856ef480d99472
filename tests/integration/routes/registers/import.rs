//! What a preview shows of every row, and when a run does it.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sync_core::wire::pull::ChangeKind;
use tests::review::{Review, read};
use tests::{TestRole, problem};

use super::{administrator, counts, faults, import, preview, run, sites};

async fn refused(response: reqwest::Response) -> String {
    problem(response).await.code.to_string()
}

#[tokio::test]
async fn a_preview_shows_each_row_and_changes_nothing() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    run(&office, "targets", sites(&[("GD-1", "一号工地"), ("GD-2", "二号工地")])).await;
    let before = review.server.changes("target").await;

    let csv = sites(&[
        ("GD-1", "一号工地"),
        ("GD-2", "二号地块"),
        ("GD-3", "三号工地"),
        ("GD-4", " "),
        ("GD-1", "又一"),
    ]);
    let shown = preview(&office, "targets", csv).await;

    assert_eq!(counts(&shown), [1, 1, 1, 2]);
    let states: Vec<_> =
        shown["rows"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["unchanged", "changed", "new", "faulty", "faulty"]);
    assert_eq!(
        shown["rows"][1]["changes"],
        json!([{
            "column": "名称", "column_en": "Name",
            "old": "二号工地", "old_en": "二号工地",
            "new": "二号地块", "new_en": "二号地块",
        }])
    );
    assert_eq!(
        faults(&shown),
        [
            (5, "名称".to_owned(), "text_required".to_owned()),
            (6, "台账编号".to_owned(), "row_repeated".to_owned()),
        ]
    );
    assert_eq!((&shown["applied"], &shown["fault_count"]), (&json!(false), &json!(2)));
    assert_eq!(review.server.changes("target").await, before);
}

#[tokio::test]
async fn a_run_needs_the_digest_of_what_was_shown_and_devices_hear_of_what_it_did() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let (_, cursor) = review.device.pull_all(None).await;
    let csv = sites(&[("GD-1", "一号工地"), ("GD-2", "二号工地")]);

    assert_eq!(
        refused(import(&office, "targets", "?dry_run=false", csv.clone()).await).await,
        "import_digest_required"
    );
    let shown = preview(&office, "targets", csv.clone()).await;
    let query = format!("?dry_run=false&digest={}", shown["digest"].as_str().unwrap());
    let other = sites(&[("GD-1", "一号工地"), ("GD-2", "两号工地")]);
    assert_eq!(refused(import(&office, "targets", &query, other).await).await, "import_outdated");
    assert_eq!(review.server.changes("target").await, 0);

    let done = import(&office, "targets", &query, csv.clone()).await;
    assert_eq!(done.status(), StatusCode::OK);
    let (heard, _) = review.device.pull_all(Some(&cursor)).await;
    assert_eq!(heard.iter().map(|change| change.change).collect::<Vec<_>>(), [ChangeKind::Upsert; 2]);
    assert_eq!(review.server.audit_actions().await, ["register_imported"]);

    // The register is another now: the same digest stands for nothing any more.
    assert_eq!(refused(import(&office, "targets", &query, csv.clone()).await).await, "import_outdated");
    assert_eq!(counts(&run(&office, "targets", csv).await), [0, 0, 2, 0]);
    assert_eq!(review.server.changes("target").await, 2);
}

#[tokio::test]
async fn bad_rows_are_left_out_only_where_that_was_asked_for() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let csv = sites(&[("GD-1", "一号工地"), ("GD-2", "")]);
    let shown = preview(&office, "targets", csv.clone()).await;
    let query = format!("?dry_run=false&digest={}", shown["digest"].as_str().unwrap());

    assert_eq!(refused(import(&office, "targets", &query, csv.clone()).await).await, "import_has_bad_rows");
    assert_eq!(review.server.changes("target").await, 0);
    let done = import(&office, "targets", &format!("{query}&skip_bad_rows=true"), csv).await;
    assert_eq!(counts(&done.json().await.unwrap()), [1, 0, 0, 1]);
    assert_eq!(review.server.changes("target").await, 1);
}

#[tokio::test]
async fn every_bad_cell_of_a_target_is_named() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let head = "台账编号,类别,名称,地址,经度,纬度,网格编码,责任单位,监管部门,责任人,工地类型,锅炉吨位\n";
    let csv = format!(
        "{head}GD-1,城堡,甲,,113,35,410804/001,东街道,,,建筑,\n\
         GD-2,施工工地,甲,,x,35,410804/009,南街道,,,茅屋,\n\
         GD-3,施工工地,甲,,35.27,113.32,410804/001,东街道,,,,\n\
         GD-4,施工工地,甲,,113,35,410804/001,东街道,,,建筑,5\n\
         GD-5,锅炉,甲,,113,35,410804/001,东街道,,,,9999\n"
    );
    let shown = preview(&office, "targets", csv).await;
    let fault = |row, column: &str, code: &str| (row, column.to_owned(), code.to_owned());
    assert_eq!(
        faults(&shown),
        [
            fault(2, "类别", "cell_not_one_of"),
            fault(3, "经度", "cell_not_a_number"),
            fault(3, "网格编码", "grid_unknown"),
            fault(3, "责任单位", "unit_unknown"),
            fault(3, "工地类型", "cell_not_one_of"),
            fault(4, "经度", "place_outside_china"),
            fault(4, "工地类型", "text_required"),
            fault(5, "锅炉吨位", "fact_unknown"),
            fault(6, "锅炉吨位", "fact_invalid"),
        ]
    );
    assert_eq!(counts(&shown), [0, 0, 0, 5]);
}

#[tokio::test]
async fn a_fact_that_the_table_has_no_column_for_stays() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    run(&office, "targets", sites(&[("GD-1", "一号工地")])).await;
    let csv = "台账编号,类别,名称,地址,经度,纬度,网格编码,责任单位,监管部门,责任人\n\
               GD-1,施工工地,改名工地,东环路,113.32,35.27,410804/001/001,东街道,住建局,\n";
    let done = run(&office, "targets", csv).await;
    assert_eq!(done["rows"][0]["changes"].as_array().unwrap().len(), 1);
    let target = &read(office.request(reqwest::Method::GET, "/api/v1/targets")).await["targets"][0];
    assert_eq!(target["name"], "改名工地");
    assert_eq!(target["facts"], json!({ "building_area": 1200.0, "site_type": "building" }));
    assert_eq!(target["version"], 2);
}

#[tokio::test]
async fn a_removed_target_does_not_come_back_by_a_file() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    run(&office, "targets", sites(&[("GD-1", "一号工地")])).await;
    let list = read(office.request(reqwest::Method::GET, "/api/v1/targets")).await;
    let path =
        format!("/api/v1/targets/{}?expected_version=1", list["targets"][0]["target_id"].as_str().unwrap());
    office.request(reqwest::Method::DELETE, &path).send().await.unwrap();
    let shown = preview(&office, "targets", sites(&[("GD-1", "一号工地")])).await;
    assert_eq!(faults(&shown), [(2, "台账编号".to_owned(), "target_removed".to_owned())]);
}

#[tokio::test]
async fn units_and_the_grids_below_them_come_by_tables() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let units = "预算单位编码,责任单位,单位类别,统一社会信用代码\n\
                 103,南街道,街道办事处,\n101,东大街道,街道办事处,11410804MB00000016\n\
                 104,西街道,街道办事处,\n105,城管局,区直部门,123\n";
    let shown = preview(&office, "units", units).await;
    assert_eq!(counts(&shown), [1, 1, 0, 2]);
    assert_eq!(
        faults(&shown).into_iter().map(|(row, _, code)| (row, code)).collect::<Vec<_>>(),
        [(4, "unit_name_taken".to_owned()), (5, "credit_code_invalid".to_owned())]
    );
    run(&office, "units", "预算单位编码,责任单位,单位类别,统一社会信用代码\n103,南街道,街道办事处,\n").await;

    let grids = "网格编码,网格名称,统计用区划代码,责任单位,网格长,网格员,巡查员,监督员\n\
                 410804/003/001,南关社区,410804003001,南街道,王强,李娜,,\n\
                 410804/003,南街道网格,,南街道,王强,,,\n\
                 410804/008/001,无主,,南街道,,,,\n";
    let shown = preview(&office, "grids", grids).await;
    assert_eq!(counts(&shown), [2, 0, 0, 1]);
    assert_eq!(faults(&shown), [(4, "网格编码".to_owned(), "grid_parent_unknown".to_owned())]);
    let good: String = grids.lines().take(3).map(|line| format!("{line}\n")).collect();
    run(&office, "grids", good).await;
    let list = read(office.request(reqwest::Method::GET, "/api/v1/grids")).await;
    let made = list.as_array().unwrap().iter().find(|grid| grid["path"] == "410804/003/001").unwrap();
    assert_eq!((&made["name"], &made["staff"]["member"]), (&json!("南关社区"), &json!("李娜")));
    assert_eq!(review.server.changes("grid").await, 2);
}

fn zones(polygon: &Value, until: &Value) -> String {
    json!({
        "type": "FeatureCollection",
        "features": [{
            "type": "Feature",
            "geometry": { "type": "Polygon", "coordinates": polygon },
            "properties": {
                "区域类别": "高污染燃料禁燃区", "区域名称": "中心城区", "起始日期": "2026-01-01",
                "截止日期": until, "FID": 4,
            },
        }],
    })
    .to_string()
}

#[tokio::test]
async fn zones_come_by_maps_and_a_bad_outline_is_a_fault_of_its_feature() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let square = json!([[[113.2, 35.2], [113.4, 35.2], [113.4, 35.4], [113.2, 35.2]]]);
    let swapped = json!([[[35.2, 113.2], [35.2, 113.4], [35.4, 113.4], [35.2, 113.2]]]);

    let shown = preview(&office, "zones", zones(&swapped, &Value::Null)).await;
    assert_eq!(faults(&shown), [(1, "边界".to_owned(), "coordinates_swapped".to_owned())]);
    assert_eq!(shown["rows"][0]["faults"][0]["column_en"], "Outline");
    assert_eq!(counts(&run(&office, "zones", zones(&square, &Value::Null)).await), [1, 0, 0, 0]);
    assert_eq!(counts(&run(&office, "zones", zones(&square, &Value::Null)).await), [0, 0, 1, 0]);
    let larger = json!([[[113.2, 35.2], [113.5, 35.2], [113.5, 35.5], [113.2, 35.5], [113.2, 35.2]]]);
    let moved = run(&office, "zones", zones(&larger, &Value::Null)).await;
    assert_eq!(
        moved["rows"][0]["changes"],
        json!([{
            "column": "边界", "column_en": "Outline",
            "old": "4 个点", "old_en": "4 points",
            "new": "5 个点", "new_en": "5 points",
        }])
    );

    // A table has no outlines: it can end a zone and make none.
    let table = "区域类别,区域名称,起始日期,截止日期\n高污染燃料禁燃区,中心城区,2026-01-01,2026-12-31\n\
                 城市建成区,建成区,2026-01-01,\n";
    let shown = preview(&office, "zones", table).await;
    assert_eq!(counts(&shown), [0, 1, 0, 1]);
    assert_eq!(faults(&shown), [(3, "边界".to_owned(), "polygon_empty".to_owned())]);
    let list = read(office.request(reqwest::Method::GET, "/api/v1/zones")).await;
    assert_eq!(list[0]["polygon"], larger);
}

#[tokio::test]
async fn rows_of_one_file_that_contradict_each_other_are_named_before_anything_is_written() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let units = "预算单位编码,责任单位,单位类别,统一社会信用代码\n\
                 301,城管局,区直部门,\n\
                 302,城管局,区直部门,\n";
    let shown = preview(&office, "units", units).await;
    assert_eq!(faults(&shown), [(3, "责任单位".to_owned(), "row_contradicts".to_owned())]);

    let people = "用户名,姓名,岗位,网格编码,责任单位,发现层级,起始日期,截止日期\n\
                  lina,李娜,网格员,410804/001,,区县,2026-01-01,\n\
                  lina,李娜娜,网格员,410804/002,,区县,2026-01-01,\n";
    let shown = preview(&office, "users", people).await;
    assert_eq!(faults(&shown), [(3, "姓名".to_owned(), "row_contradicts".to_owned())]);
}

#[tokio::test]
async fn a_row_of_people_meets_users_of_other_districts_and_disabled_ones() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let elsewhere = review.server.district("410802").await;
    review.server.user(&elsewhere, "feng", &[TestRole::finance()]).await;
    let head = "用户名,姓名,岗位,网格编码,责任单位,发现层级,起始日期,截止日期\n";
    let lina = format!("{head}lina,李娜,网格员,410804/001,,区县,2026-01-01,\n");
    run(&office, "users", lina.clone()).await;
    review.server.execute("UPDATE users SET disabled_at = now() WHERE username = 'lina'").await.unwrap();

    let shown = preview(&office, "users", format!("{lina}feng,冯雪,,,,,,\n")).await;

    assert_eq!(counts(&shown), [0, 0, 1, 1], "her assignment is hers still: {shown}");
    assert_eq!(faults(&shown), [(3, "用户名".to_owned(), "username_taken".to_owned())]);
}

#[tokio::test]
async fn people_come_with_their_assignments_and_an_assignment_keeps_what_occurred_in_it() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let head = "用户名,姓名,岗位,网格编码,责任单位,发现层级,起始日期,截止日期\n";
    let people = format!(
        "{head}lina,李娜,网格员,410804/001,,区县,2026-01-01,\n\
         lina,李娜,网格员,410804/002,,区县,2026-07-01,\n\
         wang,王强,,,,,,\n"
    );
    assert_eq!(counts(&run(&office, "users", people.clone()).await), [3, 0, 0, 0]);
    assert_eq!(counts(&run(&office, "users", people).await), [0, 0, 3, 0]);
    assert_eq!(
        review.server.audit_actions().await,
        ["user_created", "user_created", "role_assigned", "role_assigned", "register_imported"]
    );

    let changed = format!(
        "{head}lina,李娜娜,网格员,410804/001,,区县,2026-01-01,2026-06-30\n\
         lina,李娜娜,网格员,410804/002,,自查,2026-07-01,\n\
         zhou,周杰,联络员,410804,,,2026-01-01,\n\
         zhou,周杰,责任单位联络员,410804,,,2026-01-01,\n\
         wu,吴敏,网格员,410804/009,,,,2026-01-01\n"
    );
    let shown = preview(&office, "users", changed).await;
    assert_eq!(counts(&shown), [0, 1, 0, 4]);
    let codes: Vec<(u64, String)> = faults(&shown).into_iter().map(|(row, _, code)| (row, code)).collect();
    let expected = [
        (3, "assignment_fixed"),
        (4, "cell_not_one_of"),
        (5, "assignment_incomplete"),
        (6, "text_required"),
        (6, "grid_unknown"),
    ];
    assert_eq!(codes, expected.map(|(row, code)| (row, code.to_owned())));

    let ended = format!("{head}lina,李娜娜,网格员,410804/001,,区县,2026-01-01,2026-06-30\n");
    run(&office, "users", ended).await;
    let list = read(office.request(reqwest::Method::GET, "/api/v1/users")).await;
    let lina = list["users"].as_array().unwrap().iter().find(|user| user["username"] == "lina").unwrap();
    assert_eq!((&lina["name"], &lina["assignments"][0]["until"]), (&json!("李娜娜"), &json!("2026-06-30")));
    let id = lina["user_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(review.server.scope_version(id).await, 3, "once for each file that changed the scope");
}
