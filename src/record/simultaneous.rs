//! Losses of several targets at the same time: one event in something that they share, not several failures.
//!
//! A target is lost at the first loss or stall of one of its connections while all were up. Targets that fail often are
//! lost together by chance, so a group must be larger than the rate of the other losses explains. Losses beside a pause of
//! redis-doctor itself are no group: the pause is the event.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Range,
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::{Seconds, Stamp, WallTime},
    event::{Event, EventKind, OwnPause},
    foreign::Foreign,
    plan::{Scope, Target},
};

/// Width of the window in which losses belong together.
const WINDOW: Duration = Duration::from_secs(1);

/// Time around a pause of redis-doctor itself whose losses are attributed to it.
const BESIDE_A_PAUSE: Duration = Duration::from_secs(2);

/// Smallest group, unless the run has only two targets.
const FEWEST: usize = 3;

/// Times the expected number of chance losses that a group must exceed.
const BEYOND_CHANCE: f64 = 4.0;

/// Losses kept, and the number of them that is grouped when they are too many.
const KEPT: usize = 4096;
const SETTLED: usize = 3072;

/// Groups and pauses kept.
const GROUPS: usize = 100;
const PAUSES: usize = 256;

/// A loss of several targets within a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct SimultaneousLoss {
    /// Time of the first loss.
    pub time: WallTime,
    /// Time from the first loss to the last.
    #[serde(with = "Seconds")]
    pub within: Duration,
    /// Labels of the lost targets, in the order of their losses.
    pub targets: Vec<Foreign>,
    /// Number of targets of the run.
    pub of: usize,
    /// Host of all lost targets; null if they are on several.
    pub host: Option<String>,
}

/// The losses of one run after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Simultaneous {
    /// Host of each target of the current run.
    hosts: BTreeMap<Foreign, Option<String>>,
    /// Connections of each target that are down.
    down: BTreeMap<Foreign, BTreeSet<Option<u32>>>,
    /// Losses of the current run, in order.
    losses: VecDeque<Loss>,
    /// Number of losses of the current run.
    total: usize,
    elapsed: Duration,
    pauses: VecDeque<OwnPause>,
    /// Groups of earlier losses.
    groups: Vec<SimultaneousLoss>,
}

#[derive(Clone, Debug)]
struct Loss {
    at: Stamp,
    time: WallTime,
    target: Foreign,
}

impl Simultaneous {
    pub(super) fn begin_run(&mut self, scope: &Scope) {
        let groups = self.groups();
        let host = |target: &Target| (target.label().into(), target.host().map(str::to_owned));
        *self = Self { hosts: scope.targets.iter().map(host).collect(), groups, ..Self::default() };
    }

    /// Adds a target to the current run.
    pub(super) fn join(&mut self, target: &Target) {
        self.hosts.insert(target.label().into(), target.host().map(str::to_owned));
    }

    pub(super) fn on_event(&mut self, event: &Event) {
        self.elapsed = self.elapsed.max(event.at.elapsed());
        let Some(target) = &event.target else {
            if let EventKind::OwnPause(pause) = event.kind {
                keep(&mut self.pauses, pause, PAUSES);
            }
            return;
        };
        let lost = match &event.kind {
            EventKind::Disconnected(_) => event.at,
            EventKind::Stalled { since, .. } => *since,
            EventKind::Resumed { .. } | EventKind::Reconnected(_) => {
                if let Some(down) = self.down.get_mut(target) {
                    down.remove(&event.connection);
                }
                return;
            }
            _ => return,
        };
        let down = self.down.entry(target.clone()).or_default();
        let is_first = down.is_empty();
        down.insert(event.connection);
        if is_first {
            self.lost(Loss { at: lost, time: event.wall_of(lost), target: target.clone() });
        }
    }

    fn lost(&mut self, loss: Loss) {
        self.total += 1;
        // A stall is reported after losses that came later.
        let place = self.losses.partition_point(|earlier| earlier.at <= loss.at);
        self.losses.insert(place, loss);
        if self.losses.len() >= KEPT {
            let early: Vec<_> = self.losses.drain(..SETTLED).collect();
            let found = self.groups_of(&early);
            self.groups.extend(found);
            self.groups.truncate(GROUPS);
        }
    }

