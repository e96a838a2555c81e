//! OpenMetrics text (1.0), for a node exporter's textfile collector or a push gateway.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::{
    report::{Diagnosis, Latency, Report},
    verdict::Verdict,
};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut exposition = Exposition { out };
    exposition.about(report)?;
    exposition.probes(report)?;
    exposition.latencies(report)?;
    exposition.outages(report)?;
    exposition.messages(report)?;
    exposition.errors(report)?;
    exposition.out.write_all(b"# EOF\n")
}

type Labels<'a> = &'a [(&'a str, &'a str)];

struct Exposition<'a> {
    out: &'a mut dyn Write,
}

impl Exposition<'_> {
    /// Begins a metric family. A unit is the last word of the name.
    fn family(&mut self, name: &str, kind: &str, help: &str) -> io::Result<()> {
        writeln!(self.out, "# TYPE redis_doctor_{name} {kind}")?;
        for unit in ["seconds", "bytes", "ratio"] {
            if name.ends_with(&format!("_{unit}")) {
                writeln!(self.out, "# UNIT redis_doctor_{name} {unit}")?;
            }
        }
        writeln!(self.out, "# HELP redis_doctor_{name} {help}")
    }

    fn sample(&mut self, name: &str, labels: Labels<'_>, value: f64) -> io::Result<()> {
        write!(self.out, "redis_doctor_{name}")?;
        for (number, (label, text)) in labels.iter().enumerate() {
            let open = if number == 0 { '{' } else { ',' };
            write!(self.out, "{open}{label}=\"{}\"", escaped(text))?;
        }
        let close = if labels.is_empty() { "" } else { "}" };
        writeln!(self.out, "{close} {value}")
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) -> io::Result<()> {
        self.family(name, "gauge", help)?;
        self.sample(name, &[], value)
    }

    /// A counter family with one sample for each value of a label.
    fn counters(&mut self, name: &str, help: &str, label: &str, values: &[(&str, u64)]) -> io::Result<()> {
        self.family(name, "counter", help)?;
        let total = format!("{name}_total");
        for (value, count) in values {
            let pair = [(label, *value)];
            let labels: Labels<'_> = if label.is_empty() { &[] } else { &pair };
            self.sample(&total, labels, *count as f64)?;
        }
        Ok(())
    }

    fn about(&mut self, report: &Report) -> io::Result<()> {
        self.family("run", "info", "What was run.")?;
        for run in &report.runs {
            let started = &run.started;
            let labels = [
                ("run_id", started.run_id.clone()),
                ("command", started.plan.command.to_string()),
                ("target", started.plan.target.to_string()),
                ("policy", started.plan.policy.name.to_string()),
                ("version", started.version.clone()),
            ];
            let labels: Vec<_> = labels.iter().map(|(name, text)| (*name, text.as_str())).collect();
            self.sample("run_info", &labels, 1.0)?;
        }
        let verdict = match report.verdict {
            Verdict::Healthy => 0.0,
            Verdict::Degraded => 1.0,
            Verdict::Critical => 2.0,
        };
        self.gauge("verdict", "0 healthy, 1 degraded, 2 critical.", verdict)?;
        self.gauge("run_duration_seconds", "How long the run lasted.", report.duration)
    }

    fn probes(&mut self, report: &Report) -> io::Result<()> {
        let Some(probes) = &report.probes else { return Ok(()) };
        let outcomes = [("ok", probes.ok), ("failed", probes.failed), ("timed_out", probes.timed_out)];
        self.counters("probes", "Probes by outcome.", "outcome", &outcomes)?;
        let ambiguous = [("", probes.ambiguous)];
        self.counters("probes_ambiguous", "Failed probes that may have been executed.", "", &ambiguous)?;
        self.counters("probes_skipped", "Intended starts passed over.", "", &[("", probes.skipped)])?;
        self.counters("desyncs", "Replies to another question.", "", &[("", probes.desynced)])
    }

    fn latencies(&mut self, report: &Report) -> io::Result<()> {
        for (name, help, latency) in [
            ("latency_seconds", "Answered probes, from the intended start.", &report.latency),
            ("service_seconds", "Answered probes, from the real start.", &report.service),
            ("failed_latency_seconds", "Failed probes.", &report.failed_latency),
            ("waited_seconds", "Time that probes waited for a connection.", &report.waited),
            ("end_to_end_seconds", "Verified messages, from PUBLISH to receipt.", &report.end_to_end),
        ] {
            if let Some(latency) = latency {
                self.summary(name, help, latency)?;
            }
        }
        Ok(())
    }

    fn summary(&mut self, name: &str, help: &str, latency: &Latency) -> io::Result<()> {
        self.family(name, "summary", help)?;
        for (quantile, value) in [
            ("0.5", latency.p50),
            ("0.9", latency.p90),
            ("0.99", latency.p99),
            ("0.999", latency.p999),
            ("1.0", latency.max),
        ] {
            self.sample(name, &[("quantile", quantile)], value)?;
        }
        self.sample(&format!("{name}_sum"), &[], latency.sum)?;
        self.sample(&format!("{name}_count"), &[], latency.count as f64)
    }

    fn outages(&mut self, report: &Report) -> io::Result<()> {
        let outages = &report.outages;
        if let Some(availability) = outages.availability {
            let help = "Share of the watched time with service.";
            self.gauge("availability_ratio", help, availability)?;
        }
        let kinds = [("drop", outages.drops), ("stall", outages.stalls)];
        self.counters("outages", "Outages by kind.", "kind", &kinds)?;
        self.causes(report)?;
        self.counters("reconnects", "Drops after which the connection came back.", "", &[("", outages.reconnects)])?;
        self.gauge("outages_unresolved", "Outages that are not over.", outages.unresolved as f64)?;
        self.gauge("outage_longest_seconds", "The longest outage.", outages.longest)?;
        self.family("outage_seconds", "counter", "Time without service, all connections.")?;
        self.sample("outage_seconds_total", &[], outages.total)?;
        if let Some(peak) = &report.reconnect_peak {
            let help = "The most connections that came back within 100 ms.";
            self.gauge("reconnect_peak", help, f64::from(peak.connections))?;
        }
        let sessions = &report.sessions;
        let reasons = [
            ("watchdog", sessions.replaced_by_watchdog),
            ("desync", sessions.replaced_desync),
            ("terminal", sessions.replaced_terminal),
        ];
        self.counters("sessions_replaced", "Sessions replaced by reason.", "reason", &reasons)
    }

    /// A gauge, because not every outage of a long run is listed.
    fn causes(&mut self, report: &Report) -> io::Result<()> {
        if report.outages.rows.is_empty() {
            return Ok(());
        }
        self.family("outages_listed", "gauge", "Outages in the report, by cause and confidence.")?;
        let mut counts = BTreeMap::<_, u32>::new();
        for row in &report.outages.rows {
            let Diagnosis { cause, confidence, .. } = row.diagnosis;
            *counts.entry((cause.to_string(), confidence.to_string())).or_default() += 1;
        }
        for ((cause, confidence), count) in counts {
            let labels = [("cause", cause.as_str()), ("confidence", confidence.as_str())];
            self.sample("outages_listed", &labels, f64::from(count))?;
        }
        Ok(())
    }

    fn messages(&mut self, report: &Report) -> io::Result<()> {
        let Some(delivery) = &report.delivery else {
            return Ok(());
        };
        let fates = [
            ("published", delivery.published),
            ("publish_failed", delivery.publish_failed),
            ("received", delivery.received),
            ("lost", delivery.lost),
            ("duplicated", delivery.duplicated),
            ("reordered", delivery.reordered),
        ];
        self.counters("verified_messages", "Numbered messages by fate.", "fate", &fates)?;
        self.counters("messages", "Messages of others.", "", &[("", delivery.messages)])?;
        let bytes = [("", delivery.message_bytes)];
        self.counters("message_bytes", "Payload of the messages of others.", "", &bytes)
    }

    fn errors(&mut self, report: &Report) -> io::Result<()> {
        self.family("errors", "counter", "Errors by kind.")?;
        for row in &report.errors {
            let key = row.key;
            let errno = key.errno.map(|errno| errno.to_string()).unwrap_or_default();
            let labels = [
                ("class", key.class.to_string()),
                ("stage", key.stage.to_string()),
                ("origin", key.origin.to_string()),
                ("errno", errno),
                ("code", row.code.to_owned()),
            ];
            let labels: Vec<_> = labels.iter().map(|(name, text)| (*name, text.as_str())).collect();
            self.sample("errors_total", &labels, row.count as f64)?;
        }
        Ok(())
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
