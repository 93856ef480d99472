//! Printed pages: what they say, that they need nothing but themselves, and who gets them.
#![allow(clippy::string_slice, reason = "a test cuts pages at marks that it found")]

use std::collections::HashSet;

use image::metadata::Orientation;
use jiff::civil::date;
use reqwest::Method;
use server::photos::photo_store::PhotoObject;
use sync_core::geo::Point;
use sync_core::ids::CaseId;
use sync_core::model::inspection::{Inspection, Measurement, SiteRepresentative};
use sync_core::time::Clock;
use tests::field::Occurring as _;
use tests::review::{Review, decision, read};
use tests::scene::{SceneExif, SceneKind, scene};
use tests::{TestOffice, TestRole, problem};

/// A page, with what differs from run to run taken out: codes, short numbers, hashes.
async fn page(office: &TestOffice, path: &str) -> String {
    let response = office.request(Method::GET, &format!("/api/v1/prints/{path}")).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let headers = response.headers().clone();
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; img-src data:; style-src 'sha256-"), "{policy}");
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-store");
    response.text().await.unwrap()
}

/// The page without its style and its code, and these texts called by name.
fn stable(html: &str, names: &[(&str, &str)]) -> String {
    let mut text = without(html, "<style>", "</style>");
    text = without(&text, "<svg", "</svg>");
    for (value, name) in names {
        text = text.replace(value, name);
    }
    text
}

fn without(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |kept, part| format!("{kept}{from}…{}", &part[part.find(to).unwrap()..]))
}

fn short(id: &str) -> String {
    let digits = id.replace('-', "").to_uppercase();
    let last = &digits[digits.len() - 12..];
    format!("{}-{}-{}", &last[..4], &last[4..8], &last[8..])
}

fn notice(review: &Review, street: usize) -> String {
    format!("months/2026-11/units/{}/deduction-notice", review.macun.streets[street])
}

/// Two cases of the eastern street, posted: one of two measures, one at a spot that tries to be markup.
async fn posted() -> (Review, [CaseId; 2]) {
    let review = Review::start().await;
    let first = review.case(&["hoarding", "material_cover"]).await;
    let site = review.server.site(&review.macun, "001/002").await;
    review
        .server
        .execute(&format!(
            "UPDATE targets SET name = '<script>alert(1)</script> & 工地' WHERE target_id = '{}'",
            site.content.target_id
        ))
        .await
        .unwrap();
    let mut visit = review.visit_to(&site, &["vehicle_washing"]);
    visit.occurs_at(visit.occurred_at.plus_seconds(60));
    let second = review.push(&visit).await;
    for case in [first, second] {
        review.decide(case, "confirm").await;
    }
    (review, [first, second])
}

#[tokio::test]
async fn a_deduction_notice_lists_what_is_posted_net_and_is_a_draft_until_the_month_is_closed() {
    let (review, [first, second]) = posted().await;

    let html = page(&review.finance, &notice(&review, 0)).await;

    let (first, second) = (short(&first.to_string()), short(&second.to_string()));
    insta::assert_snapshot!(
        "deduction_notice",
        stable(&html, &[(&first, "[案件一]"), (&second, "[案件二]")])
    );
    assert!(html.contains("人民币叁拾万元整") && html.contains("未结账"));

    review.server.clock.set("2026-12-05T02:00:00Z".parse().unwrap());
    review.server.extend_sessions().await;
    review.close(date(2026, 11, 1)).await;
    let html = page(&review.finance, &notice(&review, 0)).await;
    assert!(!html.contains("未结账") && !html.contains("草稿"));
}

/// Everything that a closed month names gets another name, number, time or place.
async fn rename_everything(review: &Review) {
    for statement in [
        "UPDATE units SET name = name || '（更名）', budget_code = '9' || budget_code",
        "UPDATE grids SET name = name || '（更名）'",
        "UPDATE districts SET name = name || '（更名）'",
        "UPDATE users SET name = name || '（更名）'",
        "UPDATE targets SET name = name || '（更名）'",
        "UPDATE cases SET occurred_at = occurred_at - interval '1 day',
                evaluation = jsonb_set(evaluation, '{zh}', '\"更名\"')",
    ] {
        review.server.execute(statement).await.unwrap();
    }
}

