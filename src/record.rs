//! The figures of a run, folded from its events: the only place where numbers are computed.
//!
//! The [`Recorder`] sees the same events in a live run and in a replay of its journal. It keeps histograms, counters and
//! capped lists, so its memory does not grow with the run. Several runs in sequence add up.

mod address;
mod application;
mod capped;
mod circumstances;
mod cluster;
mod cluster_client;
mod connections;
mod downtime;
mod end;
mod errors;
mod events;
mod faults;
mod figures;
#[cfg(test)]
pub(crate) mod fixture;
mod herd;
mod id;
mod incidents;
mod ledger;
mod meter;
mod outage;
mod outages;
mod refusals;
mod regularity;
mod samples;
mod sentinels;
mod servers;
mod service;
mod simultaneous;
mod slow;
mod spans;
mod standing;
mod subscribed;
mod summary;
mod targets;
#[cfg(test)]
mod tests;
mod timeline;
mod trace;
mod vantage;

use std::{collections::BTreeMap, time::Duration};

pub(crate) use address::Servers;
use application::Observation;
pub(crate) use application::{Application, RoleRow};
pub(crate) use capped::List;
use capped::{Capped, shortened};
pub(crate) use circumstances::Circumstances;
pub(crate) use cluster::ClusterFigures;
pub(crate) use cluster_client::{ClientFigures, ClientOutage, LongestGap};
pub(crate) use connections::ConnectionRow;
use connections::Connections;
pub(crate) use downtime::Downtime;
use downtime::History;
pub(crate) use errors::ErrorRow;
use errors::ErrorTable;
use events::{begins_an_outage, concerns_a_connection, once, settling};
use faults::FaultList;
pub(crate) use faults::FaultRow;
pub(crate) use figures::{Figures, NoteRow, RunFigures, SlowFigures, StateRow, Tally};
use herd::Herd;
pub(crate) use herd::{ReconnectPeak, WINDOW as RECONNECT_WINDOW};
pub(crate) use id::Id;
pub(crate) use incidents::Incident;
use incidents::Incidents;
pub(crate) use ledger::LedgerFigures;
pub(crate) use meter::{
    BUCKETS, ClientMetrics, ClusterMetrics, Histogram, Meter, Reading, SCHEMA, Server, TargetMetrics, TracedMetrics,
};
use outage::Track;
pub(crate) use outage::{Outage, OutageKind};
pub(crate) use outages::Outages;
pub(crate) use refusals::{Refusal, RefusalTotals};
use regularity::Refusals;
pub(crate) use regularity::{Measure, Recurrence, Regularity};
use samples::Samples;
use sentinels::Sentinels;
pub(crate) use sentinels::{Failover, SentinelSet};
use servers::ServerStates;
pub(crate) use service::OwnPauses;
use service::Service;
pub(crate) use simultaneous::SimultaneousLoss;
use slow::SlowHistory;
pub(crate) use slow::{SlowTotals, Slowness};
pub(crate) use standing::Standing;
pub(crate) use summary::Summary;
pub(crate) use targets::{AllFigures, Records, ScopeFigures, TargetFigures};
pub(crate) use timeline::Slice;
use timeline::Timeline;
use trace::Tracer;
pub(crate) use trace::{AttemptsRow, EndedRow, TraceFigures};
use vantage::Views;
pub(crate) use vantage::{Extent, VantageIncident, VantagePoints};

use crate::{
    classify::{Failure, Stage},
    clock::Stamp,
    event::{Event, EventKind, EventSink, Evidence, PathProbed, RunStarted},
    plan::Plan,
};

/// The recorded samples and events of one or several runs.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    samples: Samples,
    story: Story,
}

impl Recorder {
    /// Creates the recorder of one of many targets, which takes little memory.
    fn of_many() -> Self {
        let story = Story { timeline: Timeline::of_many(), ..Story::default() };
        Self { samples: Samples::of_many(), story }
    }

    /// Returns the figures of all runs, each to its end, or to its last event if it has not ended or was cut off.
    pub(crate) fn figures(&self) -> Figures {
        let mut story = self.story.clone();
        story.close_run(Stamp::START);
        story.into_figures(&self.samples)
    }

    /// Returns the figures as of `now` on the clock of the current run, which continues.
    pub(crate) fn interim(&self, now: Stamp) -> Figures {
        let mut story = self.story.clone();
        story.close_run(now);
        Figures { interim: true, ..story.into_figures(&self.samples) }
    }

    /// Returns what repeats in the runs so far, as the figures have it; cheaper.
    pub(crate) fn regularities(&self) -> Vec<Regularity> {
        self.story.regularities()
    }

    /// Returns the latest outage of a connection in the current run.
    pub(crate) fn latest_outage(&self, connection: u32) -> Option<&Outage> {
        self.story.tracks.get(&connection)?.latest.as_ref()
    }

