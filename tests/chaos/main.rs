//! Chaos (`cargo xtask chaos`): tablets and an office work, and server and PostgreSQL are killed under them.
//!
//! Real programs throughout: the server with its private PostgreSQL, devices with their stores on disk, HTTP. SIGKILL
//! takes the server, the postmaster with everything below it, or both, again and again. In the end, when all is quiet:
//! every operation and photo that was acknowledged is there, byte for byte, and nothing is charged twice.
//!
//! What it does not play is a loss of power: what a killed process has written the kernel still holds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program fails by panicking"
)]

mod accounts;
mod load;
mod victims;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::load::{Acknowledged, Load};
use crate::victims::{Victim, Victims};

/// How long the load goes on between two kills, in milliseconds.
const BREATH: std::ops::Range<u64> = 100..2_500;

/// Kills server and PostgreSQL under load and checks what was acknowledged.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often something is killed.
    #[arg(long, default_value_t = 3)]
    kills: u32,
    /// The seed of when and what.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let started = Instant::now();
    println!("seed {}", arguments.seed);
    let mut dice = ChaCha8Rng::seed_from_u64(arguments.seed);
    let files = tempfile::Builder::new().prefix("lantian-chaos-").tempdir().unwrap();
    let mut victims = Victims::start(files.path());
    let load = Arc::new(Load::begin(files.path(), victims.url()));
    let workers = load.work();
    let bar = ProgressBar::new(u64::from(arguments.kills));
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} kills, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    for _ in 0..arguments.kills {
        std::thread::sleep(Duration::from_millis(dice.random_range(BREATH)));
        let victim = [Victim::Server, Victim::Database, Victim::Both][dice.random_range(0..3_usize)];
        victims.kill(victim);
        load.move_to(&victims.start_again());
        bar.inc(1);
    }
    bar.finish_and_clear();
    load.stop();
    let tablets: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    let mut acknowledged = load.acknowledged();
    load.settle(tablets, &mut acknowledged);
    let faults = accounts::faults(&victims, &acknowledged);
    let Acknowledged { operations, photos, decisions } = &acknowledged;
    println!(
        "{} kills in {:.0} s: {} operations, {} photos and {} decisions were acknowledged; {} faults",
        arguments.kills,
        started.elapsed().as_secs_f64(),
        operations.len(),
        photos.len(),
        decisions.len(),
        faults.len()
    );
    faults.iter().for_each(|fault| println!("{fault}"));
    if faults.is_empty() && !operations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
