//! HTTP for the engine: carries one request once, over TLS when the address says so.

use std::io::Read;
use std::time::Duration;

use sync_core::engine::{HttpRequest, HttpResponse, Method, TransportError};

/// Time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for one request altogether, a chunk over a weak mobile network included.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// Bytes of an answer that are read at most (64 MiB); a page has a thousand rows.
const ANSWER_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What carries the engine's requests.
pub trait Transport {
    /// Carries the request once.
    ///
    /// # Errors
    /// [`TransportError`] when no whole answer came. Any status is an answer.
    fn carry(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// HTTP to one server.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    agent: ureq::Agent,
    server: String,
}

impl HttpTransport {
    /// To the server at this address, such as `https://air.example` or `http://127.0.0.1:8080`.
    #[must_use]
    pub fn new(server: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(CALL_TIMEOUT))
            .build();
        Self { agent: config.into(), server: server.trim_end_matches('/').to_owned() }
    }
}

impl Transport for HttpTransport {
    fn carry(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut builder = ureq::http::Request::builder()
            .method(request.method.as_str())
            .uri(format!("{}{}", self.server, request.path));
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let unreachable = |e: ureq::http::Error| TransportError::Unreachable(e.to_string());
        let sent = if request.body.is_empty() && !matches!(request.method, Method::Post | Method::Patch) {
            self.agent.run(builder.body(()).map_err(unreachable)?)
        } else {
            self.agent.run(builder.body(request.body.as_slice()).map_err(unreachable)?)
        };
        let response = sent.map_err(failure)?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let status = response.status().as_u16();
        let mut body = Vec::new();
        response
            .into_body()
            .into_reader()
            .take(ANSWER_MAX_BYTES)
            .read_to_end(&mut body)
            .map_err(|e| TransportError::Interrupted(e.to_string()))?;
        Ok(HttpResponse { status, headers, body })
    }
}

fn failure(error: ureq::Error) -> TransportError {
    match error {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::BadUri(_)
        | ureq::Error::Tls(_)
        | ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            TransportError::Unreachable(error.to_string())
        }
        ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
            TransportError::Unreachable(io.to_string())
        }
        other => TransportError::Interrupted(other.to_string()),
    }
}
