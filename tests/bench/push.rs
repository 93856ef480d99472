//! Durable push: inspections with two failed measures each, one operation a push or a day's batch, by one and by many
//! devices at once, beside PostgreSQL writing the same rows.
//!
//! Pushes and floor take turns, so that a neighbour who takes the machine for a while slows both.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use serde_json::value::RawValue;
use sync_core::model::inspection::Inspection;
use sync_core::wire::PROTOCOL_VERSION;
use sync_core::wire::push::{Outcome, PushRequest, PushResponse};
use tests::TestDevice;
use tests::field::{photo_entry, text, visit};

use crate::floor_database::{Floor, Pushed};
use crate::floor_files::write_files;
use crate::office::Bench;
use crate::photos::{Photo, Picture, await_verdicts, send_photo};
use crate::processes::{Cost, Spent};
use crate::report::{Report, Table, milliseconds, per_second, percentile, rate};

/// How often pushes and floor take turns.
const ROUNDS: usize = 3;

/// What of the floor a push shall reach, at least.
const RATIO_MIN: f64 = 0.5;
/// CPU seconds of the server program that a thousand operations shall stay below.
const SECONDS_MAX: f64 = 0.1;

/// How an inspection is sent.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Devices at once.
    pub devices: usize,
    /// Pushes of each device in a round.
    pub pushes: usize,
    /// Operations in a push.
    pub operations: usize,
    /// Whether each operation has a photo, sent before it.
    pub photo: bool,
}

/// A push ready to go.
struct Prepared {
    body: Vec<u8>,
    pushed: Pushed,
    photos: Vec<Photo>,
}

/// What the rounds of one load took, together.
#[derive(Default)]
struct Measured {
    took: Duration,
    cost: Cost,
    latencies: Vec<Duration>,
    floor_took: Duration,
    floor_cost: Cost,
    floor_rows: usize,
}

/// Measures pushes, each beside its floor.
pub async fn measure(
    bench: &Bench,
    entries: usize,
    loads: &[Load],
    picture: &Picture,
    report: &mut Report,
) -> Result<()> {
    let mut table = Table::new(
        format!("Durable push at {entries} ledger entries"),
        &[
            "devices",
            "operations a push",
            "photo",
            "rows an operation",
            "operations/s",
            "floor/s",
            "ratio",
            "server CPU s per 1,000",
            "PostgreSQL CPU s per 1,000",
            "floor's PostgreSQL CPU s per 1,000",
            "p50",
            "p99",
        ],
    );
    for (number, load) in loads.iter().enumerate() {
        let measured = measure_one(bench, *load, &format!("p{entries}x{number}d"), picture).await?;
        tell(*load, entries, &measured, &mut table, report);
    }
    report.table(&table);
    Ok(())
}

fn tell(load: Load, entries: usize, measured: &Measured, table: &mut Table, report: &mut Report) {
    let Load { devices, pushes, operations, photo } = load;
    let count = ROUNDS * devices * pushes * operations;
    let (done, floor) = (rate(count, measured.took), rate(count, measured.floor_took));
    let (server, database) = measured.cost.seconds_per_thousand(count);
    let (_, floor_database) = measured.floor_cost.seconds_per_thousand(count);
    table.row([
        devices.to_string(),
        operations.to_string(),
        if photo { "200 KB".to_owned() } else { "none".to_owned() },
        format!("{:.1}", measured.floor_rows as f64 / count as f64),
        per_second(done),
        per_second(floor),
        format!("{:.2}", done / floor),
        format!("{server:.3}"),
        format!("{database:.3}"),
        format!("{floor_database:.3}"),
        milliseconds(percentile(&measured.latencies, 50)),
        milliseconds(percentile(&measured.latencies, 99)),
    ]);
    let with = if photo { " with a photo" } else { "" };
    let what = format!("push of {operations} by {devices} devices{with}, {entries} entries");
    let ratio = done / floor;
    report.aim(&what, format!("≥ {RATIO_MIN} of the floor"), format!("{ratio:.2}"), ratio >= RATIO_MIN);
    if !photo {
        let met = server < SECONDS_MAX;
        report.aim(&what, format!("< {SECONDS_MAX} server CPU s per 1,000"), format!("{server:.3}"), met);
        let what = format!("push of {operations} by {devices} devices");
        report.cost(what, entries, server + database);
    }
}

