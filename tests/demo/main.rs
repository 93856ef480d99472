//! The demonstration (`cargo xtask demo`): one day of the product, played untouched.
//!
//! Four inspectors record offline through real device stores, sync over real HTTP with the server program on its own
//! private PostgreSQL, a supervisor reviews and returns one case, its inspector corrects it, finance pulls the month.
//! `demo grow` plays three months in the demonstration of a server that runs. Ends with a non-zero code if any amount on a device or in the totals is not what the policy pack says.
//!
//! It must not reach into the server: everything goes through the device library and the office's HTTP API.

mod day;
mod expectation;
mod grow;
mod inspectors;
mod office;
mod tables;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use sync_core::time::Month;
use tests::server_process::ServerProcess;

use crate::expectation::Expectation;
use crate::inspectors::Inspectors;
use crate::office::Office;

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

/// One day, on a server of its own.
fn play_day() -> Result<()> {
    let day = day::yesterday();
    let files = tempfile::Builder::new().prefix("lantian-demo-").tempdir()?;
    let step = tables::Steps::new();

    step.begin("服务器启动，载入马村区演示数据 · the server starts with the demonstration district");
    let server = ServerProcess::start(files.path(), |command| {
        command.args(["serve", "--demo"]).env_remove("DATABASE_URL");
        command.env("LANTIAN_DATA_DIR", files.path().join("server"));
    })?;
    println!("   {}", server.url());

    step.begin("四名网格员入网、拉取台账 · four inspectors enrol and pull the register");
    let mut inspectors = Inspectors::enrol(files.path(), server.url())?;

    step.begin(&format!(
        "{day} 离线检查、拍照，当场显示扣缴 · offline: inspections, photos, charges at once"
    ));
    let visits = inspectors.spend(day)?;
    let expected = Expectation::of(&visits)?;
    tables::visits(&visits);
    expected.check_devices(&visits)?;

    step.begin("有信号了：同步记录与照片 · signal: records and photos are sent");
    inspectors.sync_all()?;

    step.begin("监督员审核：认定，退回一件 · the supervisor confirms, and returns one");
    let supervisor = Office::sign_in(server.url(), "supervisor1")?;
    let returned = supervisor.review(&visits, RETURN_REASON)?;

    step.begin("网格员看到退回原因，补拍更正，再同步 · its inspector sees why, corrects, syncs");
    let reason = inspectors.amend_returned(returned)?;
    ensure!(reason == RETURN_REASON, "the inspector reads another reason: {reason}");
    supervisor.confirm(returned)?;

    step.begin("财政局拉取月度合计 · finance pulls the month");
    let finance = Office::sign_in(server.url(), "finance1")?;
    let totals = finance.totals(Month::of(day)).context("month totals")?;
    tables::totals(&totals);
    expected.check_totals(&totals)?;

    step.end("合计与政策包一致 · every total is what the pack says");
    server.stop()
}
