//! The device key (终端密钥): P-256, made here, never leaves this directory.
//!
//! Kept as PKCS#8 PEM readable by its owner only. Losing it means enrolling again; the work database does not
//! depend on it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};

use crate::durable;

/// The key's mode on Unix: readable and writable by its owner only.
#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a P-256 key in PKCS#8 PEM.
    #[error("{path} is not a P-256 key in PKCS#8 PEM form", path = path.display())]
    NotAKey {
        /// Which file.
        path: PathBuf,
    },
    /// The system's randomness failed, so no key could be made.
    #[error("no key could be made: {0}")]
    Randomness(String),
}

/// The device's key pair.
#[derive(Debug)]
pub struct DeviceKey(SigningKey);

impl DeviceKey {
    /// The key of this file.
    ///
    /// # Errors
    /// [`KeyError::File`] or [`KeyError::NotAKey`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let pem = std::fs::read_to_string(path).map_err(|source| file(path, source))?;
        SigningKey::from_pkcs8_pem(&pem).map(Self).map_err(|_| KeyError::NotAKey { path: path.to_path_buf() })
    }

    /// The key of this file, made when there is none: the same key serves every user of the device.
    ///
    /// # Errors
    /// Any [`KeyError`].
    pub fn read_or_make(path: &Path) -> Result<Self, KeyError> {
        match std::fs::exists(path) {
            Ok(true) => Self::read(path),
            Ok(false) => Self::make(path),
            Err(source) => Err(file(path, source)),
        }
    }

    fn make(path: &Path) -> Result<Self, KeyError> {
        let mut secret = [0_u8; 32];
        let key = loop {
            rand::TryRng::try_fill_bytes(&mut rand::rngs::SysRng, &mut secret)
                .map_err(|e| KeyError::Randomness(e.to_string()))?;
            // All but about one in 2^32 random numbers are below the curve's order.
            if let Ok(key) = SigningKey::from_slice(&secret) {
                break key;
            }
        };
        let pem =
            key.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::NotAKey { path: path.to_path_buf() })?;
        let temporary = path.with_extension("new");
        write_secret(&temporary, pem.as_bytes()).map_err(|source| file(&temporary, source))?;
        durable::rename(&temporary, path).map_err(|source| file(path, source))?;
        Ok(Self(key))
    }

    /// The public key as the wire has it: uncompressed SEC1 point, base64url without padding.
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.verifying_key().to_encoded_point(false).as_bytes())
    }

    /// The signature of these bytes as the wire has it: r‖s, base64url without padding.
    #[must_use]
    pub fn sign(&self, message: &str) -> String {
        let signature: Signature = self.0.sign(message.as_bytes());
        URL_SAFE_NO_PAD.encode(signature.to_bytes())
    }
}

fn file(path: &Path, source: std::io::Error) -> KeyError {
    KeyError::File { path: path.to_path_buf(), source }
}

fn write_secret(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, OWNER_ONLY);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;

    #[test]
    fn the_key_is_made_once_kept_for_its_owner_only_and_signs_what_its_public_half_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.key");
        let made = DeviceKey::read_or_make(&path).unwrap();
        let read = DeviceKey::read_or_make(&path).unwrap();
        assert_eq!(made.public(), read.public());
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
        }
        let point = URL_SAFE_NO_PAD.decode(read.public()).unwrap();
        assert_eq!(point.len(), 65);
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(read.sign("挑战")).unwrap()).unwrap();
        VerifyingKey::from_sec1_bytes(&point).unwrap().verify("挑战".as_bytes(), &signature).unwrap();
    }

    #[test]
    fn a_file_that_is_no_key_is_named_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.key");
        std::fs::write(&path, "nothing").unwrap();
        assert!(matches!(DeviceKey::read_or_make(&path), Err(KeyError::NotAKey { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "nothing");
    }
}
