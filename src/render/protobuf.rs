//! The protobuf messages of Prometheus' exposition format (`io.prometheus.client`), each after its length.
//!
//! They alone carry native histograms. A histogram has both kinds of buckets here: the few fixed ones of the text formats, and
//! the fine ones. Prometheus stores the fine ones if its `scrape_native_histograms` is on, and else the fixed ones.

use std::time::Duration;

use prost::{Enumeration, Message};

use super::{
    formats::PREFIX,
    views::{Family, Sample, Value},
};
use crate::record::{BUCKETS, Histogram, SCHEMA};

/// Durations up to this one are in the bucket of zero, as in Prometheus' own clients: 2^-128.
const ZERO: f64 = 2.938_735_877_055_719e-39;

/// Appends the families that have samples.
pub(super) fn families(families: &[Family<'_>], out: &mut Vec<u8>) {
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        // It fails only without room, and a vector grows.
        let _ = MetricFamily::of(family).encode_length_delimited(out);
    }
}

#[derive(Clone, PartialEq, Message)]
struct MetricFamily {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    help: Option<String>,
    #[prost(enumeration = "MetricType", optional, tag = "3")]
    kind: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    metric: Vec<Metric>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enumeration)]
enum MetricType {
    Counter = 0,
    Gauge = 1,
    Histogram = 4,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    label: Vec<LabelPair>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Single>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Single>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<NativeHistogram>,
}

#[derive(Clone, PartialEq, Message)]
struct LabelPair {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    value: Option<String>,
}

/// A counter, or a gauge: both have their value in the same place.
#[derive(Clone, Copy, PartialEq, Message)]
struct Single {
    #[prost(double, optional, tag = "1")]
    value: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct NativeHistogram {
    #[prost(uint64, optional, tag = "1")]
    sample_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    sample_sum: Option<f64>,
    #[prost(message, repeated, tag = "3")]
    bucket: Vec<Bucket>,
    #[prost(sint32, optional, tag = "5")]
    schema: Option<i32>,
    #[prost(double, optional, tag = "6")]
    zero_threshold: Option<f64>,
    #[prost(uint64, optional, tag = "7")]
    zero_count: Option<u64>,
    #[prost(message, repeated, tag = "12")]
    positive_span: Vec<BucketSpan>,
    /// The count of each bucket, less that of the bucket before.
    // The messages are of proto2, which does not pack numbers.
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    positive_delta: Vec<i64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, optional, tag = "1")]
    cumulative_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    upper_bound: Option<f64>,
}

/// Buckets in a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Message)]
struct BucketSpan {
    /// Index of the first bucket of the first span; of the others, the number of empty buckets before.
    #[prost(sint32, optional, tag = "1")]
    offset: Option<i32>,
    #[prost(uint32, optional, tag = "2")]
    length: Option<u32>,
}

impl MetricFamily {
    /// The families have the names of the older text format.
    fn of(Family { name, kind, help, samples }: &Family<'_>) -> Self {
        let (suffix, kind) = match *kind {
            "counter" => ("_total", MetricType::Counter),
            "histogram" => ("", MetricType::Histogram),
            "info" => ("_info", MetricType::Gauge),
            _ => ("", MetricType::Gauge),
        };
        Self {
            name: Some([PREFIX, name, suffix].concat()),
            help: Some((*help).to_owned()),
            kind: Some(kind.into()),
            metric: samples.iter().map(|sample| Metric::of(sample, kind)).collect(),
        }
    }
}

impl Metric {
    fn of(sample: &Sample<'_>, kind: MetricType) -> Self {
        let labels = sample.labels.iter();
        let labels =
            labels.map(|(name, value)| LabelPair { name: Some((*name).into()), value: Some(value[..].into()) });
        let mut metric = Self { label: labels.collect(), ..Self::default() };
        match sample.value {
            Value::Histogram(histogram) => metric.histogram = Some(NativeHistogram::of(histogram)),
            Value::Number(value) if kind == MetricType::Counter => metric.counter = Some(Single { value: Some(value) }),
            Value::Number(value) => metric.gauge = Some(Single { value: Some(value) }),
        }
        metric
    }
}

impl NativeHistogram {
    fn of(histogram: &Histogram) -> Self {
        let limits = BUCKETS.iter().map(|limit| Duration::from_micros(*limit).as_secs_f64());
        let buckets = limits.zip(histogram.cumulative());
        let (positive_span, positive_delta) = spans(histogram.fine());
        Self {
            sample_count: Some(histogram.count),
            sample_sum: Some(histogram.sum.as_secs_f64()),
            bucket: buckets
                .map(|(limit, count)| Bucket { cumulative_count: Some(count), upper_bound: Some(limit) })
                .collect(),
            schema: Some(SCHEMA),
            zero_threshold: Some(ZERO),
            zero_count: Some(histogram.zeros),
            positive_span,
            positive_delta,
        }
    }
}

