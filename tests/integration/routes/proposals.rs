//! Two people (经办, 复核): what one proposes, another of the same permission reviews, once, on what was looked at.

use reqwest::Method;
use serde_json::{Value, json};
use server::audit::{self, Action, Event};
use sync_core::ids::{CaseId, UserId};
use tests::review::{Review, accepted, decision, proposed, read};
use tests::{TestOffice, TestRole, problem};

/// How many rounds two reviewers race for.
const ROUNDS: usize = 3;

/// A posted case with one charge of 100,000 yuan, in version 2.
async fn posted(review: &Review) -> CaseId {
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;
    case
}

async fn code(office: &TestOffice, proposal: &Value, how: &str) -> String {
    let response = office.review(proposal, how).await;
    let body: Value = response.json().await.unwrap();
    body.get("code").and_then(Value::as_str).unwrap_or("done").to_owned()
}

async fn list(office: &TestOffice, query: &str) -> Vec<Value> {
    let list = read(office.request(Method::GET, &format!("/api/v1/proposals{query}"))).await;
    list["proposals"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_takes_back_money_changes_nothing_until_another_person_approves() {
    let review = Review::start().await;
    let case = posted(&review).await;

    let proposal = review.propose(case, &decision("dismiss", 2)).await;

    assert_eq!((&proposal["state"], &proposal["kind"]), (&json!("open"), &json!("dismiss")));
    assert_eq!((&proposal["proposed_by_name"], &proposal["may_review"]), (&json!("zhang"), &json!(false)));
    let waiting = review.show(case).await;
    assert_eq!((&waiting["version"], &waiting["review_state"]), (&json!(2), &json!("confirmed")));
    assert_eq!(waiting["proposal"]["proposal_id"], proposal["proposal_id"]);
    assert_eq!(review.entries().await.len(), 1);

    let approved = accepted(review.second.review(&proposal, "approval").await).await;

    assert_eq!(approved["proposal"]["state"], "approved");
    assert_eq!(approved["decision"]["entries"][0]["amount"], -10_000_000);
    let shown = review.show(case).await;
    assert_eq!((&shown["review_state"], &shown["proposal"]), (&json!("dismissed"), &Value::Null));
    let decided = &shown["decisions"][1];
    assert_eq!(decided["actor"], json!(review.supervisor.user.user_id));
    assert_eq!(decided["reviewer"], json!(review.second.user.user_id));
}

/// The query of the manual that asks for decisions of two whose accounts one administrator gave out.
fn query_of_the_manual() -> &'static str {
    let manual = include_str!("../../../docs/operations.md");
    let chapter = manual.split_once("## Two people").unwrap().1;
    chapter.split_once("```sql").unwrap().1.split_once("```").unwrap().0
}

#[derive(diesel::QueryableByName)]
struct OfOneAdministrator {
    #[diesel(sql_type = diesel::sql_types::Text)]
    proposed_by: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    reviewed_by: String,
}

#[tokio::test]
async fn the_manuals_query_names_decisions_of_two_accounts_that_one_administrator_gave_out() {
    let review = Review::start().await;
    let [one, other] = [(); 2].map(|()| Some(UserId::fresh()));
    let given = async |action, user: &TestOffice, by| {
        let event = Event::new(action, &review.macun.code).by(by).about("user", user.user.user_id);
        let mut connection = review.server.connection().await;
        audit::record(&mut connection, review.server.now(), &[event]).await.unwrap();
    };
    let found = async || {
        let mut connection = review.server.connection().await;
        let asked = diesel::sql_query(query_of_the_manual());
        let rows: Vec<OfOneAdministrator> =
            diesel_async::RunQueryDsl::load(asked, &mut connection).await.unwrap();
        rows.into_iter().map(|row| (row.proposed_by, row.reviewed_by)).collect::<Vec<_>>()
    };
    given(Action::UserCreated, &review.supervisor, one).await;
    given(Action::UserCreated, &review.second, other).await;
    let case = posted(&review).await;
    review.decide_by_two(case, &decision("dismiss", 2)).await;
    assert_eq!(found().await, [], "by two administrators");

    given(Action::PasswordReset, &review.second, one).await;

    assert_eq!(found().await, [("zhang".to_owned(), "sun".to_owned())]);
}

#[tokio::test]
async fn a_dismissal_of_what_was_never_posted_needs_one_person() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;

    assert_eq!(review.decide(case, "dismiss").await["review_state"], "dismissed");
}

#[tokio::test]
async fn nobody_reviews_the_own_proposal_and_nobody_without_the_grid_any() {
    let review = Review::start().await;
    let neighbour = review.office("neighbour", TestRole::supervisor("002")).await;
    let liaison = review.office("liaison", TestRole::liaison(review.macun.streets[0])).await;
    let case = posted(&review).await;
    let proposal = review.propose(case, &decision("dismiss", 2)).await;

    for how in ["approval", "rejection"] {
        assert_eq!(code(&review.supervisor, &proposal, how).await, "same_person");
        assert_eq!(code(&neighbour, &proposal, how).await, "proposal_unknown");
        assert_eq!(code(&review.finance, &proposal, how).await, "proposal_unknown");
        assert_eq!(code(&liaison, &proposal, how).await, "role_forbidden");
    }
    assert_eq!(code(&review.second, &proposal, "withdrawal").await, "role_forbidden");
    assert_eq!(review.entries().await.len(), 1);
    let own = review.office("own", TestRole::supervisor("001/001")).await;
    assert_eq!(code(&own, &proposal, "approval").await, "done");
}