    /// Returns the groups so far, in order.
    pub(super) fn groups(&self) -> Vec<SimultaneousLoss> {
        let losses: Vec<_> = self.losses.iter().cloned().collect();
        let mut groups = self.groups.clone();
        groups.extend(self.groups_of(&losses));
        groups.truncate(GROUPS);
        groups
    }

    /// Returns the groups of some losses: the largest first, then the largest of those before and after it.
    fn groups_of(&self, losses: &[Loss]) -> Vec<SimultaneousLoss> {
        let Some((range, targets)) = largest(losses) else { return Vec::new() };
        if !self.is_group(targets) {
            return Vec::new();
        }
        let (before, after) = (&losses[..range.start], &losses[range.end..]);
        let mut groups = self.groups_of(before);
        groups.extend(self.group(&losses[range]));
        groups.extend(self.groups_of(after));
        groups
    }

    fn is_group(&self, targets: usize) -> bool {
        let others = self.total.saturating_sub(targets) as f64;
        let by_chance = others * WINDOW.as_secs_f64() / self.elapsed.max(WINDOW).as_secs_f64();
        let all_of_two = targets == 2 && self.hosts.len() == 2;
        (targets >= FEWEST || all_of_two) && targets as f64 >= 2.0 + BEYOND_CHANCE * by_chance
    }

    /// Returns a group, unless redis-doctor itself was paused.
    fn group(&self, losses: &[Loss]) -> Option<SimultaneousLoss> {
        let (first, last) = (losses.first()?, losses.last()?);
        let beside = |pause: &OwnPause| {
            pause.since <= last.at.after(BESIDE_A_PAUSE) && first.at <= pause.until.after(BESIDE_A_PAUSE)
        };
        if self.pauses.iter().any(beside) {
            return None;
        }
        let mut targets: Vec<Foreign> = Vec::new();
        for loss in losses {
            if !targets.contains(&loss.target) {
                targets.push(loss.target.clone());
            }
        }
        let hosts: BTreeSet<_> = targets.iter().map(|target| self.hosts.get(target)).collect();
        let one = if hosts.len() == 1 { hosts.into_iter().next().flatten().cloned().flatten() } else { None };
        let within = last.at.since(first.at);
        Some(SimultaneousLoss { time: first.time, within, targets, of: self.hosts.len(), host: one })
    }
}

/// Returns the window with the most targets, the shortest of equals, and their number.
fn largest(losses: &[Loss]) -> Option<(Range<usize>, usize)> {
    let mut within: BTreeMap<&str, usize> = BTreeMap::new();
    let mut start = 0;
    let mut best: Option<(Range<usize>, usize, Duration)> = None;
    for (end, loss) in losses.iter().enumerate() {
        *within.entry(&loss.target).or_default() += 1;
        while loss.at.since(losses[start].at) > WINDOW {
            if let Some(count) = within.get_mut(&*losses[start].target) {
                *count -= 1;
            }
            within.retain(|_, count| *count > 0);
            start += 1;
        }
        let span = loss.at.since(losses[start].at);
        let found = (within.len(), Reverse(span));
        if best.as_ref().is_none_or(|(_, targets, span)| found > (*targets, Reverse(*span))) {
            best = Some((start..end + 1, within.len(), span));
        }
    }
    best.map(|(range, targets, _)| (range, targets))
}

