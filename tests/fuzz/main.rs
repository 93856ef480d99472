//! Fuzzing: what comes from outside is bent in every way, and whoever reads it must say so and go on: no panic, no endless
//! work, no memory without bound, and what it takes it takes whole.
//!
//! A target reads bytes; its corpus is what a sound sender sends. Inputs come from the seed alone, so a failure repeats.
//! What failed once lies in `regressions/<target>/` and is read first in every run. `cargo xtask fuzz --minutes 30` goes on
//! for so long; the ordinary run has a fixed seed and a fixed number of inputs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program fails by panicking"
)]

mod corpus;
mod mutate;
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::mutate::mutated;
use crate::targets::{TARGETS, Target};

/// How long one input may take, unoptimised, on a machine that others use too.
const SLOW: Duration = Duration::from_secs(60);
/// What the program may have held in memory, in kilobytes: a decoded picture of the largest size and its copies.
const MEMORY_KILOBYTES: u64 = 3 * 1024 * 1024;

/// Bends what the product reads from outside, and says what it did not stand.
#[derive(Debug, Parser)]
struct Arguments {
    /// The seed of the inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Inputs for each target, if no time is given.
    #[arg(long, default_value_t = 2_000)]
    inputs: u64,
    /// For how many minutes in all, instead.
    #[arg(long)]
    minutes: Option<u64>,
    /// Only the targets whose name contains this.
    #[arg(default_value = "")]
    name: String,
    /// Where inputs that fail are written.
    #[arg(long, default_value = "var/fuzz")]
    failures: PathBuf,
}

fn regressions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions")
}

/// What was not stood, if anything.
fn read(target: &Target, input: &[u8]) -> Result<bool, String> {
    let began = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.read)(input))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panicked").to_owned()
    })?;
    if began.elapsed() > SLOW {
        return Err(format!("took {:?}", began.elapsed()));
    }
    outcome
}

/// Kilobytes that this program held at most, as Linux says.
fn memory_peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// Reads what failed before; says how many inputs and failures that were.
fn replay(target: &Target) -> (u64, u64) {
    let Ok(folder) = fs::read_dir(regressions().join(target.name)) else { return (0, 0) };
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut failures = 0;
    for file in &files {
        if let Err(failure) = read(target, &fs::read(file).unwrap()) {
            println!("{}: {}: {failure}", target.name, file.display());
            failures += 1;
        }
    }
    (u64::try_from(files.len()).unwrap(), failures)
}

fn fuzz(target: &Target, arguments: &Arguments, until: Option<Instant>) -> (u64, u64, u64) {
    let corpus = (target.corpus)();
    for (number, sound) in corpus.iter().enumerate() {
        assert_eq!(read(target, sound), Ok(true), "{}: entry {number} of the corpus is sound", target.name);
    }
    let (mut inputs, mut failures, mut taken) = (0, 0, 0);
    while until.map_or(inputs < arguments.inputs / target.cost, |until| Instant::now() < until) {
        // A generator for each input: the number alone repeats it.
        let mut random = ChaCha8Rng::seed_from_u64(arguments.seed.wrapping_add(inputs.wrapping_mul(0x9e37)));
        let input = mutated(&corpus, target.form, &mut random);
        match read(target, &input) {
            Ok(was_taken) => taken += u64::from(was_taken),
            Err(failure) => {
                failures += 1;
                let folder = arguments.failures.join(target.name);
                fs::create_dir_all(&folder).unwrap();
                let file = folder.join(format!("{}-{inputs}", arguments.seed));
                fs::write(&file, &input).unwrap();
                println!(
                    "{}: seed {}, input {inputs}: {failure}; kept as {}",
                    target.name,
                    arguments.seed,
                    file.display()
                );
            }
        }
        inputs += 1;
    }
    (inputs, taken, failures)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Panics are caught and counted; their traces would hide the rest.
    std::panic::set_hook(Box::new(|_| {}));
    let targets: Vec<_> = TARGETS.iter().filter(|target| target.name.contains(&arguments.name)).collect();
    let share = arguments
        .minutes
        .map(|minutes| Duration::from_secs(minutes * 60) / u32::try_from(targets.len().max(1)).unwrap());
    let mut all_failures = 0;
    for target in targets {
        let (known, broken) = replay(target);
        let (inputs, taken, failures) = fuzz(target, &arguments, share.map(|share| Instant::now() + share));
        println!(
            "{:>16}: {known} known, {inputs} inputs, {taken} taken, {} failures",
            target.name,
            broken + failures
        );
        all_failures += broken + failures;
    }
    let peak = memory_peak();
    println!("seed {}, {} MiB at most, {all_failures} failures", arguments.seed, peak / 1024);
    if all_failures == 0 && peak < MEMORY_KILOBYTES { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
