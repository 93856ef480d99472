//! Two at once: real connections, one wins, the other learns of it, and the money is there once.

use serde_json::Value;
use sync_core::ids::CaseId;
use tests::review::{Review, accepted, decision};
use tests::{TestOffice, TestRole};

/// How many rounds two decisions race for.
const ROUNDS: usize = 5;

async fn code(office: &TestOffice, case: CaseId, request: &Value) -> String {
    let response = office.decide(case, request).await;
    let body: Value = response.json().await.unwrap();
    body.get("code").and_then(Value::as_str).unwrap_or("decided").to_owned()
}

#[tokio::test]
async fn of_two_supervisors_one_confirms_and_the_other_learns_of_it() {
    let review = Review::start().await;
    let other = review.office("wang", TestRole::supervisor("001")).await;
    for round in 1..=ROUNDS {
        let case = review.case(&["hoarding"]).await;
        let (one_wants, other_wants) = (decision("confirm", 1), decision("confirm", 1));

        let (one, two) =
            tokio::join!(code(&review.supervisor, case, &one_wants), code(&other, case, &other_wants));

        let mut codes = [one, two];
        codes.sort();
        assert_eq!(codes, ["case_changed", "decided"]);
        assert_eq!(review.entries().await.len(), round);
    }
}

#[tokio::test]
async fn of_a_confirmation_and_a_return_one_wins_and_the_money_agrees() {
    let review = Review::start().await;
    let other = review.office("wang", TestRole::supervisor("001")).await;
    let mut confirmed = 0;
    for _ in 0..ROUNDS {
        let case = review.case(&["hoarding"]).await;
        let (confirm, send_back) = (decision("confirm", 1), decision("return", 1));

        let (one, two) =
            tokio::join!(code(&review.supervisor, case, &confirm), code(&other, case, &send_back));

        assert_ne!(one, two);
        confirmed += usize::from(one == "decided");
        let state = if one == "decided" { "confirmed" } else { "returned" };
        assert_eq!(review.show(case).await["review_state"], state);
        assert_eq!(review.entries().await.len(), confirmed);
    }
}

#[tokio::test]
async fn the_same_request_twice_at_once_is_one_decision_with_one_answer() {
    let review = Review::start().await;
    for round in 1..=ROUNDS {
        let case = review.case(&["hoarding"]).await;
        let request = decision("confirm", 1);

        let (one, two) =
            tokio::join!(review.supervisor.decide(case, &request), review.supervisor.decide(case, &request));

        assert_eq!(accepted(one).await, accepted(two).await);
        assert_eq!(review.entries().await.len(), round);
    }
}

#[tokio::test]
async fn decisions_on_many_cases_at_once_are_numbered_without_gaps() {
    let review = Review::start().await;
    let mut cases = Vec::new();
    for _ in 0..8 {
        cases.push(review.case(&["hoarding", "material_cover"]).await);
    }

    let confirm = decision_for_each(&review, &cases);
    let mut numbers: Vec<i64> = futures::future::join_all(confirm).await;

    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    let entries = review.entries().await;
    let entry_numbers: Vec<_> = entries.iter().map(|entry| entry["entry_no"].as_i64().unwrap()).collect();
    assert_eq!(entry_numbers, (1..=16).collect::<Vec<_>>());
}

fn decision_for_each<'a>(
    review: &'a Review,
    cases: &'a [CaseId],
) -> impl Iterator<Item = impl Future<Output = i64> + 'a> {
    cases.iter().map(async |case| {
        let decided = accepted(review.supervisor.decide(*case, &decision("confirm", 1)).await).await;
        decided["decision_no"].as_i64().unwrap()
    })
}
