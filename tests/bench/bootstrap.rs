//! Bootstrap: from nothing to a register that can be searched, as one file and page by page; what a device takes that is
//! so many changes behind; and how long a commit takes to be heard of.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use device::{Device, HttpTransport, SystemClock, Transport, enrol};
use server::db::changes::{Entity, NewChange, record_changes};
use server::db::targets::{TargetWrite, insert_targets};
use server::services::import_register::TRANSACTION_ROWS;
use sync_core::engine::{Extent, SyncReport};
use sync_core::ids::ZoneId;
use sync_core::model::target::{Target, TargetContent};
use tests::field::new_site;
use tests::tablet::PagesOnly;

use crate::office::{Bench, QUIET_GRID};
use crate::report::{Report, Table, milliseconds, per_second, percentile, rate};

/// Seconds from nothing to a register of 200,000 targets that can be searched.
const BOOTSTRAP_MAX: Duration = Duration::from_millis(1_500);
/// Rows a second of a device that is behind.
const PULL_MIN: f64 = 50_000.0;
/// From a commit until a connected device has heard of it.
const HEARD_MAX: Duration = Duration::from_millis(20);

/// Changes of one transaction, where a device is behind.
const CHANGES_A_TRANSACTION: usize = 100;

/// How much is done.
pub struct Sizes {
    /// Targets of the register, written by one transaction.
    pub register: usize,
    /// How many changes a device is behind.
    pub behind: [usize; 2],
    /// How often it is measured how long a change takes to be heard of.
    pub changes_heard: usize,
}

/// Measures all of it.
pub async fn measure(bench: &Bench, sizes: &Sizes, report: &mut Report) -> Result<()> {
    let targets = seed(bench, sizes.register).await?;
    let tablet = Tablet::enrol(bench).await?;
    let mut table = Table::new(
        format!("Bootstrap of {} targets to a register that can be searched", sizes.register),
        &["what", "rows", "rows/s", "time"],
    );
    let http = || HttpTransport::new(bench.program.url());
    let ways: [(&str, Box<dyn Transport + Send>); 3] = [
        ("a snapshot, with the time to build it", Box::new(http())),
        ("a snapshot that is there", Box::new(http())),
        ("the same rows page by page", Box::new(PagesOnly(http()))),
    ];
    for (place, (what, transport)) in ways.into_iter().enumerate() {
        tablet.lose_register()?;
        let Pulled { report: pulled, opened, ran, searched } = tablet.pull(transport).await?;
        ensure!(pulled.snapshots == usize::from(place < 2), "{pulled:?}");
        let took = opened + ran + searched;
        table.row([
            what.to_owned(),
            pulled.pulled_rows.to_string(),
            per_second(rate(pulled.pulled_rows, took)),
            milliseconds(took),
        ]);
        if place == 1 {
            let met = took < BOOTSTRAP_MAX;
            report.aim("bootstrap from a snapshot that is there", "< 1.5 s", milliseconds(took), met);
        }
    }
    for behind in sizes.behind {
        change(bench, &targets, behind).await?;
        let Pulled { report: pulled, opened, ran, .. } = tablet.pull(Box::new(http())).await?;
        ensure!(pulled.snapshots == 0, "{pulled:?}");
        let speed = rate(pulled.pulled_rows, ran);
        table.row([
            format!("{behind} changes behind; the program opened in {} before", milliseconds(opened)),
            pulled.pulled_rows.to_string(),
            per_second(speed),
            milliseconds(ran),
        ]);
        report.aim(
            format!("pull of {behind} changes, rows/s"),
            format!("≥ {PULL_MIN:.0}"),
            per_second(speed),
            speed >= PULL_MIN,
        );
    }
    report.table(&table);
    hear(bench, sizes.changes_heard, report).await
}

