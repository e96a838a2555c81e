//! The Sentinels of a run: whom each of them names; and the steps of each failover, also of one in a cluster.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::capped::{ENTRIES, TEXT, shortened};
use crate::{
    clock::{Seconds, Stamp, WallTime},
    event::{ClusterEvent, Event, EventKind, NodeState, PROMOTED, SWITCHED, SentinelEvent},
    foreign::Foreign,
};

/// Sentinels that disagree for less have only not caught up yet: they exchange their views every two seconds.
const CATCHING_UP: Duration = Duration::from_secs(5);

/// Failovers kept.
const FAILOVERS: usize = 100;

/// The Sentinels of the runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct SentinelSet {
    /// Sentinels with their latest reply.
    pub views: Vec<SentinelView>,
    /// Failovers in order: the first hundred.
    pub failovers: Vec<Failover>,
    /// Longest time in which the Sentinels named different primaries, in seconds; less than five do not count.
    #[serde(with = "Seconds")]
    pub disagreed: Duration,
}

/// The latest reply of a Sentinel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct SentinelView {
    /// Address of the Sentinel.
    pub sentinel: Foreign,
    /// Address of the primary that it names; null if it could not be queried.
    pub primary: Option<Foreign>,
    /// Time since which it has done so.
    pub since: WallTime,
}

/// A failover and its steps; null is a step that did not occur, or was not seen.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Failover {
    /// Number of the run (from 1).
    pub run: u32,
    /// Address of the old primary.
    pub from: Foreign,
    /// Address of the new primary.
    pub to: Foreign,
    /// Configuration epoch of the new primary of a cluster; absent for a failover of the Sentinels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// A Sentinel found the old primary down (`+sdown`), or the nodes of the cluster agreed on it.
    pub down: Option<WallTime>,
    /// Latest good reply of the old primary to a connection under test.
    pub last_reply: Option<WallTime>,
    /// The new primary was promoted.
    pub promoted: Option<WallTime>,
    /// A Sentinel, or a node of the cluster, named the new primary.
    pub named: WallTime,
    /// First good reply of the new primary to a connection under test.
    pub first_reply: Option<WallTime>,
    /// The old primary became a replica.
    pub demoted: Option<WallTime>,
    /// Time in which both were primaries, in seconds: what was written to the old one in it is gone.
    #[serde(with = "Seconds")]
    pub two_primaries: Duration,
    /// Time at which the new primary was named.
    #[serde(skip)]
    pub at: Stamp,
}

impl Failover {
    /// True if neither the Sentinels nor a connection under test could reach the old primary when the new one was promoted.
    fn was_silent(&self) -> bool {
        let last = self.last_reply.zip(self.promoted);
        self.down.is_some() && last.is_some_and(|(last, promoted)| last < promoted)
    }
}

/// The Sentinels of the current run, as events come in.
#[derive(Clone, Debug, Default)]
pub(super) struct Sentinels {
    run: u32,
    views: BTreeMap<Foreign, SentinelView>,
    failovers: Vec<Failover>,
    disagreed: Duration,
    /// Time since which the Sentinels have named different primaries.
    disagree_since: Option<Stamp>,
    /// Primary that the connections go to.
    primary: Option<Foreign>,
    /// Highest configuration epoch of the Sentinels.
    epoch: u64,
    /// Servers that are primaries, as far as known.
    primaries: BTreeSet<Foreign>,
    down: BTreeMap<Foreign, WallTime>,
    promoted: BTreeMap<Foreign, WallTime>,
    /// Time since which two servers have been primaries.
    two_since: Option<Stamp>,
    last_reply: Option<WallTime>,
}

impl Sentinels {
    /// Begins a run.
    pub(super) fn begin_run(&mut self, run: u32) {
        let Self { failovers, disagreed, .. } = std::mem::take(self);
        *self = Self { run, failovers, disagreed, ..Self::default() };
    }

