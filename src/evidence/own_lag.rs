//! This machine: whether our own timers came late, and whether it slept.
//!
//! A client that gets no processor, or whose machine is suspended, sees the same as one whose server is silent. A timer
//! that is due every [`TICK`] shows the difference. What it shows is kept for a while, so that it can be asked about
//! the time before a loss.

use std::{collections::VecDeque, time::Duration};

use crate::{
    clock::{Clock, Stamp},
    event::HostState,
};

/// Between two readings. A hundredth of a second's delay is seen whenever it happens to fall on a reading; one of a
/// tenth is never missed.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// What is later than this is kept; timers are whole milliseconds, and one or two late on a sound machine.
const NOTABLE: Duration = Duration::from_millis(5);

/// A sleep shorter than this is the distance of two readings of the clock.
const ASLEEP: Duration = Duration::from_millis(10);

/// A delay that a reader should know of even if nothing was lost in it.
const REMARKABLE: Duration = Duration::from_secs(1);

/// On a machine that is always late, it is said once in this time.
const SELDOM: Duration = Duration::from_secs(60);

/// How many are kept.
const KEPT: usize = 256;

/// What the timer has shown.
#[derive(Debug)]
pub(super) struct OwnLag {
    late: VecDeque<Late>,
    /// How long the machine had slept when it was last asked.
    slept: Option<Duration>,
    /// When a delay was last remarked on.
    remarked: Option<Stamp>,
}

/// Once that the timer came late.
#[derive(Clone, Copy, Debug)]
struct Late {
    due: Stamp,
    came: Stamp,
    slept: Duration,
}

impl Late {
    fn length(self) -> Duration {
        self.came.since(self.due) + self.slept
    }
}

impl OwnLag {
    pub(super) fn new() -> Self {
        Self { late: VecDeque::new(), slept: Clock::slept(), remarked: None }
    }

    /// The timer that was due at `due` came now. Gives a remark where that explains what a reader would put down to the
    /// server.
    pub(super) fn tick(&mut self, due: Stamp, now: Stamp) -> Option<String> {
        self.note(due, now, Clock::slept());
        let late = self.late.back().filter(|late| late.came == now && late.length() >= REMARKABLE)?;
        let length = late.length().as_secs_f64();
        if self.remarked.is_some_and(|last| now.since(last) < SELDOM) {
            return None;
        }
        self.remarked = Some(now);
        Some(format!(
            "this program stood still for {length:.1} s (no CPU time, stopped, or the machine slept): latencies and pauses \
             until now are its own, not the server's"
        ))
    }

    fn note(&mut self, due: Stamp, came: Stamp, total: Option<Duration>) {
        let slept = total.zip(self.slept).map_or(Duration::ZERO, |(now, before)| now.saturating_sub(before));
        self.slept = total;
        let slept = if slept > ASLEEP { slept } else { Duration::ZERO };
        if came.since(due) <= NOTABLE && slept.is_zero() {
            return;
        }
        if self.late.len() == KEPT {
            self.late.pop_front();
        }
        self.late.push_back(Late { due, came, slept });
    }

    /// What was shown between two moments.
    pub(super) fn between(&self, from: Stamp, to: Stamp) -> HostState {
        // The machine slept between the reading before and the one that shows it.
        let within = self.late.iter().filter(|late| late.came >= from && late.due <= to.after(TICK));
        let (mut lag, mut suspended) = (Duration::ZERO, Duration::ZERO);
        for late in within {
            if late.due <= to {
                lag = lag.max(late.came.since(late.due));
            }
            suspended += late.slept;
        }
        HostState { lag, suspended: self.slept.map(|_| suspended) }
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
    fn the_longest_delay_in_the_time_that_is_asked_about_counts() {
        let mut host = OwnLag { late: VecDeque::new(), slept: Some(ms(0)), remarked: None };
        for (due, came) in [(100, 101), (200, 230), (330, 900), (1000, 1002), (1102, 3000)] {
            host.note(at(due), at(came), Some(ms(0)));
        }
        assert_eq!(host.between(at(0), at(150)).lag, ms(0), "two milliseconds are the timer's own");
        assert_eq!(host.between(at(0), at(300)).lag, ms(30));
        assert_eq!(host.between(at(250), at(1000)).lag, ms(570));
        assert_eq!(host.between(at(0), at(1000)).suspended, Some(ms(0)));
        // A loss that is noticed in the very moment at which the machine goes on.
        assert_eq!(host.between(at(1050), at(2999)).lag, ms(1898));
    }

    #[test]
    fn sleep_is_told_from_slowness() {
        let mut host = OwnLag { late: VecDeque::new(), slept: Some(ms(5000)), remarked: None };
        host.note(at(100), at(101), Some(ms(5000)));
        host.note(at(201), at(202), Some(ms(65_000)));
        let state = host.between(at(0), at(150));
        assert_eq!(state, HostState { lag: ms(0), suspended: Some(ms(60_000)) });
        assert_eq!(host.between(at(300), at(400)).suspended, Some(ms(0)));
        let mut host = OwnLag { late: VecDeque::new(), slept: None, remarked: None };
        host.note(at(100), at(101), None);
        assert_eq!(host.between(at(0), at(150)).suspended, None);
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut host = OwnLag { late: VecDeque::new(), slept: None, remarked: None };
        for number in 0..10_000 {
            host.note(at(number * 100), at(number * 100 + 50), None);
        }
        assert_eq!(host.late.len(), KEPT);
    }
}
