//! What tus 1.0.0 writes in headers: version, lengths, offsets, metadata, checksums, expiry.
//!
//! Source: the tus resumable upload protocol 1.0.0 with its extensions creation, creation-with-upload, checksum and
//! expiration.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use sync_core::ids::PhotoHash;
use sync_core::limits::PHOTO_MAX_BYTES;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::problem::ApiError;

/// The version spoken.
pub const VERSION: &str = "1.0.0";
/// The extensions spoken.
pub const EXTENSIONS: &str = "creation,creation-with-upload,checksum,expiration";
/// The checksum algorithms known; the protocol demands SHA-1.
pub const CHECKSUM_ALGORITHMS: &str = "sha256,sha1";
/// The media type of an append.
pub const CHUNK_MEDIA_TYPE: &str = "application/offset+octet-stream";
/// The metadata key that names the photo, with the base64 of the 64 hex digits.
const HASH_KEY: &str = "sha256";

/// Version of every request and response.
pub const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
/// Versions the server speaks.
pub const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
/// Extensions the server speaks.
pub const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
/// Most bytes of an upload.
pub const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
/// Checksum algorithms the server knows.
pub const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
/// Bytes of the whole upload.
pub const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// Bytes that are durable.
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// What is uploaded.
pub const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
/// Checksum of a chunk.
pub const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
/// When an unfinished upload is removed.
pub const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// The method meant by a client that can only `POST`.
pub const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
/// Beyond tus: the verdict on the photo; `verified` once the server keeps it and its hash holds, else the code of the
/// problem that it was refused with.
pub const LANTIAN_PHOTO: HeaderName = HeaderName::from_static("lantian-photo");
/// Its value for a photo that is kept.
pub const VERIFIED: &str = "verified";

/// Refuses a request that speaks another version.
///
/// # Errors
/// `tus_version_unsupported`, naming the version spoken as the protocol asks.
pub fn check_version(headers: &HeaderMap) -> Result<(), ApiError> {
    if text(headers, &TUS_RESUMABLE) == Some(VERSION) {
        return Ok(());
    }
    let versions = HeaderValue::from_static(VERSION);
    Err(ApiError::new(ProblemKind::TusVersionUnsupported)
        .field(TUS_RESUMABLE.as_str())
        .header(TUS_VERSION, versions))
}

/// The declared length of the upload in bytes. A deferred length is not among the extensions.
///
/// # Errors
/// `malformed_request`, `number_out_of_range` for an empty upload, `photo_too_large`.
pub fn upload_length(headers: &HeaderMap) -> Result<u64, ApiError> {
    match number(headers, &UPLOAD_LENGTH)? {
        0 => Err(ApiError::new(ProblemKind::NumberOutOfRange).field(UPLOAD_LENGTH.as_str())),
        length if length > PHOTO_MAX_BYTES => {
            Err(ApiError::new(ProblemKind::PhotoTooLarge).field(UPLOAD_LENGTH.as_str()))
        }
        length => Ok(length),
    }
}

/// The offset at which a chunk begins, in bytes.
///
/// # Errors
/// `malformed_request`.
pub fn upload_offset(headers: &HeaderMap) -> Result<u64, ApiError> {
    number(headers, &UPLOAD_OFFSET)
}

/// The photo that the metadata names; other keys are none of ours.
///
/// # Errors
/// `malformed_request`.
pub fn photo_hash(headers: &HeaderMap) -> Result<PhotoHash, ApiError> {
    let pairs = text(headers, &UPLOAD_METADATA).unwrap_or_default().split(',');
    let encoded = pairs.filter_map(|pair| pair.trim().split_once(' ')).find(|(key, _)| *key == HASH_KEY);
    let decoded = encoded.and_then(|(_, value)| STANDARD.decode(value.trim()).ok());
    decoded.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok()).ok_or_else(|| {
        malformed(&UPLOAD_METADATA, "`sha256` and the base64 of the photo's 64 lower hex digits")
    })
}

/// The metadata of an upload, as `HEAD` repeats it.
#[must_use]
pub fn metadata(hash: &PhotoHash) -> String {
    format!("{HASH_KEY} {}", STANDARD.encode(hash.as_str()))
}

