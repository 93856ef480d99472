//! The figures: measured, set beside their floor, printed as tables that docs/performance.md takes as they are.

use std::time::Duration;

/// A table of figures.
pub struct Table {
    title: String,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one.
    pub fn new(title: impl Into<String>, header: &[&'static str]) -> Self {
        Self { title: title.into(), header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// As Markdown, which is readable on a terminal too.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let header: Vec<String> = self.header.iter().map(|cell| (*cell).to_owned()).collect();
        let rule: Vec<String> = self.header.iter().map(|_| "---".to_owned()).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("### {}\n\n{}{}{rows}", self.title, line(&header), line(&rule))
    }
}

/// A rate a second.
pub fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(f64::EPSILON)
}

/// A rate as it is printed.
pub fn per_second(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}

/// A ratio as it is printed.
pub fn ratio(measured: f64, floor: f64) -> String {
    format!("{:.2}", measured / floor)
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
