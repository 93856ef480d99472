//! Durable push: inspections with two failed measures each, one operation a push or a day's batch, by one and by many
//! devices at once, beside PostgreSQL writing the same rows.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use serde_json::value::RawValue;
use sync_core::ids::OperationId;
use sync_core::model::inspection::Inspection;
use sync_core::wire::PROTOCOL_VERSION;
use sync_core::wire::push::{Outcome, PushRequest, PushResponse};
use tests::TestDevice;
use tests::field::{photo_entry, text, visit};

use crate::floor_database::Floor;
use crate::floor_files::write_files;
use crate::office::Bench;
use crate::photos::{Picture, send_photo};
use crate::processes::Spent;
use crate::report::{Table, milliseconds, per_second, percentile, rate, ratio};

/// How an inspection is sent.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Devices at once.
    pub devices: usize,
    /// Pushes of each device.
    pub pushes: usize,
    /// Operations in a push.
    pub operations: usize,
    /// Whether each operation has a photo, sent before it.
    pub photo: bool,
}

/// A push ready to go.
struct Prepared {
    body: Vec<u8>,
    ids: Vec<OperationId>,
    photos: Vec<Vec<u8>>,
}

/// Measures pushes, each beside its floor.
pub async fn measure(bench: &Bench, entries: usize, loads: &[Load], picture: &Picture) -> Result<Table> {
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
            "p50",
            "p99",
        ],
    );
    for (number, load) in loads.iter().enumerate() {
        table.row(measure_one(bench, *load, &format!("p{entries}x{number}d"), picture).await?);
    }
    Ok(table)
}

async fn measure_one(bench: &Bench, load: Load, named: &str, picture: &Picture) -> Result<Vec<String>> {
    let devices = bench.devices(load.devices, named).await;
    let prepared: Vec<Vec<Prepared>> =
        devices.iter().map(|device| prepare(bench, device, load, picture)).collect::<Result<_>>()?;
    let pushes: Vec<Vec<OperationId>> = prepared.iter().flatten().map(|push| push.ids.clone()).collect();
    let before = Spent::so_far(bench.program.id())?;
    let began = Instant::now();
    let latencies =
        try_join_all(devices.iter().zip(&prepared).map(|(device, pushes)| send_all(device, pushes))).await?;
    let took = began.elapsed();
    let operations = load.devices * load.pushes * load.operations;
    let (server, database) =
        Spent::so_far(bench.program.id())?.since(before).seconds_per_thousand(operations);

    let floor = Floor::of(bench.fixtures.database_url(), &pushes).await?;
    let floor_rows = floor.rows();
    let mut floor_took = floor.write(load.devices).await?;
    if load.photo {
        let dir = tempfile::tempdir_in(bench.files())?;
        let path = dir.path().to_owned();
        let bytes = picture.another();
        let files = load.pushes * load.operations;
        floor_took +=
            tokio::task::spawn_blocking(move || write_files(&path, &bytes, load.devices, files)).await??;
    }
    let latencies: Vec<Duration> = latencies.into_iter().flatten().collect();
    let (measured, floor) = (rate(operations, took), rate(operations, floor_took));
    Ok(vec![
        load.devices.to_string(),
        load.operations.to_string(),
        if load.photo { "200 KB".to_owned() } else { "none".to_owned() },
        format!("{:.1}", floor_rows as f64 / operations as f64),
        per_second(measured),
        per_second(floor),
        ratio(measured, floor),
        format!("{server:.3}"),
        format!("{database:.3}"),
        milliseconds(percentile(&latencies, 50)),
        milliseconds(percentile(&latencies, 99)),
    ])
}

fn prepare(bench: &Bench, device: &TestDevice, load: Load, picture: &Picture) -> Result<Vec<Prepared>> {
    (0..load.pushes)
        .map(|push| {
            let (mut texts, mut ids, mut photos) = (Vec::new(), Vec::new(), Vec::new());
            for number in 0..load.operations {
                let mut inspection = finding(bench, device, push * load.operations + number);
                if load.photo {
                    let bytes = picture.another();
                    inspection.photos = vec![photo_entry(&bytes, &inspection)];
                    photos.push(bytes);
                }
                let operation = device.submit(&inspection);
                ids.push(operation.header.op_id);
                texts.push(RawValue::from_string(text(&operation))?);
            }
            let request = PushRequest {
                protocol: PROTOCOL_VERSION,
                epoch: None,
                incarnation: device.incarnation,
                operations: texts,
            };
            Ok(Prepared { body: serde_json::to_vec(&request)?, ids, photos })
        })
        .collect()
}

/// A visit of an hour ago to one of the sites: two measures failed.
pub fn finding(bench: &Bench, device: &TestDevice, number: usize) -> Inspection {
    let site = &bench.sites[number % bench.sites.len()];
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
        let applied = answer.results.iter().all(|result| result.outcome == Outcome::Applied);
        ensure!(applied, "not applied: {:?}", answer.results);
        latencies.push(began.elapsed());
    }
    Ok(latencies)
}