    /// Returns the incident of an outage, unless it has been dropped from the list.
    pub(crate) fn incident_of(&self, outage: &Outage) -> Option<&Incident> {
        self.story.incidents.of(outage)
    }

    /// Returns the plan of the current run; `None` before the first.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        self.story.runs.last().map(|run| &run.started.plan)
    }
}

impl EventSink for Recorder {
    fn on_event(&mut self, event: &Event) {
        if let EventKind::Interval(interval) = &event.kind {
            self.samples.add(interval);
        }
        self.story.on_event(event);
    }
}

/// The record of the events.
#[derive(Clone, Debug, Default)]
struct Story {
    runs: Vec<RunFigures>,
    /// The connections of the current run.
    tracks: BTreeMap<u32, Track>,
    /// Failure of the latest independent connection attempt; `None` if it succeeded.
    path: Option<Failure>,
    history: History,
    slow: SlowHistory,
    errors: ErrorTable,
    states: Capped<StateRow>,
    notes: Capped<NoteRow>,
    tally: Tally,
    herd: Herd,
    incidents: Incidents,
    faults: FaultList,
    timeline: Timeline,
    connections: Connections,
    /// Number of the outages of the current run.
    outages: u32,
    servers: ServerStates,
    /// The refusals of the current run.
    refusals: Refusals,
    /// Regularities of the runs before.
    settled: Vec<Regularity>,
    address: Servers,
    sentinels: Sentinels,
    ledger: Option<LedgerFigures>,
    service: Service,
    /// The outages of each run, by the common clock.
    views: Views,
    /// The application, if a run has observed one.
    application: Option<Observation>,
    /// The connections of applications, if a run has traced them.
    trace: Option<Tracer>,
}

impl Story {
    fn on_event(&mut self, event: &Event) {
        if let EventKind::RunStarted(started) = &event.kind {
            self.begin_run(event, started);
        }
        let number = self.runs.len() as u32;
        let Some(run) = self.runs.last_mut() else { return };
        let plan = &run.started.plan;
        let settling = settling(plan);
        let is_observed = plan.application.is_some();
        // An event without a connection belongs to the only one.
        let connection = event.connection.or((plan.connections == 1).then_some(0));
        run.elapsed = run.elapsed.max(event.at.since(run.began));
        self.file(event, number);
        self.tally.add(&event.kind);
        self.address.on_event(event);
        self.sentinels.on_event(event);
        LedgerFigures::add(&mut self.ledger, event);
        Tracer::add(&mut self.trace, event);
        self.herd.on_event(event);
        self.views.on_event(event, connection);
        self.service.on_event(event, number, connection);
        if is_observed {
            self.application.get_or_insert_default().on_event(event);
        }
        match &event.kind {
            EventKind::PathProbed(probed) => self.path_probed(event.at, probed),
            EventKind::Announced { kind } => self.tracks.values_mut().for_each(|track| track.announced(event.at, kind)),
            EventKind::Evidence(evidence) => self.gathered(number, connection, evidence),
            kind if concerns_a_connection(kind) => {
                if let Some(id) = connection {
                    self.track(event, number, id, settling);
                }
            }
            _ => {}
        }
    }

    /// Files an event with its run and with the parts of the record that need nothing else.
    fn file(&mut self, event: &Event, number: u32) {
        let Some(run) = self.runs.last_mut() else { return };
        match &event.kind {
            EventKind::RunFinished { reason } => run.stopped = Some(*reason),
            EventKind::OwnPause(pause) => run.unobserved += pause.until.since(pause.since),
            EventKind::Interval(interval) => {
                run.answered = run.answered.saturating_add(interval.counters.ok);
                self.timeline.add(event, number, interval);
                self.connections.counted(number, &interval.connections);
            }
            EventKind::MessagesMissed { count, first_published_at, last_published_at, .. } => {
                let [first, last] = [first_published_at, last_published_at].map(|at| at.unwrap_or(event.at));
                self.timeline.lost(first, last, *count);
            }
            EventKind::Connected(connected) if run.connected.is_none() => {
                run.connected = Some((**connected).clone());
                run.obstacle = None;
            }
            // Before the first connection this is the reason why there is none.
            EventKind::PathProbed(PathProbed { failure: Some(failure), .. }) if run.connected.is_none() => {
                run.obstacle = Some(failure.clone());
                self.errors.add(event, &once(event, failure));
            }
            EventKind::Subscribed(confirmations) | EventKind::Resubscribed(confirmations) => {
                run.subscribed |= confirmations.confirmed > 0;
            }
            EventKind::CommandFailed(failed) => {
                if run.connected.is_none() {
                    run.obstacle = Some(Failure { key: failed.key, text: failed.text.clone() });
                }
                // A refused subscription recurs at the pace at which redis-doctor requests it again.
                if failed.key.stage != Stage::Subscribe {
                    self.refusals.refused(&run.started.plan, failed.key.class, failed.first, failed.last);
                }
                self.errors.add(event, failed);
            }
            EventKind::SubscriptionDropped { why } => {
                run.started.plan.subscription = None;
                self.notes.push(NoteRow { time: event.time, text: shortened(why, 500) });
            }
            EventKind::Note { text } => self.notes.push(NoteRow { time: event.time, text: shortened(text, 500) }),
            EventKind::StateEntered { state, why } => self.states.push(StateRow {
                run: number,
                connection: event.connection.unwrap_or(0),
                time: event.time,
                state: *state,
                terminal: state.is_terminal(),
                why: shortened(why, 500),
            }),
            EventKind::FaultInjected { fault } => {
                self.incidents.injected(event.at, number, fault);
                self.faults.injected(event, number, fault);
            }
            EventKind::FaultCleared { fault, after } => {
                self.incidents.cleared(event.at, fault);
                self.faults.cleared(number, fault, *after);
            }
            _ => {}
        }
    }

