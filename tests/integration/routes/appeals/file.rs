//! Filing and withdrawing: by the charged unit, on what was looked at, once, and in time.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use server::services::plan_appeals::plan_appeals;
use server::state::AppState;
use sync_core::ids::{CaseId, PhotoHash};
use tests::TestRole;
use tests::appeal::appeal_request;
use tests::field::photo_entry;
use tests::review::{Review, accepted, decision, read};

use super::code;

/// The close of the fifth workday after the tests' Sunday, and a second later.
const LAST_MOMENT: [&str; 2] = ["2026-11-27T10:00:00.000Z", "2026-11-27T10:00:01.000Z"];

#[tokio::test]
async fn a_charged_unit_appeals_with_grounds_and_photos_and_all_who_see_the_case_see_it() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    let confirmed = review.decide(case, "confirm").await;
    let shots = [photo_entry(b"work log", &visit)];
    review.verify(&shots).await;
    let mut request = appeal_request(2);
    request["photos"] = json!([shots[0].sha256]);

    let appeal = accepted(liaison.appeal(case, &request).await).await;

    assert_eq!((&appeal["state"], &appeal["grounds"]), (&json!("open"), &request["grounds"]));
    assert_eq!((&appeal["photos"], &appeal["filed_by_name"]), (&request["photos"], &json!("liaison")));
    assert_eq!(appeal["charged_by"], confirmed["decision_no"]);
    assert_eq!(appeal["due_at"], "2026-12-04T10:00:00.000Z", "ten workdays, to the close of the office");
    let shown = review.show(case).await;
    assert_eq!((&shown["appeals"], &shown["version"]), (&json!([appeal]), &json!(3)));
    let neighbour = review.office("neighbour", TestRole::supervisor("002")).await;
    let other = review.office("other", TestRole::liaison(review.macun.streets[1])).await;
    for office in [&review.supervisor, &review.finance, &liaison] {
        assert_eq!(office.appeals("?state=open").await, std::slice::from_ref(&appeal));
    }
    for stranger in [&neighbour, &other] {
        assert!(stranger.appeals("").await.is_empty());
    }
    let actions = review.server.audit_actions().await;
    assert_eq!(actions.last().unwrap(), "appeal_filed");
}

#[tokio::test]
async fn the_time_to_appeal_ends_with_the_fifth_workday_after_the_charge() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let (in_time, late) = (review.charged(&["hoarding"]).await, review.charged(&["hoarding"]).await);
    assert_eq!(review.show(late).await["appealable_until"], LAST_MOMENT[0]);

    review.travel(LAST_MOMENT[0]).await;
    review.appeal(&liaison, in_time).await;
    review.travel(LAST_MOMENT[1]).await;

    assert_eq!(code(liaison.appeal(late, &appeal_request(2)).await).await, "appeal_late");
    assert_eq!(review.show(in_time).await["appealable_until"], Value::Null, "an appeal is open");
}

#[tokio::test]
async fn a_pack_that_states_the_time_is_followed() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let terms = "[appeals]\nclause = \"fiscal_deduction\"\nfiling_workdays = 1\ndecision_workdays = 3\n\n";
    let pack = review.new_version("[charging]\n", &format!("{terms}[charging]\n"), date(2026, 11, 1)).await;
    let mut cases = Vec::new();
    for _ in 0..2 {
        let mut visit = review.visit(&["hoarding"]).await;
        visit.context.pack = Some(pack.reference());
        let case = review.push(&visit).await;
        review.decide(case, "confirm").await;
        cases.push(case);
    }

    let appeal = review.appeal(&liaison, cases[0]).await;
    review.travel("2026-11-23T10:00:01Z").await;

    assert_eq!(appeal["due_at"], "2026-11-25T10:00:00.000Z");
    assert_eq!(code(liaison.appeal(cases[1], &appeal_request(2)).await).await, "appeal_late");
}

/// The server again with a calendar that has this file's year too.
fn with_year(review: &Review, file: &str, text: &str) -> AppState {
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join(file), text).unwrap();
    let mut config = review.server.state.config.clone();
    config.calendar_dir = Some(files.path().to_owned());
    AppState::new(config, review.server.state.pool.clone(), review.server.clock.clone()).unwrap()
}

