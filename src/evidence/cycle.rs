//! The schedule that identifies which ended sockets were the client's reconnect attempts. Pure.
//!
//! The kernel does not report the owner of a socket ([`crate::kernel::Listener`]), and other clients of the same server
//! on this machine make attempts, too. But the time of redis-rs' next attempt is known exactly: it follows the end of
//! the previous attempt by the delay that the policy prescribes. A socket that ended like such an attempt is taken for
//! it; one that fits nowhere belonged to another client. If several connections are down at the same time, each attempt
//! goes to the one that it fits best; if all follow the same schedule, that may be a neighbor's attempt at the same
//! moment, with the same result.

use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::{clock::Stamp, event::AttemptEnd, kernel::Destroyed, plan::ReconnectPolicy};

/// Timers have a resolution of whole milliseconds.
const EARLY: Duration = Duration::from_millis(5);

/// Longest delay of an attempt on a busy machine.
const LATE: Duration = Duration::from_secs(1);

/// The addresses of one name are dialed within this time.
const DIALED_TOGETHER: Duration = Duration::from_millis(50);

/// Delay of the kernel's broadcast. A separate task sends it (`sock_diag_broadcast_destroy` queues it), which waits for
/// a CPU on a busy machine: 40 ms were measured with seven programs per CPU.
const BROADCAST_DELAY: Duration = Duration::from_millis(100);

/// Earliest retransmission of a SYN (RFC 6298 section 2.1: the initial RTO).
const SYN_RETRY: Duration = Duration::from_millis(950);

/// Data segments of a connection that got no further than its handshake, TLS and subscriptions included.
const HANDSHAKE_SEGMENTS: u32 = 8;

/// The time between two readings: a socket read `now` ended in it or shortly before.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadWindow {
    pub(super) since: Stamp,
    pub(super) now: Stamp,
}

impl ReadWindow {
    /// Returns the earliest time at which the socket can have ended.
    fn earliest(self) -> Stamp {
        self.since.before(BROADCAST_DELAY)
    }
}

/// The reconnect attempts of a client after a loss.
#[derive(Clone, Debug)]
pub(super) struct Cycle {
    policy: Arc<ReconnectPolicy>,
    /// Time of the loss, or of the restart.
    began: Stamp,
    /// Attempts of this cycle, seen or inferred.
    made: usize,
    /// Earliest time of the next attempt; `None` when the retries are exhausted. A command then begins a new cycle.
    due: Option<Stamp>,
    /// Most likely time of the next attempt.
    likely: Stamp,
    /// Delay between the next attempt and the one after it; `None` if the next is the last.
    then: Option<Duration>,
    latest: Option<Latest>,
}

/// The latest attempt seen.
#[derive(Clone, Debug)]
struct Latest {
    started: Stamp,
    /// Lower bound: too late an end would make the next attempt seem too early.
    ended: Stamp,
    /// Addresses tried so far.
    addresses: Vec<IpAddr>,
}

/// The place of an ended socket in a cycle; best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AttemptMatch {
    /// Another address of the latest attempt.
    OtherAddress { apart: Duration, started: Stamp },
    /// The next attempt.
    Next { apart: Duration, due: Stamp, started: Stamp },
    /// The first attempt of a new cycle.
    NewCycle { due: Stamp, started: Stamp },
    /// The attempt after the next; the next was missed.
    AfterMissed { due: Stamp, started: Stamp },
}

impl Cycle {
    /// Creates the cycle of a client that lost its connection at `began`.
    pub(super) fn new(policy: Arc<ReconnectPolicy>, began: Stamp) -> Self {
        let then = policy.delays().next();
        Self { policy, began, made: 0, due: Some(began), likely: began, then, latest: None }
    }

    /// Starts over for a new client.
    pub(super) fn restart(&mut self, now: Stamp) {
        *self = Self { began: self.began, ..Self::new(Arc::clone(&self.policy), now) };
    }

    /// Returns the place of an ended socket in this cycle, if it has one.
    pub(super) fn find_match(&self, socket: &Destroyed, window: ReadWindow) -> Option<AttemptMatch> {
        // A socket that was connected before the loss was no attempt.
        if socket.age > window.now.since(self.began)
            || socket.end == AttemptEnd::Dropped && socket.info.data_segments_sent > HANDSHAKE_SEGMENTS
        {
            return None;
        }
        let quick = socket.end == AttemptEnd::Refused && socket.syn_retries() == 0;
        let longest = if quick { Duration::ZERO } else { self.policy.connect_timeout };
        let shortest = SYN_RETRY * socket.syn_retries().min(30);
        let between = |from: Stamp, to: Stamp| {
            from.after(shortest) <= window.now.after(EARLY) && window.since <= to.after(longest + LATE)
        };
        // An attempt starts when it is due or later, and at most one connect timeout before its end.
        let earliest = window.since.before(longest);
        let start = |due: Stamp| earliest.max(due).min(window.now);
        if let Some(latest) = self.latest.as_ref().filter(|latest| !latest.addresses.contains(&socket.pair.peer.ip())) {
            let apart = start(latest.started).since(latest.started);
            if apart <= DIALED_TOGETHER && between(latest.started, latest.started) {
                return Some(AttemptMatch::OtherAddress { apart, started: latest.started });
            }
        }
        let Some(due) = self.due else {
            let over = self.latest.as_ref().map_or(self.began, |latest| latest.ended);
            return Some(AttemptMatch::NewCycle { due: over, started: start(over) });
        };
        if between(due, due) {
            let started = start(self.likely);
            return Some(AttemptMatch::Next { apart: started.since(due), due, started });
        }
        let after = due.after(self.then?);
        let last = after.after(self.policy.connect_timeout);
        between(after, last).then(|| AttemptMatch::AfterMissed { due: after, started: start(after) })
    }

