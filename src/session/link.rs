//! The link: a state machine that turns signals about the connection under test into outages and stalls.
//!
//! One outage stays one outage, however many signals the library gives: it returns errno 104 to one command and a
//! synthetic "broken pipe" to the rest, can connect twice, and can omit its Disconnection push. Pure: timestamped
//! signals go in, [`Change`]s come out, and a table of sequences tests it.

use std::{collections::VecDeque, time::Duration};

use crate::{
    classify::{ErrorClass, Failure, Origin},
    clock::Stamp,
};

/// A Disconnection push this soon after the recovery belongs to the outage that a failed command already reported: the
/// push passes through one more task than the failure, and a flood of messages can delay it.
const LATE_PUSH: Duration = Duration::from_millis(50);

/// The loss of a connection, and its cost so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loss {
    /// Time of the first signal.
    pub(super) at: Stamp,
    /// The most informative failure so far: one from the kernel replaces one from the library.
    pub(super) failure: Option<Failure>,
    /// Probes in flight at the first signal.
    pub(super) in_flight: u64,
    /// Time from the last reply to the first signal.
    pub(super) idle: Duration,
    pub(super) cost: Cost,
}

/// Commands that failed because of an outage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) failed: u64,
    /// Failed commands with an unknown outcome: they may have been executed.
    pub(super) ambiguous: u64,
}

impl Cost {
    fn count(&mut self, counted: bool, ambiguous: bool) {
        self.failed += u64::from(counted);
        self.ambiguous += u64::from(counted && ambiguous);
    }
}

/// A change of the link's state.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// The connection was lost.
    Lost(Loss),
    /// The connection is back: the first good reply arrived at this time.
    Restored(Loss, Stamp),
    /// Probes sent since this time have had no reply, and the connection is still open.
    Stalled { since: Stamp, unanswered: u64, at: Stamp },
    /// The same connection answers again.
    Resumed { since: Stamp, at: Stamp },
}

#[derive(Debug)]
enum LinkState {
    Up,
    Down(Loss),
    Stalled { since: Stamp, unanswered: u64 },
}

/// The state of one connection under test.
#[derive(Debug)]
pub(super) struct Link {
    state: LinkState,
    up_since: Stamp,
    last_reply: Stamp,
    /// Time of the first command sent since the last reply: silence may have begun here.
    unanswered: Option<Stamp>,
    /// A command reported the last outage, and the library's push for it is still due.
    push_owed: bool,
    /// Failures of the last outage reported after its end.
    late: Cost,
    changes: VecDeque<Change>,
}

impl Link {
    /// Creates a link that has just received a reply.
    pub(super) fn up(at: Stamp) -> Self {
        Self {
            state: LinkState::Up,
            up_since: at,
            last_reply: at,
            unanswered: None,
            push_owed: false,
            late: Cost::default(),
            changes: VecDeque::new(),
        }
    }

