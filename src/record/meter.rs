//! The metrics of a run while it continues: counts that only grow, and gauges, with the labels that a scraper needs.
//!
//! A [`Meter`] is filled where the events pass and read on another thread. A reading copies one pointer for each target,
//! so a scrape does not delay the run; a target that changes while it is being read is copied first.

mod cluster;
mod histogram;
mod traced;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) use self::{
    cluster::{ClientMetrics, ClusterMetrics},
    histogram::{BUCKETS, Histogram, SCHEMA},
    traced::TracedMetrics,
};
use super::{Outage, OutageKind};
use crate::{
    classify::{ErrorClass, FailureKey},
    clock::Stamp,
    event::{
        ClientState, ClusterEvent, CommandFailed, Counters, Event, EventKind, EventSink, Interval, RefusalBegan,
        RefusalEnded, RunStarted, ServerIdentity, role_name,
    },
    foreign::Foreign,
};

/// Maximum number of label sets of a metric of a target; what exceeds it is counted without its server.
const LABEL_SETS: usize = 256;

/// The metrics of a run, shared between the run and their reader.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<Mutex<Meters>>);

#[derive(Debug, Default)]
struct Meters {
    process: ProcessMetrics,
    cluster: ClusterMetrics,
    targets: Vec<Arc<TargetMetrics>>,
    numbers: HashMap<Foreign, usize>,
    tracks: HashMap<(usize, u32), Track>,
}

/// The metrics at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// Metrics of redis-doctor itself.
    pub process: ProcessMetrics,
    /// Metrics of the cluster.
    pub cluster: ClusterMetrics,
    /// Metrics of each target, in order.
    pub targets: Vec<Arc<TargetMetrics>>,
}

/// The metrics of redis-doctor itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProcessMetrics {
    /// Version, id, command and policy of the run.
    pub run: [String; 4],
    /// Time in which redis-doctor was paused.
    pub paused: Duration,
    /// Time in which it was busy and read nothing.
    pub busy: Duration,
}

/// The metrics of one target.
#[derive(Clone, Debug, Default)]
pub(crate) struct TargetMetrics {
    /// Label of the target.
    pub target: Foreign,
    /// Server that answered last.
    pub server: Server,
    /// Connections that have been up.
    pub connections: u64,
    /// Connections that are down, with the start of their outages.
    pub down: BTreeMap<u32, Stamp>,
    /// Sums of the counters.
    pub counters: Counters,
    /// Latency of answered probes from the intended start.
    pub latency: Histogram,
    /// Time to failure of failed probes.
    pub failed_latency: Histogram,
    /// Time that probes waited for a connection.
    pub waited: Histogram,
    /// Latency of numbered messages.
    pub end_to_end: Histogram,
    /// Ended outages by server and kind, with their total time.
    pub outages: BTreeMap<(Server, &'static str), (u64, Duration)>,
    /// Diagnosed outages by server, cause and confidence.
    pub causes: BTreeMap<(Server, String, String), u64>,
    /// Slow stretches, and the time spent waiting in them.
    pub slow: (u64, Duration),
    /// Refusals by class, and the time of those that are over.
    pub refusals: BTreeMap<ErrorClass, (u64, Duration)>,
    /// Failed commands by server and kind.
    pub errors: BTreeMap<(Server, FailureKey), u64>,
    /// Entries into each state of the client.
    pub states: BTreeMap<ClientState, u64>,
    /// Changes of a server's role.
    pub role_changes: u64,
    /// Connections that an application has opened through the proxy, and those that have ended.
    pub flows: (u64, u64),
    /// Connections that a trace has seen; `None` if the run has its own.
    pub traced: Option<Box<TracedMetrics>>,
}

/// The server behind a connection; empty if it is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Server {
    /// Address of the server as it sees it.
    pub node: String,
    /// `primary` or `replica`.
    pub role: String,
}

/// A connection: its server, and that of its latest outage.
#[derive(Debug, Default)]
struct Track {
    server: Server,
    lost: Server,
}

impl Reading {
    /// Returns the id of the run.
    pub(crate) fn run_id(&self) -> &str {
        &self.process.run[1]
    }
}

impl Meter {
    /// Returns the current metrics.
    pub(crate) fn read(&self) -> Reading {
        let meters = self.locked();
        Reading { process: meters.process.clone(), cluster: meters.cluster.clone(), targets: meters.targets.clone() }
    }

    /// Counts the cause of an outage that is over.
    pub(crate) fn diagnosed(&self, event: &Event, outage: &Outage, cause: &str, confidence: &str) {
        if outage.kind == OutageKind::Slow {
            return;
        }
        let meters = &mut *self.locked();
        let Some(number) = meters.number(event) else { return };
        let server = meters.tracks.get(&(number, outage.connection)).map(|track| track.lost.clone());
        let causes = &mut Arc::make_mut(&mut meters.targets[number]).causes;
        let server = bounded(causes.len(), server.unwrap_or_default());
        *causes.entry((server, cause.to_owned(), confidence.to_owned())).or_default() += 1;
    }

