//! The facts about an outage, as the rules query them. `None` means unknown, never "no".

use std::{sync::Arc, time::Duration};

use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::Stamp,
    event::{Announcement, ClientState, Evidence, HostState, ReplaceReason, ServerState, SocketEnd},
    plan::{Address, Conditions},
    record::{Circumstances, Outage, OutageKind},
};

/// INFO's uptime is in whole seconds, and the server's clock for it lags up to one more.
const UPTIME_ERROR: Duration = Duration::from_secs(2);

/// Connections lost within this time were lost at the same moment: each detects the loss separately.
const SAME_MOMENT: Duration = Duration::from_secs(1);

/// Counters read longer ago than this may have moved for another client. They are read once a minute.
const NARROW: Duration = Duration::from_secs(90);

/// A connection with traffic in both directions within this time was in use: no idle limit is that short.
pub(super) const IN_USE: Duration = Duration::from_secs(1);

/// An outage, its plan, and the other outages.
pub(super) struct Facts<'a> {
    pub(super) outage: &'a Outage,
    pub(super) plan: Option<Conditions<'a>>,
    /// All recorded outages of all runs.
    all: &'a [&'a Outage],
}

/// A counter of a server, if the server reports it.
type Counter = fn(&ServerState) -> Option<u64>;

/// The addresses of a name after the outage, compared with those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addresses {
    /// The same addresses.
    Same,
    /// Some are the same: the name resolves to a few addresses of many.
    Shuffled,
    /// No address is the same.
    Moved,
}

impl<'a> Facts<'a> {
    pub(super) fn new(outage: &'a Outage, plan: Option<Conditions<'a>>, all: &'a [&'a Outage]) -> Self {
        Self { outage, plan, all }
    }

    pub(super) fn circumstances(&self) -> &Circumstances {
        &self.outage.circumstances
    }

    pub(super) fn evidence(&self) -> Option<&Evidence> {
        self.circumstances().evidence.as_deref()
    }

    /// Facts that were queried and not available.
    pub(super) fn missing(&self) -> Vec<String> {
        match self.evidence() {
            Some(evidence) => evidence.missing.iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect(),
            None => vec!["no evidence was gathered: only what the connection itself showed is known".to_owned()],
        }
    }

    fn states(&self) -> Option<(&ServerState, &ServerState)> {
        let evidence = self.evidence()?;
        evidence.before.as_deref().zip(evidence.after.as_deref())
    }

    pub(super) fn before(&self) -> Option<&ServerState> {
        self.evidence()?.before.as_deref()
    }

    pub(super) fn after(&self) -> Option<&ServerState> {
        self.evidence()?.after.as_deref()
    }

    pub(super) fn is_stall(&self) -> bool {
        self.outage.kind == OutageKind::Stall
    }

    /// True if the same connection answered again.
    pub(super) fn healed(&self) -> bool {
        self.is_stall() && self.outage.restored.is_some()
    }
}

