//! The metric families of a run that continues.

use std::{iter::once, time::Duration};

use super::{
    formats,
    units::clean,
    views::{Family, Labels},
};
use crate::{
    clock::Stamp,
    record::{BUCKETS, Histogram, Reading, Server, TargetMetrics},
};

/// The text format of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The older format of Prometheus.
    Prometheus,
}

/// Writes the metrics of a run as of `now`.
pub(crate) fn metrics(reading: &Reading, now: Stamp, exposition: Exposition) -> Vec<u8> {
    let mut out = Vec::new();
    let families = families(reading, now);
    // Writing into memory cannot fail.
    let _ = match exposition {
        Exposition::OpenMetrics => formats::openmetrics(&families, &mut out),
        Exposition::Prometheus => formats::prometheus(&families, &mut out),
    };
    out
}

pub(super) fn families(reading: &Reading, now: Stamp) -> Vec<Family> {
    let all = All(reading);
    let mut families = vec![about(reading)];
    families.extend(connections(&all, now));
    families.extend(probes(&all));
    families.extend(latencies(&all));
    families.extend(outages(&all));
    families.extend(failures(&all));
    families.extend(messages(&all));
    let process = &reading.process;
    let [paused, busy] = [process.paused, process.busy].map(|time| time.as_secs_f64());
    families.push(Family::counter("own_pause_seconds", "Time in which redis-doctor itself was paused.", paused));
    let help = "Time in which redis-doctor itself was busy and read nothing.";
    families.push(Family::counter("own_busy_seconds", help, busy));
    families
}

fn about(reading: &Reading) -> Family {
    let [version, run_id, command, policy] = reading.process.run.clone();
    let labels = vec![("version", version), ("run_id", run_id), ("command", command), ("policy", policy)];
    let mut run = Family::new("run", "info", "Run and policy.");
    run.push("_info", labels, 1.0);
    run
}

/// All targets, of each of which a family has samples.
struct All<'a>(&'a Reading);

/// The samples of a target: labels besides `target`, and a value.
type Samples = Vec<(Labels, f64)>;

impl All<'_> {
    /// Returns a counter with the samples of each target.
    fn counter(&self, name: &'static str, help: &'static str, samples: impl Fn(&TargetMetrics) -> Samples) -> Family {
        self.family(Family::new(name, "counter", help), "_total", samples)
    }

    /// Returns a gauge with the samples of each target.
    fn gauge(&self, name: &'static str, help: &'static str, samples: impl Fn(&TargetMetrics) -> Samples) -> Family {
        self.family(Family::new(name, "gauge", help), "", samples)
    }

    fn family(&self, mut family: Family, suffix: &'static str, samples: impl Fn(&TargetMetrics) -> Samples) -> Family {
        for target in &self.0.targets {
            for (labels, value) in samples(target) {
                family.push(suffix, labeled(target, labels), value);
            }
        }
        family
    }

    /// Returns a histogram of each target that has durations.
    fn histogram(
        &self,
        name: &'static str,
        help: &'static str,
        of: impl Fn(&TargetMetrics) -> &Histogram,
    ) -> Option<Family> {
        let mut family = Family::new(name, "histogram", help);
        for target in self.0.targets.iter().filter(|target| of(target).count > 0) {
            let histogram = of(target);
            for (limit, count) in BUCKETS.iter().zip(histogram.cumulative()) {
                let le = format!("{:?}", Duration::from_micros(*limit).as_secs_f64());
                family.push("_bucket", labeled(target, vec![("le", le)]), count as f64);
            }
            let count = histogram.count as f64;
            family.push("_bucket", labeled(target, vec![("le", "+Inf".to_owned())]), count);
            family.push("_count", labeled(target, Labels::new()), count);
            family.push("_sum", labeled(target, Labels::new()), histogram.sum.as_secs_f64());
        }
        (!family.samples.is_empty()).then_some(family)
    }
}

fn labeled(target: &TargetMetrics, labels: Labels) -> Labels {
    once(("target", clean(&target.target))).chain(labels).collect()
}

/// One sample without further labels.
fn alone(value: impl Into<f64>) -> Samples {
    vec![(Labels::new(), value.into())]
}

/// One sample for each value of a label.
fn each(label: &'static str, values: &[(&str, u64)]) -> Samples {
    values.iter().map(|(value, count)| (vec![(label, (*value).to_owned())], *count as f64)).collect()
}

fn of_server(server: &Server) -> Labels {
    vec![("node", clean(&server.node)), ("role", clean(&server.role))]
}

fn connections(all: &All<'_>, now: Stamp) -> [Family; 4] {
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

fn probes(all: &All<'_>) -> [Family; 4] {
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

fn latencies(all: &All<'_>) -> impl Iterator<Item = Family> {
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

fn outages(all: &All<'_>) -> [Family; 5] {
    let by_kind = |target: &TargetMetrics, value: fn(&(u64, Duration)) -> f64| {
        let sample = |((server, kind), of): (&(Server, &'static str), &(u64, Duration))| {
            (of_server(server).into_iter().chain(once(("kind", (*kind).to_owned()))).collect(), value(of))
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
                let labels = [("cause", cause.clone()), ("confidence", confidence.clone())];
                (of_server(server).into_iter().chain(labels).collect(), *count as f64)
            });
            causes.collect()
        }),
        all.counter("slow_stretches", "Stretches of slow replies that are over.", |target| alone(target.slow.0 as f64)),
        all.counter("slow_seconds", "Total time spent waiting for slow replies.", |target| {
            alone(target.slow.1.as_secs_f64())
        }),
    ]
}

fn failures(all: &All<'_>) -> [Family; 4] {
    let by_class = |target: &TargetMetrics, value: fn(&(u64, Duration)) -> f64| {
        target.refusals.iter().map(|(class, of)| (vec![("class", class.to_string())], value(of))).collect()
    };
    [
        all.counter("errors", "Errors by kind.", |target| {
            let errors = target.errors.iter().map(|((server, key), count)| {
                let labels = [
                    ("class", key.class.to_string()),
                    ("stage", key.stage.to_string()),
                    ("origin", key.origin.to_string()),
                    ("errno", key.errno.map(|errno| errno.to_string()).unwrap_or_default()),
                    ("code", key.code().to_owned()),
                ];
                (of_server(server).into_iter().chain(labels).collect(), *count as f64)
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
            target.states.iter().map(|(state, count)| (vec![("state", state.to_string())], *count as f64)).collect()
        }),
    ]
}

/// The messages of a run with a subscription, and the connections of an application.
fn messages(all: &All<'_>) -> impl Iterator<Item = Family> {
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
            Meter, Recorder,
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
        let text = written(Exposition::Prometheus);
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
        let text = written(Exposition::Prometheus);
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
        let text = written(Exposition::Prometheus);
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let without = samples.filter(|line| !line.contains("target=\"")).map(|line| line.split(['{', ' ']).next());
        let expected =
            ["redis_doctor_run_info", "redis_doctor_own_pause_seconds_total", "redis_doctor_own_busy_seconds_total"];
        assert_eq!(without.flatten().collect::<Vec<_>>(), expected);
        assert!(text.contains("redis_doctor_outages_total{target=") && text.contains(",kind=\"drop\"} "), "{text}");
    }
}
