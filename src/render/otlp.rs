//! The metrics of a run, and its outages as spans, in the JSON encoding of OTLP.
//!
//! That encoding is the JSON mapping of the protobuf messages with two exceptions (OTLP specification, "JSON Protobuf
//! Encoding"): ids are hexadecimal, and enumerations are numbers; 64-bit numbers are strings. The metrics are those of a
//! scrape, under the same names without the suffix of a counter, which Prometheus appends itself.

use std::{iter::once, time::Duration};

use serde_json::{Value as Json, json};

use super::{
    formats::PREFIX,
    meter,
    units::clean,
    views::{Family, Sample, Value},
};
use crate::{
    clock::{Stamp, WallTime, nanos},
    record::{BUCKETS, Histogram, Outage, Reading},
    report::Diagnosis,
};

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`: counts since the start of the run.
const CUMULATIVE: u8 = 2;

/// `SPAN_KIND_CLIENT` and `STATUS_CODE_ERROR`.
const CLIENT: u8 = 3;
const ERROR: u8 = 2;

/// The start of a run and the moment of an export, on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Export {
    pub started: WallTime,
    pub now: Stamp,
    pub time: WallTime,
}

/// Returns a request with the metrics of a run.
pub(crate) fn otlp_metrics(reading: &Reading, export: Export) -> Vec<u8> {
    let [version, run_id, ..] = &reading.process.run;
    let names = meter::names(reading);
    let families = meter::families(reading, &names, export.now);
    let metrics: Vec<_> = families.iter().map(|family| metric(family, export)).collect();
    let metrics = json!({ "scope": scope(), "metrics": metrics });
    json!({ "resourceMetrics": [{ "resource": resource(version, run_id), "scopeMetrics": [metrics] }] })
        .to_string()
        .into_bytes()
}

/// Returns a request with the spans of a run.
pub(crate) fn otlp_traces(run_id: &str, spans: &[String]) -> Vec<u8> {
    let resource = resource(env!("CARGO_PKG_VERSION"), run_id);
    let head =
        format!("{{\"resourceSpans\":[{{\"resource\":{resource},\"scopeSpans\":[{{\"scope\":{},\"spans\":[", scope());
    [head.as_str(), &spans.join(","), "]}]}]}"].concat().into_bytes()
}

/// Returns an outage as a span, which ends with the export if the outage is not over. Outages of one incident have one trace.
pub(crate) fn otlp_span(
    run_id: &str,
    export: Export,
    target: Option<&str>,
    outage: &Outage,
    diagnosis: Option<&Diagnosis>,
) -> String {
    let began = export.started.to_string();
    let of_run = |part: &str| hash(&[run_id, &began, target.unwrap_or_default(), part]);
    let incident = outage.incident.to_string();
    let trace = [of_run(&incident), of_run(&format!("trace {incident}"))];
    let start = outage.time.unix_nanos();
    let after = |stamp: Stamp| start.saturating_add(nanos(stamp.since(outage.lost)));
    let cause = diagnosis.map_or("unknown", |diagnosis| diagnosis.cause.name());
    let step = |name: &str, stamp: Stamp| json!({ "timeUnixNano": after(stamp).to_string(), "name": name });
    let steps =
        [("detected", Some(outage.detected)), ("restored", outage.restored), ("resubscribed", outage.resubscribed)];
    let steps: Vec<_> = steps.into_iter().filter_map(|(name, stamp)| Some(step(name, stamp?))).collect();
    json!({
        "traceId": trace.map(|half| format!("{half:016x}")).concat(),
        "spanId": format!("{:016x}", of_run(&outage.id.to_string())),
        "name": format!("redis outage ({})", outage.kind),
        "kind": CLIENT,
        "startTimeUnixNano": start.to_string(),
        "endTimeUnixNano": after(outage.restored.unwrap_or(export.now)).to_string(),
        "attributes": attributes(target, outage, diagnosis),
        "events": steps,
        "status": { "code": ERROR, "message": cause },
    })
    .to_string()
}

fn attributes(target: Option<&str>, outage: &Outage, diagnosis: Option<&Diagnosis>) -> Vec<Json> {
    let failure = outage.failure.as_ref();
    let texts = [
        ("db.system.name", Some("redis".to_owned())),
        ("target", target.map(clean)),
        ("kind", Some(outage.kind.to_string())),
        ("id", Some(outage.id.to_string())),
        ("incident", Some(outage.incident.to_string())),
        ("cause", diagnosis.map(|diagnosis| diagnosis.cause.name().to_owned())),
        ("confidence", diagnosis.map(|diagnosis| diagnosis.confidence.to_string())),
        ("code", diagnosis.map(|diagnosis| diagnosis.code.to_owned())),
        ("error.type", failure.map(|failure| failure.key.class.to_string())),
        ("error.message", failure.map(|failure| clean(&failure.text))),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some(text_attribute(name, &text?)));
    let number = |name: &str, number: u64| json!({ "key": name, "value": { "intValue": number.to_string() } });
    let numbers = [
        ("connection", u64::from(outage.connection)),
        ("commands_failed", outage.failed),
        ("commands_ambiguous", outage.ambiguous),
        ("messages_lost", outage.messages_lost),
    ];
    let numbers = numbers.into_iter().map(|(name, value)| number(name, value));
    let flag = |name: &str, flag: bool| json!({ "key": name, "value": { "boolValue": flag } });
    let flags = once(flag("resolved", outage.restored.is_some()));
    let by_itself = outage.by_itself.map(|by_itself| flag("by_itself", by_itself));
    texts.chain(numbers).chain(flags).chain(by_itself).collect()
}

fn resource(version: &str, run_id: &str) -> Json {
    let attributes = [("service.name", "redis-doctor"), ("service.version", version), ("service.instance.id", run_id)];
    json!({ "attributes": attributes.map(|(name, value)| text_attribute(name, value)) })
}

fn scope() -> Json {
    json!({ "name": "redis-doctor", "version": env!("CARGO_PKG_VERSION") })
}

fn text_attribute(name: &str, value: &str) -> Json {
    json!({ "key": name, "value": { "stringValue": value } })
}

fn metric(family: &Family<'_>, export: Export) -> Json {
    let Family { name, kind, help, samples } = family;
    let points: Vec<_> = samples.iter().map(|sample| point(sample, export)).collect();
    let (kind, suffix, data) = match *kind {
        "counter" => {
            ("sum", "", json!({ "aggregationTemporality": CUMULATIVE, "isMonotonic": true, "dataPoints": points }))
        }
        "histogram" => ("histogram", "", json!({ "aggregationTemporality": CUMULATIVE, "dataPoints": points })),
        "info" => ("gauge", "_info", json!({ "dataPoints": points })),
        _ => ("gauge", "", json!({ "dataPoints": points })),
    };
    let unit = if name.ends_with("_seconds") { "s" } else { "" };
    json!({ "name": format!("{PREFIX}{name}{suffix}"), "description": help, "unit": unit, kind: data })
}

fn point(sample: &Sample<'_>, export: Export) -> Json {
    let labels = sample.labels.iter().map(|(name, value)| text_attribute(name, value)).collect();
    match sample.value {
        Value::Histogram(histogram) => distribution(labels, histogram, export),
        Value::Number(value) => json!({
            "attributes": labels,
            "startTimeUnixNano": export.started.unix_nanos().to_string(),
            "timeUnixNano": export.time.unix_nanos().to_string(),
            "asDouble": value,
        }),
    }
}

/// Returns one histogram. Its buckets are not cumulative here, and the last one has no limit.
fn distribution(labels: Vec<Json>, histogram: &Histogram, export: Export) -> Json {
    let limits: Vec<_> = BUCKETS.iter().map(|limit| Duration::from_micros(*limit).as_secs_f64()).collect();
    let mut below = 0;
    let counts = histogram.cumulative().chain(once(histogram.count)).map(|upto| {
        let count = upto - below;
        below = upto;
        count.to_string()
    });
    json!({
        "attributes": labels,
        "startTimeUnixNano": export.started.unix_nanos().to_string(),
        "timeUnixNano": export.time.unix_nanos().to_string(),
        "count": histogram.count.to_string(),
        "sum": histogram.sum.as_secs_f64(),
        "bucketCounts": counts.collect::<Vec<_>>(),
        "explicitBounds": limits,
    })
}

/// Returns a number that is the same for the same parts (FNV-1a), and never the invalid id zero.
fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain(once(0)));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::EventSink,
        output::Exposition,
        record::{Meter, Recorder, fixture::rich},
        render::metrics,
    };

    fn reading() -> Reading {
        let mut meter = Meter::default();
        rich().iter().for_each(|event| meter.on_event(event));
        meter.read()
    }

    const EXPORT: Export = Export {
        started: WallTime::from_unix_nanos(1_795_356_131_000_000_000),
        now: Stamp::from_nanos(60_000_000_000),
        time: WallTime::from_unix_nanos(1_795_356_191_000_000_000),
    };

    /// The metrics of the request, by name.
    fn exported() -> serde_json::Map<String, Json> {
        let request: Json = serde_json::from_slice(&otlp_metrics(&reading(), EXPORT)).unwrap();
        let metrics = request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap().clone();
        metrics.into_iter().map(|metric| (metric["name"].as_str().unwrap().to_owned(), metric)).collect()
    }

    /// Prometheus appends the suffix of a counter, and nothing to a name that ends with its unit.
    #[test]
    fn a_collector_gives_prometheus_the_names_of_a_scrape() {
        let text = String::from_utf8(metrics(&reading(), EXPORT.now, Exposition::Text)).unwrap();
        let scraped = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let scraped: Vec<_> = scraped.map(str::to_owned).collect();
        let pushed = exported().into_iter().filter(|(_, metric)| {
            ["sum", "gauge", "histogram"]
                .iter()
                .any(|kind| !metric[kind]["dataPoints"].as_array().is_none_or(Vec::is_empty))
        });
        let pushed = pushed.map(|(name, metric)| if metric.get("sum").is_some() { name + "_total" } else { name });
        let (mut scraped, mut pushed): (Vec<_>, Vec<_>) = (scraped, pushed.collect());
        scraped.sort();
        pushed.sort();
        assert_eq!(scraped, pushed);
    }

    #[test]
    fn a_histogram_has_a_bucket_more_than_limits_and_all_of_its_count() {
        let metrics = exported();
        let latency = &metrics["redis_doctor_latency_seconds"];
        assert_eq!(latency["unit"], "s");
        let point = &latency["histogram"]["dataPoints"][0];
        let counts = point["bucketCounts"].as_array().unwrap();
        assert_eq!(counts.len(), point["explicitBounds"].as_array().unwrap().len() + 1);
        let number = |value: &Json| value.as_str().unwrap().parse::<u64>().unwrap();
        assert_eq!(counts.iter().map(number).sum::<u64>(), number(&point["count"]));
        assert!(number(&point["count"]) > 0 && point["attributes"][0]["key"] == "target", "{point:#}");
    }

    #[test]
    fn outages_of_one_incident_have_one_trace_and_ids_of_their_own() {
        let mut recorder = Recorder::default();
        rich().iter().for_each(|event| recorder.on_event(event));
        let figures = recorder.figures();
        let span = |outage: &Outage| otlp_span("7f3a", EXPORT, Some("cache"), outage, None);
        let spans: Vec<_> = figures.outages.kept.iter().map(span).collect();
        let request: Json = serde_json::from_slice(&otlp_traces("7f3a", &spans)).unwrap();
        let spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
        assert_eq!(spans.len(), figures.outages.kept.len());
        for (span, outage) in spans.iter().zip(&figures.outages.kept) {
            let hex = |name: &str| span[name].as_str().unwrap().to_owned();
            assert_eq!((hex("traceId").len(), hex("spanId").len()), (32, 16));
            let time = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
            let lasted = time("endTimeUnixNano") - time("startTimeUnixNano");
            assert_eq!(u128::from(lasted), outage.duration(EXPORT.now).as_nanos());
            for other in figures.outages.kept.iter().zip(spans).filter(|(other, _)| other.id != outage.id) {
                assert_ne!(other.1["spanId"], span["spanId"]);
                assert_eq!(other.1["traceId"] == span["traceId"], other.0.incident == outage.incident);
            }
        }
    }
}
