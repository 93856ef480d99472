//! Pull: what the user may hold, whole transactions a page, and the word to start over where a cursor leads nowhere.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::date;
use reqwest::Method;
use server::db::changes::{Entity, NewChange, record_changes};
use server::db::schema::{assignments, districts, users};
use server::db::types::Day;
use sync_core::ids::{Epoch, ZoneId};
use sync_core::limits::PULL_PAGE_ROWS;
use sync_core::model::case::CaseRow;
use sync_core::model::target::TargetContent;
use sync_core::time::Clock;
use sync_core::wire::operation::{Body, TargetUpdate};
use sync_core::wire::pull::{Change, ChangeKind, PullAnswer, RestartReason};
use sync_core::wire::push::{OperationResult, Outcome};
use tests::field::visit;
use tests::{TestDevice, TestDistrict, TestServer, problem};

/// Records changes of things that are gone: `sizes` rows under each number.
async fn record(server: &TestServer, district: &TestDistrict, sizes: impl IntoIterator<Item = usize>) {
    let mut conn = server.connection().await;
    for size in sizes {
        let gone = || NewChange::of_district(Entity::Zone(ZoneId::fresh()));
        let changes: Vec<_> = std::iter::repeat_with(gone).take(size).collect();
        record_changes(&mut conn, &district.code, &changes).await.unwrap();
    }
}

/// The sizes of the pages from the start.
async fn pages(device: &TestDevice) -> Vec<usize> {
    let mut page = device.page(None).await;
    let mut sizes = vec![page.changes.len()];
    while page.more {
        page = device.page(Some(&page.cursor)).await;
        sizes.push(page.changes.len());
    }
    assert!(device.page(Some(&page.cursor)).await.changes.is_empty(), "the end is the end");
    sizes
}

fn brief(changes: &[Change]) -> Vec<(&str, ChangeKind)> {
    changes.iter().map(|change| (change.entity.as_str(), change.change)).collect()
}

#[tokio::test]
async fn the_last_row_arrives_whatever_the_count_is() {
    const N: usize = PULL_PAGE_ROWS;
    // Ten rows a number, so that a page that fits ends with a whole number.
    for (count, expected) in [
        (0, vec![0]),
        (1, vec![1]),
        (N - 1, vec![N - 1]),
        (N, vec![N]),
        (N + 1, vec![N, 1]),
        (2 * N, vec![N, N]),
    ] {
        let server = TestServer::start().await;
        let macun = server.district("410804").await;
        let device = server.inspector(&macun, "li", "").await;
        let tens = std::iter::repeat_n(10, count / 10);
        record(&server, &macun, tens.chain((count % 10 > 0).then_some(count % 10))).await;
        assert_eq!(pages(&device).await, expected, "{count} rows");
    }
}

#[tokio::test]
async fn a_page_never_splits_a_transaction() {
    const N: usize = PULL_PAGE_ROWS;
    for (sizes, expected) in [
        (vec![1, N, 1], vec![1, N, 1]),
        (vec![N - 1, 2], vec![N - 1, 2]),
        (vec![2 * N + 1], vec![2 * N + 1]),
        (vec![2 * N + 1, 1], vec![2 * N + 1, 1]),
    ] {
        let server = TestServer::start().await;
        let macun = server.district("410804").await;
        let device = server.inspector(&macun, "li", "").await;
        record(&server, &macun, sizes.clone()).await;
        assert_eq!(pages(&device).await, expected, "{sizes:?}");
    }
}

#[tokio::test]
async fn a_push_comes_back_as_target_case_with_charges_and_result() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let (_, cursor) = device.pull_all(None).await;
    let visit = visit(&device, &site, &["hoarding"]);
    let submit = device.submit(&visit);
    device.push(std::slice::from_ref(&submit)).await;

    let (changes, _) = device.pull_all(Some(&cursor)).await;

    assert_eq!(brief(&changes), [("case", ChangeKind::Upsert), ("operation", ChangeKind::Upsert)]);
    let case: CaseRow = serde_json::from_str(changes[0].row.as_ref().unwrap().get()).unwrap();
    assert_eq!((case.inspection_id, case.charges.len()), (visit.inspection_id, 1));
    assert_eq!(case.point, Some(site.content.point), "so that a device can tell what is near");
    let result: OperationResult = serde_json::from_str(changes[1].row.as_ref().unwrap().get()).unwrap();
    assert_eq!(result, OperationResult { op_id: submit.header.op_id, outcome: Outcome::Applied });
}

