//! Times in which redis-doctor itself was paused: what was in flight then says nothing about the server.
//!
//! A pause in which its thread had the CPU is its own work, such as decoding a reply without end. Whatever had arrived is read
//! in the next turn, so it makes replies late, and excuses none that is missing: a server could otherwise hide behind it.
//!
//! A task that wakes every [`TICK`] finds them, whether or not evidence is gathered. After a pause other tasks can run
//! before it does, so they ask with [`Pauses::overlap`], which also sees a pause that is not reported yet.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    clock::{Clock, Stamp},
    event::OwnPause,
    kernel::{OwnThread, ThreadTimes},
};

/// Interval of the timer.
const TICK: Duration = Duration::from_millis(50);

/// Shortest pause: a busy machine delays a timer by tens of milliseconds.
const SHORTEST: Duration = Duration::from_millis(200);

/// Shortest CPU time of a turn in which redis-doctor is busy. A turn without trouble takes a few milliseconds.
const LONG_TURN: Duration = Duration::from_millis(100);

/// Pauses kept. Only those during a command in flight matter.
const KEPT: usize = 64;

/// The pauses of a run.
#[derive(Debug)]
pub(crate) struct Pauses {
    /// Time of the last tick in nanoseconds; `u64::MAX` until the first.
    ticked: AtomicU64,
    /// The thread that reads the replies, and its times at the last tick; `None` if the system does not report them.
    thread: Option<OwnThread>,
    times: Mutex<ThreadTimes>,
    /// End of the latest pause in nanoseconds.
    latest: AtomicU64,
    kept: Mutex<VecDeque<OwnPause>>,
}

impl Pauses {
    pub(crate) fn new() -> Self {
        Self {
            ticked: AtomicU64::new(u64::MAX),
            thread: OwnThread::open(),
            times: Mutex::default(),
            latest: AtomicU64::new(0),
            kept: Mutex::default(),
        }
    }

    /// Calls `found` for every pause, until it is aborted.
    pub(crate) async fn watch(&self, clock: Clock, mut found: impl FnMut(OwnPause)) {
        let mut slept = Clock::slept();
        self.tick(clock.now(), Duration::ZERO, self.times());
        loop {
            let last = Stamp::from_nanos(self.ticked.load(Ordering::Relaxed));
            clock.sleep_until(last.after(TICK)).await;
            let total = Clock::slept();
            let suspended = total.zip(slept).map_or(Duration::ZERO, |(now, before)| now.saturating_sub(before));
            slept = total;
            let pause = self.tick(clock.now(), suspended, self.times());
            pause.into_iter().for_each(&mut found);
        }
    }

    /// Records that redis-doctor runs; returns the pause since the last tick.
    fn tick(&self, now: Stamp, suspended: Duration, times: ThreadTimes) -> Option<OwnPause> {
        let last = Stamp::from_nanos(self.ticked.swap(now.as_nanos(), Ordering::Relaxed));
        let spent = times.since(std::mem::replace(&mut self.lock_times(), times));
        let suspended = if suspended >= SHORTEST { suspended } else { Duration::ZERO };
        if !is_late(last, now) && suspended.is_zero() {
            return None;
        }
        let pause = OwnPause { since: last, until: now, suspended, busy: busy(spent, now.since(last) + suspended) };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(pause);
        self.latest.store(now.as_nanos(), Ordering::Relaxed);
        Some(pause)
    }

    /// Returns true if redis-doctor was paused at some time between two moments, of which the later is the present.
    #[inline]
    pub(super) fn overlap(&self, from: Stamp, now: Stamp) -> bool {
        let is_recent = from.as_nanos() < self.latest.load(Ordering::Relaxed);
        is_late(Stamp::from_nanos(self.ticked.load(Ordering::Relaxed)), now)
            || is_recent && self.any(from, now, |_| true)
    }

    /// Returns true if a reply that is missing between two moments, of which the later is the present, may be missing
    /// because redis-doctor was paused.
    pub(super) fn excuse(&self, from: Stamp, now: Stamp) -> bool {
        let since = Stamp::from_nanos(self.ticked.load(Ordering::Relaxed));
        let is_busy = || !busy(self.times().since(*self.lock_times()), now.since(since)).is_zero();
        is_late(since, now) && !is_busy() || self.any(from, now, |pause| !pause.is_busy())
    }

    fn times(&self) -> ThreadTimes {
        self.thread.as_ref().map(OwnThread::times).unwrap_or_default()
    }

