//! The server process before and after, and its counters.
//!
//! One address is not one server: a state belongs to the lost connection only if it is of the process that this
//! connection was connected to.

use std::{net::SocketAddr, time::Duration};

use super::{Facts, both, either, sign};
use crate::{
    event::{Peer, ReplaceReason, ServerState},
    foreign::Foreign,
    plan::Address,
    record::Failover,
};

/// INFO's uptime is the difference of two whole seconds, so up to one more than the truth.
const UPTIME_ERROR: Duration = Duration::from_millis(1100);

/// Counters read longer ago than this may have moved for another client. They are read once a minute.
const NARROW: Duration = Duration::from_secs(90);

/// The smallest `client-query-buffer-limit` (redis `src/config.c`).
pub(in crate::diagnose) const QUERY_BUFFER: u64 = 1024 * 1024;

/// A counter of a server, if the server reports it.
pub(in crate::diagnose) type Counter = fn(&ServerState) -> Option<u64>;

/// The addresses of a name after the outage, compared with those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnose) enum Addresses {
    /// The same addresses.
    Same,
    /// Some are the same: the name resolves to a few addresses of many.
    Shuffled,
    /// No address is the same.
    Moved,
}

/// The process.
impl<'a> Facts<'a> {
    /// The server that the lost connection was connected to.
    fn lost_server(&self) -> Option<&'a Peer> {
        self.whole(|facts| facts.evidence()?.lost_server.as_ref())
    }

    /// The `run_id` of the process that the lost connection was connected to.
    fn lost_run(&self) -> Option<&'a Foreign> {
        self.whole(|facts| facts.lost_server()?.run_id.as_ref())
    }

    /// The failover in which the connection went from the old primary to the new one that was named.
    pub(in crate::diagnose) fn followed(&self) -> Option<&'a Failover> {
        let failover = self.failover?;
        let led = self.outage.replaced == Some(ReplaceReason::Failover);
        let places = self.peek(|facts| {
            let (lost, new) = (facts.lost_server()?.laddr.as_ref()?, facts.new_server()?.laddr.as_ref()?);
            Some((lost, new) == (&failover.from, &failover.to))
        });
        (led || places == Some(true)).then_some(failover)
    }

    /// The server that the client reached afterwards.
    fn new_server(&self) -> Option<&'a Peer> {
        self.whole(|facts| facts.evidence()?.new_server.as_ref())
    }

    /// True if the client reached the same process again.
    pub(in crate::diagnose) fn same_process(&self) -> Option<bool> {
        let peers = |facts: &Self| Some(facts.lost_run()? == facts.new_server()?.run_id.as_ref()?);
        let again = self.outage.same_process.or(sign(self.healed()));
        self.whole(|facts| again.or_else(|| peers(facts)))
    }

    /// True if the state after the loss is one of the lost connection's process; a process that started since is not.
    pub(in crate::diagnose) fn after_is_ours(&self) -> Option<bool> {
        let compared = |facts: &Self| Some(facts.after()?.run_id.as_ref()? == facts.lost_run()?);
        self.whole(|facts| compared(facts).or_else(|| facts.fresh().and_then(sign).map(|_| false)))
    }

    /// True if the lost connection's process ran on after the loss; false if it ended: a younger process has its place.
    pub(in crate::diagnose) fn lives(&self) -> Option<bool> {
        self.whole(|facts| {
            let seen = either(facts.same_process().and_then(sign), facts.after_is_ours().and_then(sign));
            seen.or_else(|| facts.replaced().and_then(sign).map(|_| false))
        })
    }

    /// True if the process ended, or at least neither the client nor the query beside it met it again.
    pub(in crate::diagnose) fn gone(&self) -> Option<bool> {
        self.whole(|facts| facts.lives().map(|lives| !lives).or_else(|| sign(facts.another_process())))
    }

    pub(in crate::diagnose) fn is_same_process(&self) -> bool {
        self.lives() == Some(true)
    }

    /// True if the client and the query beside it both reached another process than before.
    pub(in crate::diagnose) fn another_process(&self) -> bool {
        let not = |same: Option<bool>| same.map(|same| !same);
        self.whole(|facts| both(not(facts.same_process()), not(facts.after_is_ours()))) == Some(true)
    }

    /// True if the client reached another process, which may be one of several behind the address.
    pub(in crate::diagnose) fn met_another(&self) -> bool {
        self.same_process() == Some(false)
    }

    /// True if the process that answers may have started after the loss.
    pub(in crate::diagnose) fn fresh(&self) -> Option<bool> {
        self.whole(|facts| {
            let after = facts.after()?;
            let uptime = Duration::from_secs(after.uptime?);
            let since = |quiet| uptime <= after.at.since(facts.lost().before(quiet)) + UPTIME_ERROR;
            // How long before the loss the connection was last known to work decides between the two.
            sign(since(Duration::ZERO)).or_else(|| facts.quiet().map(since))
        })
    }

    /// True if a younger process answers in the same place: the old one has ended.
    pub(in crate::diagnose) fn replaced(&self) -> Option<bool> {
        self.whole(|facts| {
            both(
                both(facts.after_is_ours().map(|ours| !ours), facts.fresh()),
                facts.another_place().map(|other| !other),
            )
        })
    }

    /// True if another address, or another node behind it, answers.
    pub(in crate::diagnose) fn another_place(&self) -> Option<bool> {
        self.whole(|facts| {
            let laddr = |facts: &Self| Some(facts.after()?.laddr.as_ref()? != facts.lost_server()?.laddr.as_ref()?);
            let address = |facts: &Self| Some(facts.after()?.address.as_ref()? != facts.before()?.address.as_ref()?);
            let local = |facts: &Self| facts.is_unix().then_some(false);
            either(laddr(facts), address(facts).or_else(|| local(facts)))
        })
    }

    pub(in crate::diagnose) fn is_unix(&self) -> bool {
        self.plan.is_some_and(|plan| matches!(plan.target.address, Address::Unix(_)))
    }

    /// True if both ends are on this machine.
    pub(in crate::diagnose) fn is_on_loopback(&self) -> bool {
        let address = self.whole(Self::after).and_then(|after| after.address.as_deref());
        let local =
            address.and_then(|address| address.parse::<SocketAddr>().ok()).is_some_and(|it| it.ip().is_loopback());
        self.is_direct() && (local || self.is_unix())
    }

    /// True if the server's own kernel is the peer of our connections: both ends see the same addresses. Otherwise a
    /// proxy or relay may accept them and acknowledge what is sent. A run with faults has its own proxy.
    pub(in crate::diagnose) fn direct(&self) -> Option<bool> {
        if self.plan.is_some_and(|plan| plan.relayed) {
            return Some(false);
        }
        self.whole(|facts| {
            let states = [facts.before(), facts.after()].into_iter().flatten();
            let translated = states.filter_map(|state| {
                // Older journals lack the field, but have the server's end of the connection.
                let ends = state.address.as_ref().zip(state.laddr.as_ref());
                state.translated.or_else(|| ends.map(|(address, laddr)| address != laddr))
            });
            let translated = translated.reduce(|one, other| one || other);
            translated.map(|translated| !translated).or(facts.is_unix().then_some(true))
        })
    }

    pub(in crate::diagnose) fn is_direct(&self) -> bool {
        self.direct() == Some(true)
    }

    /// The addresses of the name, compared with those before the outage. Connections that Sentinels or a cluster lead use no
    /// name.
    pub(in crate::diagnose) fn addresses(&self) -> Option<Addresses> {
        if self.plan.is_some_and(|plan| plan.led) {
            return None;
        }
        self.whole(|facts| {
            let (before, after) = (&facts.before()?.addresses, &facts.after()?.addresses);
            if before.is_empty() || after.is_empty() {
                return None;
            }
            let kept = before.iter().filter(|address| after.contains(address)).count();
            Some(match kept {
                0 => Addresses::Moved,
                kept if kept == before.len() && kept == after.len() => Addresses::Same,
                _ => Addresses::Shuffled,
            })
        })
    }
}

