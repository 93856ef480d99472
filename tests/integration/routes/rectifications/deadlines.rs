//! Deadlines in working hours, workdays and days; extension and pause; a year that the calendar lacks.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use server::services::plan_deadlines::plan_deadlines;
use server::state::AppState;
use sync_core::wire::push::Outcome;
use tests::problem;
use tests::rectification::{order, plain, step_request};
use tests::review::Review;

#[tokio::test]
async fn an_order_names_working_hours_workdays_or_days() {
    let review = Review::start().await;
    // Ordered on a Sunday morning.
    for (span, deadline) in [
        (json!({ "working_hours": 4 }), "2026-11-23T07:00:00.000Z"),
        (json!({ "working_days": 2 }), "2026-11-24T10:00:00.000Z"),
        (json!({ "days": 2 }), "2026-11-24T10:00:00.000Z"),
    ] {
        let case = review.case(&["hoarding"]).await;
        assert_eq!(review.step(case, order(span.clone())).await["deadline"], deadline, "{span}");
    }
}

#[tokio::test]
async fn an_extension_counts_from_the_deadline_and_the_third_is_refused() {
    let review = Review::start().await;
    let case = review.ordered(1).await;
    let extend = json!({ "kind": "extend_deadline", "span": { "working_days": 1 } });

    let first = review.step(case, extend.clone()).await;
    let second = review.step(case, extend.clone()).await;
    let third = review.supervisor.step(case, &step_request(4, extend)).await;

    assert_eq!(first["deadline"], "2026-11-24T10:00:00.000Z");
    assert_eq!(second["deadline"], "2026-11-25T10:00:00.000Z");
    assert_eq!(problem(third).await.code.as_str(), "extensions_spent");
}

#[tokio::test]
async fn a_pause_stops_the_clock_and_gives_back_the_time_that_was_left() {
    let review = Review::start().await;
    for pause in ["deferred", "on_the_books"] {
        review.travel("2026-11-22T02:00:00Z").await;
        let case = review.ordered(1).await;
        // Monday 16:00, two hours before the deadline.
        review.travel("2026-11-23T08:00:00Z").await;
        let paused = review.step(case, json!({ "kind": "pause_rectification", "pause": pause })).await;
        assert_eq!(paused["state"], "paused");
        assert_eq!(review.round(case).await["pause"], pause);
        review.travel("2026-12-01T02:00:00Z").await;
        let resumed = review.step(case, plain("resume_rectification")).await;
        assert_eq!(
            (&resumed["state"], &resumed["deadline"]),
            (&json!("assigned"), &json!("2026-12-01T04:00:00.000Z"))
        );
    }
}

#[tokio::test]
async fn a_deadline_in_a_year_without_holidays_is_refused_and_nothing_is_ordered() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.travel("2026-12-30T02:00:00Z").await;

    let refused = review.supervisor.step(case, &step_request(1, order(json!({ "days": 7 })))).await;

    let refused = problem(refused).await;
    assert_eq!((refused.code.as_str(), refused.field.as_deref()), ("calendar_gap", Some("step.span")));
    assert_eq!(refused.detail.as_deref(), Some("the holiday calendar has no year 2027"));
    let shown = review.show(case).await;
    assert_eq!((&shown["rectification"], &shown["version"]), (&json!([]), &json!(1)));
    review.step(case, order(json!({ "working_days": 1 }))).await;
}

#[tokio::test]
async fn what_an_inspector_saw_is_not_refused_for_the_calendar_and_waits_for_a_deadline() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    assert_eq!(
        review.device.push(&[review.device.report(case, 1)]).await,
        [sync_core::wire::push::Outcome::Applied]
    );
    review.travel("2026-12-31T02:00:00Z").await;

    let device = review.server.renewed(&review.device);
    let failed = device.push(&[device.recheck(case, 1, false)]).await;

    assert_eq!(failed, [Outcome::Applied]);
    let round = review.round(case).await;
    assert_eq!((&round["round"], &round["deadline"]), (&json!(2), &Value::Null));
    let today = json!({ "kind": "extend_deadline", "span": { "working_hours": 1 } });
    assert_eq!(review.step(case, today).await["deadline"], "2026-12-31T03:00:00.000Z");
}

/// The server as it is once an administrator has added a calendar for 2027 without holidays.
fn with_next_year(review: &Review) -> AppState {
    let files = tempfile::tempdir().unwrap();
    let year = "year = 2027\nnotice = \"x\"\nholidays = []\n";
    std::fs::write(files.path().join("cn-2027.toml"), year).unwrap();
    let mut config = review.server.state.config.clone();
    config.calendar_dir = Some(files.path().to_owned());
    let pool = review.server.state.pool.clone();
    AppState::new(config, pool, review.server.clock.clone()).unwrap()
}

#[tokio::test]
async fn once_an_administrator_adds_the_year_what_waited_gets_its_deadline() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    review.device.push(&[review.device.report(case, 1)]).await;
    review.travel("2026-12-31T02:00:00Z").await;
    let device = review.server.renewed(&review.device);
    device.push(&[device.recheck(case, 1, false)]).await;
    let restarted = with_next_year(&review);

    assert_eq!(plan_deadlines(&review.server.state).await.unwrap(), 0, "the year is still missing");
    assert_eq!(plan_deadlines(&restarted).await.unwrap(), 1);
    assert_eq!(plan_deadlines(&restarted).await.unwrap(), 0, "once");

    // New Year's Day is worked by this file, and Monday is the second workday.
    assert_eq!(review.round(case).await["deadline"], "2027-01-04T10:00:00.000Z");
}

#[tokio::test]
async fn however_many_wait_for_the_year_each_gets_its_deadline_in_one_run() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    review.device.push(&[review.device.report(case, 1)]).await;
    review.travel("2026-12-31T02:00:00Z").await;
    let device = review.server.renewed(&review.device);
    device.push(&[device.recheck(case, 1, false)]).await;
    // The same case and rounds 600 times more.
    let copies = "
        INSERT INTO cases SELECT (jsonb_populate_record(
            c, jsonb_build_object('case_id', gen_random_uuid(), 'item', 'copy_' || copies.number))).*
        FROM cases c, generate_series(1, 600) AS copies (number);
        INSERT INTO rectifications
        SELECT (jsonb_populate_record(r, jsonb_build_object('case_id', c.case_id))).*
        FROM rectifications r, cases c WHERE c.case_id <> r.case_id";
    review.server.connection().await.batch_execute(copies).await.unwrap();

    assert_eq!(plan_deadlines(&with_next_year(&review)).await.unwrap(), 601);
}
