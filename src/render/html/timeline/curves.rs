//! The curves of the timeline: latency, answers and lost messages, in steps as long as an interval.

use std::fmt::Write as _;

use super::Lane;
use crate::{
    render::{
        html::{
            family::Family,
            incidents::anchor,
            markup::{percent, text},
        },
        units::{duration, three_digits},
    },
    report::{Axis, GateLevel, IntervalRow, Report},
};

/// Units of the drawing.
const WIDTH: f64 = 100_000.0;
const HEIGHT: f64 = 1_000.0;

/// Consecutive steps: from, to, and value.
type Part<T> = Vec<(u64, u64, T)>;

/// A logarithmic scale of whole decades.
pub(in crate::render::html) struct Decades {
    bottom: f64,
    top: f64,
}

impl Decades {
    /// Returns the decades that contain all values; `None` without one.
    pub(in crate::render::html) fn of(low: Option<f64>, high: Option<f64>) -> Option<Self> {
        let (low, high) = (low.filter(|low| *low > 0.0)?, high?);
        let bottom = low.log10().floor();
        Some(Self { bottom, top: high.log10().ceil().max(bottom + 1.0) })
    }

    /// Returns the height of a value, from 0 at the bottom to 1 at the top.
    pub(in crate::render::html) fn share(&self, value: f64) -> f64 {
        ((value.max(1e-12).log10() - self.bottom) / (self.top - self.bottom)).clamp(0.0, 1.0)
    }

    /// Returns the labels of the decades, each at its height.
    pub(in crate::render::html) fn labels(&self) -> String {
        let mut html = String::new();
        for decade in self.bottom as i32..=self.top as i32 {
            let value = 10f64.powi(decade);
            let label = text(&duration(value));
            let _ = write!(html, "<span style=\"bottom:{}\">{label}</span>", percent(self.share(value)));
        }
        html
    }

    /// Returns a line for each decade.
    pub(in crate::render::html) fn lines(&self) -> String {
        let mut html = String::new();
        for decade in self.bottom as i32..=self.top as i32 {
            let _ =
                write!(html, "<i class=\"decade\" style=\"bottom:{}\"></i>", percent(self.share(10f64.powi(decade))));
        }
        html
    }
}

/// Returns the smallest and the largest of some values.
pub(in crate::render::html) fn range(values: impl Iterator<Item = f64> + Clone) -> (Option<f64>, Option<f64>) {
    (values.clone().reduce(f64::min), values.reduce(f64::max))
}

/// Returns the places where an interval begins and ends, in units of the drawing.
fn ends(row: &IntervalRow, axis: &Axis) -> (u64, u64) {
    let from = axis.place(row.run, row.time);
    let to = (from + axis.share(row.span)).min(1.0);
    ((from * WIDTH).round() as u64, (to * WIDTH).round() as u64)
}

/// Draws the consecutive intervals that have values, each as a step; a gap of more than a few units ends a part.
fn parts<T: Copy>(rows: &[IntervalRow], axis: &Axis, value: impl Fn(&IntervalRow) -> Option<T>) -> Vec<Part<T>> {
    let mut parts: Vec<Part<T>> = Vec::new();
    for row in rows {
        let Some(value) = value(row) else { continue };
        let (from, to) = ends(row, axis);
        match parts.last_mut() {
            Some(part) if part.last().is_some_and(|(_, end, _)| from.abs_diff(*end) <= 1 + (to - from.min(to)) / 4) => {
                part.push((from, to.max(from), value));
            }
            _ => parts.push(vec![(from, to.max(from), value)]),
        }
    }
    parts
}

/// Returns a line of steps; equal neighbors are one step.
fn line(parts: &[Part<f64>], height: impl Fn(f64) -> u64) -> String {
    let mut path = String::new();
    for part in parts {
        let mut last = None;
        for (index, (from, to, value)) in part.iter().enumerate() {
            let y = height(*value);
            if index == 0 {
                let _ = write!(path, "M{from} {y}");
            } else if last != Some(y) {
                let _ = write!(path, "H{from}V{y}");
            }
            if index + 1 == part.len() {
                let _ = write!(path, "H{to}");
            }
            last = Some(y);
        }
    }
    path
}

/// Returns the area between two lines of steps.
fn band(parts: &[Part<(f64, f64)>], height: impl Fn(f64) -> u64) -> String {
    let mut path = String::new();
    for part in parts {
        for (index, (from, to, (_, high))) in part.iter().enumerate() {
            let y = height(*high);
            let _ = if index == 0 { write!(path, "M{from} {y}H{to}") } else { write!(path, "V{y}H{to}") };
        }
        for (from, _, (low, _)) in part.iter().rev() {
            let _ = write!(path, "V{}H{from}", height(*low));
        }
        path.push('z');
    }
    path
}

fn svg(content: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">{content}</svg>"
    )
}

