//! The lines below the event lines: the state of the connections, the latency of the last minute, and the keys.

use std::{collections::VecDeque, time::Duration};

use crate::{
    classify::ErrorClass,
    clock::Stamp,
    event::{ClientState, Interval},
    plan::Plan,
    record::{Outage, OutageKind, Standing},
    render::{
        scale::{DOWN, Scale},
        units::{count, duration, span, three_digits},
    },
};

/// Seconds that the sparkline shows.
const MINUTE: usize = 60;

/// Seconds that the chart shows.
const CHART: usize = 100;

/// Heights of the chart.
const HEIGHTS: usize = 6;

/// Columns of the chart's labels.
const LABEL: usize = 8;

/// Smallest terminal with a chart (rows and columns), and narrowest one with a sparkline.
const LARGE: (usize, usize) = (36, CHART + LABEL + 8);
const NARROW: usize = 40;

/// Reconnect attempts of an outage that are numbered.
const ATTEMPTS: usize = 500;

/// The keys of the live view.
pub(super) const KEYS: &str = "[Enter] figures  [q] report and quit";

/// The latency of one second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    number: u64,
    p50: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
    down: bool,
}

/// The last seconds of a run.
#[derive(Debug, Default)]
pub(super) struct Window {
    seconds: VecDeque<Second>,
    /// Outages that had begun by the last interval.
    outages: u64,
    /// Figures of the last interval.
    pub(super) pace: Vec<String>,
    pub(super) quantiles: Vec<String>,
}

impl Window {
    /// Adds the interval that ended at `at`.
    pub(super) fn add(&mut self, at: Stamp, interval: &Interval, standing: &Standing) {
        let quantile = |quantile| interval.latency.as_ref().and_then(|latency| latency.quantile(quantile));
        let [p50, p99, max] = [quantile(0.5), quantile(0.99), quantile(1.0)];
        self.pace = interval.rate().map(|rate| format!("{}/s", three_digits(rate))).into_iter().collect();
        let named = |(name, value): (&str, Option<Duration>)| Some(format!("{name} {}", span(value?)));
        self.quantiles = [("p50", p50), ("p99", p99)].into_iter().filter_map(named).collect();
        let outages = standing.drops + standing.stalls;
        let down = standing.is_down || outages > self.outages;
        self.outages = outages;
        let last = at.elapsed().as_secs();
        // An interval is a little shorter than a second, but longer on a busy machine.
        let first = at.before(interval.span).elapsed().as_secs() + 1;
        let [p50, p99, max] = [p50, p99, max].map(|value| value.map(|value| value.as_secs_f64()));
        for number in first.min(last).max(last.saturating_sub(CHART as u64))..=last {
            match self.seconds.back_mut().filter(|second| second.number >= number) {
                Some(second) => {
                    let larger = |one: Option<f64>, other: Option<f64>| one.into_iter().chain(other).reduce(f64::max);
                    (second.p50, second.p99) = (larger(second.p50, p50), larger(second.p99, p99));
                    (second.max, second.down) = (larger(second.max, max), second.down || down);
                }
                None => self.seconds.push_back(Second { number, p50, p99, max, down }),
            }
        }
        while self.seconds.len() > CHART {
            self.seconds.pop_front();
        }
    }

    /// Returns the last seconds, one a column; those before the run are left out.
    fn columns(&self, width: usize) -> Vec<Option<Second>> {
        let Some(last) = self.seconds.back().map(|second| second.number) else { return Vec::new() };
        let first = (last + 1).saturating_sub(width as u64);
        let at = |number| self.seconds.iter().find(|second| second.number == number).copied();
        (first..=last).map(at).collect()
    }
}

/// The content of the lines.
pub(super) struct View<'a> {
    pub(super) now: Stamp,
    pub(super) plan: Option<&'a Plan>,
    pub(super) standing: Standing,
    /// The latest outage of the first connection.
    pub(super) outage: Option<&'a Outage>,
    /// Failures of the present outage, by class.
    pub(super) failures: &'a [(ErrorClass, u64)],
    pub(super) window: &'a Window,
    /// The events so far, counted.
    pub(super) happened: Vec<String>,
    pub(super) keys: bool,
    pub(super) color: bool,
    /// Rows and columns of the terminal.
    pub(super) size: (usize, usize),
}

