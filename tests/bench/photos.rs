//! Photos: pictures of 200 KB none like another, their upload to the acknowledgement, and what decoding costs beside it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::future::try_join_all;
use image::metadata::Orientation;
use reqwest::{Method, StatusCode};
use server::photos::picture::{Picture as Opened, ThumbnailSize};
use sha2::{Digest, Sha256};
use sync_core::ids::PhotoHash;
use tests::TestDevice;
use tests::photo_upload::{UPLOADS, header_number};
use tests::scene::{SceneExif, SceneKind, scene};
use tokio_postgres::NoTls;

use crate::floor_files::write_files;
use crate::office::Bench;
use crate::processes::{Cost, Spent};
use crate::report::{Report, Table, milliseconds, per_second, percentile, rate};

/// How often uploads and floor take turns.
const ROUNDS: usize = 3;

/// What of the floor an upload shall reach, at least.
const RATIO_MIN: f64 = 0.6;

/// How often it is asked whether verdicts are still awaited.
const VERDICT_POLL: Duration = Duration::from_millis(100);

/// How long the pictures are, in bytes.
const PICTURE_BYTES: usize = 200_000;

/// How long a scene is that becomes one of them by a comment, which holds 64 KiB at most.
const SCENE_BYTES: std::ops::Range<usize> = 140_000..199_000;
/// Seeds of each kind of scene among which one is sought.
const SEEDS: u64 = 3;

/// Where a JPEG's segments begin: after the marker that starts the image.
const AFTER_START: usize = 2;
/// The marker of a comment, and the length that its two bytes count themselves.
const COMMENT: [u8; 2] = [0xff, 0xfe];
const LENGTH_BYTES: usize = 2;
/// Bytes that make one picture unlike another.
const DIFFERENCE_BYTES: usize = 16;

/// A real JPEG from which others are made.
pub struct Picture(Vec<u8>);

impl Picture {
    /// A scene, cut to size by its quality and filled up by a comment.
    pub fn draw(bench_time: sync_core::time::Instant) -> Result<Self> {
        let exif = SceneExif { taken_at: bench_time, point: None, orientation: Orientation::NoTransforms };
        let scenes =
            SceneKind::ALL.into_iter().rev().flat_map(|kind| (0..SEEDS).map(move |seed| (kind, seed)));
        let bytes = scenes
            .map(|(kind, seed)| scene(kind, seed, &exif))
            .find(|bytes| SCENE_BYTES.contains(&bytes.len()))
            .context("no scene has about that size")?;
        Ok(Self(bytes))
    }

    /// Another one of [`PICTURE_BYTES`] bytes with the same pixels: the comment differs.
    pub fn another(&self) -> Vec<u8> {
        let missing = PICTURE_BYTES.saturating_sub(self.0.len() + COMMENT.len() + LENGTH_BYTES);
        let mut comment = rand::random::<[u8; DIFFERENCE_BYTES]>().to_vec();
        comment.resize(missing.clamp(DIFFERENCE_BYTES, usize::from(u16::MAX) - LENGTH_BYTES), b' ');
        let length = u16::try_from(comment.len() + LENGTH_BYTES).unwrap_or(u16::MAX);
        let (start, rest) = self.0.split_at(AFTER_START);
        [start, &COMMENT, &length.to_be_bytes(), &comment, rest].concat()
    }
}

/// What decoding and the two thumbnails cost, one photo after another on one core.
pub fn measure_decoding(picture: &Picture, count: usize, report: &mut Report) -> Result<()> {
    let mut table =
        Table::new("Decoding beside the acknowledgement, one core", &["what", "each", "photos/s"]);
    let began = Instant::now();
    for _ in 0..count {
        let bytes = picture.another();
        let opened = Opened::open(&bytes)?;
        opened.thumbnail(ThumbnailSize::List)?;
        opened.thumbnail(ThumbnailSize::Page)?;
    }
    let each = began.elapsed() / u32::try_from(count)?;
    table.row([
        "check, decode 1600 × 1200, two thumbnails".to_owned(),
        milliseconds(each),
        per_second(rate(1, each)),
    ]);
    report.table(&table);
    Ok(())
}

/// A photo as a device holds it when it comes to sending: hashed when it was taken.
pub struct Photo {
    /// The picture.
    pub bytes: Bytes,
    hash: PhotoHash,
    checksum: String,
}

impl Photo {
    /// Hashes a picture.
    pub fn new(bytes: Vec<u8>) -> Self {
        let checksum = checksum(&bytes);
        Self { hash: PhotoHash::of(&bytes), checksum, bytes: bytes.into() }
    }
}

fn checksum(bytes: &[u8]) -> String {
    format!("sha256 {}", STANDARD.encode(Sha256::digest(bytes)))
}