/// The end of the connection.
impl Facts<'_> {
    /// The end of the socket, if the kernel reported it.
    pub(super) fn end(&self) -> Option<SocketEnd> {
        let death = self.evidence().and_then(|evidence| evidence.death.as_ref());
        let reported = self.failure().filter(|failure| failure.key.errno.is_some());
        let reported = reported.and_then(|failure| match failure.key.class {
            ErrorClass::Reset => Some(SocketEnd::Reset),
            class if class.follows_silence() => Some(SocketEnd::TimedOut),
            _ => None,
        });
        death.map(|death| death.how).or(reported)
    }

    /// True if it may have been a clean close: the kernel reports one, or nothing contradicts it.
    pub(super) fn may_be_closed(&self) -> bool {
        let by_failure = self.failure().is_none_or(|failure| failure.key.class == ErrorClass::ConnectionClosed);
        match self.end() {
            Some(end) => end == SocketEnd::Closed,
            None => by_failure && !self.is_stall() && !self.left_by_policy(),
        }
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        self.outage.failure.as_ref()
    }

    /// True if the policy replaced it while it was open.
    pub(super) fn left_by_policy(&self) -> bool {
        self.outage.replaced.is_some_and(ReplaceReason::is_policy)
    }

    /// True if the watchdog of the policy declared it dead.
    pub(super) fn by_watchdog(&self) -> bool {
        self.outage.replaced == Some(ReplaceReason::Watchdog)
    }

    /// Time without a reply until the connection was abandoned or answered again.
    pub(super) fn silence(&self) -> Duration {
        let end = self.circumstances().closed.or(self.outage.restored).unwrap_or(self.outage.detected);
        end.since(self.outage.lost)
    }

    /// True if it fell silent first.
    pub(super) fn silent(&self) -> bool {
        self.is_stall() || self.by_watchdog() || self.outage.detected > self.outage.lost
    }

    /// True if a reply arrived just before the first sign of the outage.
    pub(super) fn was_answered_lately(&self) -> bool {
        self.outage.idle.is_some_and(|idle| idle.saturating_sub(self.silence()) <= IN_USE)
    }

    /// Time without traffic in either direction before the first sign of the outage.
    pub(super) fn quiet(&self) -> Option<Duration> {
        let since_reply = self.outage.idle?.saturating_sub(self.silence());
        // Verification messages arrive independently of the commands.
        let messages = self.plan.and_then(|plan| plan.subscription?.verify?.due(1));
        Some(messages.filter(|_| self.circumstances().subscribed).map_or(since_reply, |pace| since_reply.min(pace)))
    }

    /// True if other publishers may send messages at any time, so that the quiet time is only a guess.
    pub(super) fn quiet_is_guessed(&self) -> bool {
        let subscription = self.plan.and_then(|plan| plan.subscription);
        self.circumstances().subscribed && subscription.is_none_or(|subscription| subscription.verify.is_none())
    }

    /// True if the connection was in use at the loss.
    pub(super) fn in_use(&self) -> bool {
        self.quiet().is_some_and(|quiet| quiet <= IN_USE)
    }

    /// The planned pause between two commands.
    pub(super) fn pause(&self) -> Option<Duration> {
        self.plan?.probes?.pace.due(1)
    }

    /// True if commands follow each other without a pause, so one is always in flight.
    pub(super) fn is_busy(&self) -> bool {
        self.plan.and_then(|plan| plan.probes).is_some_and(|probes| probes.pace.due(1).is_none())
    }

    /// Time of the last known reply or message.
    fn last_sign(&self) -> Stamp {
        let quiet = self.quiet().unwrap_or_default();
        Stamp::from_nanos(self.outage.lost.as_nanos().saturating_sub(quiet.as_nanos() as u64))
    }
}

