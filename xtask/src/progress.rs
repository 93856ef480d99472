//! Progress lines: the name of each step when it starts, its time when it ends, all of them at the end.

use std::time::{Duration, Instant};

use crate::error::Error;

/// The steps of a task.
#[derive(Debug, Default)]
pub struct Progress {
    done: Vec<(&'static str, Duration)>,
}

impl Progress {
    /// Runs one step.
    ///
    /// # Errors
    /// Those of the step.
    pub fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        println!("==> {name}");
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        let outcome = if result.is_ok() { "done" } else { "FAILED" };
        println!("==> {name}: {outcome} in {:.1} s", took.as_secs_f64());
        self.done.push((name, took));
        result
    }

    /// Prints the time of every step and of all together.
    pub fn summary(&self) {
        let total: Duration = self.done.iter().map(|(_, took)| *took).sum();
        for (name, took) in self.done.iter().chain(&[("together", total)]) {
            println!("{:>8.1} s  {name}", took.as_secs_f64());
        }
    }
}
