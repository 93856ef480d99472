//! The list of cases: what is seen, found, ordered and counted.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use server::db::schema::cases;
use server::services::list_cases::CaseFilter;
use sync_core::ids::CaseId;
use tests::review::{Review, decision, read};
use tests::{TestOffice, TestRole, problem};

/// Parameters of a query string.
type Parameters<'a> = &'a [(&'a str, &'a str)];

async fn list(office: &TestOffice, query: Parameters<'_>) -> Value {
    read(office.request(Method::GET, "/api/v1/cases").query(query)).await
}

fn ids(list: &Value) -> Vec<String> {
    let cases = list["cases"].as_array().unwrap();
    cases.iter().map(|case| case["case_id"].as_str().unwrap().to_owned()).collect()
}

fn sorted(cases: &[CaseId]) -> Vec<String> {
    let mut ids: Vec<_> = cases.iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

/// The ids that a query finds, sorted.
async fn found(review: &Review, query: Parameters<'_>) -> Vec<String> {
    let mut ids = ids(&list(&review.supervisor, query).await);
    ids.sort();
    ids
}

#[tokio::test]
async fn each_filter_finds_its_cases_and_no_others() {
    let review = Review::start().await;
    let east = review.case_at(&["hoarding"], "2026-10-31T15:59:59Z").await;
    let site = review.western_site("太行山水泥堆料场").await;
    let mut doubtful = review.visit_to(&site, &["hoarding"]);
    doubtful.fix = None;
    let west = review.push(&doubtful).await;
    review.decide(east, "return").await;
    let unit = review.macun.streets[1].to_string();
    let target = site.content.target_id.to_string();
    let author = review.device.user.user_id.to_string();
    let nobody = review.supervisor.user.user_id.to_string();

    let table: [(Parameters<'_>, &[CaseId]); 28] = [
        (&[], &[east, west]),
        (&[("unit", &unit)], &[west]),
        (&[("grid", "410804/001")], &[east]),
        (&[("grid", "410804/002/001")], &[west]),
        (&[("grid", "410804")], &[east, west]),
        (&[("item", "site_dust")], &[east, west]),
        (&[("item", "muck_truck")], &[]),
        (&[("kind", "stockpile")], &[]),
        (&[("state", "returned")], &[east]),
        (&[("state", "returned,under_review")], &[east, west]),
        (&[("from", "2026-11-01")], &[west]),
        (&[("to", "2026-10-31")], &[east]),
        (&[("from", "2026-10-31"), ("to", "2026-10-31")], &[east]),
        (&[("author", &author)], &[east, west]),
        (&[("author", &nobody)], &[]),
        (&[("level", "district")], &[east, west]),
        (&[("level", "provincial")], &[]),
        (&[("target", &target)], &[west]),
        (&[("target", &nobody)], &[]),
        (&[("rectification", "none,assigned")], &[east, west]),
        (&[("rectification", "closed")], &[]),
        (&[("duplicate", "true")], &[]),
        (&[("duplicate", "false")], &[east, west]),
        (&[("proposed", "true")], &[]),
        (&[("proposed", "false")], &[east, west]),
        (&[("flagged", "true")], &[west]),
        (&[("flagged", "false")], &[east]),
        (&[("unit", &unit), ("state", "returned")], &[]),
    ];
    for (query, expected) in table {
        assert_eq!(found(&review, query).await, sorted(expected), "{query:?}");
    }
}

#[tokio::test]
async fn cases_that_wait_for_a_second_person_or_for_a_word_on_duplicates_are_found() {
    let review = Review::start().await;
    let posted = review.case(&["hoarding"]).await;
    review.decide(posted, "confirm").await;
    review.propose(posted, &decision("dismiss", 2)).await;
    let site = review.western_site("太行山水泥堆料场").await;
    let one = review.push(&review.visit_to(&site, &["hoarding"])).await;
    let same = review.push(&review.visit_to(&site, &["hoarding"])).await;

    assert_eq!(found(&review, &[("proposed", "true")]).await, sorted(&[posted]));
    assert_eq!(found(&review, &[("duplicate", "true")]).await, sorted(&[one, same]));
}

#[tokio::test]
async fn words_are_found_in_name_number_address_notes_and_item_and_only_where_they_stand_together() {
    let review = Review::start().await;
    let east = review.case(&["hoarding"]).await;
    let site = review.western_site("太行山水泥堆料场").await;
    let mut noted = review.visit_to(&site, &["hoarding"]);
    noted.notes = "北门外约200米，ＰＭ10偏高".to_owned();
    let west = review.push(&noted).await;

    let table: [(&str, &[CaseId]); 12] = [
        ("太行", &[west]),
        ("水", &[west]),
        ("水泥堆", &[west]),
        ("山水 北门", &[west]),
        ("pm10", &[west]),
        ("安置房", &[east]),
        ("东环", &[east, west]),
        ("工地", &[east, west]),
        ("山泥", &[]),
        ("水泥山", &[]),
        ("泥堆料场太行", &[]),
        ("  ", &[east, west]),
    ];
    for (text, expected) in table {
        assert_eq!(found(&review, &[("text", text)]).await, sorted(expected), "{text}");
    }
}

/// `EXPLAIN` of a query.
struct Explain<T>(T);

impl<T: QueryFragment<Pg>> QueryFragment<Pg> for Explain<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("EXPLAIN ");
        self.0.walk_ast(out.reborrow())
    }
}

