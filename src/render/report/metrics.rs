//! The metric families of a report.

use std::collections::BTreeMap;

use crate::{
    render::views::{Family, Labels, level},
    report::{Diagnosis, Latency, Report},
};

/// Returns every family, except those of an absent part of the report.
pub(super) fn families(report: &Report) -> Vec<Family<'_>> {
    [
        about(report),
        probes(report),
        latencies(report),
        outages(report),
        refusals(report),
        messages(report),
        failovers(report),
        vec![errors(report)],
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn about(report: &Report) -> Vec<Family<'_>> {
    let mut runs = Family::new("run", "info", "Run, target and policy.");
    for run in &report.runs {
        let started = &run.started;
        let labels = vec![
            ("run_id", started.run_id.to_string()),
            ("command", started.plan.command.to_string()),
            ("target", started.plan.target.to_string()),
            ("policy", started.plan.policy.name.to_string()),
            ("version", started.version.to_string()),
        ];
        runs.push("_info", labels, 1.0);
    }
    vec![
        runs,
        Family::gauge("verdict", "0 healthy, 1 degraded, 2 critical.", level(report.verdict)),
        Family::gauge("run_duration_seconds", "Duration of the run.", report.duration),
    ]
}

fn probes(report: &Report) -> Vec<Family<'_>> {
    let Some(probes) = &report.probes else { return Vec::new() };
    let outcomes = [("ok", probes.ok), ("failed", probes.failed), ("timed_out", probes.timed_out)];
    let ambiguous = probes.ambiguous as f64;
    vec![
        Family::counters("probes", "Probes by outcome.", "outcome", &outcomes),
        Family::counter("probes_ambiguous", "Failed probes with unknown outcome: they may have run.", ambiguous),
        Family::counter("probes_skipped", "Probes that were due but not sent.", probes.skipped as f64),
        Family::counter("desyncs", "Replies to a different command.", probes.desynced as f64),
    ]
}

fn latencies(report: &Report) -> Vec<Family<'_>> {
    [
        ("latency_seconds", "Latency of answered probes, from the intended start.", &report.latency),
        ("service_seconds", "Round trip: latency of answered probes, from the real start.", &report.service),
        ("failed_latency_seconds", "Time to failure of failed probes.", &report.failed_latency),
        ("waited_seconds", "Time that probes waited for a connection.", &report.waited),
        ("end_to_end_seconds", "Latency of verified messages, from PUBLISH to receipt.", &report.end_to_end),
    ]
    .into_iter()
    .filter_map(|(name, help, latency)| latency.as_ref().map(|latency| latency_summary(name, help, latency)))
    .collect()
}

/// Returns the family of a distribution.
pub(super) fn latency_summary<'a>(name: &'static str, help: &'static str, latency: &Latency) -> Family<'a> {
    let mut family = Family::new(name, "summary", help);
    for (quantile, value) in [
        ("0.5", latency.p50),
        ("0.9", latency.p90),
        ("0.99", latency.p99),
        ("0.999", latency.p999),
        ("1.0", latency.max),
    ] {
        family.push("", vec![("quantile", quantile)], value);
    }
    family.push("_sum", Labels::new(), latency.sum);
    family.push("_count", Labels::new(), latency.count as f64);
    family
}

fn outages(report: &Report) -> Vec<Family<'_>> {
    let outages = &report.outages;
    let kinds = [("drop", outages.drops), ("stall", outages.stalls)];
    let availability = outages.availability;
    let mut families = Vec::from_iter(
        availability
            .map(|share| Family::gauge("availability_ratio", "Share of the watched time without an outage.", share)),
    );
    let help = "Share of the watched time in which the workload was answered well.";
    families.extend(outages.service.map(|share| Family::gauge("service_ratio", help, share)));
    families.push(Family::counters("outages", "Outages by kind.", "kind", &kinds));
    let count = report.incidents.count as f64;
    families.push(Family::counter("incidents", "Incidents: outages that began together.", count));
    families.extend(incidents(report));
    families.extend(causes(report));
    let reconnects = outages.reconnects as f64;
    families.extend([
        Family::counter("reconnects", "Drops after which the client reconnected.", reconnects),
        Family::gauge("outages_unresolved", "Outages that had not recovered at the end.", outages.unresolved as f64),
        Family::gauge("outage_longest_seconds", "The longest outage.", outages.longest),
        Family::counter("outage_seconds", "Total outage time of all connections.", outages.total),
        Family::counter("slow_stretches", "Stretches of slow replies.", report.slow.stretches as f64),
        Family::counter("slow_seconds", "Total time spent waiting for slow replies.", report.slow.waiting),
    ]);
    families.extend(report.reconnect_peak.as_ref().map(|peak| {
        let help = "Largest number of connections that reconnected within 100 ms.";
        Family::gauge("reconnect_peak", help, f64::from(peak.connections))
    }));
    let sessions = &report.sessions;
    let reasons = [
        ("watchdog", sessions.replaced_by_watchdog),
        ("desync", sessions.replaced_desync),
        ("readonly", sessions.replaced_readonly),
        ("failover", sessions.replaced_failover),
        ("terminal", sessions.replaced_terminal),
    ];
    families.push(Family::counters("sessions_replaced", "Sessions replaced by reason.", "reason", &reasons));
    families
}