    /// Returns true if no loss or stall is known.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, LinkState::Up)
    }

    /// Returns the current loss.
    pub(super) fn loss(&self) -> Option<&Loss> {
        match &self.state {
            LinkState::Down(loss) => Some(loss),
            LinkState::Up | LinkState::Stalled { .. } => None,
        }
    }

    /// Returns the time since which the connection has been up; earlier probes were waiting, not slow.
    pub(super) fn up_since(&self) -> Stamp {
        self.up_since
    }

    /// Returns the time of the last reply.
    pub(super) fn last_reply(&self) -> Stamp {
        self.last_reply
    }

    /// Returns the cost of the last outage beyond what was known at its end: commands of the old connection can fail
    /// after the new one has answered.
    pub(super) fn late(&self) -> Cost {
        self.late
    }

    /// Returns true if a command reported the last loss, and the library's push for it is still due.
    pub(super) fn owes_push(&self) -> bool {
        self.push_owed
    }

    /// Takes the changes since the last call.
    pub(super) fn take_changes(&mut self) -> VecDeque<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Records that a command was sent.
    #[inline]
    pub(super) fn on_launch(&mut self, at: Stamp) {
        self.unanswered.get_or_insert(at);
    }

    /// Handles a good reply to a command sent at `launched`; returns true if the state changed.
    #[inline]
    pub(super) fn on_reply(&mut self, launched: Stamp, at: Stamp) -> bool {
        (self.last_reply, self.unanswered) = (at, None);
        match &self.state {
            LinkState::Up => false,
            // Decoded before the loss was noticed: the last reply of the old connection.
            LinkState::Down(loss) if launched < loss.at => false,
            LinkState::Down(_) | LinkState::Stalled { .. } => {
                self.come_up(at);
                true
            }
        }
    }

    /// Handles an error reply: the connection works, but only a good reply ends an outage.
    pub(super) fn on_error_reply(&mut self, at: Stamp, counted: bool) -> bool {
        (self.last_reply, self.unanswered) = (at, None);
        match self.state {
            LinkState::Stalled { .. } => {
                self.come_up(at);
                true
            }
            LinkState::Down(ref mut loss) => {
                loss.cost.count(counted, false);
                false
            }
            LinkState::Up => false,
        }
    }

    /// Handles the library's report of a loss without a failed command.
    pub(super) fn on_disconnect_push(&mut self, at: Stamp, in_flight: u64) -> bool {
        let owed = std::mem::take(&mut self.push_owed);
        match &self.state {
            LinkState::Down(_) => false,
            LinkState::Up if owed && at.since(self.up_since) < LATE_PUSH => false,
            LinkState::Up | LinkState::Stalled { .. } => {
                self.go_down(at, in_flight, None);
                true
            }
        }
    }

    /// Handles a command sent at `launched` that failed because the connection is gone or could not be made.
    pub(super) fn on_failure(&mut self, launched: Stamp, at: Stamp, failed: FailedCommand<'_>) -> bool {
        let lost = match &self.state {
            // It belongs to the previous connection, whose outage is over.
            LinkState::Up if launched < self.up_since => {
                self.late.count(failed.counted, failed.ambiguous);
                false
            }
            LinkState::Up | LinkState::Stalled { .. } => true,
            LinkState::Down(_) => false,
        };
        if lost {
            if failed.failure.key.class.follows_silence() {
                self.fall_silent(launched, at);
            }
            self.go_down(at, failed.in_flight, Some(failed.failure));
            self.push_owed = true;
        }
        if let LinkState::Down(loss) = &mut self.state {
            loss.cost.count(failed.counted, failed.ambiguous);
            let known = loss.failure.as_ref().map(|known| &known.key);
            let telling = failed.failure.key.origin == Origin::Kernel
                && known.is_none_or(|key| key.origin != Origin::Kernel && key.class != ErrorClass::ReplyTooLarge);
            // Later kernel errors (refused …) belong to reconnect attempts, not to the loss.
            if telling && launched <= loss.at {
                loss.failure = Some(failed.failure.clone());
                if let Some(Change::Lost(noted)) = self.changes.back_mut() {
                    noted.failure = Some(failed.failure.clone());
                }
            }
        }
        lost
    }

    /// Handles a command sent at `launched` that got no reply in time.
    pub(super) fn on_timeout(&mut self, launched: Stamp, at: Stamp, counted: bool, ambiguous: bool) -> bool {
        match &mut self.state {
            LinkState::Up if launched >= self.last_reply && launched >= self.up_since => {
                self.fall_silent(launched, at);
                true
            }
            LinkState::Up => false,
            LinkState::Stalled { unanswered, .. } => {
                *unanswered += 1;
                false
            }
            LinkState::Down(loss) => {
                loss.cost.count(counted, ambiguous);
                false
            }
        }
    }

    /// Handles the replacement of the session: the old connection is gone, and the new one has not answered yet.
    pub(super) fn on_replaced(&mut self, at: Stamp, failure: Option<&Failure>) -> bool {
        if matches!(self.state, LinkState::Down(_)) {
            return false;
        }
        self.go_down(at, 0, failure);
        true
    }

    /// Enters a stall: silence since the first unanswered command.
    fn fall_silent(&mut self, launched: Stamp, at: Stamp) {
        if matches!(self.state, LinkState::Up) {
            let since = self.unanswered.map_or(launched, |first| first.min(launched)).max(self.up_since);
            self.state = LinkState::Stalled { since, unanswered: 1 };
            self.changes.push_back(Change::Stalled { since, unanswered: 1, at });
        }
    }

    fn go_down(&mut self, at: Stamp, in_flight: u64, failure: Option<&Failure>) {
        let idle = at.since(self.last_reply);
        let loss = Loss { at, failure: failure.cloned(), in_flight, idle, cost: Cost::default() };
        self.late = Cost::default();
        self.changes.push_back(Change::Lost(loss.clone()));
        self.state = LinkState::Down(loss);
    }

    fn come_up(&mut self, at: Stamp) {
        self.up_since = at;
        let change = match std::mem::replace(&mut self.state, LinkState::Up) {
            LinkState::Down(loss) => Change::Restored(loss, at),
            LinkState::Stalled { since, .. } => Change::Resumed { since, at },
            LinkState::Up => return,
        };
        self.changes.push_back(change);
    }
}