impl<T> QueryId for Explain<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> Query for Explain<T> {
    type SqlType = Text;
}

#[tokio::test]
async fn two_chinese_characters_are_found_through_the_index_of_grams() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let mut connection = review.server.connection().await;
    let columns = "lineage, inspection_id, kind, author, target_id, grid, unit_id, level, occurred_at, \
                   occurred_month, pack_id, pack_hash, review_state, evaluation, created_at, updated_at";
    let others = format!(
        "INSERT INTO cases (district, case_id, item, search_text, search_grams, {columns})
         SELECT district, gen_random_uuid(), 'item_' || number, '其他', ARRAY['其', '他', '其他'], {columns}
         FROM cases, generate_series(1, 5000) AS number WHERE case_id = '{case}';
         ANALYZE cases"
    );
    connection.batch_execute(&others).await.unwrap();

    let filter = CaseFilter { text: Some("东环".to_owned()), ..CaseFilter::default() };
    let query = cases::table
        .filter(cases::district.eq(review.macun.code.as_str()))
        .filter(filter.condition())
        .order((cases::occurred_at.desc(), cases::case_id))
        .limit(51)
        .select(cases::case_id);
    let plan: Vec<String> = Explain(query).load(&mut connection).await.unwrap();

    assert!(plan.iter().any(|line| line.contains("cases_search_idx")), "{plan:#?}");
    assert_eq!(found(&review, &[("text", "东环")]).await, [case.to_string()]);
}

#[tokio::test]
async fn pages_of_every_size_give_every_case_once_in_order() {
    let review = Review::start().await;
    let mut cases = Vec::new();
    let two: &[&str] = &["hoarding", "material_cover"];
    for (occurred_at, failed) in [
        ("2026-11-20T01:00:00Z", &[two, &["vehicle_washing"]].concat()[..]),
        ("2026-11-21T01:00:00Z", two),
        ("2026-11-21T01:00:00Z", two),
        ("2026-11-22T01:00:00Z", &["hoarding"]),
    ] {
        cases.push(review.case_at(failed, occurred_at).await);
    }
    // What was posted counts like what is pending; what was dismissed counts nothing.
    review.decide(cases[3], "dismiss").await;
    review.decide(cases[0], "confirm").await;
    for (sort, first, last) in [
        ("newest", cases[3], cases[0]),
        ("oldest", cases[0], cases[3]),
        ("largest", cases[0], cases[3]),
        ("smallest", cases[3], cases[0]),
    ] {
        let whole = ids(&list(&review.supervisor, &[("sort", sort)]).await);
        assert_eq!((&whole[0], &whole[3]), (&first.to_string(), &last.to_string()), "{sort}");
        for limit in ["1", "2", "3", "4", "5"] {
            let mut walked = Vec::new();
            let mut cursor = String::new();
            loop {
                let query = [("sort", sort), ("limit", limit), ("cursor", &cursor)];
                let page = list(&review.supervisor, &query).await;
                walked.extend(ids(&page));
                match page["next"].as_str() {
                    Some(next) => cursor = next.to_owned(),
                    None => break,
                }
            }
            assert_eq!(walked, whole, "{sort} by {limit}");
        }
    }
}

