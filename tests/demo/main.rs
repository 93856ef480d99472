//! The demonstration (`cargo xtask demo`): one day of the product, played untouched.
//!
//! Four inspectors record offline through real device stores, sync over real HTTP with the server program on its own
//! private PostgreSQL, a supervisor reviews and returns one case, its inspector corrects it, one is rectified and
//! re-checked, finance pulls the month, two people take a charge back, two others close the month. Ends with a non-zero
//! code if any amount on a device or in the totals is not what the policy pack says.
//!
//! `demo grow` plays three months in the demonstration of a server that runs.
//!
//! It must not reach into the server: everything goes through the device library and the office's HTTP API.
#![allow(
    clippy::indexing_slicing,
    reason = "answers of the API are read as JSON values: a field that is absent reads as null, and no slice is indexed"
)]

mod day;
mod expectation;
mod follow_up;
mod grow;
mod inspectors;
mod office;
mod offices;
mod tables;

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use server::demo_district::DemoDistrict;
use sync_core::money::Fen;
use sync_core::time::Month;
use tests::clock::TestClock;
use tests::server_process::ServerProcess;

use crate::expectation::Expectation;
use crate::inspectors::Inspectors;
use crate::office::Office;
use crate::offices::{ClockFace, Offices};

/// What the supervisor says when a case goes back.
const RETURN_REASON: &str = "照片看不清堆场全貌，请补拍后重新提交。";

/// Plays the demonstration.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    play: Option<Play>,
}

#[derive(Debug, Subcommand)]
enum Play {
    /// Three months of work in the demonstration district of a running server.
    Grow(grow::Arguments),
}

fn main() -> Result<()> {
    match Arguments::parse().play {
        None => play_day(),
        Some(Play::Grow(arguments)) => grow::run(&arguments),
    }
}

/// One day and what follows it, on a server of its own whose clock stands at the beginning of the month before.
fn play_day() -> Result<()> {
    let files = tempfile::Builder::new().prefix("lantian-demo-").tempdir()?;
    let step = tables::Steps::new();

    step.begin("服务器启动，载入马村区演示数据 · the server starts with the demonstration district");
    let server = ServerProcess::start(files.path(), |command| {
        command.args(["serve", "--demo", "--since-months", "1"]).env_remove("DATABASE_URL");
        command.env("LANTIAN_DATA_DIR", files.path().join("server"));
    })?;
    let admin = Office::sign_in(server.url(), "admin")?;
    let began = ClockFace::read(&admin)?.context("the demonstration's clock does not stand")?.now;
    let clock = Arc::new(TestClock::at(began));
    let offices = Offices::sign_in(server.url(), &DemoDistrict::build()?, clock.clone())?;
    let day = began.record_date();
    println!("   {}", server.url());

    step.begin("四名网格员入网、拉取台账 · four inspectors enrol and pull the register");
    let mut inspectors = Inspectors::enrol(files.path(), server.url(), &clock)?;

    step.begin(&format!(
        "{day} 离线检查、拍照，当场显示扣缴 · offline: inspections, photos, charges at once"
    ));
    offices.move_clock(day::instant(day, day::EVENING)?)?;
    let visits = inspectors.spend(day)?;
    let expected = Expectation::of(&visits)?;
    tables::visits(&visits);
    expected.check_devices(&visits)?;

    step.begin("有信号了：同步记录与照片 · signal: records and photos are sent");
    inspectors.sync_all()?;

    step.begin("监督员审核：认定，退回一件 · the supervisor confirms, and returns one");
    let returned = offices.supervisor.review(&visits, RETURN_REASON)?;

    step.begin("网格员看到退回原因，补拍更正，再同步 · its inspector sees why, corrects, syncs");
    let reason = inspectors.amend_returned(returned)?;
    ensure!(reason == RETURN_REASON, "the inspector reads another reason: {reason}");
    offices.supervisor.confirm(returned)?;

    step.begin("交办、反馈、复核、销号 · the loop: ordered, reported, re-checked, closed");
    let visit = |kind| visits.iter().find(|visit| visit.script.kind == kind).context("no such visit");
    follow_up::close_the_loop(&offices, &mut inspectors, visit("construction_site")?)?;

    step.begin("财政局拉取月度合计 · finance pulls the month");
    let month = Month::of(day);
    let totals = offices.finance.totals(month).context("month totals")?;
    tables::totals(&totals);
    expected.check_totals(&totals)?;

    step.begin("一件入账扣缴由两人冲销 · two people take a posted charge back");
    let reversed = follow_up::take_back_by_two(&offices, visit("vehicle")?)?;
    let due = Fen::new(totals.posted().get() - reversed.get());

    step.begin(&format!("{month} 月末结账，经办、复核 · the month closes by two people of finance"));
    let digest = follow_up::close_month(&offices, month)?;
    let posted = offices.finance.totals(month)?.posted();
    ensure!(posted == due, "the closed month holds {posted} yuan, {due} were due");
    println!("   {posted} 元，摘要 · yuan, digest {digest}");

    step.end("合计与政策包一致 · every total is what the pack says");
    server.stop()
}
