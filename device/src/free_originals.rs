//! Freeing space (释放空间): originals that the server has verified and a backup has go from this device, the oldest first,
//! while more are here than are to be kept.
//!
//! Must not: remove an original that anybody's work on this device still needs, be it queued, in a draft or not yet in a
//! backup (invariant 3 of the design).

use std::io::ErrorKind;

use serde::Serialize;
use sync_core::ids::PhotoHash;
use sync_core::store::{StoreError, WorkStore};

use crate::device::Device;
use crate::error::DeviceError;

/// Bytes of originals that stay on the device where nothing else is set (2 GiB).
pub const KEPT_BYTES_DEFAULT: u64 = 2 * 1024 * 1024 * 1024;

/// What was freed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Freed {
    /// Originals removed.
    pub photos: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Device {
    /// Sets how many bytes of originals stay on this device.
    ///
    /// # Errors
    /// [`DeviceError::File`].
    pub fn keep_originals(&mut self, bytes: u64) -> Result<(), DeviceError> {
        self.profile.kept_original_bytes = Some(bytes);
        self.dir.write_profile(&self.profile)
    }

    /// Removes originals, the oldest first, until no more are here than are to be kept, or none may go.
    ///
    /// # Errors
    /// [`DeviceError::Store`], [`DeviceError::File`]; what went before is gone.
    pub fn free_originals(&self) -> Result<Freed, DeviceError> {
        let kept = self.profile.kept_original_bytes.unwrap_or(KEPT_BYTES_DEFAULT);
        let mut freed = Freed::default();
        let mut here = self.photos().total_bytes()?;
        if here <= kept {
            return Ok(freed);
        }
        let Some(colleagues) = self.other_work()? else { return Ok(freed) };
        for photo in self.store.work.originals_that_may_go()? {
            if here <= kept {
                break;
            }
            if needed(&colleagues, &photo)? {
                continue;
            }
            let path = self.photos().path(&photo);
            let failed = |source| DeviceError::File { path: path.clone(), source };
            let size = match std::fs::metadata(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                found => found.map_err(failed)?.len(),
            };
            std::fs::remove_file(&path).map_err(failed)?;
            here = here.saturating_sub(size);
            freed.photos += 1;
            freed.bytes += size;
        }
        Ok(freed)
    }

    /// The work of the other users of this device; `None` while one of them is at work, for then it cannot be told.
    fn other_work(&self) -> Result<Option<Vec<WorkStore>>, DeviceError> {
        let mut all = Vec::new();
        for user in self.profile.users.iter().filter(|user| user.user_id != self.user.user_id) {
            let path = self.dir.user(user.user_id)?.join("work.db");
            if !path.exists() {
                continue;
            }
            match WorkStore::open_existing(&path) {
                Err(StoreError::InUse) => return Ok(None),
                opened => all.push(opened?),
            }
        }
        Ok(Some(all))
    }
}

fn needed(colleagues: &[WorkStore], photo: &PhotoHash) -> Result<bool, StoreError> {
    for work in colleagues {
        if work.needs_original(photo)? {
            return Ok(true);
        }
    }
    Ok(false)
}
