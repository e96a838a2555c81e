//! The flags of the OTLP collector.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use url::Url;

use crate::{
    cli::{environment::Environment, error::UsageError, value},
    plan::{Collector, Secret, TlsOptions},
    tls::{self, TlsProblem},
};

/// Variables of the OpenTelemetry SDKs.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";

const DEFAULT: &str = "http://localhost:4318";

/// Headers that the exporter sets itself.
const OWN: [&str; 5] = ["host", "content-type", "content-length", "connection", "transfer-encoding"];

/// The OTLP collector that gets metrics and outages.
#[derive(Args, Debug)]
#[command(next_help_heading = "Metrics")]
pub(in crate::cli) struct OtlpArgs {
    /// Send metrics and outages to an OTLP collector
    ///
    /// An http or https URL, to which /v1/metrics and /v1/traces are appended; without one, that of
    /// OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318. Metrics are sent every ten seconds and at the end, and each outage as a span when it is over, in
    /// the JSON encoding of OTLP over HTTP. A collector that does not answer delays nothing but the end, by three seconds at
    /// most; what it did not get is counted in a warning.
    #[arg(long, value_name = "URL", num_args = 0..=1, value_parser = value::secret)]
    otlp: Option<Option<Secret>>,
    /// Send this header to the collector (repeatable)
    ///
    /// NAME=VALUE. OTEL_EXPORTER_OTLP_HEADERS has several, separated by commas, with percent-encoded values; that keeps them
    /// out of the list of processes.
    #[arg(long, value_name = "NAME=VALUE", requires = "otlp", value_parser = value::secret)]
    otlp_header: Vec<Secret>,
    /// Trust the authorities in this PEM file for the collector
    ///
    /// Without it, those of OTEL_EXPORTER_OTLP_CERTIFICATE are trusted, or those of the system. --cacert is for the server
    /// under diagnosis only.
    #[arg(long, value_name = "FILE", requires = "otlp", value_hint = ValueHint::FilePath)]
    otlp_cacert: Option<PathBuf>,
}

impl OtlpArgs {
    /// Returns true if a collector is given.
    pub(super) fn are_given(&self) -> bool {
        self.otlp.is_some()
    }

    /// Returns the collector, if there is to be one.
    pub(super) fn resolve(&self, environment: &Environment) -> Result<Option<Collector>, UsageError> {
        let Some(given) = &self.otlp else { return Ok(None) };
        let variable = environment.first([ENDPOINT, ENDPOINT])?;
        let (argument, url) = match (given, variable) {
            (Some(url), _) => ("--otlp", url.given()),
            (None, Some((name, url))) => (name, url),
            (None, None) => ("--otlp", DEFAULT),
        };
        let mut headers = Vec::new();
        if let Some((_, list)) = environment.first([HEADERS, HEADERS])? {
            for entry in list.split(',').filter(|entry| !entry.trim().is_empty()) {
                headers.push(header(entry, true).ok_or_else(|| refused_header(HEADERS))?);
            }
        }
        for given in &self.otlp_header {
            let (name, value) = header(given.given(), false).ok_or_else(|| refused_header("--otlp-header"))?;
            headers.retain(|(known, _): &(String, Secret)| !known.eq_ignore_ascii_case(&name));
            headers.push((name, value));
        }
        let mut collector = collector(argument, url, headers)?;
        match (&mut collector.tls, &self.otlp_cacert) {
            (Some(options), given) => trust(options, given.as_ref(), environment)?,
            (None, Some(_)) => {
                let problem = "the connection to the collector is not encrypted";
                return Err(UsageError::new("--otlp-cacert", problem, "use an https URL, or remove the flag"));
            }
            // The variable can be there for other programs.
            (None, None) => {}
        }
        Ok(Some(collector))
    }
}