#[tokio::test]
async fn a_case_that_appears_meanwhile_shifts_no_page() {
    let review = Review::start().await;
    let old = review.case_at(&["hoarding"], "2026-11-20T01:00:00Z").await;
    let new = review.case_at(&["hoarding"], "2026-11-21T01:00:00Z").await;

    let first = list(&review.supervisor, &[("limit", "1")]).await;
    review.case_at(&["hoarding"], "2026-11-22T01:00:00Z").await;
    let second =
        list(&review.supervisor, &[("limit", "1"), ("cursor", first["next"].as_str().unwrap())]).await;

    assert_eq!((ids(&first), ids(&second)), (vec![new.to_string()], vec![old.to_string()]));
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn a_month_of_account_has_what_was_posted_to_it_and_what_would_be() {
    let review = Review::start().await;
    let september = review.case_at(&["hoarding"], "2026-09-20T01:00:00Z").await;
    let october = review.case_at(&["hoarding"], "2026-10-20T01:00:00Z").await;
    let returned = review.case_at(&["hoarding"], "2026-11-20T01:00:00Z").await;
    review.decide(september, "confirm").await;
    review.close(date(2026, 9, 1)).await;
    let late = review.case_at(&["hoarding"], "2026-09-21T01:00:00Z").await;

    assert_eq!(found(&review, &[("month", "2026-09")]).await, sorted(&[september]));
    assert_eq!(found(&review, &[("month", "2026-10")]).await, sorted(&[october, late]));
    assert_eq!(found(&review, &[("month", "2026-11")]).await, sorted(&[returned]));
    assert_eq!(found(&review, &[("month", "2026-12")]).await, sorted(&[]));
}

#[tokio::test]
async fn cases_past_their_deadline_and_cases_under_appeal_are_found() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let quiet = review.case(&["hoarding"]).await;
    let late = review.ordered(1).await;
    let appealed = review.charged(&["hoarding"]).await;
    review.appeal(&liaison, appealed).await;

    assert_eq!(found(&review, &[("overdue", "true")]).await, sorted(&[]));
    assert_eq!(found(&review, &[("appealed", "true")]).await, sorted(&[appealed]));
    assert_eq!(found(&review, &[("appealed", "false")]).await, sorted(&[quiet, late]));
    review.travel("2026-11-25T10:00:01Z").await;
    assert_eq!(found(&review, &[("overdue", "true")]).await, sorted(&[late]));
    assert_eq!(found(&review, &[("overdue", "false")]).await, sorted(&[quiet, appealed]));
}

async fn neighbours(office: &TestOffice, case: CaseId, query: Parameters<'_>) -> Value {
    read(office.request(Method::GET, &format!("/api/v1/cases/{case}/neighbours")).query(query)).await
}

#[tokio::test]
async fn a_queue_goes_on_behind_a_case_that_has_left_it() {
    let review = Review::start().await;
    let mut cases = Vec::new();
    for (day, failed) in
        [("20", &["hoarding"][..]), ("21", &["hoarding", "material_cover"]), ("22", &["hoarding"])]
    {
        cases.push(review.case_at(failed, &format!("2026-11-{day}T01:00:00Z")).await);
    }
    let queue = [("state", "under_review")];
    let office = &review.supervisor;
    assert_eq!(neighbours(office, cases[1], &queue).await, json!({ "previous": cases[2], "next": cases[0] }));
    let oldest = [("state", "under_review"), ("sort", "oldest")];
    assert_eq!(
        neighbours(office, cases[1], &oldest).await,
        json!({ "previous": cases[0], "next": cases[2] })
    );
    let largest = [("state", "under_review"), ("sort", "largest")];
    let behind = neighbours(office, cases[1], &largest).await;
    assert_eq!((&behind["previous"], behind["next"].is_string()), (&Value::Null, true));

    review.decide(cases[1], "return").await;
    assert_eq!(neighbours(office, cases[1], &queue).await, json!({ "previous": cases[2], "next": cases[0] }));
    assert_eq!(neighbours(office, cases[0], &queue).await, json!({ "previous": cases[2], "next": null }));
    let elsewhere = [("state", "under_review"), ("grid", "410804/002")];
    assert_eq!(neighbours(office, cases[0], &elsewhere).await, json!({ "previous": null, "next": null }));

    let stranger = review.office("west", TestRole::supervisor("002")).await;
    let path = format!("/api/v1/cases/{}/neighbours", cases[0]);
    let refused = problem(stranger.request(Method::GET, &path).send().await.unwrap()).await;
    assert_eq!(refused.code.as_str(), "case_unknown");
}