    /// Records the socket as an attempt at the given place.
    pub(super) fn record(&mut self, socket: &Destroyed, window: ReadWindow, matched: AttemptMatch) {
        let address = socket.pair.peer.ip();
        let (due, started) = match (matched, &mut self.latest) {
            (AttemptMatch::OtherAddress { .. }, Some(latest)) => {
                latest.ended = latest.ended.max(window.earliest());
                latest.addresses.push(address);
                let ended = latest.ended;
                return self.wait(ended, window.since);
            }
            (AttemptMatch::OtherAddress { started, .. }, None) => (started, started),
            (
                AttemptMatch::Next { due, started, .. }
                | AttemptMatch::NewCycle { due, started }
                | AttemptMatch::AfterMissed { due, started },
                _,
            ) => (due, started),
        };
        self.made = match matched {
            AttemptMatch::NewCycle { .. } => 1,
            AttemptMatch::AfterMissed { .. } => self.made + 2,
            _ => self.made + 1,
        };
        let ended = window.earliest().max(due);
        self.latest = Some(Latest { started, ended, addresses: vec![address] });
        self.wait(ended, window.since.max(started));
    }

    /// Schedules the next attempt from the earliest and the most likely end of the latest.
    fn wait(&mut self, earliest: Stamp, likely: Stamp) {
        // The first attempt has no delay.
        let mut delays = self.made.checked_sub(1).map(|before| self.policy.delays().skip(before)).into_iter().flatten();
        let delay = delays.next();
        self.due = delay.map(|delay| earliest.after(delay));
        self.likely = likely.after(delay.unwrap_or_default());
        self.then = delays.next();
    }

    /// Returns true if the latest attempt seen is the one that succeeded at `at`, because the next was not due yet: a
    /// name can have one address that refuses and one that accepts, and redis-rs can open two connections at the same
    /// time.
    pub(super) fn has_succeeded(&self, at: Stamp) -> bool {
        let next = self.due.filter(|_| self.latest.is_some());
        next.is_some_and(|due| at.after(EARLY) < due)
    }

