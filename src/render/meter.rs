//! The metric families of a run that continues.

mod cluster;
mod traced;

use std::{
    borrow::Cow::{self, Borrowed},
    iter::once,
    time::Duration,
};

use super::{
    exposition::exposed,
    units::clean,
    views::{Family, Labels, Sample, Value},
};
use crate::{
    clock::Stamp,
    output::Exposition,
    record::{Histogram, Reading, Server, TargetMetrics},
};

/// Writes the metrics of a run as of `now`.
pub(crate) fn metrics(reading: &Reading, now: Stamp, exposition: Exposition) -> Vec<u8> {
    let names = names(reading);
    exposed(&families(reading, &names, now), exposition)
}

/// Returns the label of each target.
pub(super) fn names(reading: &Reading) -> Vec<String> {
    reading.targets.iter().map(|target| clean(&target.target)).collect()
}

/// Returns the families of a reading, whose targets have these names.
pub(super) fn families<'a>(reading: &'a Reading, names: &'a [String], now: Stamp) -> Vec<Family<'a>> {
    let all = All(reading, names);
    let mut families = vec![about(reading)];
    if reading.targets.iter().any(|target| target.traced.is_some()) {
        families.extend(traced::families(&all));
        return families;
    }
    families.extend(connections(&all, now));
    families.extend(probes(&all));
    families.extend(latencies(&all));
    families.extend(outages(&all));
    families.extend(failures(&all));
    families.extend(messages(&all));
    families.extend(cluster::families(&reading.cluster, now));
    let process = &reading.process;
    let [paused, busy] = [process.paused, process.busy].map(|time| time.as_secs_f64());
    families.push(Family::counter("own_pause_seconds", "Time in which redis-doctor itself was paused.", paused));
    let help = "Time in which redis-doctor itself was busy and read nothing.";
    families.push(Family::counter("own_busy_seconds", help, busy));
    families
}

fn about(reading: &Reading) -> Family<'_> {
    let [version, run_id, command, policy] = reading.process.run.each_ref().map(String::as_str);
    let labels = vec![("version", version), ("run_id", run_id), ("command", command), ("policy", policy)];
    let mut run = Family::new("run", "info", "Run and policy.");
    run.push("_info", labels, 1.0);
    run
}

/// All targets, of each of which a family has samples, and their names.
struct All<'a>(&'a Reading, &'a [String]);

/// The samples of a target: labels besides `target`, and a value.
type Samples<'a> = Vec<(Labels<'a>, f64)>;

impl<'a> All<'a> {
    /// Returns a counter with the samples of each target.
    fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        samples: impl Fn(&'a TargetMetrics) -> Samples<'a>,
    ) -> Family<'a> {
        self.family(Family::new(name, "counter", help), "_total", samples)
    }

    /// Returns a gauge with the samples of each target.
    fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        samples: impl Fn(&'a TargetMetrics) -> Samples<'a>,
    ) -> Family<'a> {
        self.family(Family::new(name, "gauge", help), "", samples)
    }

    fn family(
        &self,
        mut family: Family<'a>,
        suffix: &'static str,
        samples: impl Fn(&'a TargetMetrics) -> Samples<'a>,
    ) -> Family<'a> {
        for (name, target) in self.named() {
            for (labels, value) in samples(target) {
                let labels = once(("target", Borrowed(name))).chain(labels).collect();
                family.samples.push(Sample { suffix, labels, value: Value::Number(value) });
            }
        }
        family
    }

    /// Returns a histogram of each target that has durations.
    fn histogram(
        &self,
        name: &'static str,
        help: &'static str,
        of: impl Fn(&'a TargetMetrics) -> &'a Histogram,
    ) -> Option<Family<'a>> {
        let mut family = Family::new(name, "histogram", help);
        for (name, histogram) in self.named().map(|(name, target)| (name, of(target))) {
            if histogram.count > 0 {
                let labels = vec![("target", Borrowed(name))];
                family.samples.push(Sample { suffix: "", labels, value: Value::Histogram(histogram) });
            }
        }
        (!family.samples.is_empty()).then_some(family)
    }

    fn named(&self) -> impl Iterator<Item = (&'a str, &'a TargetMetrics)> {
        self.1.iter().map(String::as_str).zip(self.0.targets.iter().map(AsRef::as_ref))
    }
}

/// One sample without further labels.
fn alone<'a>(value: impl Into<f64>) -> Samples<'a> {
    vec![(Labels::new(), value.into())]
}

