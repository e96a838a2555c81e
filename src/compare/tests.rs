//! Comparisons of made-up runs whose difference is known.

use std::time::Duration;

use super::*;
use crate::{
    distribution::Distribution,
    event::{Counters, Interval},
    fault::Random,
    record::fixture,
};

/// Number of intervals of a run, one a second.
const SECONDS: usize = 60;

fn run(seed: u64, factor: f64) -> Side {
    spread(seed, factor, 0.15)
}

/// A run with ten replies a second, whose latencies differ by about the part `width` of their median. The median wanders:
/// what is slow in one second is slow in the next.
fn spread(seed: u64, factor: f64, width: f64) -> Side {
    let mut random = Random::from_seed(seed);
    let mut recording = Recording::default();
    recording.on_event(&fixture::started(fixture::plan()));
    let mut normal = || -> f64 { (0..12).map(|_| random.unit()).sum::<f64>() - 6.0 };
    let mut wander = 0.0;
    for second in 0..SECONDS {
        wander = 0.5 * wander + 0.27 * width * normal();
        let mut latency = Distribution::default();
        for _ in 0..10 {
            let tail = if normal() > 2.2 { 1.0 } else { 0.0 };
            let seconds = 200e-6 * factor * (wander + width * normal() + tail).exp();
            latency.record(Duration::from_secs_f64(seconds));
        }
        let counters = Counters { launched: 10, ok: 10, ..Counters::default() };
        let interval =
            Interval { span: Duration::from_secs(1), counters, latency: Some(latency), ..Interval::default() };
        recording.on_event(&fixture::at(second as f64 + 1.0, EventKind::Interval(Box::new(interval))));
    }
    Side::recorded("made up".into(), recording).unwrap()
}

fn judgment(comparison: &Comparison, figure: &str) -> Judgment {
    comparison.figures.iter().find(|row| row.figure == figure).unwrap().judgment
}

#[test]
fn equal_runs_are_noise_and_a_shift_of_a_fifth_is_found() {
    const PAIRS: u64 = 20;
    let (mut alarms, mut found) = (0, 0);
    for seed in 0..PAIRS {
        let before = run(2 * seed, 1.0);
        let equal = compare(&before, &run(2 * seed + 1, 1.0), &[]);
        alarms += u64::from(equal.figures.iter().any(|row| matches!(row.judgment, Judgment::Better | Judgment::Worse)));
        let slower = compare(&before, &run(2 * seed + 1, 1.2), &[]);
        found += u64::from(judgment(&slower, "p50") == Judgment::Worse);
    }
    assert!(alarms * 20 <= PAIRS, "{alarms} false alarms in {PAIRS} pairs");
    assert!(found * 20 >= PAIRS * 19, "{found} shifts found in {PAIRS} pairs");
}

#[test]
fn a_shift_between_runs_without_an_overlap_is_found() {
    for seed in 0..5 {
        let slower = compare(&spread(2 * seed, 1.0, 0.01), &spread(2 * seed + 1, 1.2, 0.01), &[]);
        assert_eq!(judgment(&slower, "p50"), Judgment::Worse, "{seed}");
    }
}

#[test]
fn a_report_alone_has_no_known_noise() {
    let recorded = run(1, 1.0);
    let report = serde_json::to_string_pretty(&{
        let mut recording = Recording::default();
        recording.on_event(&fixture::started(fixture::plan()));
        Report::new(&recording.recorder.figures())
    });
    let saved = Side::saved("saved.json".into(), &report.unwrap()).unwrap();
    let comparison = compare(&saved, &recorded, &[]);
    assert!(comparison.before.without_intervals && !comparison.after.without_intervals);
    assert!(comparison.figures.iter().all(|row| row.probability.is_none()));
    assert!(matches!(Side::saved("x".into(), "{\n}"), Err(Unreadable::Json(_))));
}