/// The server before and after.
impl Facts<'_> {
    /// True if the same process answers.
    pub(super) fn same_process(&self) -> Option<bool> {
        let ids = self.states().and_then(|(before, after)| before.run_id.as_ref().zip(after.run_id.as_ref()));
        // Another one of several servers shows nothing about the process that was left.
        let several = || self.evidence().is_some_and(|evidence| !evidence.servers.is_empty());
        ids.map(|(lost, after)| lost == after).or_else(|| self.outage.same_process.filter(|same| *same || !several()))
    }

    pub(super) fn another_process(&self) -> bool {
        self.same_process() == Some(false)
    }

    pub(super) fn is_same_process(&self) -> bool {
        self.same_process() == Some(true)
    }

    /// True if the process that answers may have started after the loss.
    pub(super) fn fresh(&self) -> Option<bool> {
        let after = self.after()?;
        let uptime = Duration::from_secs(after.uptime?);
        Some(uptime <= after.at.since(self.last_sign()) + UPTIME_ERROR)
    }

    /// True if the uptime is lower than before.
    pub(super) fn uptime_fell(&self) -> Option<bool> {
        let (before, after) = self.states()?;
        Some(after.uptime? < before.uptime?)
    }

    /// True if another address, or another node behind it, answers.
    pub(super) fn another_place(&self) -> Option<bool> {
        let (before, after) = self.states()?;
        let differs = |pair: Option<(&Arc<str>, &Arc<str>)>| pair.map(|(before, after)| before != after);
        let address = differs(before.address.as_ref().zip(after.address.as_ref()));
        let laddr = differs(before.laddr.as_ref().zip(after.laddr.as_ref()));
        address.into_iter().chain(laddr).reduce(|one, other| one || other)
    }

    /// True if the server's own kernel is the peer of our connections: both ends see the same addresses. Otherwise a
    /// proxy or relay may accept them and acknowledge what is sent.
    pub(super) fn direct(&self) -> Option<bool> {
        let local = self.plan.is_some_and(|plan| matches!(plan.address, Address::Unix(_)));
        let states = [self.before(), self.after()].into_iter().flatten();
        let translated = states.filter_map(|state| {
            // Older journals lack the field, but have the server's end of the connection.
            let ends = state.address.as_ref().zip(state.laddr.as_ref());
            state.translated.or_else(|| ends.map(|(address, laddr)| address != laddr))
        });
        translated.reduce(|one, other| one || other).map(|translated| !translated).or(local.then_some(true))
    }

    /// True if the client was connected directly to the server, not to a proxy. A run with faults has its own proxy.
    pub(super) fn is_direct(&self) -> bool {
        self.direct() == Some(true) && self.plan.is_some_and(|plan| !plan.relayed)
    }

    /// The addresses of the name, compared with those before the outage.
    pub(super) fn addresses(&self) -> Option<Addresses> {
        let (before, after) = self.states()?;
        if before.addresses.is_empty() || after.addresses.is_empty() {
            return None;
        }
        let kept = before.addresses.iter().filter(|address| after.addresses.contains(address)).count();
        Some(match kept {
            0 => Addresses::Moved,
            kept if kept == before.addresses.len() && kept == after.addresses.len() => Addresses::Same,
            _ => Addresses::Shuffled,
        })
    }

    /// The role before and after, where both are known.
    pub(super) fn roles(&self) -> Option<(&str, &str)> {
        let (before, after) = self.states()?;
        Some((before.role.as_deref()?, after.role.as_deref()?))
    }

    /// True if the same process has a different role than before.
    pub(super) fn changed_role(&self) -> bool {
        self.is_same_process() && self.roles().is_some_and(|(before, after)| before != after)
    }

    /// The replication offset before and after.
    pub(super) fn offsets(&self) -> Option<(u64, u64)> {
        let (before, after) = self.states()?;
        Some((before.replication_offset.filter(|offset| *offset > 0)?, after.replication_offset?))
    }

    /// True if the answering process ran before the loss and continues the old process' replication history.
    pub(super) fn took_over(&self) -> bool {
        let history = self.states().and_then(|(before, after)| {
            before.replication_id.as_ref().zip(after.former_replication_id.as_ref()).map(|(old, former)| old == former)
        });
        history == Some(true) && self.another_process() && self.fresh() == Some(false)
    }

    /// Increase of a counter of the same process; `None` if unknown.
    pub(super) fn moved(&self, counter: Counter) -> Option<u64> {
        // After CONFIG RESETSTAT, every counter is unknown.
        let (before, after) = self.states().filter(|(before, after)| !after.was_reset_since(before))?;
        counter(after)?.checked_sub(counter(before)?).filter(|_| !self.another_process())
    }

    /// True if the counters were read shortly before the loss.
    pub(super) fn narrow(&self) -> bool {
        self.before().is_some_and(|before| self.outage.lost.since(before.at) <= NARROW)
    }

    /// True if no other connection of the run was lost between the two readings: a counter that moved, moved for this
    /// one.
    pub(super) fn alone(&self) -> bool {
        let Some((before, after)) = self.states() else { return false };
        let counted = self.evidence().map_or(0, |evidence| evidence.outages_between);
        counted <= 1 && self.others().all(|other| other.lost < before.at || other.lost > after.at)
    }

    /// The first counter of closed clients that moved, as a sentence.
    pub(super) fn servers_reason(&self) -> Option<&'static str> {
        let counters: [(Counter, &str); 5] = [
            (|state| state.client_kills, "CLIENT KILL ran"),
            (|state| state.evicted_clients, "the server evicted clients"),
            (|state| state.output_buffer_disconnections, "the server closed clients over the output-buffer limit"),
            (|state| state.query_buffer_disconnections, "the server closed clients over the query-buffer limit"),
            (|state| state.acl_changes, "the ACL was changed"),
        ];
        counters.into_iter().find(|(counter, _)| self.moved(*counter) > Some(0)).map(|(_, reason)| reason)
    }

    /// True if all counters of closed clients are known and none moved.
    pub(super) fn server_did_nothing(&self) -> bool {
        self.servers_reason().is_none() && self.moved(|state| state.client_kills) == Some(0)
    }

    /// True if the server still listed the lost connection.
    pub(super) fn listed(&self) -> Option<bool> {
        self.evidence()?.old_client_listed
    }
}