/// One sample for each value of a label.
fn each<'a>(label: &'static str, values: &[(&'static str, u64)]) -> Samples<'a> {
    values.iter().map(|(value, count)| (vec![(label, Borrowed(*value))], *count as f64)).collect()
}

fn of_server(server: &Server) -> Labels<'_> {
    vec![("node", cleaned(&server.node)), ("role", cleaned(&server.role))]
}

fn with<'a, const N: usize>(mut labels: Labels<'a>, more: [(&'static str, Cow<'a, str>); N]) -> Labels<'a> {
    labels.extend(more);
    labels
}

/// Returns a text from outside, without a copy if nothing in it must be replaced.
fn cleaned(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) { Borrowed(text) } else { clean(text).into() }
}

fn connections<'a>(all: &All<'a>, now: Stamp) -> [Family<'a>; 4] {
    [
        all.gauge("connections", "Connections that have been up, with the server that answered last.", |target| {
            vec![(of_server(&target.server), target.connections as f64)]
        }),
        all.gauge("connections_down", "Connections in an outage.", |target| alone(target.down.len() as f64)),
        all.gauge("outage_open_seconds", "Duration so far of the longest outage that is not over.", move |target| {
            alone(target.longest_open(now).as_secs_f64())
        }),
        all.counter("role_changes", "Changes of the role of a server process.", |target| {
            alone(target.role_changes as f64)
        }),
    ]
}

fn probes<'a>(all: &All<'a>) -> [Family<'a>; 4] {
    [
        all.counter("probes", "Probes by outcome.", |target| {
            let counters = &target.counters;
            each("outcome", &[("ok", counters.ok), ("failed", counters.failed), ("timed_out", counters.timed_out)])
        }),
        all.counter("probes_ambiguous", "Failed probes with unknown outcome: they may have run.", |target| {
            alone(target.counters.ambiguous as f64)
        }),
        all.counter("probes_skipped", "Probes that were due but not sent.", |target| {
            alone(target.counters.skipped as f64)
        }),
        all.counter("desyncs", "Replies to a different command.", |target| alone(target.counters.desynced as f64)),
    ]
}

fn latencies<'a>(all: &All<'a>) -> impl Iterator<Item = Family<'a>> {
    [
        all.histogram("latency_seconds", "Latency of answered probes, from the intended start.", |it| &it.latency),
        all.histogram("failed_latency_seconds", "Time to failure of failed probes.", |it| &it.failed_latency),
        all.histogram("waited_seconds", "Time that probes waited for a connection.", |it| &it.waited),
        all.histogram("end_to_end_seconds", "Latency of verified messages, from PUBLISH to receipt.", |it| {
            &it.end_to_end
        }),
    ]
    .into_iter()
    .flatten()
}

fn outages<'a>(all: &All<'a>) -> [Family<'a>; 5] {
    let by_kind = |target: &'a TargetMetrics, value: fn(&(u64, Duration)) -> f64| -> Samples<'a> {
        let sample = |((server, kind), of): (&'a (Server, &'static str), &(u64, Duration))| {
            (with(of_server(server), [("kind", Borrowed(*kind))]), value(of))
        };
        target.outages.iter().map(sample).collect()
    };
    [
        all.counter("outages", "Outages that are over, by kind.", |target| by_kind(target, |(count, _)| *count as f64)),
        all.counter("outage_seconds", "Total time of the outages that are over.", |target| {
            by_kind(target, |(_, time)| time.as_secs_f64())
        }),
        all.counter("outage_causes", "Outages that are over and diagnosed, by cause and confidence.", |target| {
            let causes = target.causes.iter().map(|((server, cause, confidence), count)| {
                let labels = [("cause", Borrowed(cause.as_str())), ("confidence", Borrowed(confidence.as_str()))];
                (with(of_server(server), labels), *count as f64)
            });
            causes.collect()
        }),
        all.counter("slow_stretches", "Stretches of slow replies that are over.", |target| alone(target.slow.0 as f64)),
        all.counter("slow_seconds", "Total time spent waiting for slow replies.", |target| {
            alone(target.slow.1.as_secs_f64())
        }),
    ]
}

fn failures<'a>(all: &All<'a>) -> [Family<'a>; 4] {
    let by_class = |target: &'a TargetMetrics, value: fn(&(u64, Duration)) -> f64| -> Samples<'a> {
        target.refusals.iter().map(|(class, of)| (vec![("class", class.to_string().into())], value(of))).collect()
    };
    [
        all.counter("errors", "Errors by kind.", |target| {
            let errors = target.errors.iter().map(|((server, key), count)| {
                let labels = [
                    ("class", key.class.to_string().into()),
                    ("stage", key.stage.to_string().into()),
                    ("origin", key.origin.to_string().into()),
                    ("errno", key.errno.map(|errno| errno.to_string()).unwrap_or_default().into()),
                    ("code", key.code().into()),
                ];
                (with(of_server(server), labels), *count as f64)
            });
            errors.collect()
        }),
        all.counter("refusals", "Times in which the server answered commands with an error, by class.", |target| {
            by_class(target, |(count, _)| *count as f64)
        }),
        all.counter("refusal_seconds", "Total time of the refusals that are over.", |target| {
            by_class(target, |(_, time)| time.as_secs_f64())
        }),
        all.counter("states", "States that the client entered.", |target| {
            target
                .states
                .iter()
                .map(|(state, count)| (vec![("state", state.to_string().into())], *count as f64))
                .collect()
        }),
    ]
}

