//! Change numbers follow commits: a reader who goes on from his cursor misses nothing, whoever writes meanwhile. A
//! sequence in place of the district's counter fails both tests.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel::QueryableByName;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use server::db::changes::{Entity, NewChange, record_changes};
use sync_core::ids::ZoneId;
use tests::{TestDistrict, TestServer};

const WRITERS: usize = 8;
const COMMITS: usize = 25;

fn change(zone: ZoneId) -> [NewChange; 1] {
    [NewChange::of_district(Entity::Zone(zone))]
}

#[derive(QueryableByName)]
struct Waits {
    #[diesel(sql_type = Bool)]
    waits: bool,
}

#[tokio::test]
async fn a_change_that_commits_later_never_has_the_lower_number() {
    let server = Arc::new(TestServer::start().await);
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let (_, start) = device.pull_all(None).await;
    let [slow, quick] = [ZoneId::fresh(), ZoneId::fresh()];

    let mut slow_writer = server.connection().await;
    slow_writer.batch_execute("BEGIN").await.unwrap();
    record_changes(&mut slow_writer, &macun.code, &change(slow)).await.unwrap();
    let quick_writer = tokio::spawn({
        let (server, district) = (server.clone(), macun.code.clone());
        async move {
            let mut conn = server.connection().await;
            record_changes(&mut conn, &district, &change(quick)).await.unwrap();
        }
    });
    // Until the quick one has either committed, which would be the fault, or stands behind the slow one.
    let mut watcher = server.connection().await;
    while !quick_writer.is_finished() {
        let lock = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock') AS waits";
        if diesel::sql_query(lock).get_result::<Waits>(&mut watcher).await.unwrap().waits {
            break;
        }
    }
    drop(watcher);
    let (between, cursor) = device.pull_all(Some(&start)).await;
    slow_writer.batch_execute("COMMIT").await.unwrap();
    quick_writer.await.unwrap();
    let (after, _) = device.pull_all(Some(&cursor)).await;

    let seen: Vec<_> = between.iter().chain(&after).map(|change| change.id.clone()).collect();
    assert_eq!(seen, [slow.to_string(), quick.to_string()]);
}

#[tokio::test]
async fn a_reader_beside_eight_writers_misses_no_row() {
    let server = Arc::new(TestServer::start_with(|config| config.database_connections = WRITERS + 4).await);
    let macun: TestDistrict = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let (_, mut cursor) = device.pull_all(None).await;

    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (server, district) = (server.clone(), macun.code.clone());
            tokio::spawn(async move {
                let mut conn = server.connection().await;
                let mut written = Vec::new();
                for _ in 0..COMMITS {
                    let zone = ZoneId::fresh();
                    conn.transaction(async |conn| {
                        record_changes(conn, &district, &change(zone)).await?;
                        // A transaction takes its time between its number and its commit.
                        conn.batch_execute("SELECT count(*) FROM generate_series(1, 2000)").await
                    })
                    .await
                    .unwrap();
                    written.push(zone.to_string());
                }
                written
            })
        })
        .collect();
    let mut seen = BTreeSet::new();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let (changes, next) = device.pull_all(Some(&cursor)).await;
        seen.extend(changes.into_iter().map(|change| change.id));
        cursor = next;
    }
    let (changes, _) = device.pull_all(Some(&cursor)).await;
    seen.extend(changes.into_iter().map(|change| change.id));

    let mut written = BTreeSet::new();
    for writer in writers {
        written.extend(writer.await.unwrap());
    }
    assert_eq!(written.len(), WRITERS * COMMITS);
    assert_eq!(seen, written);
}
