//! Three months of the demonstration district (演示区的三个月), from a seed through the real API: inspectors' devices
//! record and sync, supervisors review, liaisons rectify, finance closes the first month and executes it.
//!
//! Invariants: the same seed on the same day plans the same visits and decisions; nothing is written past the API, so
//! that what it shows is what the product does. It runs once in a district: one that has cases is left alone.

mod field;
mod plan;
mod review;
mod town;

use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use sync_core::time::Month;

use crate::office::Office;
use crate::tables::Steps;
use field::Field;
use plan::Plan;

/// What grows where.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Address of the server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: String,
    /// What the plan is drawn from.
    #[arg(long, default_value_t = 2024)]
    seed: u64,
}

/// Grows the district of a server that runs its demonstration.
pub fn run(arguments: &Arguments) -> Result<()> {
    let began = Instant::now();
    let step = Steps::new();
    let url = arguments.server.trim_end_matches('/');
    tests::server_process::wait_until_ready(url)?;
    let supervisor = Office::sign_in(url, "supervisor1").context("is this the demonstration?")?;
    if supervisor.has_cases()? {
        println!("演示区已有案件，不再生成 · the district has cases already; nothing is grown");
        return Ok(());
    }

    let files = tempfile::Builder::new().prefix("lantian-grow-").tempdir()?;
    let plan = Plan::draw(arguments.seed, crate::day::yesterday())?;
    step.begin(&format!(
        "{} 次检查，{} 至 {} · visits of three months",
        plan.visits.len(),
        plan.first_day(),
        plan.last_day()
    ));
    let mut field = Field::record(files.path(), url, &plan)?;

    step.begin("审核、退回、交办、整改 · review, returns, rectification");
    review::review(&supervisor, url, &plan, &mut field)?;

    let month = Month::of(plan.first_day());
    step.begin(&format!("{month} 结账并登记执行 · the first month is closed and executed"));
    town::close_and_execute(url, month)?;
    step.end(&format!("{} 秒 · seconds", began.elapsed().as_secs()));
    Ok(())
}
