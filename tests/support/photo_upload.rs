//! A tus client as small as it can be: each request by itself, so that a test can leave one out or do it twice.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, RequestBuilder, Response};
use sha2::{Digest, Sha256};
use sync_core::ids::PhotoHash;
use sync_core::limits::UPLOAD_CHUNK_BYTES;

use crate::district::{TestDevice, TestOffice};

/// Where uploads are created.
pub const UPLOADS: &str = "/api/v1/photos/uploads";

/// A number in a header of a response.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn header_number(response: &Response, name: &str) -> u64 {
    response.headers()[name].to_str().unwrap().parse().unwrap()
}

/// The verdict that a response tells: `verified`, or the code of the problem that the photo was refused with.
#[must_use]
pub fn verdict(response: &Response) -> Option<&str> {
    response.headers().get("lantian-photo").map(|value| value.to_str().unwrap())
}

/// Whether the response says that the server keeps the photo.
#[must_use]
pub fn says_verified(response: &Response) -> bool {
    verdict(response) == Some("verified")
}

fn sha256_checksum(bytes: &[u8]) -> String {
    format!("sha256 {}", STANDARD.encode(Sha256::digest(bytes)))
}

impl TestDevice {
    fn tus(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).header("tus-resumable", "1.0.0")
    }

    /// The request that creates an upload.
    pub fn creation(&self, hash: &PhotoHash, length: usize) -> RequestBuilder {
        self.tus(Method::POST, UPLOADS)
            .header("upload-length", length)
            .header("upload-metadata", format!("sha256 {}", STANDARD.encode(hash.as_str())))
    }

    /// The request that creates an upload with its first bytes and their checksum.
    pub fn creation_with(&self, hash: &PhotoHash, length: usize, first: &[u8]) -> RequestBuilder {
        self.creation(hash, length)
            .header("content-type", "application/offset+octet-stream")
            .header("upload-checksum", sha256_checksum(first))
            .body(first.to_vec())
    }

    /// Creates an upload and says where it is.
    pub async fn create_upload(&self, hash: &PhotoHash, length: usize) -> String {
        let created = self.creation(hash, length).send().await.unwrap();
        assert_eq!(created.status(), 201, "{}", created.text().await.unwrap());
        created.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Asks where an upload stands; about a complete one, for the verdict.
    pub async fn ask(&self, upload: &str) -> Response {
        self.tus(Method::HEAD, upload).send().await.unwrap()
    }

    /// The request that appends a chunk, without a checksum.
    pub fn chunk(&self, upload: &str, offset: u64, chunk: &[u8]) -> RequestBuilder {
        self.tus(Method::PATCH, upload)
            .header("upload-offset", offset)
            .header("content-type", "application/offset+octet-stream")
            .body(chunk.to_vec())
    }

    /// Appends a chunk with its checksum.
    pub async fn append(&self, upload: &str, offset: u64, chunk: &[u8]) -> Response {
        let request = self.chunk(upload, offset, chunk);
        request.header("upload-checksum", sha256_checksum(chunk)).send().await.unwrap()
    }

    /// Sends what is missing, from where the upload stands, as the engine does, and asks for the verdict; gives the last
    /// answer.
    ///
    /// # Panics
    /// When the upload is unknown.
    pub async fn resume(&self, upload: &str, bytes: &[u8]) -> Response {
        let mut last = self.ask(upload).await;
        assert_eq!(last.status(), 200);
        loop {
            let offset = header_number(&last, "upload-offset");
            let rest = &bytes[usize::try_from(offset).unwrap()..];
            if rest.is_empty() {
                return self.ask(upload).await;
            }
            last = self.append(upload, offset, &rest[..rest.len().min(UPLOAD_CHUNK_BYTES)]).await;
            if last.status() != 204 {
                return last;
            }
        }
    }

    /// Uploads a photo whole, in chunks, and asks for the verdict; gives the last answer.
    pub async fn upload(&self, bytes: &[u8]) -> Response {
        let upload = self.create_upload(&PhotoHash::of(bytes), bytes.len()).await;
        self.resume(&upload, bytes).await
    }
}

impl TestOffice {
    /// Uploads a photo in one chunk, as a browser does, and asks for the verdict.
    ///
    /// # Panics
    /// When it is not verified.
    pub async fn upload(&self, bytes: &[u8]) -> PhotoHash {
        let hash = PhotoHash::of(bytes);
        let created = self
            .request(Method::POST, UPLOADS)
            .header("tus-resumable", "1.0.0")
            .header("upload-length", bytes.len())
            .header("upload-metadata", format!("sha256 {}", STANDARD.encode(hash.as_str())))
            .send()
            .await
            .unwrap();
        let upload = created.headers()["location"].to_str().unwrap().to_owned();
        let appended = self
            .request(Method::PATCH, &upload)
            .header("tus-resumable", "1.0.0")
            .header("upload-offset", 0)
            .header("content-type", "application/offset+octet-stream")
            .body(bytes.to_vec())
            .send()
            .await
            .unwrap();
        assert_eq!(appended.status(), 204);
        let asked =
            self.request(Method::HEAD, &upload).header("tus-resumable", "1.0.0").send().await.unwrap();
        assert!(says_verified(&asked), "{}", asked.status());
        hash
    }
}
