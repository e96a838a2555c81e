//! The reconnect attempts of one client, from a loss to the first good reply: failures returned to waiting commands,
//! and sockets that the kernel reported. Pure.

use std::time::Duration;

use super::cycle::{AttemptMatch, Cycle, ReadWindow};
use crate::{
    clock::Stamp,
    event::{Attempt, AttemptEnd, Tried},
    foreign::Foreign,
    kernel::Destroyed,
};

/// Attempts kept: the first and the latest.
const ATTEMPTS: usize = 16;

/// Commands that wait for the same attempt fail within this time of each other.
const SAME_ATTEMPT: Duration = Duration::from_millis(1);

/// A command and the kernel report the same attempt within this time of each other, in either order.
const REPORTED_TWICE: Duration = Duration::from_millis(20);

/// The attempts known so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    pub(super) seen: Vec<Attempt>,
    /// Failed attempts reported by the kernel; `None` if it was not listened to.
    pub(super) tried: Option<Tried>,
    /// Reason why attempts may be missing.
    pub(super) missing: Option<String>,
    cycle: Option<Cycle>,
    /// Broadcasts of the kernel that were dropped so far; `None` if their number is unknown.
    dropped: Option<u64>,
}

impl Attempts {
    /// Creates the attempts of a client whose sockets are identified by `cycle`.
    pub(super) fn tracked_by(cycle: Cycle) -> Self {
        Self { tried: Some(Tried::default()), cycle: Some(cycle), dropped: Some(0), ..Self::default() }
    }

    /// Creates the attempts of a client while the kernel cannot be listened to.
    pub(super) fn untracked(why: Option<String>) -> Self {
        Self { missing: why, ..Self::default() }
    }

    /// Records the failure of a waiting command.
    pub(super) fn failed(&mut self, at: Stamp, failure: Foreign) {
        if let Some(last) = self.seen.last_mut() {
            if last.failure.as_ref() == Some(&failure) && at.since(last.at) < SAME_ATTEMPT {
                return;
            }
            let from_kernel = last.end.is_some_and(|end| last.failure.as_deref() == Some(describe(end)));
            if from_kernel && at.since(last.at) < REPORTED_TWICE {
                last.failure = Some(failure);
                return;
            }
        }
        self.push(Attempt { started: None, at, end: None, failure: Some(failure) });
    }

    /// Returns the place of an ended socket among these attempts, if it has one.
    pub(super) fn find_match(&self, socket: &Destroyed, window: ReadWindow) -> Option<AttemptMatch> {
        self.cycle.as_ref()?.find_match(socket, window)
    }

    /// Records the socket as an attempt.
    pub(super) fn record(&mut self, socket: &Destroyed, window: ReadWindow, matched: AttemptMatch) {
        let (Some(cycle), Some(tried)) = (&mut self.cycle, &mut self.tried) else {
            return;
        };
        cycle.record(socket, window, matched);
        let now = window.now;
        let end = socket.end;
        let started = match matched {
            AttemptMatch::OtherAddress { .. } => {
                // The attempt lasts until the last of its addresses has failed.
                if let Some(last) = self.seen.last_mut() {
                    last.at = now;
                }
                return;
            }
            AttemptMatch::Next { started, .. }
            | AttemptMatch::NewCycle { started, .. }
            | AttemptMatch::AfterMissed { started, .. } => started,
        };
        *tried.of(end) += 1;
        match self.seen.last_mut() {
            Some(last) if last.end.is_none() && now.since(last.at) < REPORTED_TWICE => {
                (last.started, last.end) = (Some(started.min(last.at)), Some(end));
            }
            _ => self.push(Attempt {
                started: Some(started),
                at: now,
                end: Some(end),
                failure: Some(describe(end).into()),
            }),
        }
    }

    /// Starts over for a new client.
    pub(super) fn restart(&mut self, now: Stamp) {
        if let Some(cycle) = &mut self.cycle {
            cycle.restart(now);
        }
    }

    /// Records that the kernel dropped this many broadcasts of sockets to the server; `None` if their number is unknown.
    pub(super) fn overrun(&mut self, dropped: Option<u64>) {
        self.dropped = self.dropped.zip(dropped).map(|(before, now)| before + now);
        let why = match self.dropped {
            Some(dropped) => {
                format!("the kernel dropped {dropped} broadcasts of ended sockets: up to as many attempts are missing")
            }
            None => "the kernel dropped broadcasts of ended sockets: some attempts may be missing".to_owned(),
        };
        self.missing = Some(why);
    }