fn keep<T>(list: &mut VecDeque<T>, entry: T, limit: usize) {
    if list.len() == limit {
        list.pop_front();
    }
    list.push_back(entry);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::Address,
        record::fixture::{at, disconnected, plan, reconnected, secs, stamp},
    };

    fn scope(count: usize) -> Scope {
        let target = |number: usize| Target {
            address: Address::Tcp { host: format!("10.0.0.{}", number / 4), port: 6379 + number as u16, tls: false },
            name: Some(format!("t{number}")),
            ..plan().target
        };
        Scope { targets: (0..count).map(target).collect(), ..Scope::default() }
    }

    fn of_target(number: usize, event: Event) -> Event {
        Event { target: Some(format!("t{number}").into()), connection: Some(0), ..event }
    }

    /// A run of `count` targets with losses, each over after half a second, that has lasted for `elapsed` seconds.
    fn run(count: usize, losses: &[(usize, f64)], elapsed: f64) -> Simultaneous {
        let mut simultaneous = Simultaneous::default();
        simultaneous.begin_run(&scope(count));
        for (target, seconds) in losses {
            simultaneous.on_event(&of_target(*target, at(*seconds, disconnected(1, None))));
            simultaneous.on_event(&of_target(*target, at(seconds + 0.5, reconnected(2, 0.5))));
        }
        simultaneous.elapsed = secs(elapsed);
        simultaneous
    }

    fn lost(count: usize, losses: &[(usize, f64)]) -> Vec<(usize, Duration, Option<String>)> {
        let groups = run(count, losses, 600.0).groups();
        groups.into_iter().map(|group| (group.targets.len(), group.within, group.host)).collect()
    }

    #[test]
    fn losses_within_a_second_are_one_event_wherever_the_second_begins() {
        let losses = [(9, 9.4), (0, 10.1), (5, 10.2), (1, 10.3), (2, 10.4), (9, 10.9)];
        assert_eq!(lost(200, &losses), [(5, secs(0.8), None)]);
        let one_host = [(4, 10.1), (5, 10.2), (6, 10.4)];
        assert_eq!(lost(200, &one_host), [(3, secs(0.3), Some("10.0.0.1".to_owned()))]);
    }

    #[test]
    fn two_of_many_are_chance_and_two_of_two_are_not() {
        assert_eq!(lost(200, &[(0, 10.0), (1, 10.1)]), []);
        assert_eq!(lost(2, &[(0, 10.0), (1, 10.1)]).len(), 1);
        assert_eq!(lost(2, &[(0, 10.0), (0, 10.9)]), [], "the same one twice");
    }

    #[test]
    fn targets_that_fail_all_the_time_are_lost_together_by_chance() {
        let flapping: Vec<_> = (0..600).map(|n| (n % 100, n as f64 * 0.3)).collect();
        assert_eq!(run(200, &flapping, 180.0).groups(), []);
        let mut struck = flapping.clone();
        struck.extend((100..180).map(|target| (target, 100.05)));
        let groups = run(200, &struck, 180.0).groups();
        assert_eq!(groups.len(), 1);
        assert!(groups[0].targets.len() >= 80);
    }

    #[test]
    fn a_stall_counts_from_its_start_and_a_second_connection_is_no_second_loss() {
        let mut seen = run(4, &[(0, 10.0), (1, 10.1)], 600.0);
        let stalled = EventKind::Stalled { since: stamp(10.2), unanswered: 3, flow: None };
        seen.on_event(&of_target(2, at(12.0, stalled)));
        seen.on_event(&Event { connection: Some(1), ..of_target(2, at(12.1, disconnected(1, None))) });
        let groups = seen.groups();
        assert_eq!((groups.len(), groups[0].targets.len(), groups[0].of), (1, 3, 4));
        assert_eq!(seen.total, 3);
    }

    #[test]
    fn a_pause_of_ours_is_the_event_and_the_losses_are_not() {
        let mut seen = run(4, &[(0, 10.0), (1, 10.1), (2, 10.2)], 600.0);
        assert_eq!(seen.groups().len(), 1);
        let pause = OwnPause { since: stamp(7.0), until: stamp(9.9), suspended: Duration::ZERO, busy: Duration::ZERO };
        seen.on_event(&Event { connection: None, ..at(9.9, EventKind::OwnPause(pause)) });
        assert_eq!(seen.groups(), []);
    }

    #[test]
    fn memory_is_bounded_and_early_groups_stay() {
        let mut losses: Vec<_> = (0..50).map(|target| (target, 1.0)).collect();
        losses.extend((0..20_000).map(|n| (n % 200, 10.0 + n as f64 * 2.0)));
        let seen = run(200, &losses, 50_000.0);
        assert!(seen.losses.len() < KEPT);
        assert_eq!(seen.groups().iter().map(|group| group.targets.len()).collect::<Vec<_>>(), [50]);
    }
}
