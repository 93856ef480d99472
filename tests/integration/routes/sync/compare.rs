//! Comparing what a device holds with what it should hold: differences are found at one cursor, told, and healed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use device::{HttpTransport, Transport};
use rusqlite::Connection;
use sync_core::engine::{Difference, HttpRequest, HttpResponse, SyncReport, TransportError};
use sync_core::wire::digest::ScopeDigest;
use tests::TestServer;
use tests::tablet::Tablet;

const DIGEST: &str = "/api/v1/sync/digest";
const DAY: i64 = 24 * 3600;

/// Counts what is asked for digests, and may answer that the server is elsewhere by now.
struct Counting {
    inner: HttpTransport,
    asked: Arc<AtomicUsize>,
    is_elsewhere: bool,
}

impl Transport for Counting {
    fn carry(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut response = self.inner.carry(request)?;
        if request.path == DIGEST {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.is_elsewhere {
                let mut digest: ScopeDigest = serde_json::from_slice(&response.body).unwrap();
                digest.cursor.push('x');
                response.body = serde_json::to_vec(&digest).unwrap();
            }
        }
        Ok(response)
    }
}

async fn compare(tablet: &Tablet, transport: impl Transport + Send + 'static) -> SyncReport {
    let report = tablet.run(move |device| device.comparing_round(&transport).unwrap()).await.unwrap();
    assert!(report.failures.is_empty(), "{report:?}");
    report
}

fn spoil(tablet: &Tablet, sql: &str) {
    let changed = Connection::open(tablet.database("master.db")).unwrap().execute(sql, []).unwrap();
    assert_eq!(changed, 1);
}

async fn repairs(tablet: &Tablet) -> u64 {
    tablet.run(|device| device.status().unwrap().repairs).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_deleted_or_altered_by_hand_is_found_told_and_healed() {
    let (server, demo) = TestServer::with_demonstration().await;
    let tablet = Tablet::enrol(&server, &demo, 0).await;
    tablet.pull(HttpTransport::new(&server.url)).await;
    let register = tablet.register();
    let targets = register.iter().filter(|row| row.starts_with("[Text(\"target\")")).count();
    let targets = u64::try_from(targets).unwrap();
    let first = "WHERE entity = 'target' AND id = (SELECT min(id) FROM pulled WHERE entity = 'target')";

    for (healed, (sql, here)) in [
        (format!("DELETE FROM pulled {first}"), targets - 1),
        (format!("UPDATE pulled SET json = json_set(json, '$.name', '某处') {first}"), targets),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(compare(&tablet, HttpTransport::new(&server.url)).await.differences, []);
        spoil(&tablet, &sql);
        assert_ne!(tablet.register(), register);

        let report = compare(&tablet, HttpTransport::new(&server.url)).await;

        let difference = Difference { entity: "target".to_owned(), here, there: targets };
        assert_eq!((report.differences, report.snapshots), (vec![difference], 1));
        assert_eq!(tablet.register(), register);
        assert_eq!(repairs(&tablet).await, u64::try_from(healed).unwrap() + 1);
        let log = tablet.run(|device| device.store().work.sync_log().unwrap()).await.unwrap();
        assert!(log.last().unwrap().contains(r#""differences":[{"entity":"target""#), "{log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn digests_at_different_cursors_are_never_compared() {
    let (server, demo) = TestServer::with_demonstration().await;
    let tablet = Tablet::enrol(&server, &demo, 0).await;
    tablet.pull(HttpTransport::new(&server.url)).await;
    spoil(
        &tablet,
        "DELETE FROM pulled WHERE entity = 'unit' AND id = (SELECT min(id) FROM pulled WHERE entity = 'unit')",
    );
    let asked = Arc::new(AtomicUsize::new(0));
    let elsewhere =
        Counting { inner: HttpTransport::new(&server.url), asked: asked.clone(), is_elsewhere: true };

    let report = compare(&tablet, elsewhere).await;

    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!((report.differences, report.snapshots, repairs(&tablet).await), (vec![], 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_is_compared_once_a_day() {
    let (server, demo) = TestServer::with_demonstration().await;
    let tablet = Tablet::enrol(&server, &demo, 0).await;
    let asked = Arc::new(AtomicUsize::new(0));
    for (later, expected) in [(0, 0), (DAY - 1, 0), (1, 1), (60, 1), (DAY, 2)] {
        server.clock.advance_seconds(later);
        let counting =
            Counting { inner: HttpTransport::new(&server.url), asked: asked.clone(), is_elsewhere: false };
        let report = tablet.pull(counting).await;
        assert!(report.differences.is_empty() && report.failures.is_empty(), "{report:?}");
        assert_eq!(asked.load(Ordering::Relaxed), expected, "{later} seconds later");
    }
}
