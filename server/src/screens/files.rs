//! Files of the built application: which one a path names, and in which form a browser takes it.
//!
//! Invariant: a path names a file only where each of its segments is a plain name ([`is_plain_name`]), so that no path
//! leaves the directory. Files are read anew for each request: an application that was built again is there at once.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use actix_web::HttpRequest;
use actix_web::http::header::{AcceptEncoding, Encoding, Header as _, Preference, Quality};

use super::ScreensFault;

/// The page that is every screen.
const INDEX: &str = "index.html";

/// Files below it carry a hash of their content in their names.
const HASHED: &str = "assets/";

/// The directory of the built application.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
}

/// How long a browser may keep what it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// The name changes with the content: for ever.
    Forever,
    /// It asks each time.
    Ask,
}

impl Freshness {
    pub(super) const fn cache_control(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Ask => "no-cache",
        }
    }
}

/// A file as it is sent.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    pub(super) media_type: &'static str,
    /// How its bytes are compressed, where they are.
    pub(super) encoding: Option<&'static str>,
    pub(super) freshness: Freshness,
}

impl Files {
    /// # Errors
    /// [`ScreensFault::NotBuilt`] where there is no page.
    pub(super) fn open(key: &'static str, root: &Path) -> Result<Self, ScreensFault> {
        let index = root.join(INDEX);
        match std::fs::metadata(&index) {
            Ok(_) => Ok(Self { root: root.to_owned() }),
            Err(source) => Err(ScreensFault::NotBuilt { key, index, source }),
        }
    }

    /// The file that a path names. A path that looks like no file is an address within the application, which finds its
    /// screen itself: it gets the page.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub(super) async fn find(&self, path: &str, request: &HttpRequest) -> std::io::Result<Option<Found>> {
        let name = path.trim_start_matches('/');
        let last = name.rsplit('/').next().unwrap_or_default();
        if name != INDEX && last.contains('.') {
            if !name.split('/').all(is_plain_name) {
                return Ok(None);
            }
            let freshness = if name.starts_with(HASHED) { Freshness::Forever } else { Freshness::Ask };
            return self.read(name, freshness, request).await;
        }
        self.read(INDEX, Freshness::Ask, request).await
    }

    /// The file in the smallest form that is there and that the browser takes.
    async fn read(
        &self,
        name: &str,
        freshness: Freshness,
        request: &HttpRequest,
    ) -> std::io::Result<Option<Found>> {
        let accepted = AcceptEncoding::parse(request).ok();
        let forms = [(".br", Encoding::brotli(), "br"), (".gz", Encoding::gzip(), "gzip")];
        let compressed = forms
            .into_iter()
            .filter(|(_, encoding, _)| accepted.as_ref().is_some_and(|accepted| takes(accepted, encoding)))
            .map(|(suffix, _, encoding)| (suffix, Some(encoding)));
        for (suffix, encoding) in compressed.chain([("", None)]) {
            match tokio::fs::read(self.root.join(format!("{name}{suffix}"))).await {
                Ok(bytes) => {
                    return Ok(Some(Found { bytes, media_type: media_type(name), encoding, freshness }));
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

fn takes(accepted: &AcceptEncoding, encoding: &Encoding) -> bool {
    accepted.0.iter().any(|item| {
        item.quality > Quality::ZERO
            && matches!(&item.item, Preference::Specific(specific) if specific == encoding)
    })
}

/// A name without anything that means something to a file system: no separator, no dots alone, nothing hidden.
fn is_plain_name(segment: &str) -> bool {
    !segment.is_empty()
        && !segment.starts_with('.')
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte))
}

/// By the name's ending; a browser guesses nothing (`nosniff`).
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_something_to_a_file_system_are_no_plain_names() {
        for plain in ["index-Bx_3.js", "maplibre@6.css", "favicon.ico"] {
            assert!(is_plain_name(plain), "{plain}");
        }
        for other in ["", ".", "..", ".env", "a/b", "a\\b", "%2e%2e", "a\0b", "名.js"] {
            assert!(!is_plain_name(other), "{other:?}");
        }
    }
}