    fn locked(&self) -> MutexGuard<'_, Meters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Meter {
    fn on_event(&mut self, event: &Event) {
        self.locked().on_event(event);
    }
}

/// Returns the server, or none if there are too many label sets already.
fn bounded(number: usize, server: Server) -> Server {
    if number < LABEL_SETS { server } else { Server::default() }
}

impl Meters {
    fn on_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::RunStarted(started) => return self.begin(started),
            EventKind::Cluster(observed) => {
                self.cluster.observe(observed);
                if let ClusterEvent::Joined { server, .. } = &**observed {
                    self.join(server.label().into());
                }
            }
            EventKind::ClusterClient(observed) => self.cluster.observe_client(observed),
            EventKind::OwnPause(pause) if pause.is_busy() => self.process.busy += pause.length(),
            EventKind::OwnPause(pause) => self.process.paused += pause.length(),
            _ => {}
        }
        let Some(number) = self.number(event) else { return };
        // An event without a connection belongs to the only one.
        let connection = event.connection.unwrap_or_default();
        let target = Arc::make_mut(&mut self.targets[number]);
        let track = self.tracks.entry((number, connection)).or_default();
        match &event.kind {
            EventKind::Interval(interval) => target.count(interval),
            EventKind::Connected(connected) => {
                track.reached(connected.peer.as_ref(), Some(&connected.server));
                target.connections = target.connections.max(u64::from(connection) + 1);
                target.answered_by(&track.server);
            }
            EventKind::Disconnected(_) | EventKind::Stalled { .. } => {
                track.lost = track.server.clone();
                let since = match &event.kind {
                    EventKind::Stalled { since, .. } => *since,
                    _ => event.at,
                };
                target.down.entry(connection).or_insert(since);
            }
            EventKind::Resumed { after } => target.recovered(connection, track, "stall", *after),
            EventKind::Reconnected(reconnected) => {
                target.recovered(connection, track, "drop", reconnected.after);
                track.reached(reconnected.peer.as_ref(), reconnected.server.as_deref());
                target.answered_by(&track.server);
            }
            EventKind::Superseded { peer, server, .. } => track.reached(peer.as_ref(), server.as_deref()),
            EventKind::CommandFailed(failed) => target.failed(&track.server, failed),
            EventKind::Traced(traced) => target.traced.get_or_insert_default().count(traced),
            kind => target.noted(kind),
        }
    }

    fn begin(&mut self, started: &RunStarted) {
        let plan = &started.plan;
        self.process.run = [
            started.version.to_string(),
            started.run_id.to_string(),
            plan.command.to_string(),
            plan.policy.name.to_string(),
        ];
        let labels: Vec<Foreign> = match &plan.scope {
            Some(scope) => scope.targets.iter().map(|target| target.label().into()).collect(),
            None => vec![plan.target.label().into()],
        };
        (self.numbers, self.targets, self.cluster) = Default::default();
        labels.into_iter().for_each(|label| self.join(label));
        if plan.trace.is_some() {
            self.targets.iter_mut().for_each(|target| Arc::make_mut(target).traced = Some(Box::default()));
        }
    }

    fn join(&mut self, target: Foreign) {
        if !self.numbers.contains_key(&target) {
            self.numbers.insert(target.clone(), self.targets.len());
            self.targets.push(Arc::new(TargetMetrics { target, ..TargetMetrics::default() }));
        }
    }

    /// Returns the number of the target that an event is about; the only one has no label.
    fn number(&self, event: &Event) -> Option<usize> {
        match &event.target {
            Some(label) => self.numbers.get(label).copied(),
            None => (self.targets.len() == 1).then_some(0),
        }
    }
}

impl Track {
    /// Takes what is known of the server that a connection has reached.
    fn reached(&mut self, peer: Option<&Foreign>, server: Option<&ServerIdentity>) {
        if let Some(peer) = peer {
            self.server.node = peer.to_string();
        }
        if let Some(role) = server.and_then(|server| server.role.as_deref()) {
            self.server.role = role_name(role).to_owned();
        }
    }
}

impl TargetMetrics {
    fn count(&mut self, interval: &Interval) {
        self.counters += interval.counters;
        for (histogram, part) in [
            (&mut self.latency, &interval.latency),
            (&mut self.failed_latency, &interval.failed_latency),
            (&mut self.waited, &interval.waited),
            (&mut self.end_to_end, &interval.end_to_end),
        ] {
            if let Some(part) = part {
                histogram.add(part);
            }
        }
    }

