//! Which of the sockets that ended were attempts of the client to come back. Pure.
//!
//! The kernel does not tell whose socket it was ([`crate::kernel::Listener`]); another client of the same server on this
//! machine makes attempts of its own. But when redis-rs makes its next attempt is known exactly: after the delay that
//! its policy has for it, counted from the end of the attempt before. A socket that ended as such an attempt must have
//! is taken for it; what fits nowhere was another's. Of several connections that are down at once, each attempt is put
//! down to the one that it fits best: where all follow the same schedule, that may be another's at the same moment,
//! with the same outcome.

use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::{clock::Stamp, event::AttemptEnd, kernel::Destroyed, plan::ReconnectPolicy};

/// Timers are whole milliseconds.
const EARLY: Duration = Duration::from_millis(5);

/// How late an attempt may come on a machine that is busy.
const LATE: Duration = Duration::from_secs(1);

/// Addresses of one name are dialled at the same moment.
const TOGETHER: Duration = Duration::from_millis(50);

/// The kernel does not tell of a socket where it ends, but in a task of its own (`sock_diag_broadcast_destroy` queues
/// it), which on a machine that is busy waits for the processor: 40 ms were seen, with seven programs for each.
const NEWS: Duration = Duration::from_millis(100);

/// TCP repeats a SYN after this long at the earliest (RFC 6298 section 2.1: the initial RTO).
const REPETITION: Duration = Duration::from_millis(950);

/// Segments with data of a connection that got no further than its greeting, TLS handshake and subscriptions included.
const GREETING: u32 = 8;

/// What is heard now was told since we last listened, and happened then or shortly before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) since: Stamp,
    pub(super) now: Stamp,
}

impl Heard {
    /// When it can have happened at the earliest.
    fn earliest(self) -> Stamp {
        self.since.before(NEWS)
    }
}

/// The attempts that a client makes after a loss.
#[derive(Clone, Debug)]
pub(super) struct Cycle {
    policy: Arc<ReconnectPolicy>,
    /// When the client lost the connection, or began anew.
    began: Stamp,
    /// Attempts of this cycle that were seen (or must have been made).
    made: usize,
    /// When the next is due, at the earliest; `None` when the retries are spent. A command then begins another cycle.
    due: Option<Stamp>,
    /// When it is most likely due.
    likely: Stamp,
    latest: Option<Latest>,
}

/// The latest attempt.
#[derive(Clone, Debug)]
struct Latest {
    started: Stamp,
    /// Not later than it was: the next must not seem to come too early.
    ended: Stamp,
    /// The addresses that it has tried so far.
    addresses: Vec<IpAddr>,
}

/// How a socket fits a cycle; the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is another address of the latest attempt.
    Same { apart: Duration, started: Stamp },
    /// It is the next attempt.
    Next { apart: Duration, due: Stamp, started: Stamp },
    /// It is the first attempt of another cycle.
    Again { due: Stamp, started: Stamp },
    /// It is the attempt after the next, of which nothing was heard.
    Skipping { due: Stamp, started: Stamp },
}

impl Cycle {
    /// The attempts of a client that has lost its connection.
    pub(super) fn new(policy: Arc<ReconnectPolicy>, began: Stamp) -> Self {
        Self { policy, began, made: 0, due: Some(began), likely: began, latest: None }
    }

    /// Another client was put in place, which begins from the beginning.
    pub(super) fn restart(&mut self, now: Stamp) {
        (self.made, self.due, self.likely, self.latest) = (0, Some(now), now, None);
    }

    /// How a socket fits that has ended, if it does.
    pub(super) fn fit(&self, socket: &Destroyed, heard: Heard) -> Option<Fit> {
        // What was a connection before the loss was no attempt.
        if socket.age > heard.now.since(self.began) || socket.end == AttemptEnd::Dropped && socket.said > GREETING {
            return None;
        }
        let quick = socket.end == AttemptEnd::Refused && socket.repeats == 0;
        let longest = if quick { Duration::ZERO } else { self.policy.connect_timeout };
        let shortest = REPETITION * socket.repeats.min(30);
        let between = |from: Stamp, to: Stamp| {
            from.after(shortest) <= heard.now.after(EARLY) && heard.since <= to.after(longest + LATE)
        };
        // An attempt begins when it is due, or later: by one limit before its end at the earliest.
        let earliest = heard.since.before(longest);
        let start = |due: Stamp| earliest.max(due).min(heard.now);
        if let Some(latest) = self.latest.as_ref().filter(|latest| !latest.addresses.contains(&socket.peer.ip())) {
            let apart = start(latest.started).since(latest.started);
            if apart <= TOGETHER && between(latest.started, latest.started) {
                return Some(Fit::Same { apart, started: latest.started });
            }
        }
        let Some(due) = self.due else {
            let over = self.latest.as_ref().map_or(self.began, |latest| latest.ended);
            return Some(Fit::Again { due: over, started: start(over) });
        };
        if between(due, due) {
            let started = start(self.likely);
            return Some(Fit::Next { apart: started.since(due), due, started });
        }
        let after = due.after(self.delay(self.made + 1)?);
        let last = after.after(self.policy.connect_timeout);
        between(after, last).then(|| Fit::Skipping { due: after, started: start(after) })
    }

