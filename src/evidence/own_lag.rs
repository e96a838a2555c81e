//! This machine's own delays: late timers and suspends.
//!
//! A client that gets no CPU time, or whose machine is suspended, looks the same as one with a silent server. A timer
//! that fires every [`TICK`] shows the difference. Its delays are kept for a while, to cover the time before a loss.

use std::{collections::VecDeque, time::Duration};

use crate::{
    clock::{Clock, Stamp},
    event::HostState,
};

/// Interval of the timer. A delay of 10 ms is seen only if it falls on a tick; one of 100 ms is never missed.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// Shortest delay kept: a healthy machine is up to two milliseconds late.
const NOTABLE: Duration = Duration::from_millis(5);

/// Shortest suspend; anything less is the distance between two readings of the clock.
const SHORTEST_SUSPEND: Duration = Duration::from_millis(10);

/// Delays kept.
const KEPT: usize = 256;

/// The delays of the timer.
#[derive(Debug)]
pub(super) struct OwnLag {
    late: VecDeque<Late>,
    /// Total suspended time at the last reading.
    slept: Option<Duration>,
}

/// A late tick.
#[derive(Clone, Copy, Debug)]
struct Late {
    due: Stamp,
    came: Stamp,
    slept: Duration,
}

impl OwnLag {
    pub(super) fn new() -> Self {
        Self { late: VecDeque::new(), slept: Clock::slept() }
    }

    /// Records the tick that was due at `due`.
    pub(super) fn tick(&mut self, due: Stamp, now: Stamp) {
        self.note(due, now, Clock::slept());
    }

    fn note(&mut self, due: Stamp, came: Stamp, total: Option<Duration>) {
        let slept = total.zip(self.slept).map_or(Duration::ZERO, |(now, before)| now.saturating_sub(before));
        self.slept = total;
        let slept = if slept > SHORTEST_SUSPEND { slept } else { Duration::ZERO };
        if came.since(due) <= NOTABLE && slept.is_zero() {
            return;
        }
        if self.late.len() == KEPT {
            self.late.pop_front();
        }
        self.late.push_back(Late { due, came, slept });
    }

    /// Returns the total delay between two moments. A stop that began shortly after a tick delays the next one by up to
    /// a [`TICK`] less than it lasted; so a delay counts up to that much more, but at most twice.
    pub(super) fn standstill(&self, from: Stamp, to: Stamp) -> Duration {
        let stopped = |late: &Late| {
            let before = TICK.min(late.came.since(late.due));
            late.came.min(to).since(late.due.before(before).max(from)) + late.slept
        };
        let within = self.late.iter().filter(|late| late.came > from && late.due < to);
        within.map(stopped).sum::<Duration>().min(to.since(from))
    }

    /// Returns the delays between two moments.
    pub(super) fn between(&self, from: Stamp, to: Stamp) -> HostState {
        // A suspend happened between the previous tick and the late one.
        let within = self.late.iter().filter(|late| late.came >= from && late.due <= to.after(TICK));
        let (mut lag, mut suspended, mut paused) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        for late in within {
            paused += late.came.min(to).since(late.due.max(from));
            if late.due <= to {
                lag = lag.max(late.came.since(late.due));
            }
            suspended += late.slept;
        }
        HostState { lag, suspended: self.slept.map(|_| suspended), paused: Some(paused) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_longest_delay_in_the_given_time_counts() {
        let mut host = OwnLag { late: VecDeque::new(), slept: Some(ms(0)) };
        for (due, came) in [(100, 101), (200, 230), (330, 900), (1000, 1002), (1102, 3000)] {
            host.note(at(due), at(came), Some(ms(0)));
        }
        assert_eq!(host.between(at(0), at(150)).lag, ms(0), "two milliseconds are the timer's own");
        assert_eq!(host.between(at(0), at(300)).lag, ms(30));
        assert_eq!(host.between(at(250), at(1000)).lag, ms(570));
        assert_eq!(host.between(at(0), at(1000)).suspended, Some(ms(0)));
        // Only what is within counts as a pause.
        assert_eq!(host.between(at(700), at(1000)).paused, Some(ms(200)));
        assert_eq!(host.between(at(250), at(1000)).paused, Some(ms(570)));
        // A loss noticed at the very moment the machine resumes.
        assert_eq!(host.between(at(1050), at(2999)).lag, ms(1898));
    }

    #[test]
    fn all_delays_in_the_given_time_add_up_and_none_counts_beyond_it() {
        let mut host = OwnLag { late: VecDeque::new(), slept: Some(ms(0)) };
        for (due, came) in [(100, 101), (500, 900), (1000, 1300), (1400, 1402), (5000, 7000)] {
            host.note(at(due), at(came), Some(ms(0)));
        }
        assert_eq!(host.standstill(at(0), at(300)), ms(0), "two milliseconds are the timer's own");
        assert_eq!(host.standstill(at(350), at(2000)), ms(500 + 400), "with the tick before each");
        assert_eq!(host.standstill(at(800), at(1100)), ms(100 + 200));
        assert_eq!(host.standstill(at(5500), at(6000)), ms(500), "no more than the given time");
        host.note(at(9000), at(9010), Some(ms(0)));
        assert_eq!(host.standstill(at(8000), at(9900)), ms(20), "a short delay counts at most twice");
    }

    #[test]
    fn a_suspend_is_distinguished_from_lag() {
        let mut host = OwnLag { late: VecDeque::new(), slept: Some(ms(5000)) };
        host.note(at(100), at(101), Some(ms(5000)));
        host.note(at(201), at(202), Some(ms(65_000)));
        let state = host.between(at(0), at(150));
        assert_eq!(state, HostState { lag: ms(0), suspended: Some(ms(60_000)), paused: Some(ms(0)) });
        assert_eq!(host.between(at(300), at(400)).suspended, Some(ms(0)));
        let mut host = OwnLag { late: VecDeque::new(), slept: None };
        host.note(at(100), at(101), None);
        assert_eq!(host.between(at(0), at(150)).suspended, None);
    }

    #[test]
    fn the_number_of_delays_kept_is_limited() {
        let mut host = OwnLag { late: VecDeque::new(), slept: None };
        for number in 0..10_000 {
            host.note(at(number * 100), at(number * 100 + 50), None);
        }
        assert_eq!(host.late.len(), KEPT);
    }
}