/// The state that the process reports.
impl<'a> Facts<'a> {
    /// The state before the loss, if it is of the lost connection's process.
    fn ours_before(&self) -> Option<&'a ServerState> {
        self.whole(|facts| {
            let before = facts.before()?;
            (before.run_id.as_ref()? == facts.lost_run()?).then_some(before)
        })
    }

    /// The state after the loss, if it is of the lost connection's process.
    pub(in crate::diagnose) fn ours_after(&self) -> Option<&'a ServerState> {
        self.whole(|facts| facts.after().filter(|_| facts.after_is_ours() == Some(true)))
    }

    /// The states of the lost connection's process before and after the loss.
    fn ours(&self) -> Option<(&'a ServerState, &'a ServerState)> {
        self.whole(|facts| facts.ours_before().zip(facts.ours_after()))
    }

    /// The server's `timeout` for idle clients, if it is known.
    pub(in crate::diagnose) fn timeout(&self) -> Option<Duration> {
        self.whole(|facts| facts.ours_after()?.timeout.map(Duration::from_secs))
    }

    /// The role of the lost server, and that of the server that answers.
    pub(in crate::diagnose) fn roles(&self) -> Option<(&'a str, &'a str)> {
        self.whole(|facts| {
            let lost = facts.lost_server()?.role.as_deref();
            let before = || facts.ours_before()?.role.as_deref();
            Some((lost.or_else(before)?, facts.after()?.role.as_deref()?))
        })
    }

    /// True if the lost connection's process has another role than before.
    pub(in crate::diagnose) fn changed_role(&self) -> Option<bool> {
        self.whole(|facts| {
            let (before, after) = facts.ours()?;
            Some(before.role.as_ref()? != after.role.as_ref()?)
        })
    }

    /// The replication offset before the loss, and that of the process that answers.
    pub(in crate::diagnose) fn offsets(&self) -> Option<(u64, u64)> {
        self.whole(|facts| Some((facts.ours_before()?.replication_offset?, facts.after()?.replication_offset?)))
    }

    /// True if the answering process continues the lost one's replication history.
    pub(in crate::diagnose) fn continues_the_history(&self) -> Option<bool> {
        self.whole(|facts| {
            let old = facts.ours_before()?.replication_id.as_ref()?;
            Some(facts.after()?.former_replication_id.as_ref()? == old)
        })
    }

    /// Increase of a counter of the lost connection's process; unknown after CONFIG RESETSTAT.
    pub(in crate::diagnose) fn moved(&self, counter: Counter) -> Option<u64> {
        self.whole(|facts| {
            let (before, after) = facts.ours().filter(|(before, after)| !after.was_reset_since(before))?;
            let grown = |counter: Counter| counter(after)?.checked_sub(counter(before)?);
            // A total that only grows shows that there was no reset.
            grown(|state| state.connections_received)?;
            grown(counter)
        })
    }

    /// True if the counter is known to have moved.
    pub(in crate::diagnose) fn has_moved(&self, counter: Counter) -> bool {
        self.moved(counter) > Some(0)
    }

    /// True if the counter is known not to have moved.
    pub(in crate::diagnose) fn rests(&self, counter: Counter) -> bool {
        self.moved(counter) == Some(0)
    }

    /// True if no other connection of the run was lost between the two readings: a counter that moved, moved for this
    /// one.
    pub(in crate::diagnose) fn alone(&self) -> bool {
        self.whole(|facts| Some(facts.ours().is_some() && facts.evidence()?.outages_between == 1)) == Some(true)
    }

    /// True if the counters were read shortly before the loss.
    pub(in crate::diagnose) fn narrow(&self) -> bool {
        self.before().is_some_and(|before| self.lost().since(before.at) <= NARROW)
    }

    /// The counters of closed clients that matter to this connection. Not every version counts closes over a limit, but
    /// no such limit applies to a connection that sends and receives little.
    fn counters_of_closed_clients(&self) -> impl Iterator<Item = (Counter, &'static str)> {
        let outside: [(Counter, &str, bool); 5] = [
            (|state| state.client_kills, "CLIENT KILL ran", true),
            (|state| state.evicted_clients, "the server evicted clients", true),
            (|state| state.acl_changes, "the ACL was changed", true),
            (
                |state| state.output_buffer_disconnections,
                "the server closed clients over the output-buffer limit",
                self.may_fill_its_output_buffer(),
            ),
            (
                |state| state.query_buffer_disconnections,
                "the server closed clients over the query-buffer limit",
                self.carries(QUERY_BUFFER),
            ),
        ];
        outside.into_iter().filter(|(.., matters)| *matters).map(|(counter, reason, _)| (counter, reason))
    }

    /// The first counter of closed clients that moved, as a sentence.
    pub(in crate::diagnose) fn servers_reason(&self) -> Option<&'static str> {
        let before = self.gap.get();
        let moved = self.counters_of_closed_clients().find(|(counter, _)| self.has_moved(*counter));
        if moved.is_some() {
            // One is enough, whatever the others did.
            self.gap.set(before);
        }
        moved.map(|(_, reason)| reason)
    }

    /// True if all counters of closed clients that matter are known, and none moved.
    pub(in crate::diagnose) fn server_did_nothing(&self) -> bool {
        self.counters_of_closed_clients().all(|(counter, _)| self.rests(counter))
    }

    /// True if the server still listed the lost connection.
    pub(in crate::diagnose) fn listed(&self) -> Option<bool> {
        self.whole(|facts| {
            let listed = facts.evidence()?.old_client_listed?;
            (facts.after_is_ours() == Some(true)).then_some(listed)
        })
    }

    /// True if the process closed the connection: it no longer lists it, and did not leave it to the network.
    pub(in crate::diagnose) fn closed_by_the_server(&self) -> Option<bool> {
        self.whole(|facts| both(facts.listed().map(|listed| !listed), facts.open().map(|open| !open)))
    }
}
