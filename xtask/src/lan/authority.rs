//! The local certificate authority (本地 CA): made once for this machine, kept in a folder that is not the repository's.
//!
//! Tablets that trust it trust whatever it signs, so it can sign little: no name of any website (its names end in
//! `.invalid`), addresses alone; and its key is readable by its owner only. It is never replaced by itself: tablets that
//! trust the old one would have to be given the new one.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::Error;

const NAME: &str = "Lantian local authority 蓝天本地证书";
const KEY: &str = "authority-key.pem";
const CERTIFICATE: &str = "authority.pem";
const SERVER_KEY: &str = "server-key.pem";
const SERVER_CERTIFICATE: &str = "server.pem";
/// The only names that it may certify: none.
const NO_NAMES: &str = "invalid";
/// Readable by the owner alone.
const SECRET: u32 = 0o600;
const DAY: Duration = Duration::from_secs(86_400);
/// Days for which tablets trust the authority.
const AUTHORITY_DAYS: u32 = 3_650;
/// Days for which the server's certificate holds; each start makes another one.
const SERVER_DAYS: u32 = 90;
/// Clocks of tablets may be behind.
const CLOCK_DAYS: u32 = 2;

/// The authority of this machine.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    key: KeyPair,
}

/// The certificate that tablets are to trust.
pub fn certificate(folder: &Path) -> PathBuf {
    folder.join(CERTIFICATE)
}

impl Authority {
    /// Opens the authority of a folder, made when there is none.
    ///
    /// # Errors
    /// [`Error::Authority`] when it is damaged, [`Error::Io`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        let path = certificate(folder);
        if !path.try_exists().map_err(Error::io("read", &path))? {
            // A key alone was never given to anybody.
            return Self::make(folder);
        }
        let damaged = |reason: String| Error::Authority { folder: folder.to_path_buf(), reason };
        let key = fs::read_to_string(folder.join(KEY)).map_err(|error| damaged(format!("{KEY}: {error}")))?;
        let key = KeyPair::from_pem(&key).map_err(|error| damaged(format!("{KEY}: {error}")))?;
        let der = CertificateDer::from_pem_file(&path)
            .map_err(|error| damaged(format!("{CERTIFICATE}: {error}")))?;
        let public = key.public_key_raw();
        if !der.windows(public.len()).any(|part| part == public) {
            return Err(damaged(format!("{CERTIFICATE} is not of {KEY}")));
        }
        Ok(Self { folder: folder.to_path_buf(), key })
    }

    fn make(folder: &Path) -> Result<Self, Error> {
        let damaged = |error: rcgen::Error| Error::Authority {
            folder: folder.to_path_buf(),
            reason: error.to_string(),
        };
        let key = KeyPair::generate().map_err(damaged)?;
        let certificate = parameters(AUTHORITY_DAYS).self_signed(&key).map_err(damaged)?;
        write(&folder.join(KEY), key.serialize_pem().as_bytes())?;
        write(&self::certificate(folder), certificate.pem().as_bytes())?;
        Ok(Self { folder: folder.to_path_buf(), key })
    }

    /// Certifies addresses with a key of their own, in place of what was certified before. Returns the certificate's file
    /// and its key's.
    ///
    /// # Errors
    /// [`Error::Authority`], [`Error::Io`].
    pub fn certify(&self, addresses: &BTreeSet<IpAddr>) -> Result<[PathBuf; 2], Error> {
        let failed =
            |error: rcgen::Error| Error::Authority { folder: self.folder.clone(), reason: error.to_string() };
        let key = KeyPair::generate().map_err(failed)?;
        let mut server = lasting(SERVER_DAYS);
        server.distinguished_name.push(DnType::CommonName, "Lantian");
        server.subject_alt_names = addresses.iter().copied().map(SanType::IpAddress).collect();
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let authority = parameters(AUTHORITY_DAYS);
        let certificate =
            server.signed_by(&key, &Issuer::from_params(&authority, &self.key)).map_err(failed)?;
        let files = [SERVER_CERTIFICATE, SERVER_KEY].map(|name| self.folder.join(name));
        let [certificate_file, key_file] = &files;
        write(key_file, key.serialize_pem().as_bytes())?;
        write(certificate_file, certificate.pem().as_bytes())?;
        Ok(files)
    }
}

