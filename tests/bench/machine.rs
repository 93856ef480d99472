//! The machine that figures are from, and how busy it is: a figure without them says little.

use std::fmt;
use std::fs;

use anyhow::{Context, Result};

/// What is printed with the figures.
pub struct Machine {
    processor: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    build: &'static str,
}

/// The value of the first line of this name in a file of `name: value` lines.
fn value_of(file: &str, name: &str) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| file.to_owned())?;
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned());
    value.with_context(|| format!("{file} has no {name}"))
}

/// Processes that ran or waited to run in the last minute; what is measured here is among them.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

impl Machine {
    /// This machine.
    pub fn this() -> Result<Self> {
        const KIB_PER_GIB: u64 = 1024 * 1024;
        let memory = value_of("/proc/meminfo", "MemTotal")?;
        let kib: u64 = memory.split(' ').next().unwrap_or_default().parse()?;
        Ok(Self {
            processor: value_of("/proc/cpuinfo", "model name").unwrap_or_else(|_| "unknown".to_owned()),
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: kib / KIB_PER_GIB,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            build: if cfg!(debug_assertions) { "not optimised" } else { "optimised" },
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, memory_gib, kernel, build } = self;
        write!(f, "{processor}, {cores} cores, {memory_gib} GiB, Linux {kernel}; {build}; ")?;
        write!(f, "load average {} before", load_average())
    }
}
