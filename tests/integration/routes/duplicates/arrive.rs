//! Two reports of one fire are one case (invariant 6): proposed when they arrive, blocked until a supervisor decides.

use serde_json::{Value, json};
use sync_core::geo::Point;
use sync_core::model::inspection::Inspection;
use sync_core::wire::push::Outcome;
use tests::field::Occurring as _;
use tests::field::correction;
use tests::problem;
use tests::review::{Review, accepted, decision};

use super::{BURNING, DEGREES_PER_METRE, ROUNDS, case_of, fire, first_fire, flagged, flags, push};

#[tokio::test]
async fn two_tablets_offline_at_the_same_fire_are_a_proposed_duplicate_and_neither_posts() {
    let review = Review::start().await;
    let other = review.server.inspector(&review.macun, "wu", "001").await;
    let one = first_fire(&review).await;
    let two = fire(&other, &one, 30.0, 1_200);

    let one = push(&review, &review.device, &one).await;
    assert_eq!(flags(&review, one).await, json!([]));
    let two = push(&review, &other, &two).await;

    for (case, twin) in [(one, two), (two, one)] {
        let shown = review.show(case).await;
        assert_eq!((&shown["flags"], &shown["review_state"]), (&flagged(), &json!("under_review")));
        let pair = &shown["duplicates"][0];
        assert_eq!((&pair["case_id"], &pair["state"]), (&json!(twin), &json!("proposed")));
        assert_eq!(pair["ground"], "near_in_place_and_time");
        assert!((29.9..30.1).contains(&pair["metres"].as_f64().unwrap()), "{pair}");
        assert!((0.33..0.34).contains(&pair["hours"].as_f64().unwrap()), "{pair}");
        let blocked = problem(review.supervisor.decide(case, &decision("confirm", 1)).await).await;
        assert_eq!(blocked.code.as_str(), "case_needs_settling");
        let mut settle = decision("settle", 1);
        settle["flags"] = flagged();
        let unsettled = problem(review.supervisor.decide(case, &settle).await).await;
        assert_eq!(unsettled.code.as_str(), "duplicate_undecided");
    }
    assert!(review.entries().await.is_empty());
}

#[tokio::test]
async fn tablets_that_push_the_same_fire_at_the_same_moment_find_each_other() {
    let review = Review::start().await;
    let other = review.server.inspector(&review.macun, "wu", "").await;
    for _ in 0..ROUNDS {
        let one = first_fire(&review).await;
        let two = fire(&other, &one, 10.0, 60);

        let (one, two) = tokio::join!(push(&review, &review.device, &one), push(&review, &other, &two));

        for case in [one, two] {
            assert_eq!(flags(&review, case).await, flagged());
        }
    }
}

#[tokio::test]
async fn the_device_that_was_first_hears_of_the_flag() {
    let review = Review::start().await;
    let other = review.server.inspector(&review.macun, "wu", "").await;
    let seen = first_fire(&review).await;
    let one = push(&review, &review.device, &seen).await;
    let (_, cursor) = review.device.pull_all(None).await;

    push(&review, &other, &fire(&other, &seen, 10.0, 60)).await;

    let (changes, _) = review.device.pull_all(Some(&cursor)).await;
    let row = changes.iter().find(|change| change.id == one.to_string()).unwrap().row.as_ref().unwrap();
    let row: Value = serde_json::from_str(row.get()).unwrap();
    assert_eq!((&row["flags"], &row["version"]), (&flagged(), &json!(1)));
}

#[tokio::test]
async fn the_window_of_the_pack_bounds_place_and_time() {
    let review = Review::start().await;
    let day = 24 * 3_600;
    for (metres, seconds, proposed) in [
        (49.0, 0, true),
        (51.0, 0, false),
        (-49.0, 0, true),
        (0.0, day, true),
        (0.0, -day, true),
        (0.0, day + 1, false),
        (0.0, -day - 1, false),
        (40.0, day / 2, true),
    ] {
        let one = first_fire(&review).await;
        push(&review, &review.device, &one).await;
        let two = push(&review, &review.device, &fire(&review.device, &one, metres, seconds)).await;
        let expected = if proposed { flagged() } else { json!([]) };
        assert_eq!(flags(&review, two).await, expected, "{metres} m, {seconds} s");
    }
}

