//! The ticks of the axis of time: whole seconds, minutes, hours or days of UTC.

use std::fmt::Write as _;

use crate::{
    clock::WallTime,
    render::html::markup::percent,
    report::{Axis, Report},
};

/// Distances of two ticks, in seconds. The script has the same list.
const STEPS: [u64; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/// Maximum number of ticks.
const TICKS: f64 = 12.0;

/// Share of the axis at either end in which a label would be cut.
const EDGE: f64 = 0.025;

const DAY: u64 = 86_400;

/// Returns each tick: its place, and its label.
fn moments(axis: &Axis) -> Vec<(f64, String)> {
    let fits = |step: &&u64| axis.length / **step as f64 <= TICKS;
    let step =
        STEPS.iter().find(fits).copied().unwrap_or_else(|| (axis.length / TICKS / DAY as f64).ceil() as u64 * DAY);
    let mut ticks = Vec::new();
    for (run, (start, _, length)) in (1..).zip(&axis.runs) {
        let (from, to) = (*start as f64 / 1e9, *start as f64 / 1e9 + length);
        let mut tick = (from / step as f64).ceil() as u64 * step;
        while (tick as f64) < to {
            let time = WallTime::from_unix_nanos(tick.saturating_mul(1_000_000_000));
            ticks.push((axis.place(run, time), label(time, step, tick)));
            tick += step;
        }
    }
    ticks
}

/// `14:02:11`, `14:02`, `11-22`
fn label(time: WallTime, step: u64, tick: u64) -> String {
    let text = time.to_the_second();
    let part = if tick.is_multiple_of(DAY) {
        text.get(5..10)
    } else if step < 60 {
        text.get(11..19)
    } else {
        text.get(11..16)
    };
    part.unwrap_or_default().to_owned()
}

pub(super) fn ticks(_: &Report, axis: &Axis) -> String {
    let mut html = String::new();
    for (place, label) in moments(axis).into_iter().filter(|(place, _)| (EDGE..1.0 - EDGE).contains(place)) {
        let _ = write!(html, "<span style=\"left:{}\">{label}</span>", percent(place));
    }
    html
}

/// Returns the lines behind the lanes: a faint one for each tick, and one where a run begins.
pub(super) fn grid(_: &Report, axis: &Axis) -> String {
    let mut html = String::from("<div class=\"grid\" aria-hidden=\"true\">");
    for (place, _) in moments(axis) {
        let _ = write!(html, "<i style=\"left:{}\"></i>", percent(place));
    }
    for (_, offset, _) in axis.runs.iter().skip(1) {
        let _ = write!(html, "<i class=\"run\" style=\"left:{}\"></i>", percent(axis.share(*offset)));
    }
    html.push_str("</div>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_whole_and_few() {
        let start = 1_795_356_131_204_512_000;
        for (length, first, number) in [(60.0, "14:02:15", 12), (185.0, "14:02:30", 12), (7_200.0, "14:10", 12)] {
            let axis = Axis { runs: vec![(start, 0.0, length)], length };
            let ticks = moments(&axis);
            assert_eq!(ticks[0].1, first, "{length}: {ticks:?}");
            assert!(ticks.len() <= number && ticks.len() >= 4, "{length}: {ticks:?}");
            assert!(ticks.iter().all(|(place, _)| (0.0..=1.0).contains(place)));
        }
        let fortnight = Axis { runs: vec![(start, 0.0, 14.0 * 86_400.0)], length: 14.0 * 86_400.0 };
        assert!(moments(&fortnight).iter().all(|(_, label)| label.len() == 5 && label.contains('-')));
    }
}