    pub(super) fn on_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Sentinel(observed) => self.observe(event, observed),
            EventKind::Cluster(observed) => self.observe_cluster(event, observed),
            // Without Sentinels there is no failover to date.
            _ if self.primary.is_none() => {}
            EventKind::Disconnected(lost) => {
                self.last_reply = Some(event.wall_of(event.at.before(lost.idle)));
                self.note_last_reply();
            }
            EventKind::Reconnected(_) => {
                if let Some(failover) = self.failovers.last_mut().filter(|failover| failover.at <= event.at) {
                    failover.first_reply.get_or_insert(event.time);
                }
            }
            // Other events are no step of a failover.
            _ => {}
        }
    }

    /// Ends the run at `end`.
    pub(super) fn close_run(&mut self, end: Stamp) {
        // The old primary is queried once a second, so the run can end before the query that shows its silence has failed.
        if self.current().is_some_and(|failover| failover.was_silent()) {
            self.two_since = None;
        }
        self.end_two_primaries(end);
        self.settle_disagreement(end);
    }

    /// Returns the Sentinels, if there are any.
    pub(super) fn set(&self) -> Option<SentinelSet> {
        let failovers: Vec<_> = self.failovers.iter().filter(|failover| failover.epoch.is_none()).cloned().collect();
        let known = !self.views.is_empty() || !failovers.is_empty();
        let views = self.views.values().cloned().collect();
        known.then_some(SentinelSet { views, failovers, disagreed: self.disagreed })
    }

    /// Returns the failovers so far.
    pub(super) fn failovers(&self) -> &[Failover] {
        &self.failovers
    }

    fn observe(&mut self, event: &Event, observed: &SentinelEvent) {
        match observed {
            SentinelEvent::Named { sentinel, primary, epoch } => {
                self.view(event, sentinel, Some(primary));
                // A Sentinel that has not caught up, or knows another set, names another primary in an older epoch.
                if self.primary.as_ref() == Some(primary) || *epoch > self.epoch {
                    self.epoch = self.epoch.max(*epoch);
                    self.named(event, primary, None);
                }
            }
            SentinelEvent::Lost { sentinel, .. } => self.view(event, sentinel, None),
            SentinelEvent::Published { name, node: Some(node), to, .. } => match &**name {
                "+sdown" => _ = self.down.entry(short(node)).or_insert(event.time),
                "-sdown" => _ = self.down.remove(&short(node)),
                PROMOTED => self.promoted(node, event.time),
                SWITCHED => {
                    if let Some(to) = to.as_ref().filter(|_| self.primary.as_ref() == Some(node)) {
                        self.named(event, to, None);
                    }
                }
                _ => {}
            },
            SentinelEvent::Published { .. } => {}
            SentinelEvent::Role { node, role, before, .. } => {
                // A server that fell silent was a primary only until its last reply.
                let until = before.filter(|_| role.is_none()).unwrap_or(event.at);
                self.role(event, node, role.as_deref(), until);
            }
            SentinelEvent::Followed { from: None, to } => self.primary = Some(short(to)),
            SentinelEvent::Followed { to, .. } => self.named(event, to, None),
        }
    }

    fn observe_cluster(&mut self, event: &Event, observed: &ClusterEvent) {
        match observed {
            ClusterEvent::Followed { from: None, to } => self.primary = Some(short(to)),
            ClusterEvent::Failover { from, to, epoch } if self.primary.as_ref() == Some(&short(from)) => {
                self.named(event, to, Some(*epoch));
            }
            ClusterEvent::Node(NodeState { node, primary, failed, .. }) => {
                let node = short(node);
                if !*failed {
                    self.down.remove(&node);
                } else if self.primary.as_ref() == Some(&node) {
                    self.down.entry(node.clone()).or_insert(event.time);
                }
                let demoted = self.current().filter(|failover| primary.is_some() && failover.from == node);
                if let Some(failover) = demoted {
                    failover.demoted.get_or_insert(event.time);
                }
            }
            // They concern other nodes, or the cluster as a whole.
            ClusterEvent::Seen { .. }
            | ClusterEvent::Gone { .. }
            | ClusterEvent::Failover { .. }
            | ClusterEvent::SlotsMoved { .. }
            | ClusterEvent::Joined { .. }
            | ClusterEvent::Coverage { .. }
            | ClusterEvent::Followed { .. }
            | ClusterEvent::Unreachable { .. }
            | ClusterEvent::Refused { .. }
            | ClusterEvent::Unobserved { .. } => {}
        }
    }

    fn view(&mut self, event: &Event, sentinel: &Foreign, primary: Option<&Foreign>) {
        let sentinel = short(sentinel);
        if self.views.len() < ENTRIES || self.views.contains_key(&sentinel) {
            let view = SentinelView { sentinel: sentinel.clone(), primary: primary.map(short), since: event.time };
            self.views.insert(sentinel, view);
        }
        let named: BTreeSet<_> = self.views.values().filter_map(|view| view.primary.as_ref()).collect();
        if named.len() < 2 {
            self.settle_disagreement(event.at);
        } else {
            self.disagree_since.get_or_insert(event.at);
        }
    }

    fn settle_disagreement(&mut self, at: Stamp) {
        if let Some(since) = self.disagree_since.take() {
            let lasted = at.since(since);
            self.disagreed = self.disagreed.max(if lasted < CATCHING_UP { Duration::ZERO } else { lasted });
        }
    }

    /// Begins a failover when the first Sentinel, or the cluster in an `epoch`, names another primary than before.
    fn named(&mut self, event: &Event, primary: &Foreign, epoch: Option<u64>) {
        let (Some(from), to) = (self.primary.clone(), short(primary)) else { return };
        if from == to {
            return;
        }
        self.primary = Some(to.clone());
        self.promoted.remove(&from);
        if self.failovers.len() == FAILOVERS {
            return;
        }
        self.failovers.push(Failover {
            run: self.run,
            down: self.down.remove(&from),
            promoted: self.promoted.get(&to).copied(),
            from,
            to,
            epoch,
            last_reply: None,
            named: event.time,
            first_reply: None,
            demoted: None,
            two_primaries: Duration::ZERO,
            at: event.at,
        });
        self.note_last_reply();
    }

    fn promoted(&mut self, node: &Foreign, time: WallTime) {
        let node = short(node);
        if let Some(failover) = self.current().filter(|failover| failover.to == node) {
            failover.promoted.get_or_insert(time);
        }
        if self.primary.as_ref() != Some(&node) && self.promoted.len() < ENTRIES {
            self.promoted.entry(node).or_insert(time);
        }
    }

    fn role(&mut self, event: &Event, node: &Foreign, role: Option<&str>, until: Stamp) {
        let node = short(node);
        if role == Some("master") {
            if self.primaries.len() < ENTRIES {
                self.primaries.insert(node.clone());
            }
            self.promoted(&node, event.time);
        } else {
            self.primaries.remove(&node);
            if let Some(failover) = self.current().filter(|failover| role.is_some() && failover.from == node) {
                failover.demoted.get_or_insert(event.time);
            }
        }
        if self.primaries.len() < 2 {
            self.end_two_primaries(until);
        } else {
            self.two_since.get_or_insert(event.at);
        }
    }

    fn end_two_primaries(&mut self, at: Stamp) {
        let Some(since) = self.two_since.take() else { return };
        if let Some(failover) = self.current() {
            failover.two_primaries += at.since(since);
        }
    }

    fn note_last_reply(&mut self) {
        let last = self.last_reply;
        if let Some(failover) = self.current().filter(|failover| failover.first_reply.is_none()) {
            failover.last_reply = last.or(failover.last_reply);
        }
    }

    fn current(&mut self) -> Option<&mut Failover> {
        let run = self.run;
        self.failovers.last_mut().filter(|failover| failover.run == run)
    }
}

