//! Incidents: connections that were lost together. Every output groups outages by them.
//!
//! Outages belong together if they begin at about the same time: within a second, and the time until a frozen server
//! meets the next probe of each connection. A connection that is lost again begins another incident.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Id, Outage, faults::Faults};
use crate::{
    clock::{Seconds, Stamp, WallTime},
    fault::Fault,
    plan::Plan,
};

/// Longest time between the first and the last loss of an incident, if each connection is in use all the time.
pub(super) const TOGETHER: Duration = Duration::from_secs(1);

/// Incidents that a further outage can still belong to.
const RECENT: usize = 16;

/// Incidents kept from the beginning of a run, from its end, and of the longest in between.
const FIRST: usize = 200;
const LAST: usize = 100;
const LONGEST: usize = 20;

/// Outages of an incident that are listed by their ids.
const LISTED: usize = 100;

/// One or several outages that began together.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Incident {
    /// Id, unique within the run.
    pub id: Id,
    /// Number of its run (from 1).
    pub run: u32,
    /// Wall-clock time of the first loss.
    pub time: WallTime,
    /// Time of the first loss on the clock of the run.
    pub began_at: Stamp,
    /// Time of the last recovery; null if an outage was not over.
    pub ended_at: Option<Stamp>,
    /// Duration of its longest outage.
    #[serde(with = "Seconds")]
    pub longest: Duration,
    /// Number of connections that were lost.
    #[schemars(range(min = 1))]
    pub connections: u32,
    /// Number of connections under test in that run.
    #[schemars(range(min = 1))]
    pub of: u32,
    /// Outages that were not over at the end.
    pub unresolved: u32,
    /// Numbered messages lost in its outages.
    pub messages_lost: u64,
    /// Commands that failed in its outages.
    pub failed: u64,
    /// Ids of its outages: the first hundred.
    pub outages: Vec<Id>,
    /// Fault that redis-doctor itself injected and that was in effect at the first loss; null if there was none.
    pub injected: Option<Fault>,
}

/// The incidents of the runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Incidents {
    kept: BTreeMap<(u32, u32), Incident>,
    total: u64,
    /// Number of the latest incident of the run.
    number: u32,
    /// The latest ones, each with the connections in it.
    recent: VecDeque<(Stamp, u32, BTreeSet<u32>)>,
    of: u32,
    together: Duration,
    faults: Faults,
}

impl Incidents {
    /// Begins another run.
    pub(super) fn begin_run(&mut self, plan: &Plan) {
        let kept = std::mem::take(&mut self.kept);
        *self = Self { kept, total: self.total, of: plan.connections, together: together(plan), ..Self::default() };
        self.faults.slack = self.together;
    }

    /// Files an outage that has begun with the others that began at the same time. Returns the id of its incident.
    pub(super) fn join(&mut self, outage: &Outage) -> Id {
        let apart = |began: Stamp| outage.lost.since(began).max(began.since(outage.lost));
        let open = self
            .recent
            .iter_mut()
            .filter(|(began, _, lost)| apart(*began) <= self.together && !lost.contains(&outage.connection));
        let number = match open.min_by_key(|(began, ..)| apart(*began)) {
            Some((began, number, lost)) => {
                lost.insert(outage.connection);
                *began = (*began).min(outage.lost);
                *number
            }
            None => self.begin(outage),
        };
        if let Some(incident) = self.kept.get_mut(&(outage.run, number)) {
            incident.connections += 1;
            // The roles of an application are not known before.
            incident.of = incident.of.max(incident.connections);
            incident.unresolved += 1;
            if incident.outages.len() < LISTED {
                incident.outages.push(outage.id);
            }
            if outage.lost < incident.began_at {
                (incident.began_at, incident.time) = (outage.lost, outage.time);
            }
        }
        Id::incident(number)
    }

    fn begin(&mut self, outage: &Outage) -> u32 {
        self.number += 1;
        self.total += 1;
        let incident = Incident {
            id: Id::incident(self.number),
            run: outage.run,
            time: outage.time,
            began_at: outage.lost,
            ended_at: None,
            longest: Duration::ZERO,
            connections: 0,
            of: self.of.max(1),
            unresolved: 0,
            messages_lost: 0,
            failed: 0,
            outages: Vec::new(),
            injected: self.faults.at(outage.lost).cloned(),
        };
        self.kept.insert((outage.run, self.number), incident);
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((outage.lost, self.number, BTreeSet::from([outage.connection])));
        self.forget();
        self.number
    }

