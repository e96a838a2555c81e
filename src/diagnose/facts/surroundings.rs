//! New connections, this machine, announcements, and the other connections of the run.

use std::time::Duration;

use super::Facts;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::Stamp,
    event::{Announcement, ClientState, ReplaceReason, TcpFigures},
    record::Outage,
};

/// Connections lost within this time were lost at the same moment: each detects the loss separately.
const SAME_MOMENT: Duration = Duration::from_secs(1);

/// Replies and commands below this size in total never fill a buffer of the server: it does not even count them
/// (redis `src/server.h`, PROTO_REPLY_CHUNK_BYTES).
pub(in crate::diagnose) const LITTLE: u64 = 16 * 1024;

/// A reader this late may have let a backlog grow at the server.
const SLOW_READER: Duration = Duration::from_millis(300);

/// New connections.
impl<'a> Facts<'a> {
    /// A path-probe failure of one of these classes in one of these stages.
    pub(in crate::diagnose) fn path_failed(&self, classes: &[ErrorClass], stages: &[Stage]) -> Option<&'a Failure> {
        let fits = |failure: &&Failure| classes.contains(&failure.key.class) && stages.contains(&failure.key.stage);
        self.circumstances().path_failures.iter().find(fits)
    }

    /// The failures of new connections, each with its first and last time. The first began with the loss, and the last
    /// ended when an attempt succeeded.
    pub(in crate::diagnose) fn path_failures(&self) -> Vec<(&'a Failure, Stamp, Stamp)> {
        let circumstances = self.circumstances();
        let spans = circumstances.path_failures.iter().zip(&circumstances.path_spans);
        let mut spans: Vec<_> = spans.map(|(failure, (from, to))| (failure, *from, *to)).collect();
        let healthy = self.outage.path_healthy_after.map(|after| self.closed_at().after(after));
        if let Some((_, from, _)) = spans.iter_mut().min_by_key(|(_, from, _)| *from) {
            *from = (*from).min(self.closed_at());
        }
        if let Some((.., to)) = spans.iter_mut().max_by_key(|(.., to)| *to) {
            // Only a change of outcome is an event: what failed last has failed until the run was last observed.
            let end = healthy.or(self.outage.restored).or(self.observed_until);
            *to = end.map_or(*to, |end| end.max(*to));
        }
        spans
    }

    /// True if nothing was listening on the server's port: a path probe or an attempt of the client was refused.
    pub(in crate::diagnose) fn was_refused(&self) -> bool {
        let tried = self.circumstances().evidence.as_deref().and_then(|evidence| evidence.tried);
        let own = tried.is_some_and(|tried| tried.refused > 0);
        own || self.path_failed(&[ErrorClass::Refused], &[Stage::Tcp]).is_some()
    }

    /// True if a path probe or a command failed with this class during the outage.
    pub(in crate::diagnose) fn met(&self, class: ErrorClass) -> bool {
        let circumstances = self.circumstances();
        let path = circumstances.path_failures.iter().map(|failure| failure.key.class);
        path.chain(circumstances.failures.iter().map(|key| key.class)).any(|met| met == class)
    }

    /// True if new connections failed, false if they were answered; unknown if none was tried.
    pub(in crate::diagnose) fn path_was_ill(&self) -> Option<bool> {
        let circumstances = self.circumstances();
        let tried = self.outage.path_healthy_after.is_some() || circumstances.states.contains(&ClientState::HalfOpen);
        let ill = !circumstances.path_failures.is_empty();
        self.fact((ill || tried).then_some(ill))
    }

    /// True if new connections were answered repeatedly while this one was silent.
    pub(in crate::diagnose) fn half_open(&self) -> Option<bool> {
        self.fact(self.circumstances().states.contains(&ClientState::HalfOpen).then_some(true))
    }

    /// True if new connections were answered while this one was silent.
    pub(in crate::diagnose) fn others_were_served(&self) -> bool {
        self.whole(|facts| {
            let meanwhile = facts.by_watchdog() && facts.outage.path_healthy_after.is_some();
            facts.half_open().or_else(|| facts.path_was_ill().filter(|ill| !ill && meanwhile).map(|_| true))
        }) == Some(true)
    }

    /// True if redis-doctor replaced the session because the client's state was unrecoverable.
    pub(in crate::diagnose) fn left_for_its_state(&self) -> bool {
        // A lost connection enters its state after the loss.
        let lost_first = self.circumstances().states.iter().any(|state| state.is_terminal());
        self.outage.replaced == Some(ReplaceReason::Terminal) && self.outage.failure.is_none() && !lost_first
    }
}