#[tokio::test]
async fn no_appeal_is_lost_for_a_calendar_without_the_year_and_its_date_is_set_once_the_year_is_there() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let (one, other) = (review.case(&["hoarding"]).await, review.case(&["hoarding"]).await);
    review.travel("2026-12-30T02:00:00Z").await;
    review.decide(one, "confirm").await;
    review.decide(other, "confirm").await;

    // Five workdays from Wednesday by weekdays, and two weeks in which holidays could lie.
    let until = "2027-01-20T10:00:00.000Z";
    assert_eq!(review.show(one).await["appealable_until"], until);
    let appeal = review.appeal(&liaison, one).await;
    assert_eq!(
        (&appeal["due_at"], &appeal["due_assumed"]),
        (&json!("2027-01-13T10:00:00.000Z"), &json!(true))
    );
    assert_eq!(plan_appeals(&review.server.state).await.unwrap(), 0, "the year is still missing");

    let new_year = "year = 2027\nnotice = \"x\"\n[[holidays]]\nzh = \"元旦\"\nfrom = \"2027-01-01\"\nuntil = \"2027-01-01\"\n";
    let restarted = with_year(&review, "cn-2027.toml", new_year);
    assert_eq!(plan_appeals(&restarted).await.unwrap(), 1);
    assert_eq!(plan_appeals(&restarted).await.unwrap(), 0, "once");
    let planned = liaison.appeals("").await.remove(0);
    assert_eq!(
        (&planned["due_at"], &planned["due_assumed"]),
        (&json!("2027-01-14T10:00:00.000Z"), &json!(false))
    );

    review.travel("2027-01-20T10:00:00Z").await;
    review.appeal(&liaison, other).await;
}

#[tokio::test]
async fn even_without_the_year_the_time_to_appeal_ends() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.case(&["hoarding"]).await;
    review.travel("2026-12-30T02:00:00Z").await;
    review.decide(case, "confirm").await;
    review.travel("2027-01-20T10:00:01Z").await;

    assert_eq!(code(liaison.appeal(case, &appeal_request(2)).await).await, "appeal_late");
}

#[tokio::test]
async fn only_the_units_liaison_appeals() {
    let review = Review::start().await;
    let case = review.charged(&["hoarding"]).await;
    let other = review.office("other", TestRole::liaison(review.macun.streets[1])).await;

    assert_eq!(code(other.appeal(case, &appeal_request(2)).await).await, "case_unknown");
    for office in [&review.supervisor, &review.finance] {
        assert_eq!(code(office.appeal(case, &appeal_request(2)).await).await, "role_forbidden");
    }
    assert!(review.finance.appeals("").await.is_empty());
}

#[tokio::test]
async fn what_charges_nothing_cannot_be_appealed_against() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let undecided = review.case(&["hoarding"]).await;
    let returned = review.case(&["hoarding"]).await;
    review.decide(returned, "return").await;
    let dismissed = review.case(&["hoarding"]).await;
    review.decide(dismissed, "dismiss").await;
    let free = review.case(&["hoarding"]).await;
    let mut level = decision("re_evaluate", 1);
    level["level"] = json!("self_check");
    accepted(review.supervisor.decide(free, &level).await).await;
    review.decide(free, "confirm").await;

    for (case, version) in [(undecided, 1), (returned, 2), (dismissed, 2), (free, 3)] {
        assert_eq!(code(liaison.appeal(case, &appeal_request(version)).await).await, "case_state_forbids");
    }
}

#[tokio::test]
async fn an_appeal_is_made_on_what_was_looked_at() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding"]).await;

    assert_eq!(code(liaison.appeal(case, &appeal_request(1)).await).await, "case_changed");
}

#[tokio::test]
async fn the_same_request_is_filed_once_and_its_id_is_for_nothing_else() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let (case, elsewhere) = (review.charged(&["hoarding"]).await, review.charged(&["hoarding"]).await);
    let request = appeal_request(2);

    let (one, two) = tokio::join!(liaison.appeal(case, &request), liaison.appeal(case, &request));

    assert_eq!(accepted(one).await, accepted(two).await);
    assert_eq!(liaison.appeals("").await.len(), 1);
    assert_eq!(code(liaison.appeal(elsewhere, &request).await).await, "request_id_reused");
    let mut changed = request.clone();
    changed["grounds"] = json!("别的理由");
    assert_eq!(code(liaison.appeal(case, &changed).await).await, "request_id_reused");
    let mut pictured = request.clone();
    pictured["photos"] = json!([PhotoHash::of(b"another")]);
    assert_eq!(code(liaison.appeal(case, &pictured).await).await, "request_id_reused");
}

#[tokio::test]
async fn a_case_has_one_open_appeal() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding"]).await;
    review.appeal(&liaison, case).await;

    assert_eq!(code(liaison.appeal(case, &appeal_request(3)).await).await, "appeal_open");
}