#[tokio::test]
async fn what_somebody_proposed_who_may_not_any_more_is_rejected_and_proposed_anew() {
    let ends = [
        "UPDATE users SET disabled_at = now() WHERE user_id =",
        "UPDATE assignments SET until_day = '2026-11-01' WHERE user_id =",
    ];
    for end in ends {
        let review = Review::start().await;
        let case = posted(&review).await;
        let proposal = review.propose(case, &decision("dismiss", 2)).await;
        let zhang = review.supervisor.user.user_id;
        review.server.execute(&format!("{end} '{zhang}'")).await.unwrap();

        assert_eq!(code(&review.second, &proposal, "approval").await, "proposer_not_entitled", "{end}");

        assert_eq!(review.entries().await.len(), 1);
        assert_eq!(code(&review.second, &proposal, "rejection").await, "done");
    }
}

#[tokio::test]
async fn a_rejected_or_withdrawn_proposal_decides_nothing_and_makes_room_for_another() {
    let review = Review::start().await;
    let case = posted(&review).await;

    let rejected = review.propose(case, &decision("dismiss", 2)).await;
    let answer = accepted(review.second.review(&rejected, "rejection").await).await;
    let withdrawn = review.propose(case, &decision("dismiss", 2)).await;
    accepted(review.supervisor.review(&withdrawn, "withdrawal").await).await;
    review.propose(case, &decision("dismiss", 2)).await;

    assert_eq!((&answer["state"], &answer["review_reason"]), (&json!("rejected"), &json!("依据不足")));
    assert_eq!(answer["reviewed_by_name"], "sun");
    for ended in [&rejected, &withdrawn] {
        assert_eq!(code(&review.second, ended, "approval").await, "proposal_closed");
    }
    let states: Vec<_> =
        list(&review.second, "").await.iter().map(|proposal| proposal["state"].clone()).collect();
    assert_eq!(states, ["open", "withdrawn", "rejected"]);
    assert_eq!(review.entries().await.len(), 1);
}

#[tokio::test]
async fn a_rejection_has_a_reason() {
    let review = Review::start().await;
    let case = posted(&review).await;
    let proposal = review.propose(case, &decision("dismiss", 2)).await;
    let path = format!("/api/v1/proposals/{}/rejection", proposal["proposal_id"].as_str().unwrap());
    let refusal = async |reason: &str| {
        let request = review.second.request(Method::POST, &path).json(&json!({ "reason": reason }));
        problem(request.send().await.unwrap()).await.code.to_string()
    };

    assert_eq!(refusal(" ").await, "reason_required");
    assert_eq!(refusal("a\0b").await, "text_contains_nul");
    assert_eq!(refusal(&"长".repeat(4_001)).await, "text_too_long");
}

#[tokio::test]
async fn a_case_has_one_open_proposal_and_the_same_request_finds_it() {
    let review = Review::start().await;
    let case = posted(&review).await;
    let request = decision("dismiss", 2);
    let first = review.propose(case, &request).await;

    let again = review.propose(case, &request).await;
    let other = problem(review.second.decide(case, &decision("dismiss", 2)).await).await;
    let mut changed = request.clone();
    changed["reason"] = json!("别的");
    let reused = problem(review.supervisor.decide(case, &changed).await).await;

    assert_eq!(first, again);
    assert_eq!(other.code.as_str(), "proposal_open");
    assert_eq!(reused.code.as_str(), "decision_id_reused");
    accepted(review.second.review(&first, "approval").await).await;
    let decided = accepted(review.supervisor.decide(case, &request).await).await;
    assert_eq!(
        decided["review_state"], "dismissed",
        "once decided, the request is answered with the decision"
    );
}

