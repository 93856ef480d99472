//! What the engine asks its host to carry: HTTP requests as values, and what comes back.
//!
//! Nothing here opens a socket. A path is relative to the server's address and starts with `/api/`; the host adds
//! scheme, authority and any prefix.

use serde::{Deserialize, Serialize};

use crate::wire::problem::Problem;

/// Request methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PATCH
    Patch,
}

impl Method {
    /// As it stands on the request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Patch => "PATCH",
        }
    }
}

/// A request for the host to carry out once; the engine itself decides about repeating it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Path and query from `/api/` on.
    pub path: String,
    /// Header fields, name then value.
    pub headers: Vec<(&'static str, String)>,
    /// Body, empty where there is none.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// A request without a body.
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// With one more header field.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a JSON body.
    pub(super) fn json(self, body: Vec<u8>) -> Self {
        Self { body, ..self.header("Content-Type", "application/json") }
    }

    /// The value of a header field, whatever the case of its name.
    #[must_use]
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An answer of whatever status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Header fields, name then value.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The value of a header field, whatever the case of its name.
    #[must_use]
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A header field that holds a whole number.
    pub(super) fn header_number(&self, name: &str) -> Option<u64> {
        self.header_value(name).and_then(|value| value.trim().parse().ok())
    }

    /// The problem it carries, if it is one of this product's.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "transport", content = "detail", rename_all = "snake_case")]
pub enum TransportError {
    /// No connection: no network, unknown host, refused, or a certificate that does not hold.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke or timed out; the server may have done what was asked.
    #[error("the connection broke before the answer: {0}")]
    Interrupted(String),
}