impl View<'_> {
    /// Returns the lines. The first one begins with what matters most: a narrow terminal cuts off its end.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.state()];
        let (rows, columns) = self.size;
        if columns < NARROW {
            return lines;
        }
        if rows >= LARGE.0 && columns >= LARGE.1 {
            lines.extend(self.chart());
        } else {
            lines.extend(self.sparkline(columns));
        }
        if self.keys {
            lines.push(if self.color { format!("\x1b[2m{KEYS}\x1b[0m") } else { KEYS.into() });
        }
        lines
    }

    /// `UP 17 s · p50 231 µs · p99 1.3 ms · 17 s of 40 s · 20/s · 1 drop`
    fn state(&self) -> String {
        let Standing { is_down, down, connections, since, .. } = self.standing;
        let time = duration(self.now.since(since).as_secs() as f64);
        let (color, word) = match (connections, is_down) {
            (0, _) => ("33", format!("CONNECTING {time}")),
            (_, true) => ("31", format!("DOWN {time}")),
            (_, false) => ("32", format!("UP {time}")),
        };
        let mut parts = vec![if self.color { format!("\x1b[{color}m{word}\x1b[0m") } else { word }];
        if down > 0 && connections > 1 {
            parts.push(format!("{down} of {}", count(connections, "connection")));
        }
        if is_down {
            parts.extend(self.most_failures().map(|(class, number)| format!("{class} × {number}")));
            parts.extend(self.attempt());
        } else {
            parts.extend_from_slice(&self.window.quantiles);
        }
        let elapsed = duration(self.now.elapsed().as_secs() as f64);
        let length = self.plan.and_then(|plan| plan.stop.duration);
        parts.push(length.map_or(elapsed.clone(), |length| format!("{elapsed} of {}", duration(length.as_secs_f64()))));
        parts.extend_from_slice(&self.happened);
        parts.extend_from_slice(&self.window.pace);
        parts.join(" · ")
    }

    /// Returns the most frequent class of the failures of this outage.
    fn most_failures(&self) -> Option<&(ErrorClass, u64)> {
        self.failures.iter().max_by_key(|(_, number)| *number)
    }

    /// Returns the next attempt, if it follows from the policy: each attempt so far has failed immediately.
    fn attempt(&self) -> Option<String> {
        let (plan, outage) = (self.plan?, self.outage.filter(|outage| outage.restored.is_none())?);
        if outage.circumstances.states.contains(&ClientState::Exhausted) {
            return Some("retries exhausted".into());
        }
        let refused = self.most_failures().is_some_and(|(class, _)| *class == ErrorClass::Refused);
        let known = refused && outage.kind == OutageKind::Drop && outage.replaced.is_none();
        let lost = outage.circumstances.closed.filter(|_| known)?;
        let schedule = plan.policy.of_connection(outage.connection, plan.seed).schedule(ATTEMPTS);
        let next = schedule.partition_point(|at| *at <= self.now.since(lost));
        schedule.get(next).map(|at| format!("attempt {} at +{}", next + 1, span(*at)))
    }

    /// `▁▁▂▁▁╳╳╳▃▁▁▁▁▁▁  180 µs to 4.6 ms, last 60 s`
    fn sparkline(&self, columns: usize) -> Option<String> {
        const FIGURES: usize = 32;
        let shown = self.window.columns(MINUTE.min(columns.saturating_sub(FIGURES).max(8)));
        let scale = Scale::of(shown.iter().flatten().filter_map(|second| second.p50));
        let mark = |second: &Option<Second>| match second {
            Some(Second { down: true, .. }) => DOWN,
            Some(Second { p50: Some(p50), .. }) => scale.map_or(' ', |scale| scale.mark(*p50)),
            _ => ' ',
        };
        let line: String = shown.iter().map(mark).collect();
        let range = scale.map(|scale| match [scale.low, scale.high].map(duration) {
            [low, high] if low == high => format!("{low}, "),
            [low, high] => format!("{low} to {high}, "),
        });
        (!shown.is_empty()).then(|| format!("{line}  p50 {}last {} s", range.unwrap_or_default(), shown.len()))
    }

    /// The same with the 99th percentile and the maximum, on a scale of several lines.
    fn chart(&self) -> Vec<String> {
        let shown = self.window.columns(CHART);
        let values = shown.iter().flatten().flat_map(|second| [second.p50, second.p99, second.max]).flatten();
        let Some(scale) = Scale::of(values) else { return Vec::new() };
        let height = |value: Option<f64>| value.and_then(|value| scale.height(value, HEIGHTS));
        let mark = |row: usize, second: &Second| match [second.p50, second.p99, second.max].map(height) {
            [Some(p50), ..] if row == p50 => '━',
            [Some(p50), Some(p99), _] if row > p50 && row <= p99 => '░',
            [.., Some(max)] if row == max => '·',
            _ => ' ',
        };
        let drawn = |row: usize| {
            let line: String = shown.iter().map(|second| second.map_or(' ', |second| mark(row, &second))).collect();
            format!("{:>LABEL$} │{line}", duration(scale.edge(row, HEIGHTS)))
        };
        let mut lines: Vec<_> = (0..HEIGHTS).rev().map(drawn).collect();
        let up = |second: &Option<Second>| second.map_or(' ', |second| if second.down { DOWN } else { '─' });
        lines.push(format!("{:>LABEL$} └{}", "up", shown.iter().map(up).collect::<String>()));
        lines.push(format!("{:>LABEL$}  p50 ━  p99 ░  max ·  last {} s", "", shown.len()));
        lines
    }
}

/// Returns what has happened so far.
pub(super) fn happened(standing: &Standing) -> Vec<String> {
    let Standing { drops, stalls, failed, timed_out, lost, .. } = *standing;
    let happened = [
        (drops, count(drops, "drop")),
        (stalls, count(stalls, "stall")),
        (failed, format!("{failed} failed")),
        (timed_out, format!("{timed_out} timed out")),
        (lost, format!("{} lost", count(lost, "message"))),
    ];
    happened.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect()
}

/// Adds failures of a class.
pub(super) fn count_failures(failures: &mut Vec<(ErrorClass, u64)>, class: ErrorClass, number: u64) {
    match failures.iter_mut().find(|(other, _)| *other == class) {
        Some((_, sum)) => *sum = sum.saturating_add(number),
        None => failures.push((class, number)),
    }
}