fn short(text: &Foreign) -> Foreign {
    if text.chars().nth(TEXT).is_some() { shortened(text, TEXT).into() } else { text.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::Disconnected,
        record::fixture::{at, disconnected, reconnected},
    };

    const OLD: &str = "10.0.0.1:6379";
    const NEW: &str = "10.0.0.2:6379";

    fn observed(seconds: f64, event: SentinelEvent) -> Event {
        at(seconds, EventKind::Sentinel(Box::new(event)))
    }

    fn named(seconds: f64, sentinel: &str, primary: &str, epoch: u64) -> Event {
        observed(seconds, SentinelEvent::Named { sentinel: sentinel.into(), primary: primary.into(), epoch })
    }

    fn published(seconds: f64, name: &str, node: &str, to: Option<&str>) -> Event {
        let to = to.map(Foreign::from);
        let (sentinel, name, node) = ("s1".into(), name.into(), Some(node.into()));
        observed(seconds, SentinelEvent::Published { sentinel, name, node, to })
    }

    fn role(seconds: f64, node: &str, role: Option<&str>, before: f64) -> Event {
        let before = Some(Stamp::from_nanos((before * 1e9) as u64));
        let role = role.map(Foreign::from);
        observed(seconds, SentinelEvent::Role { node: node.into(), role, primary: None, before })
    }

    fn set(events: &[Event], end: f64) -> SentinelSet {
        let mut sentinels = Sentinels::default();
        sentinels.begin_run(1);
        sentinels.on_event(&observed(0.0, SentinelEvent::Followed { from: None, to: OLD.into() }));
        events.iter().for_each(|event| sentinels.on_event(event));
        sentinels.close_run(Stamp::from_nanos((end * 1e9) as u64));
        sentinels.set().unwrap()
    }

    fn time(seconds: f64) -> Option<WallTime> {
        Some(at(seconds, EventKind::Note { text: "".into() }).time)
    }

    #[test]
    fn a_failover_has_all_its_steps_and_the_time_with_two_primaries() {
        let set = set(
            &[
                role(0.1, OLD, Some("master"), 0.0),
                role(0.1, NEW, Some("slave"), 0.0),
                named(0.2, "s1", OLD, 0),
                published(5.0, "+sdown", OLD, None),
                role(6.0, NEW, Some("master"), 5.5),
                published(6.5, "+promoted-slave", NEW, None),
                published(7.0, "+switch-master", OLD, Some(NEW)),
                at(7.1, disconnected(1, None)),
                at(7.2, reconnected(2, 0.1)),
                named(7.3, "s1", NEW, 1),
                at(9.0, reconnected(3, 0.1)),
                role(16.0, OLD, Some("slave"), 15.5),
            ],
            20.0,
        );
        let [failover] = set.failovers.as_slice() else { panic!("{set:?}") };
        assert_eq!((&*failover.from, &*failover.to), (OLD, NEW));
        assert_eq!((failover.down, failover.promoted, Some(failover.named)), (time(5.0), time(6.0), time(7.0)));
        assert_eq!((failover.first_reply, failover.demoted), (time(7.2), time(16.0)));
        assert!(failover.last_reply.is_some());
        assert_eq!((failover.two_primaries, set.disagreed), (Duration::from_secs(10), Duration::ZERO));
    }

    #[test]
    fn a_primary_that_fell_silent_before_the_promotion_was_none_beside_the_new_one() {
        let frozen = [
            role(0.1, OLD, Some("master"), 0.0),
            role(6.0, NEW, Some("master"), 5.5),
            published(6.1, "+switch-master", OLD, Some(NEW)),
            role(6.5, OLD, None, 4.5),
        ];
        assert_eq!(set(&frozen, 9.0).failovers[0].two_primaries, Duration::ZERO);
        let thawed = [role(8.0, OLD, Some("master"), 6.5)];
        let both = set(&[&frozen[..], &thawed].concat(), 9.0);
        assert_eq!((both.failovers[0].two_primaries, both.failovers[0].demoted), (Duration::from_secs(1), None));
    }

    #[test]
    fn a_run_that_ends_before_the_silence_is_noticed_had_one_primary() {
        let lost = |idle| {
            let EventKind::Disconnected(lost) = disconnected(1, None) else { unreachable!("a loss") };
            at(6.9, EventKind::Disconnected(Disconnected { idle: Duration::from_secs_f64(idle), ..lost }))
        };
        let ended = |down: &str, idle| {
            let events = [
                role(0.1, OLD, Some("master"), 0.0),
                published(5.0, down, OLD, None),
                role(6.0, NEW, Some("master"), 5.5),
                published(6.1, "+switch-master", OLD, Some(NEW)),
                lost(idle),
            ];
            set(&events, 7.0).failovers[0].two_primaries
        };
        assert_eq!(ended("+sdown", 2.5), Duration::ZERO);
        for (down, idle, why) in [("+sdown", 0.1, "it answered us"), ("-sdown", 2.5, "it answered the Sentinels")] {
            assert_eq!(ended(down, idle), Duration::from_secs(1), "{why}");
        }
    }

    #[test]
    fn sentinels_that_have_not_caught_up_neither_disagree_nor_fail_over_again() {
        let stale = [named(0.0, "s1", OLD, 0), named(0.0, "s2", OLD, 0), named(5.0, "s1", NEW, 1)];
        let late = |at| set(&[&stale[..], &[named(at, "s2", OLD, 0), named(at + 0.1, "s2", NEW, 1)]].concat(), 60.0);
        let caught_up = late(8.0);
        assert_eq!((caught_up.failovers.len(), caught_up.disagreed), (1, Duration::ZERO));
        assert!(late(20.0).disagreed > Duration::from_secs(15));
        let back = [published(30.0, "+promoted-slave", OLD, None), named(31.0, "s1", OLD, 2)];
        assert_eq!(set(&[&stale[..], &back].concat(), 60.0).failovers.len(), 2);
    }
}
