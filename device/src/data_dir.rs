//! The data directory (数据目录): who is enrolled, the key, each user's stores, and the photo originals.
//!
//! ```text
//! device.json            server, installation and enrolled users
//! device.key             the device's private key
//! photos/<sha256>        untouched originals, by content
//! users/<user>/          that user's master.db and work.db
//! ```

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sync_core::ids::{DeviceId, Incarnation, RegionCode, UserId};

use crate::durable;
use crate::error::DeviceError;

/// A user enrolled on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolledUser {
    /// Who.
    pub user_id: UserId,
    /// The user's name.
    pub name: String,
    /// The device's id at the server.
    pub device_id: DeviceId,
    /// The district.
    pub district: RegionCode,
}

/// What `device.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The server's address.
    pub server: String,
    /// What people call the device.
    pub device_name: String,
    /// This installation of the databases.
    pub incarnation: Incarnation,
    /// Bytes of photo originals that stay here after the server has them in a backup; as the program has it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_original_bytes: Option<u64>,
    /// Enrolled users, the first one first.
    pub users: Vec<EnrolledUser>,
}

/// A data directory.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The directory, made with its folders where absent.
    ///
    /// # Errors
    /// [`DeviceError::File`].
    pub fn make(path: &Path) -> Result<Self, DeviceError> {
        let this = Self(path.to_path_buf());
        std::fs::create_dir_all(this.photos()).map_err(|source| file(&this.photos(), source))?;
        Ok(this)
    }

    /// An existing directory.
    ///
    /// # Errors
    /// [`DeviceError::NotEnrolled`] when nobody is enrolled there.
    pub fn existing(path: &Path) -> Result<Self, DeviceError> {
        let this = Self(path.to_path_buf());
        match this.profile()? {
            Some(_) => Self::make(path),
            None => Err(DeviceError::NotEnrolled(path.to_path_buf())),
        }
    }

    /// Where the key is.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.0.join("device.key")
    }

    /// Where photo originals are.
    #[must_use]
    pub fn photos(&self) -> PathBuf {
        self.0.join("photos")
    }

    /// Where a user's stores are, made where absent.
    ///
    /// # Errors
    /// [`DeviceError::File`].
    pub fn user(&self, user: UserId) -> Result<PathBuf, DeviceError> {
        let path = self.0.join("users").join(user.to_string());
        std::fs::create_dir_all(&path).map_err(|source| file(&path, source))?;
        Ok(path)
    }

    /// Who is enrolled; `None` before the first enrolment.
    ///
    /// # Errors
    /// [`DeviceError::File`], [`DeviceError::NotReadable`].
    pub fn profile(&self) -> Result<Option<Profile>, DeviceError> {
        let path = self.profile_path();
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|source| DeviceError::NotReadable { path, source }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(file(&path, source)),
        }
    }

    /// Writes who is enrolled, whole or not at all.
    ///
    /// # Errors
    /// [`DeviceError::File`].
    pub fn write_profile(&self, profile: &Profile) -> Result<(), DeviceError> {
        let path = self.profile_path();
        let bytes = serde_json::to_vec_pretty(profile)
            .map_err(|source| DeviceError::NotReadable { path: path.clone(), source })?;
        durable::write(&path, &bytes).map_err(|source| file(&path, source))
    }

    fn profile_path(&self) -> PathBuf {
        self.0.join("device.json")
    }
}

impl Profile {
    /// The user by id or name, or the only one.
    ///
    /// # Errors
    /// [`DeviceError::WhichUser`].
    pub fn user(&self, wanted: Option<&str>) -> Result<&EnrolledUser, DeviceError> {
        let fits = |user: &&EnrolledUser| {
            wanted.is_none_or(|wanted| user.name == wanted || user.user_id.to_string() == wanted)
        };
        let mut fitting = self.users.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(user), None) => Ok(user),
            _ => Err(DeviceError::WhichUser(self.users.iter().map(|user| user.name.clone()).collect())),
        }
    }
}

fn file(path: &Path, source: std::io::Error) -> DeviceError {
    DeviceError::File { path: path.to_path_buf(), source }
}