fn parameters(days: u32) -> CertificateParams {
    let mut authority = lasting(days);
    authority.distinguished_name.push(DnType::CommonName, NAME);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(NO_NAMES.to_owned())],
        excluded_subtrees: Vec::new(),
    });
    authority
}

fn lasting(days: u32) -> CertificateParams {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = |since: Duration| date_time_ymd(1970, 1, 1) + since;
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.not_before = at(now.saturating_sub(DAY * CLOCK_DAYS));
    parameters.not_after = at(now + DAY * days);
    parameters
}

/// Writes a file that only its owner reads, in place of one that is there.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Io { action: "write", path: path.to_path_buf(), source };
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed.map_err(failed)?,
    }
    let mut file: File =
        OpenOptions::new().write(true).create_new(true).mode(SECRET).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{CertificateError, RootCertStore};

    use super::*;

    fn addresses(given: &[&str]) -> BTreeSet<IpAddr> {
        given.iter().map(|it| it.parse().unwrap()).collect()
    }

    /// What a tablet that trusts the authority of `trusted` says of the server at an address.
    fn verify(trusted: &Path, server: &Path, name: &str) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let server = CertificateDer::from_pem_file(server).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&server, &[], &name, &[], UnixTime::now()).map(drop)
    }

    #[test]
    fn a_tablet_that_trusts_the_authority_trusts_its_addresses_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path()).unwrap();
        let [server, _] = authority.certify(&addresses(&["192.168.1.20", "10.0.0.9"])).unwrap();
        let trusted = certificate(folder.path());
        verify(&trusted, &server, "192.168.1.20").unwrap();
        verify(&trusted, &server, "10.0.0.9").unwrap();
        let refused = verify(&trusted, &server, "192.168.1.21").unwrap_err();
        let other = matches!(
            refused,
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            )
        );
        assert!(other, "{refused:?}");
        let elsewhere = tempfile::tempdir().unwrap();
        Authority::open(elsewhere.path()).unwrap();
        verify(&certificate(elsewhere.path()), &server, "10.0.0.9").unwrap_err();
    }

    #[test]
    fn it_stays_the_same_and_certifies_new_addresses() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = {
            Authority::open(folder.path()).unwrap();
            fs::read(certificate(folder.path())).unwrap()
        };
        let [server, key] =
            Authority::open(folder.path()).unwrap().certify(&addresses(&["10.0.0.9"])).unwrap();
        Authority::open(folder.path()).unwrap().certify(&addresses(&["10.0.0.10"])).unwrap();
        assert_eq!(fs::read(certificate(folder.path())).unwrap(), trusted);
        verify(&certificate(folder.path()), &server, "10.0.0.10").unwrap();
        verify(&certificate(folder.path()), &server, "10.0.0.9").unwrap_err();
        assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn it_certifies_no_website() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path()).unwrap();
        let parameters = parameters(AUTHORITY_DAYS);
        let issuer = Issuer::from_params(&parameters, &authority.key);
        let mut stolen = lasting(SERVER_DAYS);
        stolen.subject_alt_names = vec![SanType::DnsName("www.example.com".try_into().unwrap())];
        let forged = stolen.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        let file = folder.path().join("forged.pem");
        fs::write(&file, forged.pem()).unwrap();
        let refused = verify(&certificate(folder.path()), &file, "www.example.com").unwrap_err();
        assert!(format!("{refused:?}").contains("NameConstraint"), "{refused:?}");
    }

    #[test]
    fn a_damaged_authority_is_neither_used_nor_replaced() {
        for (name, bytes) in [(KEY, &b"no key"[..]), (CERTIFICATE, b"-----BEGIN CERTIFICATE-----\n")] {
            let folder = tempfile::tempdir().unwrap();
            Authority::open(folder.path()).unwrap();
            fs::write(folder.path().join(name), bytes).unwrap();
            let refused = Authority::open(folder.path()).unwrap_err().to_string();
            assert!(refused.contains(name) && refused.contains("move"), "{refused}");
            assert_eq!(fs::read(folder.path().join(name)).unwrap(), bytes);
        }
        let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        for folder in [&one, &other] {
            Authority::open(folder.path()).unwrap();
        }
        fs::copy(certificate(one.path()), certificate(other.path())).unwrap();
        assert!(matches!(Authority::open(other.path()), Err(Error::Authority { .. })));
    }
}
