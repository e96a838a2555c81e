//! The state of several targets: their sums, and a row for each of the worst.

use std::cmp::Reverse;

use super::status::happened;
use crate::{
    clock::Stamp,
    record::{Records, Standing},
    render::units::{clean, duration},
};

/// Targets that have a row.
const ROWS: usize = 8;

/// Returns the lines, cut to this width.
pub(super) fn lines(now: Stamp, so_far: &Records, width: usize) -> Vec<String> {
    let mut standings = so_far.standings();
    standings.sort_by_key(|(_, standing)| Reverse(standing.badness()));
    let few = standings.len() <= ROWS;
    let down = standings.iter().filter(|(_, standing)| standing.is_down).count();
    let mut parts = vec![duration(now.elapsed().as_secs() as f64), format!("{} up", standings.len() - down)];
    parts.extend((down > 0).then(|| format!("{down} DOWN")));
    let sums = standings.iter().fold(Standing::default(), |sums, (_, standing)| sums.plus(standing));
    parts.extend(happened(&sums));
    let cut = |line: &str| console::truncate_str(line, width, "…").into_owned();
    let row = |(target, standing): &(&str, Standing)| {
        let mut parts = vec![if standing.is_down { "DOWN" } else { "up" }.to_owned()];
        parts.extend(happened(standing));
        cut(&format!("  {}  {}", clean(target), parts.join(" · ")))
    };
    let rows = standings.iter().filter(|(_, standing)| few || standing.badness() > Default::default());
    std::iter::once(cut(&parts.join(" · "))).chain(rows.take(ROWS).map(row)).collect()
}