fn refusals(report: &Report) -> Vec<Family<'_>> {
    let refusals = &report.refusals;
    let pauses = report.own_pauses;
    vec![
        Family::counter(
            "refusals",
            "Times in which the server answered commands with an error.",
            refusals.count as f64,
        ),
        Family::gauge("refusals_unresolved", "Refusals that lasted to the end.", refusals.unresolved as f64),
        Family::counter("refusal_seconds", "Total time of the refusals of all connections.", refusals.total),
        Family::gauge("refusal_longest_seconds", "The longest refusal.", refusals.longest),
        Family::counter("own_pause_seconds", "Time in which redis-doctor itself was paused.", pauses.total),
        Family::counter(
            "own_busy_seconds",
            "Time in which redis-doctor itself was busy and read nothing.",
            pauses.busy,
        ),
    ]
}

/// The longest incidents with their ids, which are those of every other format.
fn incidents(report: &Report) -> Option<Family<'_>> {
    const LISTED: usize = 20;
    let mut rows: Vec<_> = report.incidents.rows.iter().collect();
    rows.sort_by(|one, other| other.duration.total_cmp(&one.duration));
    let mut family = Family::new("incident_seconds", "gauge", "Duration of the longest incidents.");
    for row in rows.iter().take(LISTED) {
        let cause = row.cause.as_ref().map(|cause| cause.cause.to_string()).unwrap_or_default();
        let incident = &row.incident;
        let labels = vec![("run", incident.run.to_string()), ("incident", incident.id.to_string()), ("cause", cause)];
        family.push("", labels, row.duration);
    }
    (!rows.is_empty()).then_some(family)
}

/// A gauge, because not every outage of a long run is listed.
fn causes(report: &Report) -> Option<Family<'_>> {
    let mut counts = BTreeMap::<_, u32>::new();
    for row in &report.outages.rows {
        let Diagnosis { cause, confidence, .. } = row.diagnosis;
        *counts.entry((cause.to_string(), confidence.to_string())).or_default() += 1;
    }
    let mut family = Family::new("outages_listed", "gauge", "Outages in the report, by cause and confidence.");
    let any = !counts.is_empty();
    for ((cause, confidence), count) in counts {
        family.push("", vec![("cause", cause), ("confidence", confidence)], f64::from(count));
    }
    any.then_some(family)
}

fn messages(report: &Report) -> Vec<Family<'_>> {
    let Some(delivery) = &report.delivery else { return Vec::new() };
    let fates = [
        ("published", delivery.published),
        ("publish_failed", delivery.publish_failed),
        ("received", delivery.received),
        ("lost", delivery.lost),
        ("duplicated", delivery.duplicated),
        ("reordered", delivery.reordered),
    ];
    let bytes = delivery.message_bytes as f64;
    vec![
        Family::counters("verified_messages", "Numbered messages by outcome.", "fate", &fates),
        Family::counter("messages", "Messages from other publishers.", delivery.messages as f64),
        Family::counter("message_bytes", "Payload of the messages from other publishers.", bytes),
    ]
}

fn failovers(report: &Report) -> Vec<Family<'_>> {
    let mut families = Vec::new();
    if report.sentinels.is_some() || !report.failovers.is_empty() {
        let both: f64 = report.failovers.iter().map(|failover| failover.two_primaries.as_secs_f64()).sum();
        let number = report.failovers.len() as f64;
        families.push(Family::counter("failovers", "Failovers of the Sentinels or of the cluster.", number));
        families.push(Family::counter("two_primaries_seconds", "Time in which two servers were primaries.", both));
    }
    if let Some(ledger) = &report.ledger {
        let there = ledger.acknowledged.saturating_sub(ledger.gone + ledger.unread);
        let fates = [("there", there), ("gone", ledger.gone), ("unread", ledger.unread)];
        families.push(Family::counters("acknowledged_writes", "Acknowledged writes by outcome.", "fate", &fates));
    }
    families
}

fn errors(report: &Report) -> Family<'_> {
    let mut family = Family::new("errors", "counter", "Errors by kind.");
    for row in &report.errors {
        let key = row.key;
        let labels = vec![
            ("class", key.class.to_string()),
            ("stage", key.stage.to_string()),
            ("origin", key.origin.to_string()),
            ("errno", key.errno.map(|errno| errno.to_string()).unwrap_or_default()),
            ("code", row.code.to_owned()),
        ];
        family.push("_total", labels, row.count as f64);
    }
    family
}