    /// Records the first good reply.
    pub(super) fn succeed(&mut self, at: Stamp) {
        let later = self.seen.iter().rposition(|attempt| attempt.started.is_none_or(|started| started <= at));
        let failed = self.seen.split_off(later.map_or(0, |last| last + 1));
        let mut started = None;
        let mut wrong: Vec<_> = failed.into_iter().filter_map(|attempt| attempt.end).collect();
        let succeeded = self.cycle.as_ref().is_some_and(|cycle| cycle.has_succeeded(at));
        if wrong.is_empty() && succeeded {
            let own = self.seen.pop_if(|last| last.end.is_some());
            started = own.as_ref().and_then(|own| own.started);
            wrong.extend(own.and_then(|own| own.end));
        }
        for end in wrong {
            if let Some(tried) = &mut self.tried {
                *tried.of(end) = tried.of(end).saturating_sub(1);
            }
        }
        let next = self.cycle.as_ref().filter(|_| self.missing.is_none()).and_then(|cycle| cycle.next_attempt(at));
        // An attempt that failed later was made in between, and the kernel did not report it.
        let next = next.filter(|next| self.seen.last().is_none_or(|last| last.at <= *next));
        self.push(Attempt { started: started.or(next), at, end: None, failure: None });
    }

    fn push(&mut self, attempt: Attempt) {
        if self.seen.len() == ATTEMPTS {
            self.seen.remove(ATTEMPTS / 2);
        }
        self.seen.push(attempt);
    }
}

/// Returns the failure of an attempt as far as the kernel reports it.
fn describe(end: AttemptEnd) -> &'static str {
    match end {
        AttemptEnd::Refused => "refused",
        AttemptEnd::Unanswered => "no answer",
        AttemptEnd::Dropped => "connected, then dropped",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::plan::{PolicyName, ReconnectPolicy};

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn heard_from(ms: u64) -> Attempts {
        Attempts::tracked_by(Cycle::new(Arc::new(ReconnectPolicy::preset(PolicyName::Hardened)), at(ms)))
    }

    fn refuse(attempts: &mut Attempts, ms: u64) {
        let socket = Destroyed::of("127.0.0.1:6379", AttemptEnd::Refused);
        let window = ReadWindow { since: at(ms), now: at(ms + 2) };
        let matched = attempts.find_match(&socket, window).unwrap();
        attempts.record(&socket, window, matched);
    }

    fn failures(attempts: &Attempts) -> Vec<Option<&str>> {
        attempts.seen.iter().map(|attempt| attempt.failure.as_deref()).collect()
    }

    #[test]
    fn commands_that_waited_for_the_same_attempt_show_one() {
        let mut attempts = Attempts::default();
        for (ms, failure) in [(5100, "refused"), (5100, "refused"), (5300, "refused"), (5300, "LOADING")] {
            attempts.failed(at(ms), failure.into());
        }
        attempts.succeed(at(5500));
        assert_eq!(attempts.seen.len(), 4);
        assert_eq!(attempts.seen.last().unwrap(), &Attempt { started: None, at: at(5500), end: None, failure: None });
        for number in 0..1000 {
            attempts.failed(at(6000 + number * 10), number.to_string().into());
        }
        assert_eq!(attempts.seen.len(), ATTEMPTS);
        assert_eq!(attempts.seen[0].at, at(5100), "the first is kept");
    }

    #[test]
    fn an_attempt_reported_by_the_kernel_and_a_command_counts_once() {
        let mut attempts = heard_from(5000);
        refuse(&mut attempts, 5000);
        refuse(&mut attempts, 5148);
        attempts.failed(at(5151), "Connection refused (os error 111)".into());
        attempts.failed(at(5538), "Connection refused (os error 111)".into());
        refuse(&mut attempts, 5540);
        let words = "Connection refused (os error 111)";
        assert_eq!(failures(&attempts), [Some("refused"), Some(words), Some(words)]);
        assert!(attempts.seen.iter().all(|attempt| attempt.end == Some(AttemptEnd::Refused)));
        assert_eq!(attempts.tried.unwrap().refused, 3);
    }

    #[test]
    fn an_address_that_refused_belongs_to_the_attempt_that_succeeded_on_another() {
        let mut attempts = heard_from(5000);
        refuse(&mut attempts, 5000);
        refuse(&mut attempts, 5148);
        // Before the next was due: a later socket was not the client's.
        attempts.succeed(at(5160));
        assert_eq!((failures(&attempts), attempts.tried.unwrap().all()), (vec![Some("refused"), None], 1));

        let mut attempts = heard_from(5000);
        refuse(&mut attempts, 5000);
        refuse(&mut attempts, 5150);
        attempts.succeed(at(5149));
        assert_eq!((failures(&attempts), attempts.tried.unwrap().all()), (vec![Some("refused"), None], 1));
    }
}