    /// Hands an event to the track of its connection.
    fn track(&mut self, event: &Event, run: u32, id: u32, settling: Duration) {
        // The one prober serves all connections: what it found for another outage holds for this one, too.
        let known = self
            .path
            .as_ref()
            .filter(|_| begins_an_outage(&event.kind) && self.tracks.values_mut().any(|track| track.open().is_some()));
        let track = self.tracks.entry(id).or_insert_with(|| Track::new(run, id, settling));
        track.on_event(event);
        if let Some(outage) = track.latest.as_mut().filter(|outage| outage.id.is_due()) {
            self.outages += 1;
            outage.id = Id::outage(self.outages);
            outage.incident = self.incidents.join(outage);
        }
        if let Some(wait) = self.slow.on_event(event, run, id, track.generation) {
            self.service.unserved(wait.connection, wait.from, wait.to);
        }
        if let Some(failure) = known {
            track.path_failed(event.at, failure);
        }
        for (from, to) in track.subscribed.gaps.drain(..) {
            self.service.unserved(id, from, to);
        }
        for outage in std::mem::take(&mut track.settled) {
            self.settle(outage, event.at);
        }
    }

    /// Turns an outage that has lasted until `now` into history.
    fn settle(&mut self, outage: Outage, now: Stamp) {
        let until = outage.restored.unwrap_or(now);
        self.service.unserved(outage.connection, outage.lost, until);
        let paused = self.service.paused_within(outage.lost, until);
        self.incidents.settle(&outage, now);
        self.connections.settle(&outage, now, paused);
        self.timeline.down(outage.lost, until);
        self.history.add(outage, now, paused);
    }

    fn path_probed(&mut self, at: Stamp, probed: &PathProbed) {
        self.path.clone_from(&probed.failure);
        if let Some(failure) = &probed.failure {
            self.tracks.values_mut().for_each(|track| track.path_failed(at, failure));
        }
    }

    /// Files evidence with its outage. It arrives when it is complete, and more may have happened since.
    fn gathered(&mut self, run: u32, connection: Option<u32>, evidence: &Evidence) {
        let Some(id) = connection else { return };
        if evidence.slow {
            if let Some(stretch) = self.slow.for_evidence(run, id, evidence) {
                stretch.circumstances.gathered(evidence, &mut self.servers);
            }
            return;
        }
        let recent = self.tracks.get_mut(&id).and_then(|track| track.for_evidence(evidence));
        if let Some(outage) = recent.or_else(|| self.history.kept.for_evidence(run, id, evidence)) {
            outage.circumstances.gathered(evidence, &mut self.servers);
        }
    }

    /// Returns what repeats in each run.
    fn regularities(&self) -> Vec<Regularity> {
        self.settled.iter().copied().chain(self.current_regularities()).collect()
    }

    fn current_regularities(&self) -> Vec<Regularity> {
        let number = self.runs.len() as u32;
        let Some(run) = self.runs.last() else { return Vec::new() };
        let recent = self.tracks.values().flat_map(|track| track.previous.iter().chain(&track.latest));
        let mut outages: Vec<_> =
            self.history.kept.iter().chain(recent).filter(|outage| outage.run == number).collect();
        outages.sort_by_key(|outage| outage.lost);
        let plan = &run.started.plan;
        let mut found = regularity::of_outages(number, plan, &outages);
        found.extend(self.refusals.regular(number, plan, &found));
        found
    }

    fn begin_run(&mut self, event: &Event, started: &RunStarted) {
        self.close_run(Stamp::START);
        self.settled = self.regularities();
        self.refusals = Refusals::default();
        self.incidents.begin_run(&started.plan);
        self.timeline.begin_run();
        self.sentinels.begin_run(self.runs.len() as u32 + 1);
        self.views.begin_run(self.runs.len() as u32 + 1, event, started);
        self.outages = 0;
        self.path = None;
        self.runs.push(RunFigures::new(event, started));
    }
}
