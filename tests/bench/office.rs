//! A district at scale and the server program that serves it.
//!
//! People, devices and register come through the test server, which then rests; the load goes to the program.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use server::auth::enrolment_code::issue_enrolment_code;
use server::config::Secret;
use server::db::changes::{Entity, NewChange, record_changes};
use server::db::schema::assignments;
use server::db::targets::{TargetWrite, insert_targets};
use sync_core::geo::Point;
use sync_core::ids::AssignmentId;
use sync_core::model::target::{Target, TargetContent};
use sync_core::time::{Clock, Instant};
use tests::database::TestDatabase;
use tests::field::{SOMEWHERE, new_site};
use tests::server_process::ServerProcess;
use tests::{TestDevice, TestDistrict, TestOffice, TestRole, TestServer, TestUser};
use uuid::Uuid;

/// Connections of the program's pool.
const CONNECTIONS: usize = 16;

/// Sites that devices hear of in one change.
const SITES_A_CHANGE: usize = 500;
/// The grids that they lie in, by turns; no case is seeded in the last.
const GRIDS: [&str; 6] = ["001/001", "001/002", "001/003", "002/001", "002/002", QUIET_GRID];
/// A grid whose device pulls little but the register.
pub const QUIET_GRID: &str = "002/003";
/// Sites in a row of the map.
const SITES_A_ROW: usize = 100;
/// Degrees from one site to the next, about a kilometre: no two findings are taken for one.
const STEP_DEGREES: f64 = 0.01;

/// A district, its people and its server program.
pub struct Bench {
    /// For what is set up beside HTTP; it serves nobody.
    pub fixtures: TestServer,
    /// The district.
    pub district: TestDistrict,
    /// Its sites.
    pub sites: Vec<Target>,
    /// The program under load.
    pub program: ServerProcess,
    /// Somebody who may see all cases and decide them.
    pub supervisor: TestOffice,
    /// Somebody who may see all money.
    pub finance: TestOffice,
    files: PathBuf,
}

impl Bench {
    /// Sets up the district with this many sites, and starts the program that was built beside this one. Each finding
    /// is at a site of its own, as far as they go.
    pub async fn start(files: &Path, sites: usize) -> Result<Self> {
        let key = STANDARD.encode(rand::random::<[u8; 32]>());
        let secret = Secret::from(key.clone());
        let database = TestDatabase::create().await;
        let fixtures =
            TestServer::start_without_background(database, |config| config.token_key = Some(secret)).await;
        fixtures.clock.set(Instant::new(jiff::Timestamp::now()));
        let district = fixtures.macun().await;
        let sites: Vec<Target> = (0..sites).map(|number| site(&district, number)).collect();
        register(&fixtures, &district, &sites).await?;
        let url = fixtures.database_url().to_owned();
        let dir = files.to_owned();
        let starting = tokio::task::spawn_blocking(move || {
            ServerProcess::start(&dir, |command: &mut Command| {
                command
                    .arg("serve")
                    .env("LANTIAN_DATA_DIR", dir.join("server"))
                    .env("DATABASE_URL", &url)
                    .env("LANTIAN_TOKEN_KEY", &key)
                    .env("LANTIAN_DATABASE_CONNECTIONS", CONNECTIONS.to_string())
                    .env("RUST_LOG", "warn");
            })
        });
        let program = starting.await?.context("the server program")?;
        let supervisor = fixtures.user(&district, "zhang", &[TestRole::supervisor("")]).await;
        let finance = fixtures.user(&district, "qian", &[TestRole::finance()]).await;
        let supervisor = fixtures.office(&supervisor).await.at(program.url());
        let finance = fixtures.office(&finance).await.at(program.url());
        Ok(Self { fixtures, district, sites, program, supervisor, finance, files: files.to_owned() })
    }

    /// Inspectors of the whole district, each with a device whose token is fresh.
    pub async fn devices(&self, count: usize, named: &str) -> Vec<TestDevice> {
        let mut devices = Vec::new();
        for number in 0..count {
            let device = self.fixtures.inspector(&self.district, &format!("{named}{number}"), "").await;
            devices.push(device.at(self.program.url()));
        }
        devices
    }

    /// A new inspector of a grid, and a code that enrols a device, which pulls its own assignment.
    pub async fn enrolment_code(&self, named: &str, grid: &'static str) -> Result<(TestUser, String)> {
        let user = self.fixtures.user(&self.district, named, &[TestRole::inspector(grid)]).await;
        let mut connection = self.fixtures.connection().await;
        let assignment = assignments::table
            .filter(assignments::user_id.eq(user.user_id.0))
            .select(assignments::assignment_id)
            .first::<Uuid>(&mut connection)
            .await?;
        let change = NewChange::of_user(Entity::Assignment(AssignmentId(assignment)), user.user_id);
        record_changes(&mut connection, &self.district.code, &[change]).await?;
        let issued =
            issue_enrolment_code(&mut connection, &self.district.code, user.user_id, None, self.now()).await;
        let (code, _) = issued.map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok((user, code.to_string()))
    }

    /// Where the program keeps its photos; floors write there too.
    pub fn files(&self) -> &Path {
        &self.files
    }

    /// Now, by the clock of fixtures and program.
    pub fn now(&self) -> Instant {
        self.fixtures.clock.now()
    }
}

/// Writes sites to the register, as the office would.
async fn register(fixtures: &TestServer, district: &TestDistrict, sites: &[Target]) -> Result<()> {
    let mut connection = fixtures.connection().await;
    for sites in sites.chunks(SITES_A_CHANGE) {
        let rows: Vec<_> =
            sites.iter().map(|site| TargetWrite::new(&district.code, site, fixtures.clock.now())).collect();
        insert_targets(&connection, &rows).await?;
        let changes: Vec<_> = sites
            .iter()
            .map(|site| NewChange::of_target(site.content.target_id, None, Some(site.content.grid.clone())))
            .collect();
        record_changes(&mut connection, &district.code, &changes).await?;
    }
    Ok(())
}

/// A building site at its place on the map.
fn site(district: &TestDistrict, number: usize) -> Target {
    let grid = GRIDS[number % GRIDS.len()];
    let [first, second] = district.streets;
    let content = TargetContent {
        name: format!("安置房工地 {number} 号"),
        point: Point {
            lon: SOMEWHERE.lon + (number % SITES_A_ROW) as f64 * STEP_DEGREES,
            lat: SOMEWHERE.lat + (number / SITES_A_ROW) as f64 * STEP_DEGREES,
        },
        unit_id: if grid.starts_with("001") { first } else { second },
        ..new_site(district, grid)
    };
    Target { content, version: 1 }
}