#[tokio::test]
async fn papers_of_a_closed_month_are_the_same_bytes_whatever_is_renamed_and_whenever_they_are_printed() {
    let (review, _) = posted().await;
    let east = review.office("east", TestRole::liaison(review.macun.streets[0])).await;
    review.server.clock.set("2026-12-05T02:00:00Z".parse().unwrap());
    review.server.extend_sessions().await;
    review.close(date(2026, 11, 1)).await;
    let papers = async || {
        let mut papers = vec![
            page(&review.finance, &notice(&review, 0)).await.into_bytes(),
            page(&east, &format!("{}?lang=en", notice(&review, 0))).await.into_bytes(),
        ];
        for file in ["totals.csv", "totals.xlsx", "entries.csv", "entries.xlsx?lang=en"] {
            let path = format!("/api/v1/months/2026-11/{file}");
            let response = east.request(Method::GET, &path).send().await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            papers.push(response.bytes().await.unwrap().to_vec());
        }
        papers
    };
    let year = async || read(review.finance.request(Method::GET, "/api/v1/years/2026/totals")).await;
    let (printed, kept) = (papers().await, year().await);
    let html = String::from_utf8(printed[0].clone()).unwrap();
    assert!(html.contains("2026年12月5日"), "the day of closing: {html}");

    rename_everything(&review).await;
    review.server.clock.set("2026-12-20T02:00:00Z".parse().unwrap());
    review.server.extend_sessions().await;

    for (number, (first, again)) in printed.iter().zip(papers().await).enumerate() {
        let text = String::from_utf8_lossy(&again);
        assert!(*first == again, "paper {number} changed: {text}");
    }
    assert_eq!(year().await, kept);
}

#[tokio::test]
async fn a_case_that_nets_to_nothing_is_not_on_the_notice() {
    let (review, [first, _]) = posted().await;
    review.decide_by_two(first, &decision("dismiss", 2)).await;

    let html = page(&review.finance, &notice(&review, 0)).await;

    assert!(!html.contains(&short(&first.to_string())));
    assert!(html.contains("人民币壹拾万元整") && !html.contains("叁拾万"));
}

#[tokio::test]
async fn a_page_is_in_english_where_that_is_asked_for() {
    let (review, [first, _]) = posted().await;
    let paths = [
        notice(&review, 0),
        format!("cases/{first}/rectification-order"),
        format!("cases/{first}/inspection-record"),
    ];
    for (path, title) in
        paths.iter().zip(["Notice of fiscal deduction", "Rectification order", "On-site inspection record"])
    {
        let html = page(&review.supervisor, &format!("{path}?lang=en")).await;
        assert!(html.contains("<html lang=\"en\">") && html.contains(title), "{path}");
        assert!(html.contains("Hard closed hoarding all round"), "{path}: {html}");
    }
}

#[tokio::test]
async fn what_people_wrote_is_text_and_never_markup() {
    let (review, [_, second]) = posted().await;
    let paths = [
        notice(&review, 0),
        format!("cases/{second}/rectification-order"),
        format!("cases/{second}/inspection-record"),
    ];
    for path in paths {
        let html = page(&review.supervisor, &path).await;
        assert!(html.contains("&#60;script&#62;alert(1)&#60;/script&#62; &#38; 工地"), "{path}: {html}");
        assert!(!html.contains("<script"), "{path}");
        for outside in ["http://", "https://", "src=\"/", "href="] {
            let body = without(&html, "<svg", "</svg>");
            assert!(!body.contains(outside), "{path} asks for {outside}");
        }
    }
}

/// What a camera reads from the page's first code: each `M<x>,<y>h1v1h-1` of the SVG's path is a dark square.
fn read_by_camera(html: &str) -> String {
    /// Pixels of a square's side in the camera's picture.
    const SQUARE: usize = 8;
    let svg = &html[html.find("<svg").unwrap()..];
    let side: usize =
        svg.split("viewBox=\"").nth(1).unwrap().split(['"', ' ']).nth(2).unwrap().parse().unwrap();
    let path = svg.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
    let dark: HashSet<(usize, usize)> = path
        .split('M')
        .filter_map(|square| square.strip_suffix("h1v1h-1"))
        .map(|corner| corner.split_once(',').unwrap())
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect();
    let mut seen = rqrr::PreparedImage::prepare_from_greyscale(side * SQUARE, side * SQUARE, |x, y| {
        if dark.contains(&(x / SQUARE, y / SQUARE)) { 0 } else { 255 }
    });
    seen.detect_grids().first().unwrap().decode().unwrap().1
}

#[tokio::test]
async fn a_camera_finds_its_way_from_a_page_to_the_case_and_from_a_notice_to_each_of_its_cases() {
    let (review, [first, second]) = posted().await;
    let (notice, case) = (notice(&review, 0), format!("/cases/{first}"));
    let html = page(&review.supervisor, &notice).await;
    let unit = review.macun.streets[0];
    let codes: Vec<String> = html.match_indices("<svg").map(|(at, _)| read_by_camera(&html[at..])).collect();
    let screens = [format!("/notices/2026-11/{unit}"), case.clone(), format!("/cases/{second}")];
    assert_eq!(codes, screens.map(|path| format!("{}{path}", review.server.url)));
    let pages = [
        (format!("cases/{first}/rectification-order"), case.clone()),
        (format!("cases/{first}/inspection-record"), case),
    ];
    for (path, leads_to) in pages {
        let html = page(&review.supervisor, &path).await;
        assert_eq!(read_by_camera(&html), format!("{}{leads_to}", review.server.url));
    }
}

