//! The metric families of a trace.

use std::borrow::Cow::{self, Borrowed};

use super::{All, Family, Samples, alone, cleaned};
use crate::record::{TargetMetrics, TracedMetrics};

pub(super) fn families<'a>(all: &All<'a>) -> [Family<'a>; 6] {
    [
        all.gauge("trace_connections", "Connections in the last sample.", |target| {
            of(target, |traced| alone(traced.size.connections as f64))
        }),
        all.gauge("trace_servers", "Servers at their other ends.", |target| {
            of(target, |traced| alone(traced.size.servers as f64))
        }),
        all.counter(
            "trace_ended",
            "Connections that ended, unless their client closed them with nothing in doubt.",
            |target| of(target, |traced| by_server(&traced.ended)),
        ),
        all.counter("trace_in_doubt_bytes", "Bytes sent and never acknowledged.", |target| {
            of(target, |traced| alone(traced.bytes_in_doubt as f64))
        }),
        all.counter("trace_attempts_failed", "Attempts to connect that failed.", |target| {
            of(target, |traced| by_server(&traced.attempts))
        }),
        all.gauge("trace_findings", "Findings about the connections to a server that are there.", |target| {
            of(target, |traced| {
                let findings = traced.findings.iter().map(|((code, server), severity)| {
                    let severity = Cow::Owned(severity.to_string());
                    (vec![("code", Borrowed(code.as_str())), ("server", cleaned(server)), ("severity", severity)], 1.0)
                });
                findings.collect()
            })
        }),
    ]
}

fn of<'a>(target: &'a TargetMetrics, samples: impl Fn(&'a TracedMetrics) -> Samples<'a>) -> Samples<'a> {
    target.traced.as_deref().map(samples).unwrap_or_default()
}

/// One sample for each server and way.
fn by_server<'a, W: ToString + 'a>(counts: impl IntoIterator<Item = (&'a (String, W), &'a u64)>) -> Samples<'a> {
    let counts = counts.into_iter().map(|((server, how), count)| {
        (vec![("server", cleaned(server)), ("how", Cow::Owned(how.to_string()))], *count as f64)
    });
    counts.collect()
}
