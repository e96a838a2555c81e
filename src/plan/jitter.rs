//! Offsets of paced commands from the start of their slots, so that a run meets every phase of other timers.
//!
//! A timer with the same period, in the server, in another client or in this process, would otherwise meet all probes of a
//! run, or none. Two equal runs would then differ by a constant that neither of them shows, and `compare` would take it for
//! a change. So each start is offset at random within a small part of its slot, and that part moves slowly through the
//! slot and back. The interval between two probes stays within a tenth of what the plan has.

use std::{ops::Range, time::Duration};

use super::Pace;
use crate::fault::Random;

/// Part of the largest offset between neighbors that the slow movement may take; the rest is random.
const MOVEMENT: f64 = 0.1;

/// Slots per way at the fastest movement, and at the slowest. Each sender has its own number, so that two with the same
/// period do not move together.
const SLOTS_PER_WAY: Range<f64> = 100.0..300.0;

/// The sender of the commands of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sender {
    Worker,
    Publisher,
}

/// The offsets of one sender, in a run without a pace none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Jitter {
    seed: u64,
    /// Largest random offset.
    most: Duration,
    /// Largest offset of the slow movement.
    way: Duration,
    slots_per_way: u64,
}

impl Jitter {
    /// Creates the offsets of a sender of a connection.
    pub(crate) fn new(seed: u64, connection: u32, sender: Sender, pace: Pace) -> Self {
        let stream = u64::from(connection) * 2 + sender as u64;
        let mut random = Random::new(seed, stream);
        let Range { start, end } = SLOTS_PER_WAY;
        let slots_per_way = (start + random.unit() * (end - start)) as u64;
        let way = pace.jitter().mul_f64(MOVEMENT * start);
        Self { seed: random.bits(), most: pace.jitter().mul_f64(1.0 - MOVEMENT), way, slots_per_way }
    }

    /// Returns the offset of slot `n`; the first has none, so that a run has its first reply without delay.
    pub(crate) fn of(self, n: u64) -> Duration {
        if n == 0 || self.most.is_zero() {
            return Duration::ZERO;
        }
        let position = n % (2 * self.slots_per_way);
        let moved = position.min(2 * self.slots_per_way - position) as f64 / self.slots_per_way as f64;
        self.most.mul_f64(Random::new(self.seed, n).unit()) + self.way.mul_f64(moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_stay_in_order_and_in_bounds_and_each_sender_has_its_own() {
        for interval in [1, 100, 60_000].map(Duration::from_millis) {
            let pace = Pace::every(interval);
            let starts =
                |jitter: Jitter| -> Vec<Duration> { (0..1000).map(|n| pace.due(n).unwrap() + jitter.of(n)).collect() };
            let worker = starts(Jitter::new(7, 3, Sender::Worker, pace));
            let bounds = pace.shortest().unwrap()..=pace.longest().unwrap();
            assert!(worker.windows(2).all(|pair| bounds.contains(&(pair[1] - pair[0]))), "{interval:?}");
            assert_eq!(worker, starts(Jitter::new(7, 3, Sender::Worker, pace)), "the seed decides");
            for other in [(7, 3, Sender::Publisher), (7, 4, Sender::Worker), (8, 3, Sender::Worker)] {
                assert_ne!(worker, starts(Jitter::new(other.0, other.1, other.2, pace)));
            }
            let slot = pace.due(1).unwrap().min(Duration::from_secs(1));
            let jitter = Jitter::new(7, 3, Sender::Worker, pace);
            for tenth in 0..10 {
                let phases = slot * tenth / 10..slot * (tenth + 1) / 10;
                let phase = |n| Duration::from_nanos((jitter.of(n).as_nanos() % slot.as_nanos()) as u64);
                let visits = (0..6000).filter(|n| phases.contains(&phase(*n))).count();
                assert!((400..800).contains(&visits), "{visits} of 6000 starts in {phases:?}");
            }
        }
        assert_eq!(Jitter::new(7, 3, Sender::Worker, Pace::Unpaced).of(5), Duration::ZERO);
    }
}