/// Divides buckets, which are in order and not empty, into those that follow each other.
fn spans(buckets: impl Iterator<Item = (i32, u64)>) -> (Vec<BucketSpan>, Vec<i64>) {
    let (mut spans, mut deltas) = (Vec::<BucketSpan>::new(), Vec::new());
    let (mut next, mut before) = (0, 0);
    for (index, count) in buckets {
        match spans.last_mut() {
            Some(BucketSpan { length: Some(length), .. }) if index == next => *length += 1,
            _ => spans.push(BucketSpan { offset: Some(index - next), length: Some(1) }),
        }
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        deltas.push(count - before);
        (next, before) = (index + 1, count);
    }
    (spans, deltas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Stamp,
        event::EventSink,
        output::Exposition,
        record::{Meter, fixture::rich},
        render::metrics,
    };

    fn exposed(exposition: Exposition) -> Vec<u8> {
        let mut meter = Meter::default();
        rich().iter().for_each(|event| meter.on_event(event));
        metrics(&meter.read(), Stamp::START, exposition)
    }

    fn decoded() -> Vec<MetricFamily> {
        let bytes = exposed(Exposition::Protobuf);
        let mut rest = bytes.as_slice();
        let mut families = Vec::new();
        while !rest.is_empty() {
            families.push(MetricFamily::decode_length_delimited(&mut rest).unwrap());
        }
        families
    }

    #[test]
    fn each_family_and_sample_of_the_text_is_a_message() {
        let text = String::from_utf8(exposed(Exposition::Text)).unwrap();
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let messages = decoded();
        let named = messages.iter().map(|family| {
            let kind = match family.kind() {
                MetricType::Counter => "counter",
                MetricType::Gauge => "gauge",
                MetricType::Histogram => "histogram",
            };
            format!("{} {kind}", family.name())
        });
        assert!(types.eq(named), "{messages:#?}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        // A histogram is one message, and these lines: one for each bucket, for infinity, the count and the sum.
        let lines = lines.filter(|line| !line.contains("_bucket{") && !line.contains("_seconds_count{")).count();
        assert_eq!(messages.iter().map(|family| family.metric.len()).sum::<usize>(), lines);
        for line in ["redis_doctor_probes_total{", "redis_doctor_connections{"] {
            let family = messages.iter().find(|family| line.starts_with(&format!("{}{{", family.name()))).unwrap();
            let line = text.lines().find(|text| text.starts_with(line)).unwrap();
            let Metric { counter, gauge, .. } = &family.metric[0];
            assert_eq!(line.rsplit_once(' ').unwrap().1, counter.or(*gauge).unwrap().value().to_string());
            let labels = family.metric[0].label.iter().map(|label| format!("{}=\"{}\"", label.name(), label.value()));
            assert!(line.contains(&format!("{{{}}}", labels.collect::<Vec<_>>().join(","))), "{line}");
        }
    }

    #[test]
    fn a_histogram_has_fixed_buckets_and_fine_ones_with_the_same_count() {
        let messages = decoded();
        let latency = messages.iter().find(|family| family.name() == "redis_doctor_latency_seconds").unwrap();
        let histogram = latency.metric[0].histogram.as_ref().unwrap();
        assert_eq!((histogram.schema(), histogram.bucket.len()), (3, BUCKETS.len()));
        let mut counts = Vec::new();
        for delta in &histogram.positive_delta {
            counts.push(counts.last().copied().unwrap_or(0) + delta);
        }
        let length: u32 = histogram.positive_span.iter().map(BucketSpan::length).sum();
        assert_eq!(length as usize, counts.len());
        let sum = counts.iter().sum::<i64>() + i64::try_from(histogram.zero_count()).unwrap();
        assert_eq!(sum, i64::try_from(histogram.sample_count()).unwrap());
        assert!(sum > 0 && counts.iter().all(|count| *count > 0), "{histogram:#?}");
    }

    #[test]
    fn spans_are_the_gaps_between_buckets() {
        let (spans, deltas) = spans([(-20, 4), (-19, 1), (-10, 7), (0, 7)].into_iter());
        let spans: Vec<_> = spans.iter().map(|span| (span.offset(), span.length())).collect();
        assert_eq!((spans, deltas), (vec![(-20, 2), (8, 1), (9, 1)], vec![4, -3, 6, 0]));
    }
}