/// Returns the lane of the latency, with the outages behind it.
pub(super) fn latency(report: &Report, axis: &Axis) -> Option<Lane> {
    let rows = &report.intervals;
    let values = rows.iter().flat_map(|row| [row.p50, row.max]).flatten();
    let (low, high) = range(values.filter(|value| *value > 0.0));
    let scale = Decades::of(low, high)?;
    let height = |value: f64| (HEIGHT - scale.share(value) * HEIGHT).round() as u64;
    let mut content = scale.lines();
    for row in &report.incidents.rows {
        let family = Family::of(row.cause.as_ref().map(|cause| cause.cause));
        let from = axis.place(row.incident.run, row.incident.time);
        let _ = write!(
            content,
            "<a class=\"shade {}\" href=\"#{}\" tabindex=\"-1\" aria-hidden=\"true\" style=\"left:{};width:{}\"></a>",
            family.class(),
            anchor(report, row),
            percent(from),
            percent(axis.share(row.duration).min(1.0 - from)),
        );
    }
    let band = band(&parts(rows, axis, |row| Some((row.p50?, row.p999?))), height);
    let max = line(&parts(rows, axis, |row| row.max), height);
    let p50 = line(&parts(rows, axis, |row| row.p50), height);
    content.push_str(&svg(&format!(
        "<path class=\"band\" d=\"{band}\"/><path class=\"max\" d=\"{max}\"/><path class=\"p50\" d=\"{p50}\"/>"
    )));
    content.push_str(&gates(report, &scale));
    Some(Lane::new(format!("<b>latency</b>{}", scale.labels()), "l-lat", content))
}

/// Returns a line for each gate on a latency.
fn gates(report: &Report, scale: &Decades) -> String {
    use crate::plan::Metric;
    let mut html = String::new();
    for gate in &report.gates {
        if !matches!(gate.gate.metric, Metric::P50 | Metric::P90 | Metric::P99 | Metric::P999 | Metric::Max) {
            continue;
        }
        let share = scale.share(gate.gate.limit);
        if share <= 0.0 || share >= 1.0 {
            continue;
        }
        let level = match gate.level {
            GateLevel::Fail => "fail on",
            GateLevel::Warn => "warn on",
        };
        let label = text(&format!("{level} {}", gate.gate));
        let _ = write!(html, "<i class=\"gate\" style=\"bottom:{}\"><span>{label}</span></i>", percent(share));
    }
    html
}

/// Returns the lane of the answered and failed probes.
pub(super) fn answers(report: &Report, axis: &Axis) -> Option<Lane> {
    report.probes.as_ref()?;
    let rate = |row: &IntervalRow, count: u64| if row.span > 0.0 { count as f64 / row.span } else { 0.0 };
    let most = report.intervals.iter().map(|row| rate(row, row.ok + row.failed + row.timed_out)).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let height = |value: f64| (HEIGHT - value / most * HEIGHT).round() as u64;
    let answered = band(&parts(&report.intervals, axis, |row| Some((0.0, rate(row, row.ok)))), height);
    let bad = |row: &IntervalRow| (row.failed + row.timed_out > 0).then(|| rate(row, row.failed + row.timed_out));
    // One of thousands is to be seen, too.
    let failed = band(&parts(&report.intervals, axis, |row| bad(row).map(|rate| (0.0, rate.max(most * 0.15)))), height);
    let content = svg(&format!("<path class=\"answered\" d=\"{answered}\"/><path class=\"failed\" d=\"{failed}\"/>"));
    let label = format!("answers<small>to {}/s</small>", text(&three_digits(most)));
    Some(Lane::new(label, "l-ok", content))
}

/// Returns the lane of the lost messages; none if none was lost.
pub(super) fn lost(report: &Report, axis: &Axis) -> Option<Lane> {
    let most = report.intervals.iter().map(|row| row.lost).max().filter(|most| *most > 0)?;
    let mut content = String::new();
    for row in report.intervals.iter().filter(|row| row.lost > 0) {
        // On a logarithmic scale, one message is a fifth of the height.
        let share = if most > 1 { 0.2 + 0.8 * (row.lost as f64).ln() / (most as f64).ln() } else { 1.0 };
        let (from, width) = (axis.place(row.run, row.time), axis.share(row.span));
        let _ = write!(
            content,
            "<i class=\"lost\" title=\"{} lost\" style=\"left:{};width:{};height:{}\"></i>",
            row.lost,
            percent(from),
            percent(width.min(1.0 - from)),
            percent(share),
        );
    }
    Some(Lane::new(format!("lost<small>to {most}</small>"), "l-lost", content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_whole_decades() {
        let scale = Decades::of(Some(0.000_25), Some(0.5)).unwrap();
        assert_eq!((scale.bottom, scale.top), (-4.0, 0.0));
        assert_eq!((scale.share(0.000_1), scale.share(0.01), scale.share(7.0)), (0.0, 0.5, 1.0));
        let one = Decades::of(Some(0.001), Some(0.001)).unwrap();
        assert_eq!((one.bottom, one.top), (-3.0, -2.0));
        assert!(Decades::of(Some(0.0), Some(1.0)).is_none() && Decades::of(None, None).is_none());
    }

    #[test]
    fn a_line_has_steps_and_a_gap_ends_it() {
        let parts = [vec![(0, 10, 1.0), (10, 20, 1.0), (20, 30, 2.0)], vec![(50, 60, 3.0)]];
        assert_eq!(line(&parts, |value| value as u64), "M0 1H20V2H30M50 3H60");
    }
}