/// This machine, and what is sent and received.
impl Facts<'_> {
    /// Largest delay of redis-doctor's own timers around the loss.
    pub(in crate::diagnose) fn lag(&self) -> Option<Duration> {
        self.whole(|facts| Some(facts.evidence()?.host.lag))
    }

    /// Time of the silence in which redis-doctor itself was paused.
    pub(in crate::diagnose) fn paused(&self) -> Option<Duration> {
        self.whole(|facts| {
            let host = facts.evidence()?.host;
            // Older journals have only the largest delay, which may have begun before the silence.
            host.paused.or_else(|| host.lag.is_zero().then_some(Duration::ZERO))
        })
    }

    /// Time that the machine slept around the loss.
    pub(in crate::diagnose) fn suspended(&self) -> Option<Duration> {
        self.whole(|facts| facts.evidence()?.host.suspended)
    }

    /// The TCP figures of the socket, if they were read during the silence.
    pub(in crate::diagnose) fn figures(&self) -> Option<TcpFigures> {
        self.whole(|facts| facts.evidence()?.tcp.filter(|tcp| facts.silent() && tcp.at > facts.lost()))
    }

    /// Bytes that arrived on the connection in total, if they were read after any pause of redis-doctor.
    pub(in crate::diagnose) fn bytes_received(&self) -> Option<u64> {
        self.whole(|facts| {
            let (tcp, lag) = (facts.evidence()?.tcp?, facts.lag()?);
            let end = facts.closed_at();
            tcp.bytes_received.filter(|_| end.since(tcp.at) < lag.max(Duration::from_millis(500)))
        })
    }

    /// True if our commands in flight carry at least that many bytes, and so do their replies.
    pub(in crate::diagnose) fn carries(&self, bytes: u64) -> bool {
        let payload = self.plan.and_then(|plan| plan.probes).map_or(0, |probes| probes.payload as u64);
        self.in_flight().saturating_mul(payload) >= bytes
    }

    /// True unless the connection receives little, or read what it received without delay.
    pub(in crate::diagnose) fn may_fill_its_output_buffer(&self) -> bool {
        let late = || self.lag().is_none_or(|lag| lag >= SLOW_READER);
        self.carries(LITTLE) || self.circumstances().subscribed && late()
    }
}

/// Announcements of the server, and the other losses of the run.
impl<'a> Facts<'a> {
    /// The announcements of maintenance before the loss, and those since, each in order.
    pub(in crate::diagnose) fn announcements(&self) -> (Vec<&'a Announcement>, Vec<&'a Announcement>) {
        let circumstances = self.circumstances();
        let gathered = circumstances.evidence.as_deref().map_or(&[][..], |evidence| &evidence.announcements);
        let lost = self.closed_at();
        let mut all: Vec<_> = circumstances.announcements.iter().chain(gathered).collect();
        all.sort_by_key(|announcement| announcement.at);
        all.into_iter().partition(|announcement| announcement.at <= lost)
    }

    /// Other drops of the same run.
    fn others(&self) -> impl Iterator<Item = &'a Outage> {
        let own = (self.outage.run, self.outage.connection, self.outage.lost);
        self.all.iter().copied().filter(move |other| {
            other.run == own.0 && (other.connection, other.lost) != (own.1, own.2) && other.idle.is_some()
        })
    }

    /// Number of the run's other connections lost at the same moment, and number of other connections; `None` if there
    /// is only one.
    pub(in crate::diagnose) fn company(&self) -> Option<(usize, usize)> {
        let others = (self.plan?.connections as usize).checked_sub(1).filter(|others| *others > 0)?;
        let near = |other: &&Outage| {
            let apart = other.lost.since(self.lost()).max(self.lost().since(other.lost));
            other.connection != self.outage.connection && apart <= SAME_MOMENT
        };
        let mut lost: Vec<u32> = self.others().filter(near).map(|other| other.connection).collect();
        lost.sort_unstable();
        lost.dedup();
        Some((lost.len(), others))
    }

    /// Number of other moments in the run at which connections dropped after an equally long quiet time. Connections that
    /// fell quiet together and are lost together show one such time, however many they are.
    pub(in crate::diagnose) fn alike(&self) -> usize {
        let Some(quiet) = self.quiet() else { return 0 };
        let close = (quiet / 20).max(Duration::from_millis(250));
        let alike = |other: &&Outage| {
            let theirs = self.of_other(other).quiet();
            theirs.is_some_and(|theirs| theirs.abs_diff(quiet) <= close)
        };
        let mut moments: Vec<_> = self.others().filter(alike).map(|other| other.lost).collect();
        moments.push(self.lost());
        moments.sort_unstable();
        moments.windows(2).filter(|pair| pair[1].since(pair[0]) > SAME_MOMENT).count()
    }
}