async fn measure_one(bench: &Bench, load: Load, named: &str, picture: &Picture) -> Result<Measured> {
    let devices = bench.devices(load.devices, named).await;
    let mut measured = Measured::default();
    for _ in 0..ROUNDS {
        let prepared: Vec<Vec<Prepared>> =
            devices.iter().map(|device| prepare(bench, device, load, picture)).collect::<Result<_>>()?;
        let before = Spent::so_far(bench.program.id())?;
        let began = Instant::now();
        let latencies =
            try_join_all(devices.iter().zip(&prepared).map(|(device, pushes)| send_all(device, pushes)))
                .await?;
        measured.took += began.elapsed();
        measured.cost += Spent::so_far(bench.program.id())?.since(before);
        measured.latencies.extend(latencies.into_iter().flatten());

        if load.photo {
            await_verdicts(bench).await?;
        }
        let pushed: Vec<Pushed> = prepared.into_iter().flatten().map(|push| push.pushed).collect();
        let floor = Floor::of(bench.fixtures.database_url(), &pushed).await?;
        let before = Spent::so_far(bench.program.id())?;
        measured.floor_took += floor.write(load.devices).await?;
        measured.floor_cost += Spent::so_far(bench.program.id())?.since(before);
        measured.floor_rows += floor.rows();
        if load.photo {
            let (dir, bytes) = (tempfile::tempdir_in(bench.files())?, picture.another());
            let files = load.pushes * load.operations;
            let writing =
                tokio::task::spawn_blocking(move || write_files(dir.path(), &bytes, load.devices, files));
            measured.floor_took += writing.await?? * u32::try_from(load.devices * files)?;
        }
    }
    Ok(measured)
}

fn prepare(bench: &Bench, device: &TestDevice, load: Load, picture: &Picture) -> Result<Vec<Prepared>> {
    (0..load.pushes)
        .map(|_| {
            let (mut texts, mut operations, mut photos) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..load.operations {
                let mut inspection = finding(bench, device);
                if load.photo {
                    let bytes = picture.another();
                    inspection.photos = vec![photo_entry(&bytes, &inspection)];
                    photos.push(Photo::new(bytes));
                }
                let operation = device.submit(&inspection);
                operations.push(operation.header.op_id);
                texts.push(RawValue::from_string(text(&operation))?);
            }
            let request = PushRequest {
                protocol: PROTOCOL_VERSION,
                epoch: None,
                incarnation: device.incarnation,
                operations: texts,
            };
            let pushed = Pushed { device: device.device_id, operations };
            Ok(Prepared { body: serde_json::to_vec(&request)?, pushed, photos })
        })
        .collect()
}

/// A visit of an hour ago to the next of the sites: two measures failed.
pub fn finding(bench: &Bench, device: &TestDevice) -> Inspection {
    static VISITS: AtomicUsize = AtomicUsize::new(0);
    let site = &bench.sites[VISITS.fetch_add(1, Ordering::Relaxed) % bench.sites.len()];
    let mut inspection = visit(device, site, &["hoarding", "vehicle_washing"]);
    inspection.occurred_at = bench.now().plus_seconds(-3600);
    if let Some(fix) = &mut inspection.fix {
        fix.fixed_at = inspection.occurred_at;
    }
    inspection
}

async fn send_all(device: &TestDevice, pushes: &[Prepared]) -> Result<Vec<Duration>> {
    let mut latencies = Vec::with_capacity(pushes.len());
    for push in pushes {
        let began = Instant::now();
        for photo in &push.photos {
            send_photo(device, photo).await?;
        }
        let response = device
            .request(reqwest::Method::POST, "/api/v1/sync/push")
            .header("content-type", "application/json")
            .body(push.body.clone())
            .send()
            .await?;
        let status = response.status();
        ensure!(status.is_success(), "push answered {status}: {}", response.text().await?);
        let answer: PushResponse = response.json().await?;
        latencies.push(began.elapsed());
        let applied = answer.results.iter().all(|result| result.outcome == Outcome::Applied);
        ensure!(applied, "not applied: {:?}", answer.results);
    }
    Ok(latencies)
}