async fn detailed(review: &Review) -> Inspection {
    let mut visit = review.visit(&["hoarding", "material_cover"]).await;
    visit.answers[0].note = "北侧约 40 米无围挡".to_owned();
    visit.fix.as_mut().unwrap().point = Point { lon: 113.32, lat: 35.27 };
    visit.observed = Some(Point { lon: 113.3205, lat: 35.2703 });
    visit.notes = "土方作业中，现场未见雾炮。".to_owned();
    visit.second_inspector = Some("赵某某".to_owned());
    visit.site_representative = SiteRepresentative::Refused { note: "称须请示总包".to_owned() };
    visit.measurements = vec![Measurement { code: "pm10".parse().unwrap(), value: 312.5 }];
    visit
}

#[tokio::test]
async fn an_inspection_record_says_all_that_was_seen_and_who_signs() {
    let review = Review::start().await;
    let visit = detailed(&review).await;
    let case = review.push(&visit).await;
    let exif = SceneExif {
        taken_at: review.server.clock.now(),
        point: None,
        orientation: Orientation::NoTransforms,
    };
    let stamped = scene(SceneKind::ConstructionSite, 1, &exif);
    let object = PhotoObject::Stamped(visit.inspection_id, 0);
    review.server.state.photos.store.put_copy(&review.macun.code, object, stamped).await.unwrap();
    let made = "UPDATE inspection_photos SET stamped_at = now() WHERE ordinal = 0";
    review.server.execute(made).await.unwrap();

    let html = page(&review.supervisor, &format!("cases/{case}/inspection-record")).await;

    let picture = "data:image/jpeg;base64,";
    assert!(html.contains(picture) && html.matches("<figure>").count() == 2);
    let number = short(&visit.inspection_id.to_string());
    let code = review.show(case).await["target_code"].as_str().unwrap().to_owned();
    let shown = without(&html, picture, "\" alt");
    let [one, two] = [0, 1].map(|photo: usize| visit.photos[photo].sha256.to_string());
    let names = [(number.as_str(), "[检查]"), (&code, "[编号]"), (&one, "[照片一]"), (&two, "[照片二]")];
    insta::assert_snapshot!("inspection_record", stable(&shown, &names));
}

#[tokio::test]
async fn a_rectification_order_says_what_was_wrong_and_leaves_room_for_the_report() {
    let review = Review::start().await;
    let case = review.push(&detailed(&review).await).await;

    let html = page(&review.supervisor, &format!("cases/{case}/rectification-order")).await;

    let number = short(&case.to_string());
    let code = review.show(case).await["target_code"].as_str().unwrap().to_owned();
    insta::assert_snapshot!("rectification_order", stable(&html, &[(&number, "[案件]"), (&code, "[编号]")]));
}

#[tokio::test]
async fn an_order_that_was_given_says_what_is_required_until_when() {
    let review = Review::start().await;
    let case = review.ordered(2).await;

    let html = page(&review.supervisor, &format!("cases/{case}/rectification-order")).await;

    assert!(html.contains("第 1 次交办") && html.contains("补齐围挡"), "{html}");
    assert!(html.contains("整改期限：<b>2026-11-24 18:00:00</b>"), "{html}");
    assert!(html.contains("交办时间：2026-11-"), "{html}");
    let (day, printed) = (review.server.clock.now().record_date(), html);
    review.server.clock.advance_seconds(3 * 86_400);
    review.server.extend_sessions().await;
    assert_eq!(
        page(&review.supervisor, &format!("cases/{case}/rectification-order")).await,
        printed,
        "of {day}"
    );
}

#[tokio::test]
async fn nobody_gets_the_pages_of_others() {
    let (review, [first, _]) = posted().await;
    let west = review.office("west", TestRole::liaison(review.macun.streets[1])).await;
    let east = review.office("east", TestRole::liaison(review.macun.streets[0])).await;
    page(&east, &notice(&review, 0)).await;
    page(&east, &format!("cases/{first}/rectification-order")).await;

    let refused = async |office: &TestOffice, path: &str| {
        let response = office.request(Method::GET, &format!("/api/v1/prints/{path}")).send().await.unwrap();
        problem(response).await.code.to_string()
    };
    assert_eq!(refused(&west, &notice(&review, 0)).await, "not_found");
    assert_eq!(refused(&west, &notice(&review, 1)).await, "not_found", "nothing is posted");
    for page in ["rectification-order", "inspection-record"] {
        assert_eq!(refused(&west, &format!("cases/{first}/{page}")).await, "case_unknown");
    }
    let other = notice(&review, 0).replace("2026-11", "2026-10");
    assert_eq!(refused(&review.finance, &other).await, "not_found");
    assert_eq!(refused(&review.finance, "months/2026-11/units/x/deduction-notice").await, "not_found");
}