#[tokio::test]
async fn grounds_and_photos_that_make_no_sense_name_their_field() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding"]).await;
    let hashes = |count: u8| (0..count).map(|n| PhotoHash::of(&[n])).collect::<Vec<_>>();
    let bad: [(&str, Value, &str); 5] = [
        ("grounds", json!(" "), "text_required"),
        ("grounds", json!("长".repeat(4_001)), "text_too_long"),
        ("grounds", json!("a\0b"), "text_contains_nul"),
        ("photos", json!(hashes(1)), "photo_unknown"),
        ("photos", json!(hashes(31)), "too_many_items"),
    ];
    for (field, value, expected) in bad {
        let mut request = appeal_request(2);
        request[field] = value;
        let refused = tests::problem(liaison.appeal(case, &request).await).await;
        assert_eq!((refused.code.as_str(), refused.field.as_deref()), (expected, Some(field)));
    }
    assert_eq!(review.show(case).await["version"], 2);
}

#[tokio::test]
async fn a_unit_that_is_charged_by_re_attribution_has_its_own_time_to_appeal() {
    let review = Review::start().await;
    let (first, second) =
        (review.liaison().await, review.office("other", TestRole::liaison(review.macun.streets[1])).await);
    let case = review.charged(&["hoarding"]).await;
    review.travel(LAST_MOMENT[1]).await;
    let mut elsewhere = decision("re_attribute", 2);
    elsewhere["unit_id"] = json!(review.macun.streets[1]);
    let charged = accepted(review.supervisor.decide(case, &elsewhere).await).await;

    assert_eq!(code(first.appeal(case, &appeal_request(3)).await).await, "case_unknown");
    let appeal = review.appeal(&second, case).await;

    assert_eq!(appeal["charged_by"], charged["decision_no"]);
    assert_eq!(appeal["unit_id"], json!(review.macun.streets[1]));
}

#[tokio::test]
async fn a_unit_takes_its_appeal_back_once_and_may_file_another_in_time() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let other = review.office("other", TestRole::liaison(review.macun.streets[1])).await;
    let case = review.charged(&["hoarding"]).await;
    let appeal = review.appeal(&liaison, case).await;

    assert_eq!(code(other.withdraw(&appeal).await).await, "appeal_unknown");
    assert_eq!(code(review.supervisor.withdraw(&appeal).await).await, "role_forbidden");
    let withdrawn = accepted(liaison.withdraw(&appeal).await).await;
    let again = accepted(liaison.withdraw(&appeal).await).await;

    assert_eq!((&withdrawn["state"], &withdrawn), (&json!("withdrawn"), &again));
    assert_eq!(review.show(case).await["version"], 4);
    let another = review.appeal(&liaison, case).await;
    assert_eq!(liaison.appeals("?state=withdrawn").await, [withdrawn]);
    assert_ne!(another["appeal_id"], appeal["appeal_id"]);
}

#[tokio::test]
async fn pages_of_appeals_follow_each_other() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let mut filed = Vec::new();
    for _ in 0..3 {
        let case = review.charged(&["hoarding"]).await;
        filed.insert(0, review.appeal(&liaison, case).await);
    }

    let first = read(liaison.request(Method::GET, "/api/v1/appeals?limit=2")).await;
    let rest = liaison.appeals(&format!("?limit=2&before={}", first["next"].as_str().unwrap())).await;

    assert_eq!([first["appeals"].as_array().unwrap().as_slice(), &rest].concat(), filed);
    let about = &first["appeals"][0];
    assert_eq!(
        (&about["item_zh"], about["target_name"].is_string()),
        (&json!("施工工地未落实六个百分之百"), true),
        "{about}"
    );
    for query in ["?state=lost", "?overdue=maybe", "?limit=0", "?limit=201", "?before=x"] {
        let request = liaison.request(Method::GET, &format!("/api/v1/appeals{query}"));
        let refused = code(request.send().await.unwrap()).await;
        assert!(["malformed_request", "number_out_of_range"].contains(&refused.as_str()), "{query}");
    }
}

#[tokio::test]
async fn an_appeal_that_nobody_decides_in_time_is_named_as_overdue() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case: CaseId = review.charged(&["hoarding"]).await;
    let appeal = review.appeal(&liaison, case).await;
    let checklist = async || {
        let path = "/api/v1/months/2026-11/checklist";
        read(review.finance.request(Method::GET, path)).await["appeals"].clone()
    };
    let in_time = checklist().await;
    review.travel("2026-12-04T10:00:01Z").await;

    let late = checklist().await;

    assert_eq!((&in_time["open"], &in_time["overdue"]), (&json!(1), &json!([])));
    assert_eq!(late["overdue"][0]["appeal_id"], appeal["appeal_id"]);
    assert_eq!(late["overdue"][0]["case_id"], json!(case));
    let overdue = liaison.appeals("?overdue=true").await;
    assert_eq!((overdue.len(), &overdue[0]["overdue"]), (1, &json!(true)));
    assert!(liaison.appeals("?overdue=false").await.is_empty());
}
