//! Where the photos of a process are, and what bounds the work on them.

use std::sync::Arc;

use object_store::local::LocalFileSystem;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::photos::image_workers::ImageWorkers;
use crate::photos::limits::CHUNK_MEMORY_BYTES;
use crate::photos::part_files::PartFiles;
use crate::photos::photo_store::PhotoStore;
use crate::photos::rounds::Rounds;
use crate::photos::stamper::Stamper;

/// Where photos are and who may work on them.
#[derive(Clone)]
pub struct PhotoPlaces {
    /// Originals and copies by content; writes are durable when they return.
    pub store: PhotoStore,
    /// Unfinished uploads, one file each.
    pub uploads: PartFiles,
    /// Who decodes pictures.
    pub image_workers: ImageWorkers,
    /// One permit for each byte of a chunk that may be in memory at the same time.
    pub chunk_memory: Arc<Semaphore>,
    /// Rounds of verdicts on complete uploads.
    pub verdicts: Arc<Rounds>,
    /// Who makes stamped copies.
    pub stamper: Arc<Stamper>,
}

impl PhotoPlaces {
    /// Makes the directories.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn open(config: &Config) -> std::io::Result<Self> {
        let dir = config.photo_dir();
        let objects = dir.join("objects");
        std::fs::create_dir_all(&objects)?;
        let objects = LocalFileSystem::new_with_prefix(&objects)?.with_fsync(true);
        Ok(Self {
            store: PhotoStore::new(Arc::new(objects)),
            uploads: PartFiles::open(dir.join("uploads"))?,
            image_workers: ImageWorkers::new(config.image_workers),
            chunk_memory: Arc::new(Semaphore::new(CHUNK_MEMORY_BYTES)),
            verdicts: Arc::default(),
            stamper: Arc::new(Stamper::new(config.stamp_font.clone())),
        })
    }
}