    /// Returns the start of the next attempt, if one that began then can have succeeded at `at`.
    pub(super) fn next_attempt(&self, at: Stamp) -> Option<Stamp> {
        self.due?;
        let started = self.likely.min(at);
        (at.since(started) <= self.policy.connect_timeout.max(LATE)).then_some(started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kernel::TcpInfo, plan::PolicyName};

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    /// Read within ten milliseconds.
    fn window(ms: u64) -> ReadWindow {
        ReadWindow { since: at(ms.saturating_sub(5)), now: at(ms + 5) }
    }

    fn ended(end: AttemptEnd) -> Destroyed {
        Destroyed::of("127.0.0.1:6379", end)
    }

    fn refused() -> Destroyed {
        ended(AttemptEnd::Refused)
    }

    fn cycle(name: PolicyName) -> Cycle {
        Cycle::new(Arc::new(ReconnectPolicy::preset(name)), at(10_000))
    }

    /// Returns the sockets that are taken for attempts (their time after the loss), and the start of each attempt.
    fn taken(cycle: &mut Cycle, sockets: &[(u64, Destroyed)]) -> Vec<(u64, u64)> {
        let mut taken = Vec::new();
        for (ms, socket) in sockets {
            let window = window(10_000 + ms);
            if let Some(matched) = cycle.find_match(socket, window) {
                cycle.record(socket, window, matched);
                let latest = cycle.latest.as_ref().unwrap();
                taken.push((*ms, latest.started.since(at(10_000)).as_millis() as u64));
            }
        }
        taken
    }

    #[test]
    fn only_sockets_that_end_on_schedule_are_attempts() {
        // The hardened schedule: 0, 148, 538, 1149, 2444, 4313 … ms.
        let all = [0, 60, 130, 149, 160, 540, 900, 1100, 1152, 1600, 2446, 3000].map(|ms| (ms, refused()));
        let taken = taken(&mut cycle(PolicyName::Hardened), &all);
        assert_eq!(taken.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [0, 149, 540, 1152, 2446]);
        assert!(taken.iter().all(|(ms, started)| ms.abs_diff(*started) <= 5), "{taken:?}");
    }

    #[test]
    fn a_busy_machine_reads_late_and_misses_no_attempt() {
        let mut cycle = cycle(PolicyName::Hardened);
        // Two are read together, 400 ms late: each counts from its due time.
        for (since, now) in [(0, 400), (0, 400), (530, 545), (1149, 1160)] {
            let window = ReadWindow { since: at(10_000 + since), now: at(10_000 + now) };
            let matched = cycle.find_match(&refused(), window).unwrap();
            assert!(matches!(matched, AttemptMatch::Next { .. }), "{matched:?} at {now}");
            cycle.record(&refused(), window, matched);
        }
    }

    #[test]
    fn a_late_broadcast_does_not_make_the_next_attempt_seem_too_early() {
        let mut cycle = cycle(PolicyName::Hardened);
        // Measured on a busy machine: the broadcast of the first arrives only for the second reading, the others arrive
        // immediately.
        for (number, (since, now)) in [(39, 50), (145, 158), (531, 545), (1142, 1156), (2440, 2450)].iter().enumerate()
        {
            let window = ReadWindow { since: at(10_000 + since), now: at(10_000 + now) };
            let matched = cycle.find_match(&refused(), window);
            assert!(matches!(matched, Some(AttemptMatch::Next { .. })), "{number}: {matched:?}");
            cycle.record(&refused(), window, matched.unwrap());
            assert!(!cycle.has_succeeded(at(10_000 + [148, 538, 1149, 2444, 4313][number])), "{number}");
        }
    }

    #[test]
    fn an_unanswered_attempt_lasts_until_the_timeout_or_a_network_error() {
        let silent = |total_retransmits| Destroyed {
            info: TcpInfo { total_retransmits, ..TcpInfo::default() },
            ..ended(AttemptEnd::Unanswered)
        };
        // 5 s each: the second is due at 5.148 s and over at 10.148 s; a network error ends the third, due at 10.538 s.
        let all = [(3000, silent(4)), (5000, silent(3)), (10_150, silent(3)), (10_700, silent(0))];
        let taken = taken(&mut cycle(PolicyName::Hardened), &all);
        assert_eq!(taken.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [5000, 10_150, 10_700]);
        let began: Vec<_> = taken.iter().map(|(_, started)| *started).collect();
        assert!(began[0] == 0 && (5140..5155).contains(&began[1]) && (10_530..10_545).contains(&began[2]), "{began:?}");
    }

    #[test]
    fn a_socket_connected_before_the_loss_was_no_attempt() {
        let cycle = cycle(PolicyName::Hardened);
        let dropped = |age, data_segments_sent| Destroyed {
            age: Duration::from_millis(age),
            info: TcpInfo { data_segments_sent, ..TcpInfo::default() },
            ..ended(AttemptEnd::Dropped)
        };
        let candidates = |socket| cycle.find_match(&socket, window(10_050)).is_some();
        assert!(candidates(dropped(40, 2)) && !candidates(dropped(200, 2)), "older than the loss");
        assert!(!candidates(dropped(0, 500)), "too many segments for a handshake");
    }

    #[test]
    fn all_addresses_of_a_name_are_one_attempt() {
        let other = Destroyed::of("[::1]:6379", AttemptEnd::Refused);
        let mut cycle = cycle(PolicyName::Hardened);
        let taken = taken(&mut cycle, &[(0, refused()), (2, other), (149, other), (150, refused())]);
        assert_eq!((taken.len(), cycle.made), (4, 2));
        assert!(cycle.has_succeeded(at(10_300)) && !cycle.has_succeeded(at(10_545)));
    }

    #[test]
    fn after_the_last_retry_a_new_cycle_can_begin_at_any_time() {
        let mut cycle = cycle(PolicyName::Library);
        let all = [0, 148, 538, 1149, 2444, 4313, 9442, 12_000, 12_149, 12_300].map(|ms| (ms, refused()));
        assert_eq!(taken(&mut cycle, &all[..7]).len(), 7);
        assert_eq!(cycle.due, None);
        let again = taken(&mut cycle, &all[7..]);
        assert_eq!(again.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [12_000, 12_149]);
    }

    #[test]
    fn after_a_missed_attempt_the_next_is_found_again() {
        let taken = taken(&mut cycle(PolicyName::Hardened), &[0, 148, 538, 4313].map(|ms| (ms, refused())));
        // The attempts at 1.149 and 2.444 s are missing: this is the one after the next.
        assert_eq!(taken.last().unwrap().0, 4313);
    }

    #[test]
    fn a_new_client_starts_over() {
        let mut cycle = cycle(PolicyName::Hardened);
        taken(&mut cycle, &[(0, refused())]);
        cycle.restart(at(13_000));
        assert_eq!(taken(&mut cycle, &[3001, 3149].map(|ms| (ms, refused()))).len(), 2);
    }
}