#[tokio::test]
async fn two_fires_of_one_batch_are_compared_too_and_another_item_is_not_the_same() {
    let review = Review::start().await;
    let one = first_fire(&review).await;
    let two = fire(&review.device, &one, 10.0, 60);
    let mut stockpile = fire(&review.device, &one, 10.0, 60);
    stockpile.kind = "stockpile".parse().unwrap();
    stockpile.answers[0].question = "enclosed_new".parse().unwrap();
    let device = &review.device;

    let outcomes = device.push(&[&one, &two, &stockpile].map(|seen| device.submit(seen))).await;

    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied, Outcome::Applied]);
    for case in [&one, &two] {
        assert_eq!(review.show(case_of(case)).await["duplicates"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_target_with_an_open_case_of_the_item_has_no_second_one_until_that_is_closed() {
    let review = Review::start().await;
    let site = review.server.site(&review.macun, "001/001").await;
    let mut first = review.visit_to(&site, &["hoarding"]);
    first.occurs_at("2026-10-10T02:00:00Z".parse().unwrap());
    let first = review.push(&first).await;
    review.decide(first, "confirm").await;

    let second = review.push(&review.visit_to(&site, &["hoarding"])).await;
    let shown = review.show(second).await;
    assert_eq!(
        (&shown["flags"], &shown["duplicates"][0]["ground"]),
        (&flagged(), &json!("open_case_on_target"))
    );
    assert_eq!(flags(&review, first).await, json!([]), "what is confirmed is not flagged");

    review.decide(second, "dismiss").await;
    let sql = format!("UPDATE cases SET rectification_state = 'closed' WHERE case_id = '{first}'");
    review.server.execute(&sql).await.unwrap();
    let third = review.push(&review.visit_to(&site, &["hoarding"])).await;
    assert_eq!(flags(&review, third).await, json!([]));
}

#[tokio::test]
async fn a_correction_is_no_duplicate_of_what_it_corrects_and_takes_its_own_proposals_along() {
    let review = Review::start().await;
    let seen = first_fire(&review).await;
    let one = push(&review, &review.device, &seen).await;
    let near = fire(&review.device, &seen, 10.0, 60);
    let two = push(&review, &review.device, &near).await;
    let amend = async |inspection: &Inspection| {
        let amended = review.device.push(&[review.device.amend(inspection)]).await;
        assert_eq!(amended, [Outcome::Applied]);
    };

    let mut away = correction(&near, BURNING);
    let there = away.fix.as_ref().unwrap().point;
    away.observed = Some(Point { lat: there.lat + 200.0 * DEGREES_PER_METRE, ..there });
    amend(&away).await;
    assert_eq!((flags(&review, one).await, flags(&review, two).await), (json!([]), json!([])));

    let mut back = correction(&away, BURNING);
    back.observed = None;
    amend(&back).await;
    assert_eq!((flags(&review, one).await, flags(&review, two).await), (flagged(), flagged()));

    amend(&correction(&back, &[])).await;
    assert_eq!((flags(&review, one).await, flags(&review, two).await), (json!([]), json!([])), "withdrawn");
}

#[tokio::test]
async fn what_the_office_enters_from_paper_is_compared_with_what_devices_sent() {
    let review = Review::start().await;
    let seen = first_fire(&review).await;
    let one = push(&review, &review.device, &seen).await;
    let point = seen.fix.as_ref().unwrap().point;
    let finding = json!({
        "request_id": sync_core::ids::InspectionId::fresh(),
        "occurred_at": seen.occurred_at.plus_seconds(3_600),
        "place": { "at": "spot", "kind": "straw_point", "grid": "410804/001/001", "point": point, "place": "地头" },
        "answers": [{ "question": "no_straw_burning", "verdict": "fail" }],
        "level": "provincial",
        "document": { "number": null, "issuer": "省督察组", "date": "2026-11-21", "title": "交办单" },
    });

    let request = review.supervisor.request(reqwest::Method::POST, "/api/v1/findings");
    let entered = accepted(request.json(&finding).send().await.unwrap()).await;

    assert_eq!(entered["cases"][0]["flags"], flagged());
    assert_eq!(flags(&review, one).await, flagged());
}
