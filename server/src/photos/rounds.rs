//! Rounds of background work (后台轮次): who asks for one, and how to wait until it has done what was asked.
//!
//! What is to be done is in the database, never here: a process that ends loses nothing.

use tokio::sync::watch;

/// The rounds of one worker of this process.
#[derive(Debug)]
pub struct Rounds {
    asked: watch::Sender<u64>,
    done: watch::Sender<u64>,
}

impl Default for Rounds {
    /// The round with which a process begins is asked for already.
    fn default() -> Self {
        Self { asked: watch::Sender::new(1), done: watch::Sender::new(0) }
    }
}

impl Rounds {
    /// Asks for a round. Call it after the commit that made the work.
    pub fn wake(&self) {
        self.asked.send_modify(|count| *count += 1);
    }

    /// Returns when everything asked for until now was worked on. It never does where no worker runs.
    pub async fn idle(&self) {
        let asked = *self.asked.borrow();
        // The sender lives as long as this value, so waiting cannot fail.
        let _ = self.done.subscribe().wait_for(|done| *done >= asked).await;
    }

    /// For the worker: hears of what is asked for.
    #[must_use]
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.asked.subscribe()
    }

    /// For the worker: everything up to this count was worked on.
    pub fn finished(&self, asked: u64) {
        self.done.send_replace(asked);
    }
}