/// The messages of a run with a subscription, and the connections of an application.
fn messages<'a>(all: &All<'a>) -> impl Iterator<Item = Family<'a>> {
    let subscribes = all.0.targets.iter().any(|target| {
        let counters = &target.counters;
        counters.published + counters.received + counters.messages > 0
    });
    let relays = all.0.targets.iter().any(|target| target.flows.0 > 0);
    let numbered = || {
        all.counter("verified_messages", "Numbered messages by outcome.", |target| {
            let counters = &target.counters;
            let fates = [
                ("published", counters.published),
                ("publish_failed", counters.publish_failed),
                ("received", counters.received),
                ("lost", counters.lost),
                ("duplicated", counters.duplicated),
                ("reordered", counters.reordered),
            ];
            each("fate", &fates)
        })
    };
    let other =
        || all.counter("messages", "Messages from other publishers.", |target| alone(target.counters.messages as f64));
    let flows = || {
        all.counter("flows", "Connections of the application through the proxy.", |target| {
            each("event", &[("opened", target.flows.0), ("closed", target.flows.1)])
        })
    };
    let messages = subscribes.then(|| [numbered(), other()]).into_iter().flatten();
    messages.chain(relays.then(flows)).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{EventSink, RefusalEnd},
        record::{
            BUCKETS, Meter, Recorder,
            fixture::{at, disconnected, refusal_over, refused, rich},
        },
    };

    fn written(exposition: Exposition) -> String {
        let mut meter = Meter::default();
        let mut recorder = Recorder::default();
        let misconf = "MISCONF Redis is configured to save RDB snapshots";
        let refusal = [refused(misconf, 39.0), refusal_over(misconf, 39.0, 39.5, RefusalEnd::Served)];
        let events = rich().into_iter().chain(refusal.map(|kind| at(39.5, kind)));
        for event in events {
            meter.on_event(&event);
            recorder.on_event(&event);
        }
        let figures = recorder.figures();
        meter.diagnosed(&at(40.0, disconnected(1, None)), &figures.outages.kept[0], "network_reset", "likely");
        String::from_utf8(metrics(&meter.read(), Stamp::START, exposition)).unwrap()
    }

    /// The names are those that the dashboard and the alerts in `dist` use.
    #[test]
    fn the_metrics_are_those_of_the_golden_file() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/metrics.prom");
        let text = written(Exposition::Text);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            text,
            "UPDATE_GOLDEN=1 cargo test --lib render:: rewrites it"
        );
    }

    #[test]
    fn a_histogram_is_cumulative_and_ends_with_infinity() {
        let text = written(Exposition::OpenMetrics);
        let buckets: Vec<f64> = text
            .lines()
            .filter(|line| line.starts_with("redis_doctor_latency_seconds_bucket{"))
            .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
            .collect();
        assert_eq!(buckets.len(), BUCKETS.len() + 1);
        assert!(buckets.is_sorted() && buckets[0] < buckets[BUCKETS.len()], "{buckets:?}");
        assert!(text.contains("le=\"2.5\"") && text.contains("le=\"0.0001\"") && text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn the_older_format_names_each_family_by_its_samples() {
        let text = written(Exposition::Text);
        for line in [
            "# TYPE redis_doctor_run_info gauge\n",
            "# TYPE redis_doctor_probes_total counter\n",
            "# TYPE redis_doctor_latency_seconds histogram\n",
            "# TYPE redis_doctor_connections_down gauge\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("# UNIT") && !text.contains("# EOF"), "{text}");
    }

    #[test]
    fn every_sample_has_the_target_and_an_outage_its_server() {
        let text = written(Exposition::Text);
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let without = samples.filter(|line| !line.contains("target=\"")).map(|line| line.split(['{', ' ']).next());
        let expected =
            ["redis_doctor_run_info", "redis_doctor_own_pause_seconds_total", "redis_doctor_own_busy_seconds_total"];
        assert_eq!(without.flatten().collect::<Vec<_>>(), expected);
        assert!(text.contains("redis_doctor_outages_total{target=") && text.contains(",kind=\"drop\"} "), "{text}");
    }
}
