//! Where finished photos are kept: the original under its hash, and the copies made of it.
//!
//! Invariants: a write is durable when it returns; an original is created, never overwritten, and a copy that differs
//! from what its hash says (a damaged disk) is moved aside, never deleted. Districts share nothing.

use std::sync::Arc;

use actix_web::web::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, Result};
use sync_core::ids::{InspectionId, PhotoHash, RegionCode, UploadId};

use crate::photos::picture::ThumbnailSize;

/// Digits of the hash that name the folder, so that no folder holds all photos.
const FOLDER_DIGITS: usize = 2;

/// One object of a district.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoObject<'a> {
    /// The untouched original (原图).
    Original(&'a PhotoHash),
    /// An upright, smaller copy (缩略图).
    Thumbnail(&'a PhotoHash, ThumbnailSize),
    /// The stamped copy (水印) for the inspection's photo with this ordinal.
    Stamped(InspectionId, i32),
}

impl PhotoObject<'_> {
    fn path(&self, district: &RegionCode) -> Path {
        let by_hash = |kind: &str, hash: &PhotoHash, suffix: &str| {
            let folder: String = hash.as_str().chars().take(FOLDER_DIGITS).collect();
            Path::from(format!("{district}/{kind}/{folder}/{hash}{suffix}"))
        };
        match self {
            Self::Original(hash) => by_hash("originals", hash, ""),
            Self::Thumbnail(hash, ThumbnailSize::List) => by_hash("list", hash, ".jpg"),
            Self::Thumbnail(hash, ThumbnailSize::Page) => by_hash("page", hash, ".jpg"),
            Self::Stamped(inspection, ordinal) => {
                Path::from(format!("{district}/stamped/{inspection}/{ordinal}.jpg"))
            }
        }
    }
}

/// Originals and copies.
#[derive(Debug, Clone)]
pub struct PhotoStore {
    objects: Arc<dyn ObjectStore>,
}

impl PhotoStore {
    /// On this store, whose writes must be durable when they return.
    #[must_use]
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects }
    }

    /// Keeps an original, whose bytes were checked against the hash. That it is there already is no fault.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn publish(&self, district: &RegionCode, hash: &PhotoHash, bytes: Bytes) -> Result<()> {
        let path = PhotoObject::Original(hash).path(district);
        match self.create(&path, bytes.clone()).await {
            Err(Error::AlreadyExists { .. }) => {}
            done => return done,
        }
        if self.objects.get(&path).await?.bytes().await? == bytes {
            return Ok(());
        }
        let aside = Path::from(format!("{district}/damaged/{hash}-{}", UploadId::fresh()));
        tracing::error!(%path, %aside, "a kept original no longer has its hash; it is moved aside and replaced");
        self.objects.rename(&path, &aside).await?;
        self.create(&path, bytes).await
    }

    async fn create(&self, path: &Path, bytes: Bytes) -> Result<()> {
        let create = PutOptions::from(PutMode::Create);
        self.objects.put_opts(path, PutPayload::from_bytes(bytes), create).await?;
        Ok(())
    }

    /// Keeps a derived copy, in place of an earlier one.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn put_copy(&self, district: &RegionCode, copy: PhotoObject<'_>, bytes: Vec<u8>) -> Result<()> {
        self.objects.put(&copy.path(district), PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// The object's bytes.
    ///
    /// # Errors
    /// Whatever the store says; [`Error::NotFound`] where it is not kept.
    pub async fn get(&self, district: &RegionCode, object: PhotoObject<'_>) -> Result<Bytes> {
        self.objects.get(&object.path(district)).await?.bytes().await
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    #[tokio::test]
    async fn an_original_is_published_once_and_a_damaged_one_is_moved_aside() {
        let objects = Arc::new(InMemory::new());
        let store = PhotoStore::new(objects.clone());
        let district: RegionCode = "410804".parse().unwrap();
        let bytes = Bytes::from_static(b"a photo");
        let hash = PhotoHash::of(&bytes);
        store.publish(&district, &hash, bytes.clone()).await.unwrap();
        store.publish(&district, &hash, bytes.clone()).await.unwrap();

        let original = PhotoObject::Original(&hash);
        store.put_copy(&district, original, b"bit rot".to_vec()).await.unwrap();
        store.publish(&district, &hash, bytes.clone()).await.unwrap();
        assert_eq!(store.get(&district, original).await.unwrap(), bytes);
        let aside = Path::from("410804/damaged");
        let kept = objects.list_with_delimiter(Some(&aside)).await.unwrap().objects;
        assert_eq!(kept.len(), 1, "the damaged one is kept too");
    }
}