    /// The socket was an attempt, and fits so.
    pub(super) fn take(&mut self, socket: &Destroyed, heard: Heard, fit: Fit) {
        let address = socket.peer.ip();
        let (due, started) = match (fit, &mut self.latest) {
            (Fit::Same { .. }, Some(latest)) => {
                latest.ended = latest.ended.max(heard.earliest());
                latest.addresses.push(address);
                let ended = latest.ended;
                return self.wait(ended, heard.since);
            }
            (Fit::Same { started, .. }, None) => (started, started),
            (Fit::Next { due, started, .. } | Fit::Again { due, started } | Fit::Skipping { due, started }, _) => {
                (due, started)
            }
        };
        self.made = match fit {
            Fit::Again { .. } => 1,
            Fit::Skipping { .. } => self.made + 2,
            _ => self.made + 1,
        };
        let ended = heard.earliest().max(due);
        self.latest = Some(Latest { started, ended, addresses: vec![address] });
        self.wait(ended, heard.since.max(started));
    }

    /// The latest attempt ended then at the earliest, and most likely then.
    fn wait(&mut self, earliest: Stamp, likely: Stamp) {
        let delay = self.delay(self.made);
        self.due = delay.map(|delay| earliest.after(delay));
        self.likely = likely.after(delay.unwrap_or_default());
    }

    /// Whether the latest attempt is the one that has brought a reply at `at`: the next was not due yet. A name can have
    /// an address that refuses and one that answers, and redis-rs can make two connections at once.
    pub(super) fn has_succeeded(&self, at: Stamp) -> bool {
        let next = self.due.filter(|_| self.latest.is_some());
        next.is_some_and(|due| at.after(EARLY) < due)
    }