    /// Takes note of a server, with no outage so far: the first increase of a counter shows only if it begins at zero.
    fn answered_by(&mut self, server: &Server) {
        if self.outages.is_empty() || self.server != *server {
            self.server.clone_from(server);
            for kind in ["drop", "stall"] {
                self.outages.entry((bounded(self.outages.len(), server.clone()), kind)).or_default();
            }
        }
    }

    fn recovered(&mut self, connection: u32, track: &Track, kind: &'static str, after: Duration) {
        self.down.remove(&connection);
        let server = bounded(self.outages.len(), track.lost.clone());
        let (count, total) = self.outages.entry((server, kind)).or_default();
        *count += 1;
        *total += after;
    }

    fn failed(&mut self, server: &Server, failed: &CommandFailed) {
        let server = bounded(self.errors.len(), server.clone());
        let count = self.errors.entry((server, failed.key)).or_default();
        *count = count.saturating_add(failed.count);
    }

    /// Counts an event that only increases a number.
    fn noted(&mut self, kind: &EventKind) {
        match kind {
            EventKind::SpedUp { waiting, .. } => {
                self.slow.0 += 1;
                self.slow.1 += *waiting;
            }
            EventKind::RefusalBegan(RefusalBegan { key, .. }) => self.refusals.entry(key.class).or_default().0 += 1,
            EventKind::RefusalEnded(RefusalEnded { class, since, until, .. }) => {
                self.refusals.entry(*class).or_default().1 += until.since(*since);
            }
            EventKind::StateEntered { state, .. } => *self.states.entry(*state).or_default() += 1,
            EventKind::RoleChanged(changed) => {
                self.role_changes += 1;
                if let Some(role) = changed.server.role.as_deref() {
                    self.server.role = role_name(role).to_owned();
                }
            }
            EventKind::FlowOpened(_) => self.flows.0 += 1,
            EventKind::FlowClosed(_) => self.flows.1 += 1,
            // Counted in the intervals, or no metric.
            _ => {}
        }
    }

    /// Returns the time for which the longest outage that is not over has lasted.
    pub(crate) fn longest_open(&self, now: Stamp) -> Duration {
        self.down.values().map(|since| now.since(*since)).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        Recorder,
        fixture::{at, connected, disconnected, reconnected, rich, started},
    };

    fn fed(events: &[Event]) -> Meter {
        let mut meter = Meter::default();
        events.iter().for_each(|event| meter.on_event(event));
        meter
    }

    #[test]
    fn a_meter_shows_what_the_figures_say() {
        let (meter, mut recorder) = (fed(&rich()), Recorder::default());
        rich().iter().for_each(|event| recorder.on_event(event));
        let (reading, figures) = (meter.read(), recorder.figures());
        let target = &reading.targets[0];
        assert_eq!(target.counters, figures.counters);
        assert_eq!(target.latency.count, figures.latency.unwrap().count);
        assert_eq!(target.end_to_end.count, figures.end_to_end.unwrap().count);
        let of =
            |kind| target.outages.iter().filter(|((_, is), _)| *is == kind).map(|(_, (count, _))| count).sum::<u64>();
        let open = target.down.len() as u64;
        assert_eq!(of("drop") + of("stall") + open, figures.downtime.drops + figures.downtime.stalls);
        assert!(of("drop") > 0 && of("stall") > 0, "{target:?}");
        assert_eq!(target.errors.values().sum::<u64>(), figures.errors.iter().map(|row| row.count).sum::<u64>());
        assert_eq!(target.slow.0, figures.slow.totals.count);
    }

    #[test]
    fn a_reading_does_not_change_afterwards() {
        let plan = crate::record::fixture::plan();
        let mut meter = fed(&[started(plan), at(0.1, connected(1))]);
        let before = meter.read();
        meter.on_event(&at(1.0, disconnected(1, None)));
        assert!(before.targets[0].down.is_empty());
        let during = meter.read();
        assert_eq!(during.targets[0].longest_open(Stamp::from_nanos(3_000_000_000)), Duration::from_secs(2));
        meter.on_event(&at(1.5, reconnected(2, 0.5)));
        assert!(meter.read().targets[0].down.is_empty());
    }

    #[test]
    fn servers_without_end_take_bounded_memory() {
        let mut target = TargetMetrics::default();
        for number in 0..2 * LABEL_SETS {
            let lost = Server { node: format!("10.0.0.1:{number}"), role: "primary".into() };
            target.recovered(0, &Track { lost, ..Track::default() }, "drop", Duration::ZERO);
        }
        assert_eq!(target.outages.len(), LABEL_SETS + 1);
        assert_eq!(target.outages.values().map(|(count, _)| count).sum::<u64>(), 2 * LABEL_SETS as u64);
    }
}
