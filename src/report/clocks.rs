//! The clocks of merged runs: those whose times were shifted, and those that nothing compares.

use super::Run;
use crate::event::RunClock;

/// The clocks of some runs that were merged.
#[derive(Debug)]
pub(crate) struct Clocks<'a> {
    /// Clocks of the runs whose times were shifted, the largest offset first.
    pub(crate) shifted: Vec<&'a RunClock>,
    /// Number of runs whose clocks are compared.
    pub(crate) compared: usize,
    /// Largest error of the offset of a run whose times were not shifted, in seconds.
    pub(crate) agree_within: f64,
    /// Numbers of the runs (from 1) whose clocks are unknown although another run lasted at the same time.
    pub(crate) unknown: Vec<usize>,
}

impl<'a> Clocks<'a> {
    /// Returns the clocks of the runs of a report; `None` if there is nothing to report.
    pub(crate) fn of(runs: &'a [Run]) -> Option<Self> {
        let known = || runs.iter().filter_map(|run| run.clock.as_ref());
        let mut shifted: Vec<_> = known().filter(|clock| clock.shifted).collect();
        shifted.sort_by(|one, other| other.offset.abs().total_cmp(&one.offset.abs()));
        let agree = known().filter(|clock| !clock.shifted).map(|clock| clock.error + clock.offset.abs());
        let clocks = Self {
            compared: known().count(),
            agree_within: agree.fold(0.0, f64::max),
            unknown: unknown(runs),
            shifted,
        };
        (clocks.compared + clocks.unknown.len() > 0).then_some(clocks)
    }
}

/// Returns the numbers of the runs without a clock that lasted at the same time as another run.
fn unknown(runs: &[Run]) -> Vec<usize> {
    let mut spans: Vec<_> =
        runs.iter().zip(1..).map(|(run, number)| (start(run), start(run) + run.duration, number)).collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut overlaps = vec![false; runs.len()];
    let mut latest: Option<(f64, usize)> = None;
    for (start, end, number) in spans {
        if let Some((until, other)) = latest.filter(|(until, _)| start < *until) {
            (overlaps[number - 1], overlaps[other - 1]) = (true, true);
            latest = Some(if end > until { (end, number) } else { (until, other) });
        } else {
            latest = Some((end, number));
        }
    }
    let is_unknown = |(run, overlaps): &(&Run, bool)| run.clock.is_none() && *overlaps;
    runs.iter().zip(overlaps).zip(1..).filter(|(run, _)| is_unknown(run)).map(|(_, number)| number).collect()
}

fn start(run: &Run) -> f64 {
    run.time.unix_nanos() as f64 / 1e9
}
