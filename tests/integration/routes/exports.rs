//! Files: what finance files and maps show, and that nobody gets more by file than by list.

use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::time::Clock;
use tests::field::Occurring as _;
use tests::review::{Review, read};
use tests::{TestOffice, TestRole, problem};

async fn bytes(office: &TestOffice, path: &str) -> Vec<u8> {
    let response = office.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment; filename=\"lantian-"), "{disposition}");
    response.bytes().await.unwrap().to_vec()
}

async fn csv(office: &TestOffice, path: &str) -> Vec<String> {
    let text = String::from_utf8(bytes(office, path).await).unwrap();
    text.strip_prefix('\u{FEFF}').unwrap().lines().map(str::to_owned).collect()
}

async fn xlsx(office: &TestOffice, path: &str) -> Range<Data> {
    let mut book = Xlsx::new(Cursor::new(bytes(office, path).await)).unwrap();
    book.worksheet_range_at(0).unwrap().unwrap()
}

fn row(range: &Range<Data>, number: usize) -> Vec<String> {
    range.rows().nth(number).unwrap().iter().map(Data::to_string).collect()
}

fn column(range: &Range<Data>, header: &str) -> usize {
    row(range, 2).iter().position(|name| name == header).unwrap_or_else(|| panic!("no column {header}"))
}

/// A case of the eastern street confirmed, 200,000 yuan; one of the western, 100,000 yuan, under review.
async fn two_cases() -> Review {
    let review = Review::start().await;
    let posted = review.case(&["hoarding", "material_cover"]).await;
    review.decide(posted, "confirm").await;
    let site = review.western_site("站前工地").await;
    review.push(&review.visit_to(&site, &["hoarding"])).await;
    review
}

#[tokio::test]
async fn totals_are_filed_with_title_office_clause_figures_words_and_signatures() {
    let review = two_cases().await;

    let sheet = xlsx(&review.finance, "/api/v1/months/2026-11/totals.xlsx").await;

    assert_eq!(row(&sheet, 0)[0], "大气污染防治扣缴资金月度汇总表");
    let below = &row(&sheet, 1)[0];
    assert_eq!(below, "测试区    账期：2026年11月（未结账）    制表单位：住建局    金额单位：元");
    let (unit, clause) = (column(&sheet, "责任单位"), column(&sheet, "依据条款"));
    let posted = column(&sheet, "已扣缴金额（元）");
    let east = row(&sheet, 3);
    assert_eq!((east[unit].as_str(), east[posted].as_str()), ("东街道", "200000"));
    assert!(east[clause].contains("马政〔2024〕5号"), "{east:?}");
    assert_eq!(row(&sheet, 5)[posted], "200000");
    assert_eq!(row(&sheet, 6)[0], "合计金额（大写）：人民币贰拾万元整");
    assert!(row(&sheet, 7)[0].starts_with("经办：___"));
}

#[tokio::test]
async fn totals_name_the_clauses_of_what_would_post_there_and_not_of_other_months() {
    let review = Review::start().await;
    review.case_at(&["hoarding"], "2026-10-15T02:00:00Z").await;
    let newer = review
        .new_version("number = \"马政〔2024〕5号\"", "number = \"马政〔2026〕9号\"", date(2026, 11, 1))
        .await;
    let mut november = review.visit(&["hoarding"]).await;
    november.context.pack = Some(newer.reference());
    review.push(&november).await;

    let october = csv(&review.finance, "/api/v1/months/2026-10/totals.csv").await.join("\n");
    let november = csv(&review.finance, "/api/v1/months/2026-11/totals.csv").await.join("\n");

    assert!(october.contains("马政〔2024〕5号") && !october.contains("马政〔2026〕9号"), "{october}");
    assert!(november.contains("马政〔2026〕9号") && !november.contains("马政〔2024〕5号"), "{november}");
}