#[tokio::test]
async fn a_proposal_on_a_case_that_changed_is_stale() {
    let review = Review::start().await;
    let case = posted(&review).await;
    let proposal = review.propose(case, &decision("dismiss", 2)).await;
    let mut elsewhere = decision("re_attribute", 2);
    elsewhere["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(case, &elsewhere).await).await;

    assert_eq!(review.show(case).await["proposal"], Value::Null);
    let late = problem(review.second.review(&proposal, "approval").await).await;

    assert_eq!(late.code.as_str(), "case_changed");
    assert!(late.detail.unwrap().contains("re_attribute by zhang"));
    assert_eq!(list(&review.second, "?state=stale").await[0]["proposal_id"], proposal["proposal_id"]);
    review.propose(case, &decision("dismiss", 3)).await;
}

#[tokio::test]
async fn an_outdated_proposal_gives_way_to_a_new_one() {
    let review = Review::start().await;
    let case = posted(&review).await;
    let outdated = review.propose(case, &decision("dismiss", 2)).await;
    let mut elsewhere = decision("re_attribute", 2);
    elsewhere["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(case, &elsewhere).await).await;

    let current = proposed(review.second.decide(case, &decision("dismiss", 3)).await).await;

    assert_eq!(code(&review.second, &outdated, "approval").await, "proposal_closed");
    assert_eq!(code(&review.supervisor, &current, "approval").await, "done");
}

#[tokio::test]
async fn of_two_reviewers_at_once_one_decides_and_the_other_learns_of_it() {
    let review = Review::start().await;
    let third = review.office("wu", TestRole::supervisor("001")).await;
    for round in 1..=ROUNDS {
        let case = posted(&review).await;
        let proposal = review.propose(case, &decision("dismiss", 2)).await;

        let (one, two) =
            tokio::join!(code(&review.second, &proposal, "approval"), code(&third, &proposal, "approval"));

        let mut codes = [one, two];
        codes.sort();
        assert_eq!(codes, ["done", "proposal_closed"]);
        assert_eq!(review.entries().await.len(), 2 * round);
    }
}

#[tokio::test]
async fn the_same_approval_twice_at_once_is_one_decision_with_one_answer() {
    let review = Review::start().await;
    for round in 1..=ROUNDS {
        let case = posted(&review).await;
        let proposal = review.propose(case, &decision("dismiss", 2)).await;

        let (one, two) = tokio::join!(
            review.second.review(&proposal, "approval"),
            review.second.review(&proposal, "approval")
        );

        assert_eq!(accepted(one).await, accepted(two).await);
        assert_eq!(review.entries().await.len(), 2 * round);
    }
}

#[tokio::test]
async fn of_an_approval_and_a_withdrawal_at_once_one_wins_and_the_money_agrees() {
    let review = Review::start().await;
    for _ in 0..ROUNDS {
        let case = posted(&review).await;
        let proposal = review.propose(case, &decision("dismiss", 2)).await;

        let (approved, withdrawn) = tokio::join!(
            code(&review.second, &proposal, "approval"),
            code(&review.supervisor, &proposal, "withdrawal")
        );

        assert_ne!(approved == "done", withdrawn == "done", "{approved}, {withdrawn}");
        let state = if approved == "done" { "dismissed" } else { "confirmed" };
        assert_eq!(review.show(case).await["review_state"], state);
    }
}

#[tokio::test]
async fn a_decision_that_is_refused_leaves_the_proposal_open() {
    let review = Review::start().await;
    let case = posted(&review).await;
    let proposal = review.propose(case, &decision("dismiss", 2)).await;
    // Closing asks for proposals to be reviewed first; here the month is closed all the same.
    let closed = "INSERT INTO periods (district, month, closed_at, digest, decision_no, entry_no, entry_hash)
                  VALUES ('410804', '2026-11-01', now(), sha256(''), 1, 1, sha256(''))";
    review.server.execute(closed).await.unwrap();

    assert_eq!(code(&review.second, &proposal, "approval").await, "period_closed");
    assert_eq!(list(&review.second, "?state=open").await.len(), 1);
    assert_eq!(review.entries().await.len(), 1);
}

#[tokio::test]
async fn everyone_lists_what_they_could_review_or_made() {
    let review = Review::start().await;
    let neighbour = review.office("neighbour", TestRole::supervisor("002")).await;
    let case = posted(&review).await;
    review.propose(case, &decision("dismiss", 2)).await;

    let of = async |office: &TestOffice| {
        let listed = list(office, "?state=open").await;
        listed.iter().map(|proposal| proposal["may_review"].as_bool().unwrap()).collect::<Vec<_>>()
    };

    assert_eq!(of(&review.second).await, [true]);
    assert_eq!(of(&review.supervisor).await, [false], "the own one");
    assert!(of(&neighbour).await.is_empty());
    assert_eq!(
        of(&review.finance).await,
        [false],
        "what keeps a month from closing, for supervisors to review"
    );
    assert_eq!(list(&review.second, &format!("?case={case}")).await.len(), 1);
}

#[tokio::test]
async fn the_database_itself_refuses_one_person_in_both_places() {
    let review = Review::start().await;
    let case = posted(&review).await;
    review.propose(case, &decision("dismiss", 2)).await;

    let sql = "UPDATE proposals SET state = 'rejected', reviewed_by = proposed_by, reviewed_at = now()";
    let refused = review.server.execute(sql).await.unwrap_err().to_string();

    assert!(refused.contains("proposals_two_people_check"), "{refused}");
}

#[tokio::test]
async fn proposals_and_their_ends_are_on_the_audit_trail() {
    let review = Review::start().await;
    let case = posted(&review).await;
    review.decide_by_two(case, &decision("dismiss", 2)).await;

    let actions = review.server.audit_actions().await;
    let last = &actions[actions.len() - 3..];
    let mut last = last.to_vec();
    last.sort();
    assert_eq!(last, ["decision", "decision_proposed", "proposal_ended"]);
}
