//! Copies of a device's database: noticed by the server, told apart by themselves, and nothing is lost or counted twice.

use std::path::Path;

use device::{Device, DeviceError, HttpTransport, NewTarget};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use server::db::schema::operations;
use sync_core::engine::{Extent, SyncReport};
use sync_core::ids::TargetId;
use sync_core::store::StoreError;
use tests::TestServer;
use tests::tablet::Tablet;

/// Registers a target beside one that is there.
async fn register(tablet: &Tablet, name: &'static str) -> TargetId {
    let registered = tablet.run(move |device| {
        let place = device.search("工程", None).unwrap().remove(0).entry.content;
        let given = NewTarget {
            kind: place.kind,
            name: name.to_owned(),
            point: place.point,
            grid: place.grid,
            unit_id: None,
            code: None,
            address: String::new(),
            supervising_department: None,
            responsible_person: None,
            facts: place.facts,
        };
        device.register_target(given).unwrap()
    });
    registered.await.unwrap()
}

async fn sync(tablet: &Tablet, server: &TestServer) -> SyncReport {
    let transport = HttpTransport::new(&server.url);
    let round = tablet.run(move |device| device.round(Extent::Sync, &transport).unwrap());
    let report = round.await.unwrap();
    assert_eq!((report.failures.len(), report.waiting_operations), (0, 0), "{report:?}");
    report
}

/// Installations and numbers of what the server has stored.
async fn stored(server: &TestServer) -> Vec<(uuid::Uuid, Option<i64>)> {
    operations::table
        .order((operations::received_at, operations::op_id))
        .select((operations::incarnation, operations::device_seq))
        .load(&mut server.connection().await)
        .await
        .unwrap()
}

/// A tablet that has a register, with one operation that waits.
async fn working(server: &TestServer, demo: &server::demo_district::DemoDistrict) -> Tablet {
    let tablet = Tablet::enrol(server, demo, 0).await;
    sync(&tablet, server).await;
    register(&tablet, "复制之前").await;
    tablet
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_of_a_tablet_both_deliver_and_the_second_numbers_for_itself() {
    let (server, demo) = TestServer::with_demonstration().await;
    let first = working(&server, &demo).await;
    let second = first.copied();
    register(&first, "第一份").await;
    register(&second, "第二份").await;

    let of_first = sync(&first, &server).await;
    assert_eq!((of_first.applied, of_first.copied_database), (2, false), "{of_first:?}");
    let of_second = sync(&second, &server).await;

    assert!(of_second.copied_database, "{of_second:?}");
    assert_eq!(
        (of_second.applied, of_second.duplicate),
        (1, 1),
        "what both recorded arrived once: {of_second:?}"
    );
    register(&first, "第一份之后").await;
    register(&second, "第二份之后").await;
    for copy in [&first, &second] {
        let report = sync(copy, &server).await;
        assert_eq!((report.applied, report.copied_database), (1, false), "{report:?}");
    }
    let stored = stored(&server).await;
    assert_eq!(stored.len(), 5);
    let under_the_second: Vec<_> = stored.iter().filter(|(made_in, _)| *made_in != stored[0].0).collect();
    assert_eq!(under_the_second.iter().map(|(_, seq)| seq.unwrap()).collect::<Vec<_>>(), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_restored_from_an_older_copy_goes_on_under_another_identity() {
    let (server, demo) = TestServer::with_demonstration().await;
    let tablet = working(&server, &demo).await;
    let older = tablet.copied();
    register(&tablet, "之后").await;
    sync(&tablet, &server).await;
    drop(tablet);

    register(&older, "恢复之后").await;
    let report = sync(&older, &server).await;

    assert!(report.copied_database, "{report:?}");
    assert_eq!((report.applied, report.duplicate), (1, 1), "{report:?}");
    assert_eq!(stored(&server).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_on_the_same_tablet_steps_back_and_the_first_goes_on() {
    let (server, demo) = TestServer::with_demonstration().await;
    let tablet = working(&server, &demo).await;
    let (home, url, clock) = (tablet.home(), server.url.clone(), server.clock.clone());
    let second = move |home: &Path| match Device::open(home, clock.clone()) {
        Err(DeviceError::Store(StoreError::InUse)) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two programs send for one tablet"),
    };

    let report = tablet.run(move |device| {
        second(&home);
        device.round(Extent::Sync, &HttpTransport::new(&url)).unwrap()
    });

    let report = report.await.unwrap();
    assert_eq!((report.applied, report.failures.len()), (1, 0), "{report:?}");
}
