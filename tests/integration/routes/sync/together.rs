//! Pushes of several devices that are stored together: each has its own answer, as if it had come alone.

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures::future::join_all;
use server::db::schema::{devices, districts};
use server::db::types::Time;
use sync_core::ids::RegionCode;
use sync_core::model::inspection::Inspection;
use sync_core::model::target::Target;
use sync_core::time::Clock;
use sync_core::wire::operation::{Body, Operation, TargetUpdate};
use sync_core::wire::push::{Outcome, PushResponse};
use tests::field::{code, text, visit};
use tests::{TestDevice, TestDistrict, TestServer, problem};

use super::stored::{cases_of, operation};

#[derive(QueryableByName)]
struct Blocked {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// As many groups as are stored at a time.
const GROUPS_AT_ONCE: usize = 2;

/// What a push was answered with: its outcomes, or the code of the problem.
type Answer = Result<Vec<Outcome>, String>;

async fn push(device: &TestDevice, operations: &[Operation]) -> Answer {
    let response = device.push_texts(operations.iter().map(text).collect()).await;
    if response.status() != 200 {
        return Err(problem(response).await.code.as_str().to_owned());
    }
    let answer: PushResponse = response.json().await.unwrap();
    Ok(answer.results.into_iter().map(|result| result.outcome).collect())
}

/// Pushes these in their order while others hold the district up, so that they leave in one group. Their answers, and
/// how many transactions of the district changed something.
async fn together(
    server: &TestServer,
    macun: &TestDistrict,
    site: &Target,
    pushes: &[(&TestDevice, Vec<Operation>)],
) -> (Vec<Answer>, i64) {
    let mut ahead = Vec::new();
    for number in 0..GROUPS_AT_ONCE {
        ahead.push(server.inspector(macun, &format!("ahead{number}"), "").await);
    }
    let before = transactions(server, &macun.code).await;
    let mut jam = server.connection().await;
    // The lock that orders searches for duplicates: whoever opens a case waits for it.
    jam.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock(2, {})", macun.code)).await.unwrap();
    let held_up = join_all(ahead.iter().map(|device| async move {
        let finding = device.submit(&visit(device, site, &["hoarding"]));
        push(device, &[finding]).await
    }));
    let arriving = async {
        let blocked = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event = 'advisory'";
        let mut watcher = server.connection().await;
        let groups = i64::try_from(GROUPS_AT_ONCE).unwrap();
        while diesel::sql_query(blocked).get_result::<Blocked>(&mut watcher).await.unwrap().count < groups {}
        drop(watcher);
        let in_line = |count: usize| async move {
            while server.state.pushes.waiting() < count {
                tokio::task::yield_now().await;
            }
        };
        let sent = pushes.iter().enumerate().map(|(before, (device, operations))| async move {
            in_line(before).await;
            push(device, operations).await
        });
        let all_in_line = async {
            in_line(pushes.len()).await;
            jam.batch_execute("COMMIT").await.unwrap();
        };
        tokio::join!(join_all(sent), all_in_line).0
    };
    let (ahead, answers) = tokio::join!(held_up, arriving);
    assert_eq!(ahead, [Ok(vec![Outcome::Applied]), Ok(vec![Outcome::Applied])]);
    let behind = transactions(server, &macun.code).await - before;
    (answers, behind - i64::try_from(GROUPS_AT_ONCE).unwrap())
}

/// How many transactions of the district changed something.
async fn transactions(server: &TestServer, district: &RegionCode) -> i64 {
    districts::table
        .find(district.as_str())
        .select(districts::change_number)
        .first(&mut server.connection().await)
        .await
        .unwrap()
}

/// A server with a site and inspectors of these names, each with a tablet.
async fn scene<const N: usize>(names: [&str; N]) -> (TestServer, TestDistrict, Target, [TestDevice; N]) {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let site = server.site(&macun, "001/001").await;
    let devices = join_all(names.map(|name| server.inspector(&macun, name, ""))).await;
    (server, macun, site, devices.try_into().ok().unwrap())
}

fn finding(device: &TestDevice, site: &Target) -> Operation {
    device.submit(&visit(device, site, &["hoarding"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_gets_the_results_of_its_own_from_one_transaction() {
    let (server, macun, site, [li, wu]) = scene(["li", "wu"]).await;
    let elsewhere = server.inspector(&macun, "he", "002").await;
    let before = finding(&li, &site);
    li.push(std::slice::from_ref(&before)).await;
    // Every device counts for itself.
    let mut of_wu = finding(&wu, &site);
    of_wu.header.device_seq = before.header.device_seq;
    let pushes = [
        (&li, vec![before, finding(&li, &site)]),
        (&wu, vec![of_wu.clone(), finding(&wu, &site)]),
        (&elsewhere, vec![finding(&elsewhere, &site), of_wu.clone()]),
    ];

    let (answers, transactions) = together(&server, &macun, &site, &pushes).await;

    assert_eq!(transactions, 1);
    assert_eq!(answers[0], Ok(vec![Outcome::Duplicate { rejection: None }, Outcome::Applied]));
    assert_eq!(answers[1], Ok(vec![Outcome::Applied, Outcome::Applied]));
    let of_elsewhere = answers[2].as_ref().unwrap();
    // By his own assignment; and nobody's operation is taken from another device.
    assert_eq!(of_elsewhere.iter().map(code).collect::<Vec<_>>(), ["not_assigned", "operation_not_yours"]);
    assert_eq!(operation(&server, of_wu.header.op_id).await, Some((of_wu.encode().unwrap(), true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_and_a_copied_device_are_nothing_to_the_others() {
    let (server, macun, site, [revoked, copied, sound]) = scene(["revoked", "copied", "sound"]).await;
    let one = finding(&copied, &site);
    copied.push(std::slice::from_ref(&one)).await;
    let mut other = finding(&copied, &site);
    other.header.device_seq = one.header.device_seq;
    diesel::update(devices::table.filter(devices::device_id.eq(revoked.device_id.0)))
        .set(devices::revoked_at.eq(Time(server.clock.now())))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
    let kept = finding(&revoked, &site);
    let pushes = [
        (&revoked, vec![kept.clone()]),
        (&copied, vec![other.clone()]),
        (&sound, vec![finding(&sound, &site)]),
    ];

    let (answers, transactions) = together(&server, &macun, &site, &pushes).await;

    assert_eq!(transactions, 1);
    let expected = [
        Ok(vec![Outcome::Quarantined]),
        Err("device_database_copied".to_owned()),
        Ok(vec![Outcome::Applied]),
    ];
    assert_eq!(answers, expected);
    assert_eq!(operation(&server, kept.header.op_id).await, Some((kept.encode().unwrap(), false)));
    assert_eq!(operation(&server, other.header.op_id).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_breaks_a_constraint_undoes_nobody_elses() {
    let (server, macun, site, [li, wu]) = scene(["li", "wu"]).await;
    server
        .connection()
        .await
        .batch_execute(
            "ALTER TABLE inspections ADD CONSTRAINT inspections_poison_check
             CHECK (sealed ->> 'notes' <> 'poison')",
        )
        .await
        .unwrap();
    let poison = Inspection { notes: "poison".to_owned(), ..visit(&li, &site, &["hoarding"]) };
    let pushes = [(&li, vec![finding(&li, &site), li.submit(&poison)]), (&wu, vec![finding(&wu, &site)])];

    let (answers, _) = together(&server, &macun, &site, &pushes).await;

    let of_li = answers[0].as_ref().unwrap();
    assert_eq!((&of_li[0], code(&of_li[1])), (&Outcome::Applied, "operation_malformed"));
    assert_eq!(answers[1], Ok(vec![Outcome::Applied]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_devices_that_change_a_target_at_once_the_second_is_told() {
    let (server, macun, site, [li, wu]) = scene(["li", "wu"]).await;
    let renamed = |device: &TestDevice, name: &str| {
        let mut content = site.content.clone();
        content.name = name.to_owned();
        device.operation(Body::UpdateTarget(TargetUpdate { base_version: site.version, content }))
    };
    let pushes =
        [(&li, vec![renamed(&li, "改名一"), renamed(&li, "改名二")]), (&wu, vec![renamed(&wu, "改名三")])];

    let (answers, transactions) = together(&server, &macun, &site, &pushes).await;

    assert_eq!(transactions, 1);
    assert_eq!(answers[0], Ok(vec![Outcome::Applied, Outcome::Applied]));
    assert_eq!(code(&answers[1].as_ref().unwrap()[0]), "target_changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_reports_of_one_place_find_each_other_within_a_group() {
    let (server, macun, site, [li, wu]) = scene(["li", "wu"]).await;
    let [one, two] = [&li, &wu].map(|device| visit(device, &site, &["hoarding"]));
    let pushes = [(&li, vec![li.submit(&one)]), (&wu, vec![wu.submit(&two)])];

    let (answers, _) = together(&server, &macun, &site, &pushes).await;

    assert_eq!(answers, [Ok(vec![Outcome::Applied]), Ok(vec![Outcome::Applied])]);
    for inspection in [one, two] {
        let cases = cases_of(&server, inspection.lineage).await;
        assert_eq!(cases[0].flags, ["duplicate_proposed"]);
    }
}
