//! The flags for metrics that are served, or sent, during a run.

use std::net::SocketAddr;

use clap::Args;

use super::{ConnectionArgs, OtlpArgs};
use crate::{
    cli::{environment::Environment, error::UsageError, run::MetricsRequest, target::Common, uri, value},
    plan::Secret,
};

/// Where metrics are served, and the servers that a scraper may have checked.
#[derive(Args, Debug)]
#[command(next_help_heading = "Metrics")]
pub(in crate::cli) struct MetricsArgs {
    /// Serve metrics to Prometheus at this address
    ///
    /// HOST:PORT, or a port of 127.0.0.1; port 0 picks a free one. The path is /metrics, and the format is OpenMetrics, the
    /// text format of Prometheus or its protobuf, as the scraper accepts. Metrics are served until the report is written.
    #[arg(long, value_name = "ADDRESS", value_parser = value::listen)]
    listen_metrics: Option<SocketAddr>,
    /// Let a scraper check this server, too (repeatable)
    ///
    /// A URL, HOST or HOST:PORT. /probe?target=HOST:PORT checks a server of the run, or one of these, as 'redis-doctor check'
    /// does, and returns the result as metrics. Other targets are refused. The login in a URL is for that server alone; flags
    /// and variables are for the servers without one.
    #[arg(long, value_name = "URL", requires = "listen_metrics", value_parser = value::secret)]
    allow_probe: Vec<Secret>,
    #[command(flatten)]
    otlp: OtlpArgs,
}

impl MetricsArgs {
    /// Returns the first flag that is given.
    pub(in crate::cli) fn given(&self) -> Option<&'static str> {
        let flags = [("--listen-metrics", self.listen_metrics.is_some()), ("--otlp", self.otlp.are_given())];
        flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }

    /// Returns what is served and sent; `None` without an address and a collector.
    pub(in crate::cli) fn resolve(
        &self,
        connection: &ConnectionArgs,
        environment: &Environment,
    ) -> Result<Option<MetricsRequest>, UsageError> {
        if self.given().is_none() {
            return Ok(None);
        }
        let collector = self.otlp.resolve(environment)?;
        let (mut common, mut warnings) = (Common::new(connection, environment)?, Vec::new());
        let mut allowed = Vec::new();
        for given in &self.allow_probe {
            let server = uri::parse_server(given.given())
                .map_err(|source| UsageError::Url { argument: "--allow-probe", source })?;
            allowed.push(common.target(server, "--allow-probe", &mut warnings)?);
        }
        Ok(Some(MetricsRequest { listen: self.listen_metrics, allowed, collector, warnings }))
    }
}
