//! The simulator: seeded runs of the product's sync, each a district with tablets, an office and a network that fails.
//!
//! Real: `sync-core`'s engine and stores on SQLite. Played: clocks, the network, crashes, and in most runs the server, by
//! a [`model`] that shares no code with the real one; every tenth seed drives the [`real`] server on PostgreSQL. A seed
//! against the model replays exactly; against the real server its choices do, but not that server's own threads.
//!
//! `cargo xtask simulate --seeds 300` runs seeds 1 to 300; `--seed 17` one of them, with all that happens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program fails by panicking"
)]

mod backend;
mod cast;
mod dice;
mod disk;
mod model;
mod network;
mod oracle;
mod real;
mod tablet;
mod world;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::dice::Dice;
use crate::model::Model;
use crate::oracle::Violation;
use crate::real::Real;
use crate::world::{Outcome, Tally, play};

/// Lines of what happened that a violation shows.
const LAST_LINES: usize = 60;

/// Every so many seeds one drives the real server.
const REAL_EVERY: u64 = 10;

/// Plays seeded runs of the sync and says where a promise was broken.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds, from the first on.
    #[arg(long, default_value_t = 300)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// One seed alone, with everything that happens in it.
    #[arg(long)]
    seed: Option<u64>,
    /// Drive the real server with every seed.
    #[arg(long, conflicts_with = "model")]
    real: bool,
    /// Drive the model with every seed.
    #[arg(long)]
    model: bool,
}

impl Arguments {
    fn is_real(&self, seed: u64) -> bool {
        self.real || (!self.model && seed.is_multiple_of(REAL_EVERY))
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.seed {
        Some(seed) => show(seed, arguments.is_real(seed)),
        None => campaign(&arguments),
    }
}

fn run(seed: u64, real: bool) -> (Outcome, Result<(), Violation>) {
    let mut dice = Dice::new(seed);
    let backend_dice = dice.fork();
    let begins = dice::instant(world::BEGINS);
    if real {
        play(&mut Real::start(begins), dice)
    } else {
        play(&mut Model::new(backend_dice, begins), dice)
    }
}

fn show(seed: u64, real: bool) -> ExitCode {
    let (outcome, result) = run(seed, real);
    outcome.trace.iter().for_each(|line| println!("{line}"));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(violation) => {
            println!("seed {seed}: {violation}");
            ExitCode::FAILURE
        }
    }
}

fn campaign(arguments: &Arguments) -> ExitCode {
    let started = Instant::now();
    let bar = ProgressBar::new(arguments.seeds);
    let style = "{bar:40} {pos}/{len} seeds, {msg}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let next = AtomicU64::new(arguments.first);
    let end = arguments.first + arguments.seeds;
    let (tally, broken) = (Mutex::new(Tally::default()), Mutex::new(BTreeMap::new()));
    let real = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    let drives_real = arguments.is_real(seed);
                    let (outcome, result) = run(seed, drives_real);
                    real.fetch_add(u64::from(drives_real), Ordering::Relaxed);
                    tally.lock().unwrap().add(&outcome);
                    if let Err(violation) = result {
                        bar.println(report(seed, drives_real, &outcome, &violation));
                        broken.lock().unwrap().insert(seed, violation.property);
                    }
                    bar.set_message(format!("{} broken", broken.lock().unwrap().len()));
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let (tally, broken) = (tally.into_inner().unwrap(), broken.into_inner().unwrap());
    let (model, seconds) = (arguments.seeds - real.load(Ordering::Relaxed), started.elapsed().as_secs_f64());
    println!(
        "{} seeds from {} on: {model} against the model, {} against the real server, in {seconds:.1} s",
        arguments.seeds,
        arguments.first,
        real.load(Ordering::Relaxed)
    );
    tally.0.iter().for_each(|(name, figure)| println!("{figure:>10}  {name}"));
    println!("{:>10}  violations", broken.len());
    broken.iter().for_each(|(seed, property)| println!("seed {seed}: {property:?}"));
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(seed: u64, real: bool, outcome: &Outcome, violation: &Violation) -> String {
    let skipped = outcome.trace.len().saturating_sub(LAST_LINES);
    let lines = outcome.trace[skipped..].join("\n");
    let how = if real { " --real" } else { " --model" };
    format!("{lines}\nseed {seed}: {violation}\nrepeat: cargo xtask simulate --seed {seed}{how}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays_exactly() {
        for seed in 1..=3 {
            let (first, second) = (run(seed, false), run(seed, false));
            assert!(first.1.is_ok(), "seed {seed}: {:?}", first.1);
            assert_eq!(first.0.trace, second.0.trace, "seed {seed}");
        }
    }

    #[test]
    fn two_seeds_are_two_runs() {
        assert_ne!(run(1, false).0.trace, run(2, false).0.trace);
    }
}