    /// Adds an outage that accepts no more changes and has lasted until `now`.
    pub(super) fn settle(&mut self, outage: &Outage, now: Stamp) {
        let Some(incident) = self.kept.get_mut(&(outage.run, outage.incident.number())) else { return };
        incident.longest = incident.longest.max(outage.duration(now));
        incident.messages_lost += outage.messages_lost;
        incident.failed += outage.failed;
        if let Some(restored) = outage.restored {
            incident.unresolved -= 1;
            incident.ended_at = incident.ended_at.max(Some(restored));
        }
    }

    /// Records a fault that begins, or occurs. Its event can follow that of the loss.
    pub(super) fn injected(&mut self, at: Stamp, run: u32, fault: &Fault) {
        self.faults.injected(at, fault);
        for (_, number, _) in &self.recent {
            if let Some(incident) =
                self.kept.get_mut(&(run, *number)).filter(|incident| incident.began_at.after(Faults::LATE) >= at)
            {
                incident.injected = self.faults.at(incident.began_at.max(at)).cloned().or(incident.injected.take());
            }
        }
    }

    /// Records that a lasting fault is over.
    pub(super) fn cleared(&mut self, at: Stamp, fault: &Fault) {
        self.faults.cleared(at, fault);
    }

    /// Returns the incident of an outage, if it is kept.
    pub(super) fn of(&self, outage: &Outage) -> Option<&Incident> {
        self.kept.get(&(outage.run, outage.incident.number()))
    }

    /// Returns the kept incidents in order.
    pub(super) fn rows(&self) -> Vec<Incident> {
        let mut rows: Vec<_> = self.kept.values().cloned().collect();
        for row in rows.iter_mut().filter(|row| row.unresolved > 0) {
            row.ended_at = None;
        }
        rows.sort_by_key(|row| (row.run, row.began_at, row.id));
        rows
    }

    /// Returns the number of all incidents.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// Drops the shortest incident in the middle, if there are too many.
    fn forget(&mut self) {
        let between = self.kept.len().saturating_sub(LAST);
        let middle = self.kept.iter().take(between).skip(FIRST);
        let over = middle.filter(|(_, incident)| incident.unresolved == 0);
        if self.kept.len() > FIRST + LAST + LONGEST
            && let Some(shortest) = over.min_by_key(|(_, incident)| incident.longest).map(|(key, _)| *key)
        {
            self.kept.remove(&shortest);
        }
    }
}

/// Returns the longest time between two losses of the same incident: an unanswered connection is noticed with its next
/// command.
fn together(plan: &Plan) -> Duration {
    TOGETHER + longest_silence(plan).unwrap_or_default()
}