#[tokio::test]
async fn a_device_holds_what_lies_in_its_grids_and_the_own_work_only() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let everywhere = server.inspector(&macun, "li", "").await;
    let east = server.inspector(&macun, "zhao", "001").await;
    let here = server.site(&macun, "001/001").await;
    let there = server.site(&macun, "002/001").await;
    everywhere
        .push(&[
            everywhere.submit(&visit(&everywhere, &here, &["hoarding"])),
            everywhere.submit(&visit(&everywhere, &there, &["hoarding"])),
        ])
        .await;

    let (changes, _) = east.pull_all(None).await;

    let kinds = brief(&changes);
    assert_eq!(
        kinds,
        [("pack", ChangeKind::Upsert), ("target", ChangeKind::Upsert), ("case", ChangeKind::Upsert)]
    );
    assert_eq!(changes[1].id, here.content.target_id.to_string());
}

#[tokio::test]
async fn a_target_that_moves_is_revoked_here_and_added_there() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let [mover, east, west] = [
        server.inspector(&macun, "li", "").await,
        server.inspector(&macun, "zhao", "001").await,
        server.inspector(&macun, "qian", "002").await,
    ];
    let site = server.site(&macun, "001/001").await;
    let (_, from_east) = east.pull_all(None).await;
    let (_, from_west) = west.pull_all(None).await;
    let content = TargetContent { grid: macun.grid("002/001"), ..site.content };
    let update = mover.operation(Body::UpdateTarget(TargetUpdate { base_version: 1, content }));
    assert_eq!(mover.push(&[update]).await, [Outcome::Applied]);

    let (lost, _) = east.pull_all(Some(&from_east)).await;
    let (won, _) = west.pull_all(Some(&from_west)).await;

    assert_eq!(brief(&lost), [("target", ChangeKind::Revoke)]);
    assert_eq!(brief(&won), [("target", ChangeKind::Upsert)]);
}

#[tokio::test]
async fn a_cursor_of_another_scope_life_or_history_starts_over() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "001").await;
    let (_, cursor) = device.pull_all(None).await;
    let mut conn = server.connection().await;
    let restarted = async || match device.pull(Some(&cursor)).await {
        PullAnswer::Restart { reason, .. } => Some(reason),
        PullAnswer::Page(_) => None,
    };
    assert_eq!(restarted().await, None);

    diesel::update(users::table).set(users::scope_version.eq(2)).execute(&mut conn).await.unwrap();
    assert_eq!(restarted().await, Some(RestartReason::ScopeChanged));
    diesel::update(users::table).set(users::scope_version.eq(1)).execute(&mut conn).await.unwrap();

    diesel::sql_query("UPDATE changes SET change_id = gen_random_uuid()").execute(&mut conn).await.unwrap();
    assert_eq!(restarted().await, Some(RestartReason::CursorUnknown));

    diesel::update(districts::table)
        .set(districts::epoch.eq(Epoch::fresh().0))
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(restarted().await, Some(RestartReason::EpochChanged));
}

#[tokio::test]
async fn a_restored_server_that_fell_back_behind_the_cursor_is_recognised() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    record(&server, &macun, [1, 1, 1]).await;
    let (_, cursor) = device.pull_all(None).await;
    let mut conn = server.connection().await;
    diesel::sql_query("DELETE FROM changes WHERE number > 2").execute(&mut conn).await.unwrap();
    diesel::update(districts::table).set(districts::change_number.eq(2)).execute(&mut conn).await.unwrap();
    let answer = device.pull(Some(&cursor)).await;
    assert!(matches!(answer, PullAnswer::Restart { reason: RestartReason::CursorUnknown, .. }), "{answer:?}");
}

#[tokio::test]
async fn an_assignment_that_ends_by_its_date_starts_the_device_over_with_its_own_work_alone() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let mut device = server.inspector(&macun, "li", "001").await;
    let site = server.site(&macun, "001/001").await;
    device.push(&[device.submit(&visit(&device, &site, &["hoarding"]))]).await;
    diesel::update(assignments::table)
        .set(assignments::until_day.eq(Day(date(2026, 11, 22))))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
    let (_, cursor) = device.pull_all(None).await;

    server.clock.advance_seconds(86_400);
    device.token = server
        .state
        .access_keys
        .issue(&macun.code, device.device_id, device.user.user_id, device.incarnation, server.clock.now())
        .unwrap();

    let answer = device.pull(Some(&cursor)).await;
    assert!(matches!(answer, PullAnswer::Restart { reason: RestartReason::ScopeChanged, .. }), "{answer:?}");
    let (changes, _) = device.pull_all(None).await;
    let kinds: BTreeSet<_> = changes.iter().map(|change| change.entity.as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["case", "operation", "pack"]));
}

#[tokio::test]
async fn a_text_that_is_no_cursor_is_refused() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    for text in ["x", "AAAA", "%00"] {
        let path = format!("/api/v1/sync/pull?cursor={text}");
        let problem = problem(device.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!((problem.code.as_str(), problem.field.as_deref()), ("cursor_invalid", Some("cursor")));
    }
}
