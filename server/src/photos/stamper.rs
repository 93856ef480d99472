//! The maker of stamped copies (水印): its font and its rounds.
//!
//! Without a font stamps stay pending: that is told once, and the font is looked for again at every round, so that
//! installing one is enough.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::OnceCell;

use crate::photos::picture::{Font, NoFont};
use crate::photos::rounds::Rounds;

/// The state of stamping in this process. What is to be stamped is in the database, never here.
#[derive(Debug)]
pub struct Stamper {
    /// Asked for when a photo was verified, or an inspection arrived that names photos verified before.
    pub rounds: Rounds,
    configured: Option<PathBuf>,
    font: OnceCell<Arc<Font>>,
    told: AtomicBool,
}

impl Stamper {
    /// With the configured font; an empty path means that no stamps are made.
    #[must_use]
    pub fn new(configured: Option<PathBuf>) -> Self {
        Self { rounds: Rounds::default(), configured, font: OnceCell::new(), told: AtomicBool::new(false) }
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