/// Reads the authorities that a collector's certificate must come from, if they are not the system's.
fn trust(options: &mut TlsOptions, given: Option<&PathBuf>, environment: &Environment) -> Result<(), UsageError> {
    let (flag, file) = match given {
        Some(file) => ("--otlp-cacert", Some(file.clone())),
        None => (CERTIFICATE, environment.path(CERTIFICATE)),
    };
    if file.is_some() {
        options.cacert = file;
        tls::load(options, None)
            .map_err(|TlsProblem { problem, remedy, .. }| UsageError::new(flag, problem, remedy))?;
    }
    Ok(())
}

/// Reads the URL of a collector. No refusal quotes it: it can hold a password.
fn collector(argument: &'static str, url: &str, headers: Vec<(String, Secret)>) -> Result<Collector, UsageError> {
    const EXPECTED: &str = "expected for example http://localhost:4318";
    let refused = |problem: &'static str, remedy| Err(UsageError::new(argument, problem, remedy));
    let Ok(url) = Url::parse(url) else { return refused("this is not a URL", EXPECTED) };
    let tls = match url.scheme() {
        "http" => None,
        "https" => Some(TlsOptions::default()),
        _ => return refused("the scheme is neither http nor https", EXPECTED),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refused("the URL has a login", "use --otlp-header 'Authorization=Basic …'");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("the URL has a '?' or '#' part", "remove it; use --otlp-header for a token");
    }
    let (Some(host), Some(port @ 1..)) = (url.host_str(), url.port_or_known_default()) else {
        return refused("the URL has no host, or the port 0", EXPECTED);
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Collector { tls, host, port, path: url.path().trim_end_matches('/').to_owned(), headers })
}

/// Reads a header; `None` if it is none, or one that the exporter sets itself.
fn header(text: &str, is_encoded: bool) -> Option<(String, Secret)> {
    let (name, value) = text.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let decoded = if is_encoded {
        percent_encoding::percent_decode_str(value).decode_utf8().ok()?.into_owned()
    } else {
        value.to_owned()
    };
    let is_value = !decoded.is_empty() && decoded.chars().all(|char| char == '\t' || !char.is_control());
    let is_own = OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
    let is_header = !name.is_empty() && name.bytes().all(is_token) && is_value && !is_own;
    is_header.then(|| (name.to_owned(), Secret::new(decoded)))
}

fn refused_header(argument: &'static str) -> UsageError {
    let problem = "a header is not NAME=VALUE, or is one that redis-doctor sets itself";
    UsageError::new(argument, problem, "expected for example 'Authorization=Bearer TOKEN'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<String, String> {
        let read = collector("--otlp", url, Vec::new());
        read.map(|collector| format!("{collector}{}", collector.path)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_has_a_host_and_perhaps_a_port_and_a_path() {
        for (url, expected) in [
            ("http://localhost:4318", "http://localhost:4318"),
            ("https://otlp.example/otlp/", "https://otlp.example:443/otlp"),
            ("http://[::1]:4318/a/b", "http://[::1]:4318/a/b"),
            ("http://collector", "http://collector:80"),
        ] {
            assert_eq!(read(url).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_quotes_nothing() {
        for url in [
            "hunter2",
            "grpc://hunter2:4317",
            "http://me:hunter2@host",
            "http://hunter2@host",
            "http://host/?key=hunter2",
            "http://host:0/hunter2",
        ] {
            let refusal = read(url).unwrap_err();
            assert!(refusal.starts_with("--otlp: ") && !refusal.contains("hunter2"), "{url}: {refusal}");
        }
    }

    #[test]
    fn a_header_is_a_name_and_a_value() {
        let read =
            |text: &str, is_encoded| header(text, is_encoded).map(|(name, value)| (name, value.given().to_owned()));
        let of = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(read("Authorization=Bearer a=b", false), of("Authorization", "Bearer a=b"));
        assert_eq!(read(" api-key = a%20b ", true), of("api-key", "a b"));
        assert_eq!(read("api-key=a%20b", false), of("api-key", "a%20b"));
        for bad in ["api-key", "=x", "a b=c", "name=", "Host=x", "name=a\r\nb: c"] {
            assert_eq!(read(bad, false), None, "{bad}");
        }
        assert_eq!(read("name=a%0D%0Ab", true), None);
    }
}
