//! What processes cost: CPU seconds and resident memory, read from `/proc`.

use std::fs;
use std::ops::AddAssign;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks of `/proc/<pid>/stat` a second (`USER_HZ`, fixed by the kernel's interface).
const TICKS_PER_SECOND: u64 = 100;

/// Where `/proc/<pid>/stat` says, counted after the program's name: parent, own time (user, system), time of
/// children that ended (user, system).
const PARENT: usize = 1;
const OWN_TIME: [usize; 2] = [11, 12];
const CHILDREN_TIME: [usize; 2] = [13, 14];

/// CPU time spent so far, by the server program and by PostgreSQL.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    server: Duration,
    database: Duration,
}

/// CPU time of a stretch of work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Of the server program.
    pub server: Duration,
    /// Of all processes of PostgreSQL.
    pub database: Duration,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.server += other.server;
        self.database += other.database;
    }
}

impl Cost {
    /// CPU seconds of both for a thousand of `operations`.
    pub fn seconds_per_thousand(self, operations: usize) -> (f64, f64) {
        let each = |spent: Duration| spent.as_secs_f64() * 1_000.0 / operations.max(1) as f64;
        (each(self.server), each(self.database))
    }
}

struct Stat {
    name: String,
    fields: Vec<String>,
}

impl Stat {
    fn read(pid: &str) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (before, after) = text.rsplit_once(')')?;
        let (_, name) = before.split_once('(')?;
        Some(Self { name: name.to_owned(), fields: after.split_whitespace().map(str::to_owned).collect() })
    }

    fn number(&self, place: usize) -> u64 {
        self.fields.get(place).and_then(|field| field.parse().ok()).unwrap_or_default()
    }

    fn time(&self, places: [usize; 2]) -> Duration {
        let ticks: u64 = places.iter().map(|place| self.number(*place)).sum();
        Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
    }
}

impl Spent {
    /// What the server program of this process id and every PostgreSQL of this machine have spent.
    pub fn so_far(server: u32) -> Result<Self> {
        let own = Stat::read(&server.to_string()).context("the server has ended")?;
        let mut database = Duration::ZERO;
        for entry in fs::read_dir("/proc")? {
            let pid = entry?.file_name().to_string_lossy().into_owned();
            let Some(stat) = Stat::read(&pid).filter(|stat| stat.name == "postgres") else { continue };
            database += stat.time(OWN_TIME);
            // A postmaster holds the time of its backends that ended.
            let parent = Stat::read(&stat.number(PARENT).to_string());
            if parent.is_none_or(|parent| parent.name != "postgres") {
                database += stat.time(CHILDREN_TIME);
            }
        }
        Ok(Self { server: own.time(OWN_TIME), database })
    }

    /// What was spent since.
    pub fn since(self, earlier: Self) -> Cost {
        Cost {
            server: self.server.saturating_sub(earlier.server),
            database: self.database.saturating_sub(earlier.database),
        }
    }
}

/// Resident memory of a process in MB: now, and the most since [`forget_peak`].
#[derive(Debug, Clone, Copy)]
pub struct Resident {
    /// Now.
    pub now_mb: u64,
    /// At most.
    pub peak_mb: u64,
}

/// Reads it.
pub fn resident(pid: u32) -> Result<Resident> {
    const BYTES_PER_KIB: u64 = 1024;
    const BYTES_PER_MB: u64 = 1_000_000;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the server has ended")?;
    let value = |name: &str| -> Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
        let kib: u64 = line.trim().split(' ').next().unwrap_or_default().parse()?;
        Ok(kib * BYTES_PER_KIB / BYTES_PER_MB)
    };
    Ok(Resident { now_mb: value("VmRSS:")?, peak_mb: value("VmHWM:")? })
}

/// Lets the peak begin anew.
pub fn forget_peak(pid: u32) -> Result<()> {
    const PEAK: &str = "5";
    fs::write(format!("/proc/{pid}/clear_refs"), PEAK).context("the server has ended")
}