/// A command that failed with its connection.
pub(super) struct FailedCommand<'a> {
    pub(super) failure: &'a Failure,
    /// One of the user's commands, not one of redis-doctor's.
    pub(super) counted: bool,
    /// It may have been executed.
    pub(super) ambiguous: bool,
    /// Probes in flight, including this one.
    pub(super) in_flight: u64,
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::classify::Stage;

    /// A signal, with its times in milliseconds.
    #[derive(Clone, Copy, Debug)]
    enum Signal {
        Reply(u64, u64),
        ErrorReply(u64),
        Push(u64),
        Reset(u64, u64),
        Closed(u64, u64),
        Refused(u64, u64),
        Timeout(u64, u64),
    }

    fn ms(at: u64) -> Stamp {
        Stamp::from_nanos(at * 1_000_000)
    }

    fn feed(link: &mut Link, signal: Signal) {
        let mut fail = |launched, at, error: io::Error| {
            let failure = Failure::io(Stage::Command, &error);
            link.on_failure(
                ms(launched),
                ms(at),
                FailedCommand { failure: &failure, counted: true, ambiguous: true, in_flight: 1 },
            );
        };
        match signal {
            Signal::Reset(launched, at) => fail(launched, at, io::Error::from_raw_os_error(104)),
            Signal::Refused(launched, at) => fail(launched, at, io::Error::from_raw_os_error(111)),
            Signal::Closed(launched, at) => fail(launched, at, io::Error::from(io::ErrorKind::BrokenPipe)),
            Signal::Reply(launched, at) => _ = link.on_reply(ms(launched), ms(at)),
            Signal::ErrorReply(at) => _ = link.on_error_reply(ms(at), true),
            Signal::Push(at) => _ = link.on_disconnect_push(ms(at), 0),
            Signal::Timeout(launched, at) => _ = link.on_timeout(ms(launched), ms(at), true, true),
        }
    }

    /// One term per change: `lost@10(104)`, `restored@12`, `stalled@5`, `resumed@9`.
    fn outcome(signals: &[Signal]) -> Vec<String> {
        let mut link = Link::up(ms(0));
        let at = |stamp: Stamp| stamp.as_nanos() / 1_000_000;
        signals.iter().for_each(|signal| feed(&mut link, *signal));
        let show = |change| match change {
            Change::Lost(loss) => {
                let errno = loss.failure.and_then(|failure| failure.key.errno);
                format!("lost@{}({})", at(loss.at), errno.map_or("-".into(), |errno| errno.to_string()))
            }
            Change::Restored(loss, when) => format!("restored@{}/{}", at(when), loss.cost.failed),
            Change::Stalled { since, .. } => format!("stalled@{}", at(since)),
            Change::Resumed { at: when, .. } => format!("resumed@{}", at(when)),
        };
        link.take_changes().into_iter().map(show).collect()
    }

    use Signal::*;

    /// Description, signals, expected changes.
    const SEQUENCES: &[(&str, &[Signal], &[&str])] = &[
        ("idle reset: only the push reports it", &[Push(10), Reply(11, 12)], &["lost@10(-)", "restored@12/0"]),
        (
            "reset in flight: one 104, the rest broken pipe, then the push",
            &[Reset(5, 10), Closed(6, 10), Closed(7, 10), Push(10), Reply(10, 12)],
            &["lost@10(104)", "restored@12/3"],
        ),
        (
            "a broken pipe is reported before the 104",
            &[Closed(6, 10), Reset(5, 10), Push(10), Reply(10, 12)],
            &["lost@10(104)", "restored@12/2"],
        ),
        (
            "the push comes after the recovery",
            &[Reset(5, 10), Reply(10, 12), Push(13), Reply(14, 15)],
            &["lost@10(104)", "restored@12/1"],
        ),
        (
            "the push never arrives, and the next loss is a separate one",
            &[Reset(5, 10), Reply(10, 12), Push(500), Reply(501, 502)],
            &["lost@10(104)", "restored@12/1", "lost@500(-)", "restored@502/0"],
        ),
        (
            "a command of the old connection fails after the recovery",
            &[Push(10), Reply(11, 12), Closed(5, 13), Reply(13, 14)],
            &["lost@10(-)", "restored@12/0"],
        ),
        (
            "the old connection's last reply does not end the outage",
            &[Push(10), Reply(5, 11), Reply(12, 13)],
            &["lost@10(-)", "restored@13/0"],
        ),
        (
            "refused attempts belong to the outage, not to its cause",
            &[Push(10), Refused(11, 20), Refused(21, 30), Reply(31, 32)],
            &["lost@10(-)", "restored@32/2"],
        ),
        (
            "LOADING does not end an outage",
            &[Push(10), ErrorReply(12), Reply(13, 14)],
            &["lost@10(-)", "restored@14/1"],
        ),
        ("a frozen server is a stall", &[Timeout(5, 10), Timeout(6, 11), Reply(7, 40)], &["stalled@5", "resumed@40"]),
        ("one slow command among answered ones is nothing", &[Reply(6, 7), Timeout(5, 10)], &[]),
        (
            "a stall that ends in a loss",
            &[Timeout(5, 10), Closed(6, 20), Push(20), Reply(20, 21)],
            &["stalled@5", "lost@20(-)", "restored@21/1"],
        ),
    ];

    #[test]
    fn many_signals_of_one_outage_are_one_outage() {
        for (name, signals, expected) in SEQUENCES {
            assert_eq!(outcome(signals), *expected, "{name}");
        }
    }

    #[test]
    fn a_failure_after_the_recovery_counts_toward_its_outage() {
        let mut link = Link::up(ms(0));
        [Closed(5, 10), Reply(10, 12), Closed(6, 13), Closed(7, 13)]
            .into_iter()
            .for_each(|signal| feed(&mut link, signal));
        assert_eq!(link.late(), Cost { failed: 2, ambiguous: 2 });
        feed(&mut link, Push(500));
        assert_eq!(link.late(), Cost::default());
    }

    #[test]
    fn the_loss_remembers_how_long_the_connection_had_been_idle() {
        let mut link = Link::up(ms(0));
        link.on_reply(ms(3), ms(4));
        link.on_disconnect_push(ms(354), 0);
        assert_eq!(link.loss().map(|loss| loss.idle), Some(Duration::from_millis(350)));
    }
}