/// Registers targets in the quiet grid, so many a transaction as an import does.
async fn seed(bench: &Bench, count: usize) -> Result<Vec<Target>> {
    let target = |number: usize| {
        let site = new_site(&bench.district, QUIET_GRID);
        Target {
            content: TargetContent { name: format!("台账对象 {number} 号工地"), ..site }, version: 1
        }
    };
    let targets: Vec<Target> = (0..count).map(target).collect();
    let mut connection = bench.fixtures.connection().await;
    let new = |target: &Target| {
        NewChange::of_target(target.content.target_id, None, Some(target.content.grid.clone()))
    };
    for targets in targets.chunks(TRANSACTION_ROWS) {
        let rows: Vec<_> = targets
            .iter()
            .map(|target| TargetWrite::new(&bench.district.code, target, bench.now()))
            .collect();
        insert_targets(&connection, &rows).await?;
        let changes: Vec<_> = targets.iter().map(new).collect();
        record_changes(&mut connection, &bench.district.code, &changes).await?;
    }
    Ok(targets)
}

/// Records that so many targets changed, a hundred a transaction.
async fn change(bench: &Bench, targets: &[Target], count: usize) -> Result<()> {
    let mut connection = bench.fixtures.connection().await;
    let changed = |target: &Target| {
        let grid = Some(target.content.grid.clone());
        NewChange::of_target(target.content.target_id, grid.clone(), grid)
    };
    let changes: Vec<_> = targets.iter().cycle().take(count).map(changed).collect();
    for changes in changes.chunks(CHANGES_A_TRANSACTION) {
        record_changes(&mut connection, &bench.district.code, changes).await?;
    }
    Ok(())
}

/// How long after its commit a change is heard of by a device that listens.
async fn hear(bench: &Bench, times: usize, report: &mut Report) -> Result<()> {
    let mut table = Table::new("Live: from the commit until a device has heard", &["p50", "p99", "times"]);
    let device = bench.devices(1, "listener").await.remove(0);
    let mut events = device.hear().await;
    let mut connection = bench.fixtures.connection().await;
    let mut sample = Vec::with_capacity(times);
    for _ in 0..times {
        let change = NewChange::of_district(Entity::Zone(ZoneId::fresh()));
        record_changes(&mut connection, &bench.district.code, &[change]).await?;
        let committed = Instant::now();
        events.next().await.context("the stream has ended")?;
        sample.push(committed.elapsed());
    }
    let (half, most) = (percentile(&sample, 50), percentile(&sample, 99));
    table.row([milliseconds(half), milliseconds(most), sample.len().to_string()]);
    report.table(&table);
    report.aim("commit to heard, p50", "< 20 ms", milliseconds(half), half < HEARD_MAX);
    Ok(())
}

/// A round of a program that was started for it, and how long its parts took.
struct Pulled {
    report: SyncReport,
    opened: Duration,
    ran: Duration,
    searched: Duration,
}

/// A device of the quiet grid.
struct Tablet {
    home: PathBuf,
}

impl Tablet {
    async fn enrol(bench: &Bench) -> Result<Self> {
        let (_, code) = bench.enrolment_code("bootstrap", QUIET_GRID).await?;
        let (home, url) = (bench.files().join("bootstrap"), bench.program.url().to_owned());
        let dir = home.clone();
        tokio::task::spawn_blocking(move || enrol(&dir, &url, &code, "bench")).await??;
        Ok(Self { home })
    }

    /// Starts the program, pulls, and searches once.
    async fn pull(&self, transport: Box<dyn Transport + Send>) -> Result<Pulled> {
        let home = self.home.clone();
        tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            let mut device = Device::open(&home, Arc::new(SystemClock))?;
            let opened = began.elapsed();
            let report = device.round(Extent::PullOnly, &*transport)?;
            let ran = began.elapsed() - opened;
            ensure!(report.failures.is_empty(), "{report:?}");
            ensure!(!device.search("工地", None)?.is_empty(), "nothing is found");
            Ok(Pulled { report, opened, ran, searched: began.elapsed() - opened - ran })
        })
        .await?
    }

    fn lose_register(&self) -> Result<()> {
        for user in std::fs::read_dir(self.home.join("users")).into_iter().flatten() {
            for file in std::fs::read_dir(user?.path())? {
                let file = file?.path();
                if file.file_name().is_some_and(|name| is_register(Path::new(name))) {
                    std::fs::remove_file(file)?;
                }
            }
        }
        Ok(())
    }
}

fn is_register(name: &Path) -> bool {
    !name.to_string_lossy().starts_with("work.db")
}
