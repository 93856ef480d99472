//! The figures: measured, set beside their floor, printed as tables that docs/performance.md takes as they are.
//!
//! Tables go to standard output as soon as they are measured; the progress of a run goes to standard error.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::machine::{Machine, load_average};

/// A table of figures.
pub struct Table {
    title: String,
    load: String,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one; what it is filled with is measured from here on.
    pub fn new(title: impl Into<String>, header: &[&'static str]) -> Self {
        let title = title.into();
        eprintln!("{title} …");
        Self { title, load: load_average(), header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        eprintln!("   {}", cells.join(" · "));
        self.rows.push(cells);
    }

    /// As Markdown, which is readable on a terminal too.
    fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let header: Vec<String> = self.header.iter().map(|cell| (*cell).to_owned()).collect();
        let rule: Vec<String> = self.header.iter().map(|_| "---".to_owned()).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        let (before, after) = (&self.load, load_average());
        let Self { title, .. } = self;
        format!(
            "### {title}\n\nLoad average {before} before, {after} after.\n\n{}{}{rows}",
            line(&header),
            line(&rule)
        )
    }
}

/// What an operation costs at one extent of the ledger.
struct Cost {
    what: String,
    entries: usize,
    /// CPU seconds of server and PostgreSQL for a thousand.
    seconds: f64,
}

/// What the product promises of a figure.
struct Aim {
    what: String,
    aim: String,
    measured: String,
    met: bool,
}

/// Everything that one run measures.
pub struct Report {
    text: String,
    costs: Vec<Cost>,
    aims: Vec<Aim>,
}

impl Report {
    /// An empty one, of this machine.
    pub fn new(machine: &Machine) -> Self {
        println!("{machine}\n");
        Self { text: format!("{machine}\n"), costs: Vec::new(), aims: Vec::new() }
    }

    /// Prints a table and keeps it.
    pub fn table(&mut self, table: &Table) {
        let text = table.markdown();
        println!("{text}");
        self.text.push('\n');
        self.text.push_str(&text);
    }

    /// Notes what an operation costs at this many ledger entries: it shall not grow with them.
    pub fn cost(&mut self, what: impl Into<String>, entries: usize, seconds: f64) {
        self.costs.push(Cost { what: what.into(), entries, seconds });
    }

    /// Notes a figure that has an aim.
    pub fn aim(&mut self, what: impl Into<String>, aim: impl Into<String>, measured: String, met: bool) {
        self.aims.push(Aim { what: what.into(), aim: aim.into(), measured, met });
    }

    /// Prints what costs come to as the ledger grows, and which aims are met; writes everything to `file`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self, file: Option<&Path>) -> Result<()> {
        self.tell_growth();
        // Programs that are not optimised miss them all.
        if cfg!(not(debug_assertions)) {
            self.tell_aims();
        }
        match file {
            Some(file) => std::fs::write(file, self.text).with_context(|| file.display().to_string()),
            None => Ok(()),
        }
    }

    fn tell_growth(&mut self) {
        let (Some(first), Some(last)) =
            (self.costs.first().map(|cost| cost.entries), self.costs.last().map(|cost| cost.entries))
        else {
            return;
        };
        if first == last {
            return;
        }
        let mut table = Table::new(
            "Growth: CPU seconds of server and PostgreSQL per 1,000",
            &["what", "at the shortest ledger", "at the longest", "factor"],
        );
        let mut highest: f64 = 0.0;
        for before in self.costs.iter().filter(|cost| cost.entries == first) {
            let after = self.costs.iter().find(|cost| cost.entries == last && cost.what == before.what);
            let Some(after) = after else { continue };
            let factor = after.seconds / before.seconds.max(f64::EPSILON);
            highest = highest.max(factor);
            let figure = |seconds: f64| format!("{seconds:.3}");
            table.row([
                before.what.clone(),
                figure(before.seconds),
                figure(after.seconds),
                format!("{factor:.2}"),
            ]);
        }
        self.table(&table);
        let met = highest <= GROWTH_MAX;
        self.aim(
            "growth of an operation's cost",
            format!("≤ {GROWTH_MAX}"),
            format!("{highest:.2} at most"),
            met,
        );
    }

    fn tell_aims(&mut self) {
        let mut text =
            String::from("### Aims\n\n| what | aim | measured | met |\n| --- | --- | --- | --- |\n");
        for Aim { what, aim, measured, met } in &self.aims {
            let met = if *met { "yes" } else { "**no**" };
            // Writing to a string does not fail.
            let _ = writeln!(text, "| {what} | {aim} | {measured} | {met} |");
        }
        println!("{text}");
        self.text.push('\n');
        self.text.push_str(&text);
    }
}

/// By how much an operation may cost more where the ledger is a hundred times as long: deeper indexes, colder pages.
const GROWTH_MAX: f64 = 1.3;

/// A rate a second.
pub fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(f64::EPSILON)
}

/// A rate as it is printed.
pub fn per_second(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}

/// A duration as milliseconds.
pub fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

/// The value below which this share of the sample lies; zero of an empty one.
pub fn percentile(sample: &[Duration], percent: usize) -> Duration {
    let mut sorted = sample.to_vec();
    sorted.sort();
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}