#[tokio::test]
async fn entries_of_a_month_are_filed_with_what_each_follows_from() {
    let review = two_cases().await;

    let sheet = xlsx(&review.finance, "/api/v1/months/2026-11/entries.xlsx").await;
    let lines = csv(&review.finance, "/api/v1/months/2026-11/entries.csv?lang=en").await;
    let other_month = csv(&review.finance, "/api/v1/months/2026-10/entries.csv").await;

    let entry = row(&sheet, 3);
    let cell = |header: &str| entry[column(&sheet, header)].clone();
    assert_eq!(
        (cell("分录号"), cell("分录类别"), cell("责任单位")),
        ("1".into(), "扣缴".into(), "东街道".into())
    );
    assert_eq!((cell("扣缴项"), cell("金额（元）")), ("周边硬质密闭围挡".into(), "100000".into()));
    assert_eq!((cell("决定人"), cell("理由")), ("zhang".into(), "现场复核".into()));
    assert_eq!(row(&sheet, 6)[0], "合计金额（大写）：人民币贰拾万元整");
    assert_eq!(lines.len(), 4, "header, two entries, total: {lines:?}");
    assert!(lines[0].starts_with("entry,kind,posted at,") && lines[1].contains("Hard closed hoarding"));
    assert_eq!(other_month.len(), 2, "header and a total of nothing: {other_month:?}");
}

#[tokio::test]
async fn cases_are_exported_by_the_filters_and_in_the_order_of_the_list() {
    let review = two_cases().await;
    let site = review.western_site("河西工地").await;
    let mut later = review.visit_to(&site, &["hoarding"]);
    later.occurs_at(later.occurred_at.plus_seconds(60));
    review.push(&later).await;
    let places = async |query: &str| -> Vec<String> {
        let sheet = xlsx(&review.supervisor, &format!("/api/v1/cases.xlsx?{query}")).await;
        let (place, end) = (column(&sheet, "地点或对象"), sheet.height() - 3);
        (3..end).map(|number| row(&sheet, number)[place].clone()).collect()
    };

    assert_eq!(places("state=under_review").await, ["河西工地", "站前工地"]);
    assert_eq!(places("state=under_review&sort=oldest").await, ["站前工地", "河西工地"]);
    assert_eq!(places("text=站前").await, ["站前工地"]);
    assert_eq!(places("grid=410804/001").await, ["东环路安置房工地"]);

    let lines = csv(&review.supervisor, "/api/v1/cases.csv?state=confirmed").await;
    let line = &lines[1];
    assert!(line.contains("施工工地") && line.contains("区县级") && line.contains("已认定"), "{line}");
    assert!(line.contains(",0.00,200000.00,现场复核") && lines[2].contains(",0.00,200000.00,"), "{lines:?}");
}

#[tokio::test]
async fn nobody_gets_more_by_file_than_by_list() {
    let review = two_cases().await;
    let liaison = review.office("liaison", TestRole::liaison(review.macun.streets[1])).await;

    for path in ["cases.csv", "months/2026-11/entries.csv", "months/2026-11/totals.csv"] {
        let lines = csv(&liaison, &format!("/api/v1/{path}")).await.join("\n");
        assert!(!lines.contains("东街道"), "{path}: {lines}");
    }
    let map: Value = serde_json::from_slice(&bytes(&liaison, "/api/v1/cases.geojson").await).unwrap();
    assert_eq!(map["features"].as_array().unwrap().len(), 1);
    assert_eq!(csv(&liaison, "/api/v1/cases.csv").await.len(), 3);
}