/// Returns the longest time in which a connection sends nothing; `None` if it sends nothing at all.
pub(super) fn longest_silence(plan: &Plan) -> Option<Duration> {
    let probe = plan.probes.as_ref().and_then(|probes| probes.pace.longest());
    let watchdog = plan.policy.watchdog.map(|watchdog| watchdog.period);
    [probe, watchdog].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Event, EventKind, EventSink},
        record::{
            Figures, Recorder,
            fixture::{at, connected, disconnected, finished, missed, plan, reconnected, secs, stamp, started},
        },
    };

    /// A run of three connections.
    fn figures(events: Vec<Event>) -> Figures {
        let mut recorder = Recorder::default();
        let plan = Plan { connections: 3, ..plan() };
        let up = (0..3).map(|connection| of(connection, 0.0, self::connected(1)));
        [started(plan)].into_iter().chain(up).chain(events).for_each(|event| recorder.on_event(&event));
        recorder.figures()
    }

    fn of(connection: u32, seconds: f64, kind: EventKind) -> Event {
        Event { connection: Some(connection), ..at(seconds, kind) }
    }

    /// A loss, and the return after some seconds.
    fn lost(connection: u32, generation: u64, seconds: f64, lasting: f64) -> [Event; 2] {
        [
            of(connection, seconds, disconnected(generation, None)),
            of(connection, seconds + lasting, reconnected(generation + 1, lasting)),
        ]
    }

    fn ids(incident: &Incident) -> Vec<String> {
        incident.outages.iter().map(Id::to_string).collect()
    }

    #[test]
    fn connections_that_are_lost_together_are_one_incident() {
        let events =
            [lost(0, 1, 10.0, 0.5), lost(2, 1, 10.4, 2.0), lost(1, 1, 10.9, 0.1), lost(1, 2, 60.0, 1.0)].concat();
        let figures = figures(events);
        let rows = &figures.incidents.kept;
        assert_eq!((rows.len(), figures.incidents.total), (2, 2));
        assert_eq!((rows[0].id.to_string(), ids(&rows[0])), ("i1".into(), vec!["o1".into(), "o2".into(), "o3".into()]));
        assert_eq!((rows[0].connections, rows[0].of, rows[0].unresolved), (3, 3, 0));
        assert_eq!((rows[0].began_at, rows[0].ended_at, rows[0].longest), (stamp(10.0), Some(stamp(12.4)), secs(2.0)));
        assert_eq!((rows[1].id.to_string(), rows[1].connections), ("i2".into(), 1));
        let incidents: Vec<_> = figures.outages.kept.iter().map(|outage| outage.incident.to_string()).collect();
        assert_eq!(incidents, ["i1", "i1", "i1", "i2"]);
    }

    #[test]
    fn a_connection_that_is_lost_again_begins_another_incident() {
        let events =
            [lost(0, 1, 10.0, 0.1), lost(1, 1, 10.0, 0.1), lost(0, 2, 10.5, 0.1), lost(1, 2, 10.5, 0.1)].concat();
        let figures = figures(events);
        let members: Vec<_> = figures.incidents.kept.iter().map(ids).collect();
        assert_eq!(members, [["o1", "o2"], ["o3", "o4"]]);
    }

    #[test]
    fn what_an_incident_cost_is_counted_and_one_that_lasts_has_no_end() {
        let [loss, back] = lost(0, 1, 10.0, 0.5);
        let open = of(1, 10.1, disconnected(1, None));
        let figures = figures(vec![loss, back, of(0, 10.6, missed(3, 5)), open, finished(20.0)]);
        let incident = &figures.incidents.kept[0];
        assert_eq!((incident.messages_lost, incident.unresolved, incident.ended_at), (3, 1, None));
        assert_eq!(incident.longest, secs(9.9));
    }

    #[test]
    fn many_incidents_are_counted_and_the_longest_stay() {
        let events: Vec<_> = (0..1_000u32)
            .flat_map(|n| lost(0, u64::from(n) + 1, 10.0 + f64::from(n) * 10.0, if n == 500 { 5.0 } else { 0.1 }))
            .collect();
        let figures = figures(events);
        assert_eq!(figures.incidents.total, 1_000);
        assert!(figures.incidents.kept.len() <= FIRST + LAST + LONGEST);
        assert!(figures.incidents.kept.iter().any(|incident| incident.longest == secs(5.0)));
        assert_eq!(figures.incidents.kept.last().unwrap().id, Id::incident(1_000));
    }

    #[test]
    fn an_incident_has_the_fault_that_was_injected_whichever_is_reported_first() {
        let fault = |text: &str| text.parse::<Fault>().unwrap();
        let injected = |seconds: f64, text: &str| Event {
            connection: None,
            ..at(seconds, EventKind::FaultInjected { fault: fault(text) })
        };
        let cleared = |seconds: f64, text: &str| Event {
            connection: None,
            ..at(seconds, EventKind::FaultCleared { fault: fault(text), after: secs(1.0) })
        };
        let [first, back] = lost(0, 1, 10.0, 0.1);
        let events = [
            vec![injected(9.999, "reset_peer"), first, back],
            vec![injected(30.0, "blackhole")],
            lost(1, 1, 34.0, 3.0).to_vec(),
            vec![cleared(36.0, "blackhole")],
            // Without a fault, long after.
            lost(2, 1, 60.0, 1.0).to_vec(),
            // The loss is reported before its fault.
            vec![of(2, 80.0, disconnected(2, None)), injected(80.01, "close"), of(2, 80.1, reconnected(3, 0.1))],
            vec![finished(100.0)],
        ];
        let figures = figures(events.concat());
        let faults: Vec<_> =
            figures.incidents.kept.iter().map(|row| row.injected.as_ref().map(Fault::to_string)).collect();
        let expected = [Some("reset_peer"), Some("blackhole"), None, Some("close")];
        assert_eq!(faults, expected.map(|text| text.map(str::to_owned)));
    }
}
