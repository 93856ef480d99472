//! The change log is pruned of what is outdated, and nobody misses anything by it.

use std::collections::BTreeMap;

use server::services::prune_changes::prune_changes;
use sync_core::model::target::{Target, TargetContent};
use sync_core::wire::operation::{Body, TargetUpdate};
use sync_core::wire::pull::{ChangeKind, PullAnswer, RestartReason};
use sync_core::wire::push::Outcome;
use tests::{TestDevice, TestServer};

/// Everything recorded so far was recorded long ago.
async fn age(server: &TestServer) {
    server.execute("UPDATE changes SET changed_at = '2020-01-01'").await.unwrap();
}

async fn update(device: &TestDevice, site: &Target, version: u32, change: impl FnOnce(&mut TargetContent)) {
    let mut content = site.content.clone();
    change(&mut content);
    let update = device.operation(Body::UpdateTarget(TargetUpdate { base_version: version, content }));
    assert_eq!(device.push(&[update]).await, [Outcome::Applied]);
}

/// What a device holds that pulls from the start.
async fn held(device: &TestDevice) -> BTreeMap<(String, String), String> {
    let (changes, _) = device.pull_all(None).await;
    let rows = changes.into_iter().filter(|change| change.change == ChangeKind::Upsert);
    rows.map(|change| ((change.entity, change.id), change.row.unwrap().get().to_owned())).collect()
}

#[tokio::test]
async fn outdated_changes_go_after_ninety_days_and_a_pull_from_the_start_brings_the_same() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    for version in 1..4 {
        update(&device, &site, version, |content| content.name = format!("第{version}版")).await;
    }
    let (before, changes) = (held(&device).await, server.changes("target").await);
    assert_eq!(prune_changes(&server.state).await.unwrap(), 0, "all of it is new");
    age(&server).await;

    let pruned = prune_changes(&server.state).await.unwrap();

    // Registered, then changed three times: the registration tells of another place before.
    assert_eq!((changes, pruned, server.changes("target").await), (4, 2, 2));
    assert_eq!(held(&device).await, before);
    assert_eq!(prune_changes(&server.state).await.unwrap(), 0);
}

#[tokio::test]
async fn a_device_that_was_away_for_long_starts_over_or_misses_nothing() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let [mover, east] =
        [server.inspector(&macun, "li", "").await, server.inspector(&macun, "zhao", "001").await];
    let site = server.site(&macun, "001/001").await;
    let other = server.site(&macun, "001/002").await;
    let (_, known) = east.pull_all(None).await;
    update(&mover, &site, 1, |content| content.name = "新名".to_owned()).await;
    let (_, outdated) = mover.pull_all(None).await;
    update(&mover, &site, 2, |content| content.name = "又一名".to_owned()).await;
    update(&mover, &other, 1, |content| content.grid = macun.grid("002/001")).await;
    age(&server).await;
    assert_eq!(prune_changes(&server.state).await.unwrap(), 1);

    let (changes, _) = east.pull_all(Some(&known)).await;
    let brief: Vec<_> = changes.iter().map(|change| (change.id.clone(), change.change)).collect();
    let [site, other] = [&site, &other].map(|target| target.content.target_id.to_string());
    assert_eq!(brief, [(site, ChangeKind::Upsert), (other, ChangeKind::Revoke)]);

    let answer = mover.pull(Some(&outdated)).await;
    assert!(matches!(answer, PullAnswer::Restart { reason: RestartReason::CursorUnknown, .. }), "{answer:?}");
}
