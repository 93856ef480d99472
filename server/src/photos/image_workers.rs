//! Image workers (图片处理): whoever decodes a picture takes one of them first.
//!
//! Invariants: no more pictures are decoded at the same time than there are workers, which bounds their memory; work
//! runs on a thread of its own at a low priority, so that a machine that is busy acknowledges before it decodes. A worker
//! is taken until its work is over, also where nobody waits for it any more.

use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot};

/// How much lower than the server's own the priority of the work is, in steps of `nice`: a tenth of its share.
const PRIORITY_STEPS: i32 = 10;

/// The workers of a process.
#[derive(Debug, Clone)]
pub struct ImageWorkers(Arc<Semaphore>);

/// Work on a picture was not done.
#[derive(Debug, thiserror::Error)]
pub enum NoWork {
    /// There are no workers any more.
    #[error("the image workers are closed: {0}")]
    Closed(#[from] AcquireError),
    /// A thread cannot be started.
    #[error("no thread for an image worker: {0}")]
    NoThread(#[from] std::io::Error),
    /// The work panicked.
    #[error("the image worker ended: {0}")]
    Ended(#[from] oneshot::error::RecvError),
}

impl ImageWorkers {
    /// So many.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }

    /// The next one that is free. What is to be decoded is read after this.
    ///
    /// # Errors
    /// [`NoWork::Closed`].
    pub async fn free(&self) -> Result<ImageWorker, NoWork> {
        Ok(ImageWorker { _permit: self.0.clone().acquire_owned().await? })
    }
}

/// A worker that was taken: no other may take it as long as this lives.
#[derive(Debug)]
pub struct ImageWorker {
    _permit: OwnedSemaphorePermit,
}

impl ImageWorker {
    /// Does the work and is free again.
    ///
    /// # Errors
    /// [`NoWork::NoThread`] and [`NoWork::Ended`].
    pub async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoWork> {
        let (done, awaited) = oneshot::channel();
        std::thread::Builder::new().name("image-worker".to_owned()).spawn(move || {
            if let Err(error) = rustix::process::nice(PRIORITY_STEPS) {
                tracing::debug!(%error, "an image worker keeps the priority of the server");
            }
            let result = work();
            drop(self);
            // Nobody waits for it any more: whoever did was given up.
            drop(done.send(result));
        })?;
        Ok(awaited.await?)
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn work_runs_at_a_lower_priority_and_leaves_that_of_others_alone() {
        let own = getpriority_process(None).unwrap();
        let worker = ImageWorkers::new(1).free().await.unwrap();
        let at_work = worker.run(|| getpriority_process(None).unwrap()).await.unwrap();
        assert_eq!(at_work, (own + PRIORITY_STEPS).min(19));
        assert_eq!(getpriority_process(None).unwrap(), own);
    }

    #[tokio::test]
    async fn a_worker_whose_work_panicked_is_free_again() {
        let workers = ImageWorkers::new(1);
        let panicked = workers.free().await.unwrap().run(|| panic!("a broken picture")).await;
        assert!(matches!(panicked, Err::<(), _>(NoWork::Ended(_))));
        assert_eq!(workers.free().await.unwrap().run(|| 7).await.unwrap(), 7);
    }
}
