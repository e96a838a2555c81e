//! The finding about slow stretches.

use std::time::Duration;

use super::{
    causes::{named, tally},
    finding::List,
};
use crate::{diagnose::Diagnosis, record::Figures, units::span, verdict::Severity};

/// The code of a slow path or server.
const SLOW: &str = "RD064";

/// Less time than this in slow replies is a remark, unless the run is short.
const NOTABLE: Duration = Duration::from_secs(1);

/// Share of the run in slow replies that is notable in a short run.
const SHARE: u32 = 100;

impl List {
    /// Adds the number of slow stretches and their causes.
    pub(super) fn about_slowness(&mut self, figures: &Figures, diagnoses: &[Diagnosis]) {
        let totals = figures.slow.totals;
        if totals.count == 0 {
            return;
        }
        let causes: Vec<_> =
            tally(diagnoses.iter()).iter().map(|(diagnosis, count)| named(diagnosis, *count, totals.count)).collect();
        let stretches =
            if totals.count == 1 { "1 slow stretch".into() } else { format!("{} slow stretches", totals.count) };
        let usual = figures.slow.stretches.kept.iter().filter_map(|stretch| stretch.slowness?.baseline).min();
        let usual = usual.map(|usual| format!(" (usually about {})", span(usual))).unwrap_or_default();
        let text = format!(
            "{stretches}: replies took up to {}{usual}, {} of waiting in total: {}",
            span(totals.latency),
            span(totals.waiting),
            causes.join(", ")
        );
        let notable = totals.waiting >= NOTABLE || totals.waiting * SHARE >= figures.elapsed;
        self.push_coded(if notable { Severity::Warning } else { Severity::Info }, Some(SLOW), text);
    }
}
