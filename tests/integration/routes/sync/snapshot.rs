//! Snapshots: a register as one file, in parts and over interruptions, and equal to one that was pulled page by page.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use device::{Device, HttpTransport, NewInspection, NewTarget, Transport};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures::future::join;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::header::{ETAG, RANGE};
use reqwest::{Method, Response};
use server::db::schema::{devices, users};
use server::db::types::Time;
use server::demo_district::DemoDistrict;
use sync_core::engine::{Extent, FailureReason, HttpRequest, HttpResponse, TransportError};
use sync_core::store::SnapshotFault;
use sync_core::wire::pull::RestartReason;
use tests::tablet::{PagesOnly, SNAPSHOT, Tablet};
use tests::{TestDevice, TestServer, problem};

/// A network that hands over small parts of a snapshot, and may tamper with them.
struct Parts {
    inner: HttpTransport,
    dice: Mutex<ChaCha8Rng>,
    /// Parts after which the program is killed.
    killed_after: usize,
    parts: AtomicUsize,
    /// Bytes of snapshots handed over, in all rounds.
    bytes: Arc<AtomicU64>,
    tamper: fn(&mut HttpResponse),
}

impl Parts {
    fn of(server: &TestServer, seed: u64) -> Self {
        Self {
            inner: HttpTransport::new(&server.url),
            dice: Mutex::new(ChaCha8Rng::seed_from_u64(seed)),
            killed_after: usize::MAX,
            parts: AtomicUsize::new(0),
            bytes: Arc::default(),
            tamper: |_| {},
        }
    }

    fn killed_after(self, killed_after: usize) -> Self {
        Self { killed_after, ..self }
    }
}

impl Transport for Parts {
    fn carry(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        if request.path != SNAPSHOT {
            return self.inner.carry(request);
        }
        assert!(self.parts.fetch_add(1, Ordering::Relaxed) < self.killed_after, "killed on purpose");
        let mut smaller = request.clone();
        let range = &mut smaller.headers.iter_mut().find(|(name, _)| *name == "Range").unwrap().1;
        let first: u64 = range.strip_prefix("bytes=").unwrap().split('-').next().unwrap().parse().unwrap();
        let length = self.dice.lock().unwrap().random_range(1..20_000);
        *range = format!("bytes={first}-{}", first + length - 1);
        let mut response = self.inner.carry(&smaller)?;
        if response.status == 206 {
            self.bytes.fetch_add(u64::try_from(response.body.len()).unwrap(), Ordering::Relaxed);
        }
        (self.tamper)(&mut response);
        Ok(response)
    }
}

/// What goes before a device's work.
const WORK: [&str; 5] = [
    "SELECT op_id, state, hex(bytes) FROM operation ORDER BY ordinal",
    "SELECT * FROM target_overlay ORDER BY op_id",
    "SELECT * FROM photo ORDER BY position",
    "SELECT * FROM draft ORDER BY inspection_id",
    "SELECT incarnation, last_device_seq FROM identity",
];

/// A tablet without a register, and the register as it had it when it pulled page by page.
async fn bare_tablet(server: &TestServer, demo: &DemoDistrict) -> (Tablet, Vec<String>) {
    let tablet = Tablet::enrol(server, demo, 0).await;
    let report = tablet.pull(PagesOnly(HttpTransport::new(&server.url))).await;
    assert_eq!((report.snapshots, report.failures.len()), (0, 0), "{report:?}");
    let register = tablet.register();
    assert!(register.len() > 100, "{} rows", register.len());
    tablet.lose_register();
    (tablet, register)
}

