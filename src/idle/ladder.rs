//! The silences to try in one round: dense around common limits, and with an even ratio between them.

use std::time::Duration;

use super::{Cloud, suspects};

/// The silences of the first round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Steps {
    /// This many.
    Count(usize),
    /// Exactly these, ascending.
    List(Vec<Duration>),
}

/// Around a common limit: one connection that must survive it and two that must not, so that one round is enough if the
/// limit is a common one.
const AROUND: [f64; 3] = [0.99, 1.01, 1.03];

/// The two longest silences, as factors of the longest limit searched for.
const BEYOND: [f64; 2] = [1.01, 1.02];

/// Shortest silence of a long ladder; a short ladder begins at this fraction of its length.
const SHORTEST: Duration = Duration::from_secs(1);
const PART: u32 = 16;

/// Returns the silences of the first round, ascending: `count` of them, for limits up to `max`.
pub(super) fn silences(count: usize, max: Duration, cloud: Option<Cloud>) -> Vec<Duration> {
    let [beyond, longest] = BEYOND.map(|factor| max.mul_f64(factor));
    let shortest = SHORTEST.min(max / PART);
    let common = suspects::limits(cloud);
    let around = common.iter().filter(|limit| **limit <= max && **limit > shortest * 2);
    let mut rungs: Vec<_> = around.flat_map(|limit| AROUND.map(|factor| limit.mul_f64(factor))).collect();
    rungs.retain(|rung| *rung < beyond);
    rungs.push(beyond);
    if rungs.len() + 2 > count {
        rungs.clear();
    }
    rungs.extend([shortest, longest]);
    rungs.sort_unstable();
    rungs.dedup();
    while rungs.len() < count {
        let Some(widest) = widest_gap(&rungs) else { break };
        let between = rungs[widest].as_secs_f64() * rungs[widest + 1].as_secs_f64();
        rungs.insert(widest + 1, Duration::from_secs_f64(between.sqrt()));
    }
    if count == 1 {
        rungs = vec![longest];
    }
    rungs
}

/// Returns the pair of neighbors with the largest ratio; `None` if no silence fits between any two.
fn widest_gap(rungs: &[Duration]) -> Option<usize> {
    let ratio = |pair: &[Duration]| pair[1].as_secs_f64() / pair[0].as_secs_f64().max(f64::MIN_POSITIVE);
    let ratios = rungs.windows(2).map(ratio).enumerate();
    let (widest, ratio) = ratios.max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    (ratio > 1.000_01).then_some(widest)
}

/// Returns silences that divide a gap evenly, at most `width` apart; as many as that takes, up to `most`.
pub(super) fn between(low: Duration, high: Duration, width: Duration, most: usize) -> Vec<Duration> {
    let gap = high.saturating_sub(low);
    let wanted = (gap.as_secs_f64() / width.as_secs_f64().max(1e-3)).ceil() as usize;
    let parts = wanted.saturating_sub(1).clamp(1, most.max(1)) as u32 + 1;
    (1..parts).map(|part| low + gap * part / parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(rungs: &[Duration]) -> Vec<f64> {
        rungs.iter().map(|rung| (rung.as_secs_f64() * 10.0).round() / 10.0).collect()
    }

    #[test]
    fn a_ladder_has_the_requested_number_of_rungs_in_ascending_order() {
        for (count, max) in [(1, 60), (2, 60), (7, 5), (48, 1200), (1000, 1200), (1000, 4000)] {
            let rungs = silences(count, Duration::from_secs(max), None);
            assert_eq!(rungs.len(), count);
            assert!(rungs.windows(2).all(|pair| pair[0] < pair[1]), "{rungs:?}");
            assert_eq!(*rungs.last().unwrap(), Duration::from_secs(max).mul_f64(1.02));
        }
    }

    #[test]
    fn common_limits_are_enclosed_within_two_percent() {
        let rungs = silences(48, Duration::from_secs(1200), None);
        for limit in [60, 240, 350, 600, 900, 1200] {
            let limit = Duration::from_secs(limit);
            let above = rungs.iter().position(|rung| *rung > limit).unwrap();
            let (below, above) = (rungs[above - 1], rungs[above]);
            assert!((above - below).as_secs_f64() <= limit.as_secs_f64() * 0.0201, "{below:?} {above:?}");
        }
    }

    #[test]
    fn a_profile_is_dense_only_around_its_own_limits() {
        let rungs = silences(6, Duration::from_secs(400), Some(Cloud::Aws));
        assert_eq!(seconds(&rungs), [1.0, 346.5, 353.5, 360.5, 404.0, 408.0]);
    }

    #[test]
    fn a_short_ladder_is_even_in_ratio() {
        let rungs = silences(5, Duration::from_secs(4), None);
        assert_eq!(seconds(&rungs), [0.3, 1.0, 2.0, 4.0, 4.1]);
    }

    #[test]
    fn a_gap_is_divided_as_finely_as_needed_or_as_possible() {
        let ms = Duration::from_millis;
        assert_eq!(between(ms(1000), ms(1400), ms(100), 10), [ms(1100), ms(1200), ms(1300)]);
        assert_eq!(between(ms(1000), ms(2000), ms(1), 3), [ms(1250), ms(1500), ms(1750)]);
        assert_eq!(between(ms(0), ms(1000), ms(900), 9), [ms(500)]);
    }
}
