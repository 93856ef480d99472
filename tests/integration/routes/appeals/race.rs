//! Two at once: an appeal against a decision, a withdrawal against an outcome, a merge against an appeal. One wins, the
//! other learns of it, and the money agrees.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use server::services::post_due::post_due;
use sync_core::ids::{CaseId, DecisionRequestId};
use tests::TestOffice;
use tests::appeal::appeal_request;
use tests::review::{Review, accepted, decision, proposed};

use super::code;

/// How many rounds two race for.
const ROUNDS: usize = 4;

/// `done`, or the code.
async fn outcome(response: Response) -> String {
    if response.status().is_success() { "done".to_owned() } else { code(response).await }
}

/// A case under appeal in version 3.
async fn appealed(review: &Review, liaison: &TestOffice) -> (CaseId, Value) {
    let case = review.charged(&["hoarding"]).await;
    let appeal = review.appeal(liaison, case).await;
    (case, appeal)
}

#[tokio::test]
async fn of_two_appeals_at_once_one_stands() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    for _ in 0..ROUNDS {
        let case = review.charged(&["hoarding"]).await;
        let (first, second) = (appeal_request(2), appeal_request(2));

        let (one, two) = tokio::join!(liaison.appeal(case, &first), liaison.appeal(case, &second));

        let mut outcomes = [outcome(one).await, outcome(two).await];
        outcomes.sort();
        assert_eq!(outcomes, ["case_changed", "done"]);
        assert_eq!(review.show(case).await["appeals"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_proposal_made_before_the_appeal_is_stale() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding"]).await;
    let proposal = review.propose(case, &decision("dismiss", 2)).await;

    review.appeal(&liaison, case).await;

    assert_eq!(code(review.second.review(&proposal, "approval").await).await, "proposal_closed");
    assert_eq!(review.show(case).await["review_state"], "confirmed");
}

#[tokio::test]
async fn an_outcome_that_was_proposed_cannot_be_approved_after_the_withdrawal() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let (case, appeal) = appealed(&review, &liaison).await;
    let request = review.asking(case, "appeal_reverse").await;
    let proposal = review.propose(case, &request).await;

    accepted(liaison.withdraw(&appeal).await).await;

    assert_eq!(code(review.second.review(&proposal, "approval").await).await, "proposal_closed");
    let shown = review.show(case).await;
    assert_eq!((&shown["review_state"], &shown["posted"]), (&json!("confirmed"), &json!(10_000_000)));
}

#[tokio::test]
async fn of_an_approval_and_a_withdrawal_at_once_one_wins() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    for _ in 0..ROUNDS {
        let (case, appeal) = appealed(&review, &liaison).await;
        let request = review.asking(case, "appeal_reverse").await;
        let proposal = review.propose(case, &request).await;

        let (approved, withdrawn) =
            tokio::join!(review.second.review(&proposal, "approval"), liaison.withdraw(&appeal));

        let (approved, withdrawn) = (outcome(approved).await, outcome(withdrawn).await);
        let expected = match approved.as_str() {
            "done" => ("appeal_not_open", "decided", "dismissed", json!(0)),
            _ => ("done", "withdrawn", "confirmed", json!(10_000_000)),
        };
        let shown = review.show(case).await;
        let standing = (&shown["appeals"][0]["state"], &shown["review_state"], &shown["posted"]);
        assert_eq!(withdrawn, expected.0, "approval: {approved}");
        assert_eq!(standing, (&json!(expected.1), &json!(expected.2), &expected.3));
    }
}

#[tokio::test]
async fn of_two_outcomes_at_once_one_answers_the_appeal() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    for _ in 0..ROUNDS {
        let (case, _) = appealed(&review, &liaison).await;
        let (first, second) = (decision("appeal_uphold", 3), decision("appeal_uphold", 3));

        let (one, two) =
            tokio::join!(review.supervisor.decide(case, &first), review.second.decide(case, &second));

        let mut outcomes = [outcome(one).await, outcome(two).await];
        outcomes.sort();
        assert_eq!(outcomes, ["case_changed", "done"]);
        assert_eq!(review.show(case).await["decisions"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn of_a_merge_and_an_appeal_at_once_one_wins_and_no_merged_case_is_under_appeal() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    for _ in 0..ROUNDS {
        let site = review.server.site(&review.macun, "001/001").await;
        let absorbed = review.push(&review.visit_to(&site, &["hoarding"])).await;
        review.decide(absorbed, "confirm").await;
        let survivor = review.push(&review.visit_to(&site, &["material_cover"])).await;
        let version = review.show(absorbed).await["version"].clone();
        let merge = json!({
            "request_id": DecisionRequestId::fresh(),
            "expected_version": review.show(survivor).await["version"],
            "absorbed": [{ "case_id": absorbed, "expected_version": version }],
            "reason": "同一工地",
        });
        let path = format!("/api/v1/cases/{survivor}/merge");
        let asked = review.supervisor.request(Method::POST, &path).json(&merge).send().await.unwrap();
        let proposal = proposed(asked).await;
        let request = appeal_request(version);

        let (merged, filed) =
            tokio::join!(review.second.review(&proposal, "approval"), liaison.appeal(absorbed, &request));

        let (merged, filed) = (outcome(merged).await, outcome(filed).await);
        let shown = review.show(absorbed).await;
        if merged == "done" {
            assert_eq!((filed.as_str(), &shown["review_state"]), ("case_changed", &json!("merged")));
            assert_eq!(shown["appeals"], json!([]));
        } else {
            assert_eq!((merged.as_str(), filed.as_str()), ("case_changed", "done"));
            assert_eq!(shown["review_state"], "confirmed");
        }
    }
}

#[tokio::test]
async fn of_the_timer_and_an_appeal_at_once_both_are_seen() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let days = "[charging]\npublication_days = 1\n";
    let pack = review.new_version("[charging]\n", days, jiff::civil::date(2026, 11, 1)).await;
    for round in 0..ROUNDS {
        let mut visit = review.visit(&["hoarding"]).await;
        visit.context.pack = Some(pack.reference());
        let case = review.push(&visit).await;
        review.decide(case, "confirm").await;
        review
            .server
            .execute("UPDATE cases SET posts_on = '2026-11-22' WHERE posts_on IS NOT NULL")
            .await
            .unwrap();
        let request = appeal_request(2);

        let (posted, filed) = tokio::join!(post_due(&review.server.state), liaison.appeal(case, &request));

        let (posted, filed) = (posted.unwrap(), outcome(filed).await);
        let expected = if posted == 1 { "case_changed" } else { "done" };
        assert_eq!(filed, expected, "round {round}");
        // What the appeal holds would be posted in the next round.
        let rest = if posted == 1 {
            0
        } else {
            review.decide(case, "appeal_uphold").await;
            1
        };
        assert_eq!(post_due(&review.server.state).await.unwrap(), rest);
        assert_eq!(review.entries().await.len(), round + 1);
    }
}