/// The snapshots that a server keeps.
fn kept(server: &TestServer) -> Vec<PathBuf> {
    let files = std::fs::read_dir(server.state.config.data_dir.join("snapshots")).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

async fn ask(device: &TestDevice, headers: &[(&str, &str)]) -> Response {
    let request = device.request(Method::GET, SNAPSHOT);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap()
}

fn tag(response: &Response) -> String {
    response.headers()[ETAG].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_from_a_snapshot_equals_one_pulled_page_by_page() {
    let (server, demo) = TestServer::with_demonstration().await;
    let (tablet, expected) = bare_tablet(&server, &demo).await;

    let report = tablet.pull(HttpTransport::new(&server.url)).await;

    assert_eq!((report.snapshots, report.failures.len()), (1, 0), "{report:?}");
    let rows = tablet.rows("master.db", "SELECT count(*) FROM pulled");
    assert_eq!(rows, [format!("[Integer({})]", report.pulled_rows)]);
    assert_eq!(tablet.register(), expected);
    let found = |device: &mut Device| device.search("工程", None).unwrap().len();
    assert!(tablet.run(found).await.unwrap() > 0, "the register can be searched");
    let again = tablet.pull(HttpTransport::new(&server.url)).await;
    assert_eq!((again.snapshots, again.pulled_rows), (0, 0), "pulls go on from the snapshot's cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_killed_at_any_part_goes_on_where_it_stopped() {
    const SEED: u64 = 20_241_008;
    println!("seed {SEED}");
    let (server, demo) = TestServer::with_demonstration().await;
    let (tablet, expected) = bare_tablet(&server, &demo).await;
    let bytes = Arc::new(AtomicU64::new(0));
    let mut kills = 0;
    let report = loop {
        let parts = Parts { bytes: bytes.clone(), ..Parts::of(&server, SEED + kills) }.killed_after(2);
        match tablet.run(move |device| device.round(Extent::PullOnly, &parts).unwrap()).await {
            Err(_killed) => kills += 1,
            Ok(report) => break report,
        }
    };
    assert!(kills > 1, "{kills} kills");
    assert_eq!((report.snapshots, report.failures.len()), (1, 0), "{report:?}");
    assert_eq!(tablet.register(), expected);
    let size = kept(&server)[0].metadata().unwrap().len();
    assert_eq!(AtomicU64::load(&bytes, Ordering::Relaxed), size, "no byte came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_killed_between_download_and_swap_asks_for_nothing_again() {
    let (server, demo) = TestServer::with_demonstration().await;
    let (tablet, expected) = bare_tablet(&server, &demo).await;
    let parts = Parts::of(&server, 1);
    let killed = tablet.run(move |device| {
        device.watch_download(|received| assert!(!received.is_complete(), "killed on purpose"));
        device.round(Extent::PullOnly, &parts).unwrap()
    });
    assert!(killed.await.is_err());
    assert_eq!(tablet.rows("master.db", "SELECT * FROM pulled"), Vec::<String>::new(), "not adopted yet");

    let report = tablet.pull(Parts::of(&server, 1).killed_after(0)).await;

    assert_eq!((report.snapshots, report.failures.len()), (1, 0), "{report:?}");
    assert_eq!(tablet.register(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_those_announced_are_not_taken_and_the_register_comes_all_the_same() {
    let (server, demo) = TestServer::with_demonstration().await;
    let (tablet, expected) = bare_tablet(&server, &demo).await;
    let tamper = |response: &mut HttpResponse| {
        if let Some(last) = response.body.last_mut() {
            *last ^= 1;
        }
    };

    let report = tablet.pull(Parts { tamper, ..Parts::of(&server, 1) }).await;

    let FailureReason::Snapshot { fault: SnapshotFault::HashDiffers(_) } = &report.failures[0].why else {
        panic!("{report:?}")
    };
    assert_eq!((report.snapshots, report.failures.len()), (0, 1), "{report:?}");
    assert_eq!(tablet.register(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_cut_off_is_asked_for_again() {
    let (server, demo) = TestServer::with_demonstration().await;
    let (tablet, expected) = bare_tablet(&server, &demo).await;
    static CUT: AtomicUsize = AtomicUsize::new(0);
    let tamper = |response: &mut HttpResponse| {
        if CUT.fetch_add(1, Ordering::Relaxed) == 1 {
            response.body.pop();
        }
    };

    let report = tablet.pull(Parts { tamper, ..Parts::of(&server, 1) }).await;

    assert_eq!((report.snapshots, report.failures.len()), (1, 0), "{report:?}");
    assert_eq!(tablet.register(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_another_one_meanwhile_is_begun_anew() {
    let (server, demo) = TestServer::with_demonstration().await;
    let (tablet, expected) = bare_tablet(&server, &demo).await;
    let parts = Parts::of(&server, 1).killed_after(1);
    assert!(tablet.run(move |device| device.round(Extent::PullOnly, &parts).map(drop)).await.is_err());
    let before = kept(&server);
    // A day later the file is gone, and the next one says another time.
    server.clock.advance_seconds(24 * 3600);
    std::fs::remove_file(&before[0]).unwrap();
    let bytes = Arc::new(AtomicU64::new(0));

    let report = tablet.pull(Parts { bytes: bytes.clone(), ..Parts::of(&server, 2) }).await;

    let after = kept(&server);
    assert_ne!(before, after);
    assert_eq!((report.snapshots, report.failures.len()), (1, 0), "{report:?}");
    assert_eq!(
        AtomicU64::load(&bytes, Ordering::Relaxed),
        after[0].metadata().unwrap().len(),
        "from its first byte on"
    );
    assert_eq!(tablet.register(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_restarted_goes_on_with_the_same_file() {
    let (server, demo) = TestServer::with_demonstration().await;
    let (tablet, expected) = bare_tablet(&server, &demo).await;
    let bytes = Arc::new(AtomicU64::new(0));
    let parts = Parts { bytes: bytes.clone(), ..Parts::of(&server, 1) }.killed_after(1);
    assert!(tablet.run(move |device| device.round(Extent::PullOnly, &parts).map(drop)).await.is_err());
    let size = kept(&server)[0].metadata().unwrap().len();
    let again = server.again().await;
    // Whatever was built anew would be another file.
    server.clock.advance_seconds(60);

    let report = tablet.pull(Parts { bytes: bytes.clone(), ..Parts::of(&again, 2) }).await;

    assert_eq!((report.snapshots, report.failures.len()), (1, 0), "{report:?}");
    assert_eq!(AtomicU64::load(&bytes, Ordering::Relaxed), size, "no byte came twice");
    assert_eq!(tablet.register(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_register_touches_no_work() {
    let (server, demo) = TestServer::with_demonstration().await;
    let tablet = Tablet::enrol(&server, &demo, 0).await;
    tablet.pull(HttpTransport::new(&server.url)).await;
    let drafted = |device: &mut Device| {
        let place = device.search("工程", None).unwrap().remove(0).entry.content;
        let given = NewTarget {
            kind: place.kind,
            name: "新工地".to_owned(),
            point: place.point,
            grid: place.grid,
            unit_id: None,
            code: None,
            address: String::new(),
            supervising_department: None,
            responsible_person: None,
            facts: place.facts,
        };
        device.register_target(given).unwrap();
        device.save_draft(None, NewInspection::default()).unwrap();
    };
    tablet.run(drafted).await.unwrap();
    let work = || WORK.map(|sql| tablet.rows("work.db", sql));
    let before = work();
    assert!(before.iter().filter(|rows| !rows.is_empty()).count() >= 4, "{before:?}");
    diesel::update(users::table)
        .set(users::scope_version.eq(users::scope_version + 1))
        .execute(&mut server.connection().await)
        .await
        .unwrap();

    let report = tablet.pull(HttpTransport::new(&server.url)).await;

    assert_eq!((report.restarts, report.snapshots), (vec![RestartReason::ScopeChanged], 1));
    assert_eq!(work(), before);
}

#[tokio::test]
async fn a_range_is_a_part_of_the_file_and_another_file_is_told_from_it() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "001").await;
    let whole = ask(&device, &[]).await;
    let etag = tag(&whole);
    assert_eq!(whole.status(), 200);
    let whole = whole.bytes().await.unwrap();
    assert_eq!(etag, format!("\"{}\"", sync_core::ids::PhotoHash::of(&whole)), "the tag is the hash");

    for (range, expected) in [("bytes=10-19", &whole[10..20]), ("bytes=-5", &whole[whole.len() - 5..])] {
        for condition in ["If-Match", "If-Range"] {
            let part = ask(&device, &[("Range", range), (condition, &etag)]).await;
            assert_eq!((part.status().as_u16(), tag(&part)), (206, etag.clone()));
            assert_eq!(part.bytes().await.unwrap(), expected);
        }
    }
    let beyond = format!("bytes={}-", whole.len());
    let beyond = ask(&device, &[(RANGE.as_str(), &beyond)]).await;
    assert_eq!(problem(beyond).await.code.as_str(), "range_not_satisfiable");
    let other = format!("\"{}\"", "0".repeat(64));
    let sent_whole = ask(&device, &[("Range", "bytes=10-19"), ("If-Range", &other)]).await;
    assert_eq!(sent_whole.status(), 200);
    assert_eq!(sent_whole.bytes().await.unwrap(), whole);
    let changed = ask(&device, &[("Range", "bytes=10-19"), ("If-Match", &other)]).await;
    assert_eq!(problem(changed).await.code.as_str(), "snapshot_changed");
}

#[tokio::test]
async fn a_snapshot_is_built_once_for_all_who_ask_and_nobody_reaches_anothers() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let [east, west] =
        [server.inspector(&macun, "zhao", "001").await, server.inspector(&macun, "qian", "002").await];
    for community in ["001/001", "002/001", "002/002"] {
        server.site(&macun, community).await;
    }
    let (first, second) = join(ask(&east, &[]), ask(&east, &[])).await;
    let of_east = tag(&first);
    assert_eq!(of_east, tag(&second));
    assert_eq!(kept(&server).len(), 1);

    let of_west = ask(&west, &[]).await;

    assert_ne!(tag(&of_west), of_east);
    let reached = ask(&west, &[("If-Match", &of_east)]).await;
    assert_eq!(problem(reached).await.code.as_str(), "snapshot_changed");
    let reached = ask(&west, &[("Range", "bytes=0-9"), ("If-Range", &of_east)]).await;
    assert_eq!((reached.status().as_u16(), tag(&reached)), (200, tag(&of_west)));
}

#[tokio::test]
async fn a_revoked_device_gets_no_snapshot() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "001").await;
    assert_eq!(ask(&device, &[]).await.status(), 200);
    diesel::update(devices::table)
        .set(devices::revoked_at.eq(Time(server.now())))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
    assert_eq!(problem(ask(&device, &[]).await).await.code.as_str(), "device_revoked");
}