    fn lock_times(&self) -> MutexGuard<'_, ThreadTimes> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the end of the latest pause; the present if one has just ended, and the start of the run before the first.
    pub(super) fn resumed(&self, now: Stamp) -> Stamp {
        let ticked = Stamp::from_nanos(self.ticked.load(Ordering::Relaxed));
        if is_late(ticked, now) { now } else { Stamp::from_nanos(self.latest.load(Ordering::Relaxed)) }
    }

    fn any(&self, from: Stamp, to: Stamp, which: impl Fn(&OwnPause) -> bool) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().any(|pause| pause.since < to && from < pause.until && which(pause))
    }
}

/// Returns the CPU time of a pause if redis-doctor was busy for most of it. On an overloaded machine, its work includes the
/// wait for the CPU; a program that is stopped, or whose machine is suspended, waits for nothing.
fn busy(spent: ThreadTimes, length: Duration) -> Duration {
    let is_busy = spent.worked >= LONG_TURN && (spent.worked + spent.waited) * 2 >= length;
    if is_busy { spent.worked } else { Duration::ZERO }
}

#[inline]
fn is_late(ticked: Stamp, now: Stamp) -> bool {
    now.since(ticked) >= TICK + SHORTEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn ticking(times: &[u64]) -> (Pauses, Vec<(u64, u64)>) {
        let pauses = Pauses::new();
        let ticks = times.iter().filter_map(|ms| pauses.tick(at(*ms), Duration::ZERO, ThreadTimes::default()));
        let ms = |stamp: Stamp| stamp.as_nanos() / 1_000_000;
        let found = ticks.map(|pause| (ms(pause.since), ms(pause.until))).collect();
        (pauses, found)
    }

    #[test]
    fn a_late_tick_is_a_pause_and_a_busy_machine_is_none() {
        let (pauses, found) = ticking(&[0, 51, 190, 241, 5241, 5292]);
        assert_eq!(found, [(241, 5241)]);
        for (from, to, expected) in
            [(0, 100, false), (230, 5250, true), (1000, 1500, true), (5241, 5300, false), (5280, 5300, false)]
        {
            assert_eq!(pauses.overlap(at(from), at(to)), expected, "{from} to {to}");
        }
    }

    #[test]
    fn a_pause_is_seen_before_it_is_reported_and_nothing_is_seen_before_the_first_tick() {
        let (pauses, _) = ticking(&[0, 50]);
        assert!(pauses.overlap(at(40), at(1050)) && !pauses.overlap(at(40), at(299)));
        assert!(!Pauses::new().overlap(at(0), at(10_000)));
        assert_eq!((pauses.resumed(at(1050)), pauses.resumed(at(299))), (at(1050), Stamp::START));
    }

    #[test]
    fn a_pause_with_the_cpu_excuses_no_missing_reply() {
        let times = |worked, waited| ThreadTimes {
            worked: Duration::from_millis(worked),
            waited: Duration::from_millis(waited),
        };
        // The last is a stopped program that finds a lot of work when it continues.
        for (length, worked, waited, busy) in
            [(1000, 900, 0, true), (1000, 150, 800, true), (1000, 60, 900, false), (5000, 250, 50, false)]
        {
            let pauses = Pauses::new();
            pauses.tick(at(0), Duration::ZERO, times(10, 10));
            let pause = pauses.tick(at(length), Duration::ZERO, times(10 + worked, 10 + waited)).unwrap();
            assert_eq!(pause.is_busy(), busy, "{worked} ms of {length}");
            assert!(pauses.overlap(at(10), at(length)), "a late reply is excused by either");
            assert_eq!(pauses.excuse(at(10), at(length)), !busy, "{worked} ms of {length}");
            assert!(!pauses.excuse(at(length), at(length + 100)), "nothing is after it");
        }
        let pauses = Pauses::new();
        pauses.tick(at(0), Duration::ZERO, pauses.times());
        assert!(pauses.excuse(at(10), at(1000)), "a pause that is not reported yet");
    }

    #[test]
    fn a_suspended_machine_is_a_pause_without_a_late_tick() {
        let pauses = Pauses::new();
        pauses.tick(at(0), Duration::ZERO, ThreadTimes::default());
        let pause = pauses.tick(at(50), Duration::from_secs(60), ThreadTimes::default()).unwrap();
        assert_eq!(pause.length(), Duration::from_millis(60_050));
        assert!(
            (0..10_000).all(|n| pauses.tick(at(1000 * n + 1000), Duration::ZERO, ThreadTimes::default()).is_some())
        );
        assert_eq!(pauses.kept.lock().unwrap().len(), KEPT);
    }
}
