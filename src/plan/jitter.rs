//! Random offsets of paced commands within their slots.
//!
//! A timer with the same period, in the server, in another client or in this process, would otherwise meet all probes of a
//! run, or none. Two equal runs would then differ by a constant that neither of them shows, and `compare` would take it for
//! a change. The offset is a small part of the interval, so that the silence between two probes stays as the plan has it.

use std::time::Duration;

use super::Pace;
use crate::fault::Random;

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
    most: Duration,
}

impl Jitter {
    /// Creates the offsets of a sender of a connection.
    pub(crate) fn new(seed: u64, connection: u32, sender: Sender, pace: Pace) -> Self {
        let stream = u64::from(connection) * 2 + sender as u64;
        Self { seed: Random::new(seed, stream).bits(), most: pace.jitter() }
    }

    /// Returns the offset of slot `n`; the first has none, so that a run has its first reply without delay.
    pub(crate) fn of(self, n: u64) -> Duration {
        if n == 0 { Duration::ZERO } else { self.most.mul_f64(Random::new(self.seed, n).unit()) }
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
            let mean = (0..1000).map(|n| Jitter::new(7, 3, Sender::Worker, pace).of(n)).sum::<Duration>() / 1000;
            assert!((mean.as_secs_f64() / pace.jitter().as_secs_f64() - 0.5).abs() < 0.05, "{mean:?}");
        }
        assert_eq!(Jitter::new(7, 3, Sender::Worker, Pace::Unpaced).of(5), Duration::ZERO);
    }
}
