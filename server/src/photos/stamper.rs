//! The maker of stamped copies (水印): its font, who wakes it, and how to wait until it has done what was asked.
//!
//! Without a font stamps stay pending: that is told once, and the font is looked for again at every round, so that
//! installing one is enough.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OnceCell, watch};

use crate::photos::picture::{Font, NoFont};

/// The state of stamping in this process. What is to be stamped is in the database, never here.
#[derive(Debug)]
pub struct Stamper {
    configured: Option<PathBuf>,
    font: OnceCell<Arc<Font>>,
    told: AtomicBool,
    asked: watch::Sender<u64>,
    done: watch::Sender<u64>,
}

impl Stamper {
    /// With the configured font; an empty path means that no stamps are made.
    #[must_use]
    pub fn new(configured: Option<PathBuf>) -> Self {
        Self {
            configured,
            font: OnceCell::new(),
            told: AtomicBool::new(false),
            asked: watch::Sender::new(0),
            done: watch::Sender::new(0),
        }
    }

    /// Asks for a round: a photo was verified, or an inspection arrived that names photos. Call it after the commit.
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

    /// The font, where there is one.
    pub async fn font(&self) -> Option<Arc<Font>> {
        match self.font.get_or_try_init(|| self.find_font()).await {
            Ok(font) => Some(font.clone()),
            Err(NoFont { searched }) => {
                if !self.told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(?searched, "no font with Chinese glyphs: stamped copies stay pending");
                }
                None
            }
        }
    }

    async fn find_font(&self) -> Result<Arc<Font>, NoFont> {
        let configured = self.configured.clone();
        if configured.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return Err(NoFont { searched: Vec::new() });
        }
        let finding = tokio::task::spawn_blocking(move || Font::find(configured.as_deref()).map(Arc::new));
        finding.await.unwrap_or_else(|_| Err(NoFont { searched: Vec::new() }))
    }
}