#[tokio::test]
async fn counts_are_those_of_the_filters_whatever_states_are_asked_for() {
    let review = Review::start().await;
    let returned = review.case(&["hoarding"]).await;
    review.case(&["hoarding"]).await;
    review.case(&["hoarding"]).await;
    review.decide(returned, "return").await;

    let all =
        json!([{ "review_state": "returned", "cases": 1 }, { "review_state": "under_review", "cases": 2 }]);
    assert_eq!(list(&review.supervisor, &[]).await["counts"], all);
    assert_eq!(list(&review.supervisor, &[("state", "returned"), ("limit", "1")]).await["counts"], all);
    assert_eq!(list(&review.supervisor, &[("grid", "410804/002")]).await["counts"], json!([]));
}

#[tokio::test]
async fn everyone_sees_their_own_cases_and_no_others() {
    let review = Review::start().await;
    let east = review.case(&["hoarding"]).await;
    let site = review.western_site("太行山水泥堆料场").await;
    let west = review.push(&review.visit_to(&site, &["hoarding"])).await;
    let roles: [(&str, TestRole, &[CaseId]); 6] = [
        ("east", TestRole::supervisor("001"), &[east]),
        ("nowhere", TestRole::supervisor("002/003"), &[]),
        ("liaison", TestRole::liaison(review.macun.streets[1]), &[west]),
        ("finance", TestRole::finance(), &[east, west]),
        ("administrator", TestRole::administrator(), &[east, west]),
        ("bureau", TestRole::liaison(review.macun.bureau), &[]),
    ];
    for (name, role, expected) in roles {
        let office = review.office(name, role).await;
        let mut seen = ids(&list(&office, &[]).await);
        seen.sort();
        assert_eq!(seen, sorted(expected), "{name}");
        for case in [east, west] {
            let shown = office.request(Method::GET, &format!("/api/v1/cases/{case}")).send().await.unwrap();
            if expected.contains(&case) {
                assert_eq!(shown.status(), 200, "{name}");
            } else {
                assert_eq!(problem(shown).await.code.as_str(), "case_unknown", "{name}");
            }
        }
    }
    let inspector = review.office("inspector", TestRole::inspector("")).await;
    let refused = inspector.request(Method::GET, "/api/v1/cases").send().await.unwrap();
    assert_eq!(problem(refused).await.code.as_str(), "role_forbidden");
}

#[tokio::test]
async fn a_parameter_that_cannot_be_read_is_named() {
    let review = Review::start().await;
    let long = "长".repeat(201);
    let table = [
        ("unit", "7", "malformed_request"),
        ("grid", "001", "malformed_request"),
        ("grid", "410804/00", "malformed_request"),
        ("item", "Site", "malformed_request"),
        ("state", "confirmed,done", "malformed_request"),
        ("from", "2026-02-30", "malformed_request"),
        ("flagged", "yes", "malformed_request"),
        ("sort", "best", "malformed_request"),
        ("cursor", "x", "malformed_request"),
        ("month", "2026-13", "malformed_request"),
        ("overdue", "late", "malformed_request"),
        ("appealed", "1", "malformed_request"),
        ("limit", "0", "number_out_of_range"),
        ("limit", "201", "number_out_of_range"),
        ("limit", "-1", "malformed_request"),
        ("text", "a\0b", "text_contains_nul"),
        ("text", &long, "text_too_long"),
    ];
    for (name, value, code) in table {
        let request = review.supervisor.request(Method::GET, "/api/v1/cases").query(&[(name, value)]);
        let refused = problem(request.send().await.unwrap()).await;
        assert_eq!((refused.code.as_str(), refused.field.as_deref()), (code, Some(name)), "{name}={value}");
    }
}
