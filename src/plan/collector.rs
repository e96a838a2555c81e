//! An OTLP collector, which gets the metrics and outages of a run.

use std::fmt;

use super::{Secret, TlsOptions};

/// A collector that speaks OTLP over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Collector {
    /// Encryption, for https.
    pub tls: Option<TlsOptions>,
    pub host: String,
    pub port: u16,
    /// Path before `/v1/metrics`, without a slash at its end.
    pub path: String,
    /// Headers of each request.
    pub headers: Vec<(String, Secret)>,
}

/// Without its headers and its path, either of which can be secret.
impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        if host.contains(':') { write!(f, "{scheme}://[{host}]:{port}") } else { write!(f, "{scheme}://{host}:{port}") }
    }
}