/// An instant as HTTP writes it (RFC 9110, IMF-fixdate).
#[must_use]
pub fn http_date(instant: Instant) -> String {
    instant.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Whether the request is meant as this method although it came as another.
#[must_use]
pub fn is_override(headers: &HeaderMap, method: &str) -> bool {
    text(headers, &METHOD_OVERRIDE).is_some_and(|given| given.eq_ignore_ascii_case(method))
}

/// The checksum that a chunk must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChunkChecksum {
    /// SHA-1.
    Sha1(Vec<u8>),
    /// SHA-256.
    Sha256(Vec<u8>),
}

impl ChunkChecksum {
    /// As the request asks for, if it does.
    ///
    /// # Errors
    /// `malformed_request` for an algorithm that is not known and a value that is not base64 (tus says 400).
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        if !headers.contains_key(&UPLOAD_CHECKSUM) {
            return Ok(None);
        }
        let parse = || {
            let (algorithm, encoded) = text(headers, &UPLOAD_CHECKSUM)?.split_once(' ')?;
            let digest = STANDARD.decode(encoded.trim()).ok()?;
            match algorithm {
                "sha1" => Some(Self::Sha1(digest)),
                "sha256" => Some(Self::Sha256(digest)),
                _ => None,
            }
        };
        let form = "`sha256` or `sha1`, a space, and the base64 of the digest";
        parse().map(Some).ok_or_else(|| malformed(&UPLOAD_CHECKSUM, form))
    }

    /// Whether the chunk has it.
    #[must_use]
    pub fn matches(&self, chunk: &[u8]) -> bool {
        match self {
            Self::Sha1(expected) => Sha1::digest(chunk)[..] == **expected,
            Self::Sha256(expected) => Sha256::digest(chunk)[..] == **expected,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, ApiError> {
    let digits = text(headers, name).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or_else(|| malformed(name, "a number of bytes"))
}

fn malformed(name: &HeaderName, form: &str) -> ApiError {
    ApiError::new(ProblemKind::MalformedRequest).field(name.as_str()).detail(format!("expected: {form}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        [(name, HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn lengths_and_offsets_are_plain_numbers_of_bytes() {
        assert_eq!(upload_offset(&headers(UPLOAD_OFFSET, "70")).unwrap(), 70);
        for bad in ["", "-1", "+1", "1.5", "0x10", "99999999999999999999"] {
            let problem = upload_offset(&headers(UPLOAD_OFFSET, bad)).unwrap_err();
            assert_eq!(problem.kind(), ProblemKind::MalformedRequest, "{bad:?}");
        }
        let kind = |text| upload_length(&headers(UPLOAD_LENGTH, text)).map_err(|error| error.kind());
        assert_eq!(kind("20971520"), Ok(PHOTO_MAX_BYTES));
        assert_eq!(kind("20971521"), Err(ProblemKind::PhotoTooLarge));
        assert_eq!(kind("0"), Err(ProblemKind::NumberOutOfRange));
    }

    #[test]
    fn the_photo_is_found_among_other_metadata() {
        let hash = PhotoHash::of(b"abc");
        let given = format!("filename Ym9va3MuanBn,is_confidential, {}", metadata(&hash));
        let mut map = HeaderMap::new();
        map.insert(UPLOAD_METADATA, HeaderValue::from_str(&given).unwrap());
        assert_eq!(photo_hash(&map).unwrap(), hash);
        for bad in ["", "sha256", "sha256 !!!", "sha256 YWJj", "SHA256 YWJj"] {
            assert!(photo_hash(&headers(UPLOAD_METADATA, bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn checksums_are_those_of_the_protocol() {
        // The example of the protocol's checksum extension: "hello world".
        let sha1 = headers(UPLOAD_CHECKSUM, "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=");
        assert!(ChunkChecksum::of(&sha1).unwrap().unwrap().matches(b"hello world"));
        assert!(!ChunkChecksum::of(&sha1).unwrap().unwrap().matches(b"hello World"));
        let sha256 = headers(UPLOAD_CHECKSUM, "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=");
        assert!(ChunkChecksum::of(&sha256).unwrap().unwrap().matches(b"hello world"));
        assert_eq!(ChunkChecksum::of(&HeaderMap::new()).unwrap(), None);
        for bad in ["", "sha1", "crc32 AAAAAA==", "sha1 not-base64"] {
            assert!(ChunkChecksum::of(&headers(UPLOAD_CHECKSUM, bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn dates_are_in_the_form_of_http() {
        let instant = "2026-11-22T02:00:00.123Z".parse().unwrap();
        assert_eq!(http_date(instant), "Sun, 22 Nov 2026 02:00:00 GMT");
    }
}