/// Sends a photo as the device does: created with its bytes at once, what is missing then in a chunk; returns with the
/// acknowledgement of the last byte.
pub async fn send_photo(device: &TestDevice, photo: &Photo) -> Result<()> {
    let Photo { bytes, hash, checksum: of_all } = photo;
    let hash = STANDARD.encode(hash.as_str());
    let tus = |method, path: &str| {
        device
            .request(method, path)
            .header("tus-resumable", "1.0.0")
            .header("content-type", "application/offset+octet-stream")
    };
    let created = tus(Method::POST, UPLOADS)
        .header("upload-length", bytes.len())
        .header("upload-metadata", format!("sha256 {hash}"))
        .header("upload-checksum", of_all)
        .body(bytes.clone())
        .send()
        .await?;
    ensure!(created.status() == StatusCode::CREATED, "creation answered {}", created.status());
    let offset = usize::try_from(header_number(&created, "upload-offset"))?;
    let rest = bytes.get(offset..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(());
    }
    let location = created.headers().get("location").context("no address")?.to_str()?;
    let sent = tus(Method::PATCH, location)
        .header("upload-offset", offset)
        .header("upload-checksum", checksum(rest))
        .body(rest.to_vec())
        .send()
        .await?;
    ensure!(sent.status() == StatusCode::NO_CONTENT, "the chunk was answered {}", sent.status());
    Ok(())
}

/// Uploads of one photo after another by each device, beside files written one after another by as many threads.
pub async fn measure_uploads(
    bench: &Bench,
    picture: &Picture,
    loads: &[(usize, usize)],
    report: &mut Report,
) -> Result<()> {
    let mut table = Table::new(
        "Photos of 200 KB to the acknowledgement",
        &[
            "devices",
            "photos/s",
            "files/s (floor)",
            "ratio",
            "server CPU s per 1,000 to the acknowledgement",
            "PostgreSQL CPU s per 1,000",
            "p50",
            "p99",
            "CPU s per 1,000 with decoding, thumbnails, stamps",
        ],
    );
    for &(count, each) in loads {
        let devices = bench.devices(count, &format!("photo{count}x")).await;
        let (mut took, mut floor_took) = (Duration::ZERO, Duration::ZERO);
        let (mut cost, mut whole_cost, mut latencies) = (Cost::default(), Cost::default(), Vec::new());
        for _ in 0..ROUNDS {
            let photos: Vec<Vec<Photo>> =
                devices.iter().map(|_| (0..each).map(|_| Photo::new(picture.another())).collect()).collect();
            let before = Spent::so_far(bench.program.id())?;
            let began = Instant::now();
            let sent =
                try_join_all(devices.iter().zip(&photos).map(|(device, photos)| send_all(device, photos)))
                    .await?;
            took += began.elapsed();
            cost += Spent::so_far(bench.program.id())?.since(before);
            latencies.extend(sent.into_iter().flatten());
            await_verdicts(bench).await?;
            whole_cost += Spent::so_far(bench.program.id())?.since(before);

            let (dir, bytes) = (tempfile::tempdir_in(bench.files())?, picture.another());
            let writing = tokio::task::spawn_blocking(move || write_files(dir.path(), &bytes, count, each));
            floor_took += writing.await?? * u32::try_from(count * each)?;
        }
        let photos = ROUNDS * count * each;
        let (measured, floor) = (rate(photos, took), rate(photos, floor_took));
        let (server, database) = cost.seconds_per_thousand(photos);
        let (whole, _) = whole_cost.seconds_per_thousand(photos);
        table.row([
            count.to_string(),
            per_second(measured),
            per_second(floor),
            format!("{:.2}", measured / floor),
            format!("{server:.2}"),
            format!("{database:.2}"),
            milliseconds(percentile(&latencies, 50)),
            milliseconds(percentile(&latencies, 99)),
            format!("{whole:.2}"),
        ]);
        report.aim(
            format!("photos of {count} devices"),
            format!("≥ {RATIO_MIN} of the file floor"),
            format!("{:.2}", measured / floor),
            measured / floor >= RATIO_MIN,
        );
    }
    report.table(&table);
    Ok(())
}

async fn send_all(device: &TestDevice, photos: &[Photo]) -> Result<Vec<Duration>> {
    let mut latencies = Vec::with_capacity(photos.len());
    for photo in photos {
        let began = Instant::now();
        send_photo(device, photo).await?;
        latencies.push(began.elapsed());
    }
    Ok(latencies)
}

/// Returns when every photo that was sent has its verdict and its stamped copy, or nothing is stamped any more for want
/// of a font.
pub async fn await_verdicts(bench: &Bench) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(bench.fixtures.database_url(), NoTls).await?;
    tokio::spawn(connection);
    let waiting = "SELECT (SELECT count(*) FROM uploads WHERE finished_at IS NULL AND received = length),
                          (SELECT count(*) FROM inspection_photos WHERE stamped_at IS NULL)";
    let mut before = None;
    loop {
        let row = client.query_one(waiting, &[]).await?;
        let now: (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if now.0 == 0 && (now.1 == 0 || before == Some(now)) {
            return Ok(());
        }
        before = Some(now);
        tokio::time::sleep(VERDICT_POLL).await;
    }
}