/// The circumstances.
impl Facts<'_> {
    /// A path-probe failure of one of these classes in one of these stages.
    pub(super) fn path_failed(&self, classes: &[ErrorClass], stages: &[Stage]) -> Option<&Failure> {
        let fits = |failure: &&Failure| classes.contains(&failure.key.class) && stages.contains(&failure.key.stage);
        self.circumstances().path_failures.iter().find(fits)
    }

    /// True if nothing was listening on the server's port: a path probe or an attempt of the client was refused.
    pub(super) fn was_refused(&self) -> bool {
        let own = self.evidence().and_then(|evidence| evidence.tried).is_some_and(|tried| tried.refused > 0);
        own || self.path_failed(&[ErrorClass::Refused], &[Stage::Tcp, Stage::Unix]).is_some()
    }

    /// True if a path probe or a command failed with this class during the outage.
    pub(super) fn met(&self, class: ErrorClass) -> bool {
        let circumstances = self.circumstances();
        let path = circumstances.path_failures.iter().map(|failure| failure.key.class);
        path.chain(circumstances.failures.iter().map(|key| key.class)).any(|met| met == class)
    }

    /// True if new connections failed.
    pub(super) fn path_was_ill(&self) -> bool {
        !self.circumstances().path_failures.is_empty()
    }

    /// True if nothing is known to be wrong beyond this machine.
    pub(super) fn is_calm(&self) -> bool {
        !self.path_was_ill() && !self.half_open() && !self.another_process() && self.servers_reason().is_none()
    }

    /// True if new connections were answered repeatedly while this one was silent.
    pub(super) fn half_open(&self) -> bool {
        self.circumstances().states.contains(&ClientState::HalfOpen)
    }

    pub(super) fn host(&self) -> HostState {
        self.evidence().map(|evidence| evidence.host).unwrap_or_default()
    }

    /// The announcements of maintenance before the loss, and those since.
    pub(super) fn announcements(&self) -> (Vec<&Announcement>, Vec<&Announcement>) {
        let gathered = self.evidence().map_or(&[][..], |evidence| &evidence.announcements);
        let lost = self.circumstances().closed.unwrap_or(self.outage.lost);
        self.circumstances().announcements.iter().chain(gathered).partition(|announcement| announcement.at <= lost)
    }

    /// Other drops of the same run.
    fn others(&self) -> impl Iterator<Item = &Outage> {
        let own = (self.outage.run, self.outage.connection, self.outage.lost);
        self.all.iter().copied().filter(move |other| {
            other.run == own.0 && (other.connection, other.lost) != (own.1, own.2) && other.idle.is_some()
        })
    }

    /// Number of the run's other connections lost at the same moment, and number of other connections; `None` if there
    /// is only one.
    pub(super) fn company(&self) -> Option<(usize, usize)> {
        let others = (self.plan?.connections as usize).checked_sub(1).filter(|others| *others > 0)?;
        let near = |other: &&Outage| {
            let apart = other.lost.since(self.outage.lost).max(self.outage.lost.since(other.lost));
            other.connection != self.outage.connection && apart <= SAME_MOMENT
        };
        let mut lost: Vec<u32> = self.others().filter(near).map(|other| other.connection).collect();
        lost.sort_unstable();
        lost.dedup();
        Some((lost.len(), others))
    }

    /// Number of other drops in the run after an equally long quiet time.
    pub(super) fn alike(&self) -> usize {
        let Some(quiet) = self.quiet() else { return 0 };
        let close = (quiet / 20).max(Duration::from_millis(250));
        let alike = |other: &&Outage| {
            let theirs = Facts::new(other, self.plan, &[]).quiet();
            theirs.is_some_and(|theirs| theirs.abs_diff(quiet) <= close)
        };
        self.others().filter(alike).count()
    }
}