    /// The delay before an attempt; none before the first.
    fn delay(&self, attempt: usize) -> Option<Duration> {
        attempt.checked_sub(1).and_then(|before| self.policy.delays().nth(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PolicyName;

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    /// Heard within ten milliseconds.
    fn heard(ms: u64) -> Heard {
        Heard { since: at(ms.saturating_sub(5)), now: at(ms + 5) }
    }

    fn ended(end: AttemptEnd) -> Destroyed {
        let peer = "127.0.0.1:6379".parse().unwrap();
        Destroyed { peer, cookie: 1, end, repeats: 0, age: Duration::ZERO, said: 0 }
    }

    fn refused() -> Destroyed {
        ended(AttemptEnd::Refused)
    }

    fn cycle(name: PolicyName) -> Cycle {
        Cycle::new(Arc::new(ReconnectPolicy::preset(name)), at(10_000))
    }

    /// Of these sockets, the moments (after the loss) of those that are taken for attempts, and when they began.
    fn taken(cycle: &mut Cycle, sockets: &[(u64, Destroyed)]) -> Vec<(u64, u64)> {
        let mut taken = Vec::new();
        for (ms, socket) in sockets {
            let heard = heard(10_000 + ms);
            if let Some(fit) = cycle.fit(socket, heard) {
                cycle.take(socket, heard, fit);
                let latest = cycle.latest.as_ref().unwrap();
                taken.push((*ms, latest.started.since(at(10_000)).as_millis() as u64));
            }
        }
        taken
    }

    #[test]
    fn what_comes_when_it_is_due_is_taken_and_nothing_else() {
        // The hardened schedule: 0, 148, 538, 1149, 2444, 4313 … ms.
        let all = [0, 60, 130, 149, 160, 540, 900, 1100, 1152, 1600, 2446, 3000].map(|ms| (ms, refused()));
        let taken = taken(&mut cycle(PolicyName::Hardened), &all);
        assert_eq!(taken.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [0, 149, 540, 1152, 2446]);
        assert!(taken.iter().all(|(ms, started)| ms.abs_diff(*started) <= 5), "{taken:?}");
    }

    #[test]
    fn a_machine_that_is_busy_hears_late_and_loses_none() {
        let mut cycle = cycle(PolicyName::Hardened);
        // Two are heard together, 400 ms late: each counts from when it was due.
        for (since, now) in [(0, 400), (0, 400), (530, 545), (1149, 1160)] {
            let heard = Heard { since: at(10_000 + since), now: at(10_000 + now) };
            let fit = cycle.fit(&refused(), heard).unwrap();
            assert!(matches!(fit, Fit::Next { .. }), "{fit:?} at {now}");
            cycle.take(&refused(), heard, fit);
        }
    }

    #[test]
    fn news_that_comes_late_makes_no_next_attempt_seem_too_early() {
        let mut cycle = cycle(PolicyName::Hardened);
        // As it was on a busy machine: the news of the first comes when it has been listened to twice, that of the others
        // when they happen.
        for (number, (since, now)) in [(39, 50), (145, 158), (531, 545), (1142, 1156), (2440, 2450)].iter().enumerate()
        {
            let heard = Heard { since: at(10_000 + since), now: at(10_000 + now) };
            let fit = cycle.fit(&refused(), heard);
            assert!(matches!(fit, Some(Fit::Next { .. })), "{number}: {fit:?}");
            cycle.take(&refused(), heard, fit.unwrap());
            assert!(!cycle.has_succeeded(at(10_000 + [148, 538, 1149, 2444, 4313][number])), "{number}");
        }
    }

    #[test]
    fn an_attempt_without_an_answer_lasts_until_the_limit_or_until_the_network_says_no() {
        let silent = |repeats| Destroyed { repeats, ..ended(AttemptEnd::Unanswered) };
        // 5 s each: the second is due at 5.148 s and over at 10.148 s; the third, at 10.538 s, is ended by the network.
        let all = [(3000, silent(4)), (5000, silent(3)), (10_150, silent(3)), (10_700, silent(0))];
        let taken = taken(&mut cycle(PolicyName::Hardened), &all);
        assert_eq!(taken.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [5000, 10_150, 10_700]);
        let began: Vec<_> = taken.iter().map(|(_, started)| *started).collect();
        assert!(began[0] == 0 && (5140..5155).contains(&began[1]) && (10_530..10_545).contains(&began[2]), "{began:?}");
    }

    #[test]
    fn what_was_a_connection_before_the_loss_was_no_attempt() {
        let cycle = cycle(PolicyName::Hardened);
        let dropped = |age, said| Destroyed { age: Duration::from_millis(age), said, ..ended(AttemptEnd::Dropped) };
        let fits = |socket| cycle.fit(&socket, heard(10_050)).is_some();
        assert!(fits(dropped(40, 2)) && !fits(dropped(200, 2)), "older than the loss");
        assert!(!fits(dropped(0, 500)), "it has talked for long");
    }

    #[test]
    fn all_addresses_of_a_name_are_one_attempt() {
        let other = Destroyed { peer: "[::1]:6379".parse().unwrap(), ..refused() };
        let mut cycle = cycle(PolicyName::Hardened);
        let taken = taken(&mut cycle, &[(0, refused()), (2, other), (149, other), (150, refused())]);
        assert_eq!((taken.len(), cycle.made), (4, 2));
        assert!(cycle.has_succeeded(at(10_300)) && !cycle.has_succeeded(at(10_545)));
    }

    #[test]
    fn when_the_retries_are_spent_another_cycle_may_begin_at_any_time() {
        let mut cycle = cycle(PolicyName::Library);
        let all = [0, 148, 538, 1149, 2444, 4313, 9442, 12_000, 12_149, 12_300].map(|ms| (ms, refused()));
        assert_eq!(taken(&mut cycle, &all[..7]).len(), 7);
        assert_eq!(cycle.due, None);
        let again = taken(&mut cycle, &all[7..]);
        assert_eq!(again.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [12_000, 12_149]);
    }

    #[test]
    fn after_one_that_was_not_heard_the_next_is_found_again() {
        let taken = taken(&mut cycle(PolicyName::Hardened), &[0, 148, 538, 4313].map(|ms| (ms, refused())));
        // Those at 1.149 and 2.444 s are missing: what comes is the one after the next.
        assert_eq!(taken.last().unwrap().0, 4313);
    }

    #[test]
    fn a_fresh_client_begins_from_the_beginning() {
        let mut cycle = cycle(PolicyName::Hardened);
        taken(&mut cycle, &[(0, refused())]);
        cycle.restart(at(13_000));
        assert_eq!(taken(&mut cycle, &[3001, 3149].map(|ms| (ms, refused()))).len(), 2);
    }
}
