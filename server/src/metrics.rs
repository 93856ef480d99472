//! Metrics for Prometheus: requests by route and status, how long they take, and the state of the pool.
//!
//! Invariant: labels are route patterns, never paths, so that their number is bounded.

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};
use sync_core::wire::push::Outcome;

use crate::db::Pool;
use crate::services::sync::PushQueue;

/// The registry of this process and what the server itself counts.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    operations: IntCounterVec,
    connections: IntGauge,
    connections_free: IntGauge,
    pushes_waiting: IntGauge,
    photos_unjudged: IntGauge,
    stamps_pending: IntGauge,
}

impl Metrics {
    /// A registry of its own.
    ///
    /// # Errors
    /// [`prometheus::Error`] where a name is taken twice.
    pub fn new() -> Result<Self, prometheus::Error> {
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("lantian_http_requests_total", "Requests answered."),
                &["method", "route", "status"],
            )?,
            seconds: HistogramVec::new(
                HistogramOpts::new("lantian_http_request_seconds", "Seconds from request to response."),
                &["method", "route"],
            )?,
            operations: IntCounterVec::new(
                Opts::new("lantian_operations_total", "Operations pushed, by result or problem code."),
                &["result"],
            )?,
            connections: IntGauge::new("lantian_database_connections", "Open database connections.")?,
            connections_free: IntGauge::new(
                "lantian_database_connections_free",
                "Open database connections that nobody uses.",
            )?,
            pushes_waiting: IntGauge::new(
                "lantian_pushes_waiting",
                "Pushes of devices that wait to be stored with the next group.",
            )?,
            photos_unjudged: IntGauge::new(
                "lantian_photos_unjudged",
                "Photos with all their bytes and without a verdict after the last round.",
            )?,
            stamps_pending: IntGauge::new(
                "lantian_stamps_pending",
                "Verified photos without their stamped copy after the last round; without a font they stay.",
            )?,
        };
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.operations.clone()))?;
        metrics.registry.register(Box::new(metrics.connections.clone()))?;
        metrics.registry.register(Box::new(metrics.connections_free.clone()))?;
        metrics.registry.register(Box::new(metrics.pushes_waiting.clone()))?;
        metrics.registry.register(Box::new(metrics.photos_unjudged.clone()))?;
        metrics.registry.register(Box::new(metrics.stamps_pending.clone()))?;
        Ok(metrics)
    }

    /// Counts one answered request.
    pub fn answered(&self, method: &str, route: &str, status: u16, seconds: f64) {
        self.requests.with_label_values(&[method, route, &status.to_string()]).inc();
        self.seconds.with_label_values(&[method, route]).observe(seconds);
    }

    /// Counts one operation that a device pushed.
    pub fn operation(&self, outcome: &Outcome) {
        let result = match outcome {
            Outcome::Applied => "applied",
            Outcome::Duplicate { .. } => "duplicate",
            Outcome::Rejected(rejection) => rejection.code.as_str(),
            Outcome::Quarantined => "quarantined",
            Outcome::Held { .. } => "held",
        };
        self.operations.with_label_values(&[result]).inc();
    }

    /// Tells how many photos await their verdict (待核验).
    pub fn photos_unjudged(&self, count: i64) {
        self.photos_unjudged.set(count);
    }

    /// Tells how many stamped copies (水印) are pending.
    pub fn stamps_pending(&self, count: i64) {
        self.stamps_pending.set(count);
    }

    /// Everything, in Prometheus' text format.
    ///
    /// # Errors
    /// [`prometheus::Error`] where encoding fails.
    pub fn text(&self, pool: &Pool, pushes: &PushQueue) -> Result<String, prometheus::Error> {
        let status = pool.status();
        for (gauge, count) in [
            (&self.connections, status.size),
            (&self.connections_free, status.available),
            (&self.pushes_waiting, pushes.waiting()),
        ] {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        String::from_utf8(text).map_err(|error| prometheus::Error::Msg(error.to_string()))
    }
}