#[tokio::test]
async fn a_map_shows_cases_where_they_were_seen_and_how_sure_that_is() {
    let review = Review::start().await;
    let mut seen = review.visit(&["hoarding"]).await;
    let fix = Fix {
        point: Point { lon: 113.321, lat: 35.271 },
        accuracy_metres: 12.5,
        fixed_at: review.server.clock.now(),
        provider: "network".to_owned(),
        mock: MockFlag::Unknown,
    };
    seen.fix = Some(fix.clone());
    seen.observed = Some(Point { lon: 113.322, lat: 35.272 });
    review.push(&seen).await;
    let mut nowhere = review.visit(&["hoarding"]).await;
    nowhere.fix = None;
    nowhere.context.target = None;
    nowhere.place = "东环路口".to_owned();
    nowhere.occurs_at(nowhere.occurred_at.plus_seconds(-60));
    review.push(&nowhere).await;
    let site = review.server.site(&review.macun, "001/001").await;
    let mut across_the_street = review.visit_to(&site, &["hoarding"]);
    across_the_street.fix = Some(fix);
    across_the_street.occurs_at(across_the_street.occurred_at.plus_seconds(-120));
    review.push(&across_the_street).await;

    let map: Value =
        serde_json::from_slice(&bytes(&review.supervisor, "/api/v1/cases.geojson").await).unwrap();

    assert_eq!((&map["type"], &map["datum"]), (&json!("FeatureCollection"), &json!("WGS-84")));
    let [first, second, third] = map["features"].as_array().unwrap().as_slice() else { panic!("{map}") };
    assert_eq!(first["geometry"], json!({ "type": "Point", "coordinates": [113.322, 35.272] }));
    let told = &first["properties"];
    assert_eq!((&told["place_source"], &told["fix"]), (&json!("observed"), &json!([113.321, 35.271])));
    assert_eq!((&told["accuracy_metres"], &told["provider"]), (&json!(12.5), &json!("network")));
    assert_eq!((&told["mock"], &told["amount_yuan"]), (&json!("unknown"), &json!("100000.00")));
    assert_eq!(first["id"], told["case_id"]);
    assert_eq!((&second["geometry"], &second["properties"]["place_source"]), (&Value::Null, &json!("none")));
    let Point { lon, lat } = site.content.point;
    assert_eq!(
        third["geometry"]["coordinates"],
        json!([lon, lat]),
        "the site, not where the inspector stood"
    );
    assert_eq!(third["properties"]["place_source"], "target");
    assert_eq!(third["properties"]["fix"], json!([113.321, 35.271]));
}

#[tokio::test]
async fn a_map_shows_the_register_at_its_points_within_the_callers_reach() {
    let review = Review::start().await;
    let eastern = review.server.site(&review.macun, "001/001").await.content;
    review.western_site("站前工地").await;
    let liaison = review.office("liaison", TestRole::liaison(review.macun.streets[1])).await;
    let map = async |office: &TestOffice, query: &str| -> Value {
        let path = format!("/api/v1/targets.geojson{query}");
        serde_json::from_slice(&bytes(office, &path).await).unwrap()
    };

    let found = map(&review.supervisor, "?grid=410804/001").await;
    let [feature] = found["features"].as_array().unwrap().as_slice() else { panic!("{found}") };
    assert_eq!((&found["datum"], &feature["id"]), (&json!("WGS-84"), &json!(eastern.target_id)));
    let Point { lon, lat } = eastern.point;
    assert_eq!(feature["geometry"], json!({ "type": "Point", "coordinates": [lon, lat] }));
    assert_eq!(feature["properties"]["kind"], "construction_site");
    assert_eq!(map(&review.supervisor, "").await["features"].as_array().unwrap().len(), 2);

    let own = map(&liaison, "").await;
    let [feature] = own["features"].as_array().unwrap().as_slice() else { panic!("{own}") };
    assert_eq!(feature["properties"]["name"], "站前工地");
}

#[tokio::test]
async fn a_file_has_no_pages_and_no_other_languages() {
    let review = Review::start().await;
    for (query, field) in
        [("cursor=abc", "cursor"), ("limit=10", "limit"), ("lang=fr", "lang"), ("state=x", "state")]
    {
        for path in ["cases.csv", "cases.xlsx", "cases.geojson"] {
            let request = review.supervisor.request(Method::GET, &format!("/api/v1/{path}?{query}"));
            let problem = problem(request.send().await.unwrap()).await;
            assert_eq!((problem.code.as_str(), problem.field.as_deref()), ("malformed_request", Some(field)));
        }
    }
    let paged = review.supervisor.request(Method::GET, "/api/v1/targets.geojson?limit=1");
    assert_eq!(problem(paged.send().await.unwrap()).await.field.as_deref(), Some("limit"));
    let fault =
        review.finance.request(Method::GET, "/api/v1/months/2026-13/entries.xlsx").send().await.unwrap();
    assert_eq!(problem(fault).await.field.as_deref(), Some("month"));
    assert_eq!(read(review.supervisor.request(Method::GET, "/api/v1/cases")).await["cases"], json!([]));
}
