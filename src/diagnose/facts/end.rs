//! The end of the connection, and the silence before it.

use std::time::Duration;

use super::Facts;
use crate::{
    classify::{ErrorClass, Failure},
    event::{ReplaceReason, SocketEnd},
};

/// A connection with traffic in both directions within this time was in use: no idle limit is that short.
pub(in crate::diagnose) const IN_USE: Duration = Duration::from_secs(1);

impl Facts<'_> {
    /// The end of the socket, if the kernel reported it.
    pub(in crate::diagnose) fn end(&self) -> Option<SocketEnd> {
        self.whole(|facts| {
            let reported = facts.outage.failure.as_ref().filter(|failure| failure.key.errno.is_some());
            let reported = reported.and_then(|failure| match failure.key.class {
                ErrorClass::Reset => Some(SocketEnd::Reset),
                class if class.follows_silence() => Some(SocketEnd::TimedOut),
                _ => None,
            });
            let death = || facts.evidence().and_then(|evidence| evidence.death.as_ref()).map(|death| death.how);
            reported.or_else(death)
        })
    }

    pub(in crate::diagnose) fn ended(&self, how: SocketEnd) -> bool {
        !self.was_open() && self.end() == Some(how)
    }

    /// True if it was not closed by the other side: it healed, or this side left it, or the kernel gave up on it.
    pub(in crate::diagnose) fn open(&self) -> Option<bool> {
        self.whole(|facts| match facts.end() {
            _ if facts.is_stall() || facts.left_by_policy() => Some(true),
            end => end.map(|end| matches!(end, SocketEnd::TimedOut | SocketEnd::Local)),
        })
    }

    pub(in crate::diagnose) fn was_open(&self) -> bool {
        self.open() == Some(true)
    }

    /// True if the kernel gave up on it.
    pub(in crate::diagnose) fn timed_out(&self) -> bool {
        !self.is_stall() && self.end() == Some(SocketEnd::TimedOut)
    }

    /// True if it was a clean close (FIN).
    pub(in crate::diagnose) fn closed(&self) -> Option<bool> {
        self.whole(|facts| match facts.end() {
            _ if facts.is_stall() || facts.left_by_policy() => Some(false),
            end => end.map(|end| end == SocketEnd::Closed),
        })
    }

    /// True unless it is known not to have been a clean close.
    pub(in crate::diagnose) fn may_be_closed(&self) -> bool {
        let hidden = |failure: &Failure| failure.key.class == ErrorClass::ConnectionClosed;
        let by_failure = self.outage.failure.as_ref().is_none_or(hidden);
        self.closed().unwrap_or(by_failure)
    }

    /// The failure that the client got for the loss.
    pub(in crate::diagnose) fn failure(&self) -> Option<&Failure> {
        self.fact(self.outage.failure.as_ref())
    }

    /// True if the policy replaced it while it was open.
    pub(in crate::diagnose) fn left_by_policy(&self) -> bool {
        self.outage.replaced.is_some_and(ReplaceReason::is_policy)
    }

    /// True if the watchdog of the policy declared it dead.
    pub(in crate::diagnose) fn by_watchdog(&self) -> bool {
        self.outage.replaced == Some(ReplaceReason::Watchdog)
    }

    /// True if the policy replaced it because the server refused a write.
    pub(in crate::diagnose) fn left_for_refused_writes(&self) -> bool {
        self.outage.replaced == Some(ReplaceReason::Readonly)
    }

    /// Time without a reply until the connection was abandoned or answered again.
    pub(in crate::diagnose) fn silence(&self) -> Duration {
        let end = self.circumstances().closed.or(self.outage.restored).unwrap_or(self.outage.detected);
        end.since(self.outage.lost)
    }

    /// True if it fell silent first.
    pub(in crate::diagnose) fn silent(&self) -> bool {
        self.is_stall() || self.by_watchdog() || self.outage.detected > self.outage.lost
    }

    /// True if a reply arrived just before the first sign of the outage.
    pub(in crate::diagnose) fn was_answered_lately(&self) -> bool {
        self.fact(self.outage.idle).is_some_and(|idle| idle.saturating_sub(self.silence()) <= IN_USE)
    }

    /// Time without traffic in either direction before the first sign of the outage.
    pub(in crate::diagnose) fn quiet(&self) -> Option<Duration> {
        let since_reply = self.fact(self.outage.idle)?.saturating_sub(self.silence());
        // Verification messages arrive independently of the commands, unless we could not receive them.
        let pace = self.plan.and_then(|plan| plan.subscription?.verify?.longest());
        match pace.filter(|pace| self.circumstances().subscribed && since_reply > *pace) {
            Some(pace) => Some(since_reply.min(pace + self.lag()?)),
            None => Some(since_reply),
        }
    }

    /// True if other publishers may send messages at any time, so that the quiet time is only a guess.
    pub(in crate::diagnose) fn quiet_is_guessed(&self) -> bool {
        let subscription = self.plan.and_then(|plan| plan.subscription);
        self.circumstances().subscribed && subscription.is_none_or(|subscription| subscription.verify.is_none())
    }

    /// True if the connection was in use at the loss.
    pub(in crate::diagnose) fn in_use(&self) -> bool {
        self.quiet().is_some_and(|quiet| quiet <= IN_USE)
    }

    /// Commands in flight at the loss.
    pub(in crate::diagnose) fn in_flight(&self) -> u64 {
        self.outage.in_flight
    }

    /// The planned pause between two commands.
    pub(in crate::diagnose) fn pause(&self) -> Option<Duration> {
        self.plan?.probes?.pace.due(1)
    }

    /// True if commands follow each other without a pause, so one is always in flight.
    pub(in crate::diagnose) fn is_busy(&self) -> bool {
        self.plan.and_then(|plan| plan.probes).is_some_and(|probes| probes.pace.due(1).is_none())
    }
}
