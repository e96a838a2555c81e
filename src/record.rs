//! The figures of a run, folded from its events: the only place where numbers are computed.
//!
//! The [`Recorder`] sees the same events in a live run and in a replay of its journal. It keeps histograms, counters and
//! capped lists, so its memory does not grow with the run. Several runs in sequence add up.

mod address;
mod capped;
mod circumstances;
mod downtime;
mod errors;
mod events;
mod figures;
#[cfg(test)]
pub(crate) mod fixture;
mod herd;
mod outage;
mod outages;
mod refusals;
mod regularity;
mod samples;
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

use std::{collections::BTreeMap, time::Duration};

pub(crate) use address::Servers;
pub(crate) use capped::List;
use capped::{Capped, shortened};
pub(crate) use circumstances::Circumstances;
pub(crate) use downtime::Downtime;
use downtime::History;
pub(crate) use errors::ErrorRow;
use errors::ErrorTable;
use events::{begins_an_outage, concerns_a_connection, once, settling};
pub(crate) use figures::{Figures, NoteRow, RunFigures, SlowFigures, StateRow, Tally};
use herd::Herd;
pub(crate) use herd::{ReconnectPeak, WINDOW as RECONNECT_WINDOW};
use outage::Track;
pub(crate) use outage::{Outage, OutageKind};
pub(crate) use outages::Outages;
pub(crate) use refusals::{Refusal, RefusalTotals};
use regularity::Refusals;
pub(crate) use regularity::{Measure, Recurrence, Regularity};
use samples::Samples;
use servers::ServerStates;
pub(crate) use service::OwnPauses;
use service::Service;
pub(crate) use simultaneous::SimultaneousLoss;
use slow::SlowHistory;
pub(crate) use slow::{SlowTotals, Slowness};
pub(crate) use standing::Standing;
pub(crate) use summary::Summary;
pub(crate) use targets::{AllFigures, Records, ScopeFigures, TargetFigures};

use crate::{
    classify::Failure,
    clock::Stamp,
    event::{Confirmations, Event, EventKind, EventSink, Evidence, PathProbed, RunStarted},
    plan::Plan,
};

/// The recorded samples and events of one or several runs.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    samples: Samples,
    story: Story,
}

impl Recorder {
    /// Creates the recorder of one of many targets, whose distributions take a tenth of the memory.
    fn coarse() -> Self {
        Self { samples: Samples::coarse(), story: Story::default() }
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
    servers: ServerStates,
    /// The refusals of the current run.
    refusals: Refusals,
    /// Regularities of the runs before.
    settled: Vec<Regularity>,
    address: Servers,
    service: Service,
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
        // An event without a connection belongs to the only one.
        let connection = event.connection.or((plan.connections == 1).then_some(0));
        run.elapsed = run.elapsed.max(event.at.since(run.began));
        match &event.kind {
            EventKind::RunFinished { reason } => run.stopped = Some(*reason),
            EventKind::Interval(interval) => run.answered += interval.counters.ok,
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
                self.refusals.refused(&run.started.plan, failed.key.class, failed.first, failed.last);
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
            _ => {}
        }
        self.tally.add(&event.kind);
        self.address.on_event(event);
        self.herd.on_event(event);
        self.service.on_event(event, number, connection);
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

    /// Hands an event to the track of its connection.
    fn track(&mut self, event: &Event, run: u32, id: u32, settling: Duration) {
        // The one prober serves all connections: what it found for another outage holds for this one, too.
        let known = self.path.as_ref().filter(|_| self.tracks.values_mut().any(|track| track.open().is_some()));
        let track = self.tracks.entry(id).or_insert_with(|| Track::new(run, id, settling));
        track.on_event(event);
        if let Some(wait) = self.slow.on_event(event, run, id, track.generation) {
            self.service.unserved(wait.connection, wait.from, wait.to);
        }
        if let Some(failure) = known.filter(|_| begins_an_outage(&event.kind)) {
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
        let outage = match recent {
            Some(outage) => Some(outage),
            None => self.history.kept.for_evidence(run, id, evidence),
        };
        if let Some(outage) = outage {
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
        self.path = None;
        self.runs.push(RunFigures {
            started: started.clone(),
            time: event.wall_of(Stamp::START),
            began: if started.continued { event.at } else { Stamp::START },
            elapsed: Duration::ZERO,
            stopped: None,
            answered: 0,
            connected: None,
            obstacle: None,
            subscribed: false,
        });
    }

    /// Turns the current run's connections into history.
    fn close_run(&mut self, now: Stamp) {
        let Some(run) = self.runs.last_mut() else { return };
        if run.stopped.is_none() {
            run.elapsed = run.elapsed.max(now.since(run.began));
        }
        let end = run.end();
        for wait in self.slow.close_run(end) {
            self.service.unserved(wait.connection, wait.from, wait.to);
        }
        let unheard = run.started.plan.connections.saturating_sub(self.tracks.len() as u32);
        let unheard = (run.elapsed - self.service.paused_within(Stamp::START, end)) * unheard;
        self.history.downtime.never_up(unheard);
        self.service.close_refusals(end);
        for (id, mut track) in std::mem::take(&mut self.tracks) {
            track.subscribed.close(end);
            for (from, to) in track.subscribed.gaps.drain(..) {
                self.service.unserved(id, from, to);
            }
            for outage in track.previous.take().into_iter().chain(track.latest.take()) {
                self.settle(outage, end);
            }
            let downtime = &mut self.history.downtime;
            let begin = track.first_up.unwrap_or_default();
            let watched = end.since(begin) - self.service.paused_within(begin, end);
            if track.first_up.is_none() {
                downtime.never_up(watched);
            } else {
                downtime.watched += watched;
                downtime.unserved += self.service.unserved_within(id, begin, end);
            }
            downtime.longest_up = downtime.longest_up.max(track.longest_up_until(end));
            self.tally.lost_in_outages += track.lost_in_outages;
            self.tally.pinned += u64::from(track.pinned);
            if let Some(Confirmations { wanted, confirmed, .. }) = track.subscribed.latest {
                self.tally.subscriptions_wanted += wanted;
                self.tally.subscriptions_confirmed += confirmed;
            }
        }
        self.service.end_run();
    }

    fn into_figures(self, samples: &Samples) -> Figures {
        let regularities = self.regularities();
        let mut tally = self.tally;
        // Counters arrive once a second, events immediately: where they differ, the larger is the later one.
        tally.lost = tally.lost.max(samples.counters.lost);
        tally.desynced = tally.desynced.max(samples.counters.desynced);
        tally.duplicated = tally.duplicated.max(samples.counters.duplicated);
        tally.reordered = tally.reordered.max(samples.counters.reordered);
        tally.lost_in_outages = tally.lost_in_outages.min(tally.lost);
        let downtime = self.history.downtime;
        Figures {
            regularities,
            interim: false,
            elapsed: self.runs.iter().map(|run| run.elapsed).sum(),
            runs: self.runs,
            counters: samples.counters,
            latency: Summary::of(&samples.latency),
            service: Summary::of(&samples.service),
            failed_latency: Summary::of(&samples.failed_latency),
            waited: Summary::of(&samples.waited),
            end_to_end: Summary::of(&samples.end_to_end),
            outages: List { kept: self.history.kept.rows(), total: downtime.drops + downtime.stalls },
            slow: SlowFigures {
                totals: self.slow.totals,
                stretches: List { kept: self.slow.rows(), total: self.slow.totals.count },
            },
            downtime,
            own_pauses: self.service.own_pauses,
            refusals: self.service.refusals.rows(),
            refusal_totals: self.service.refusals.totals(),
            errors: self.errors.rows(),
            reconnect_peak: self.herd.peak,
            states: self.states.to_list(),
            notes: self.notes.to_list(),
            servers: self.address,
            tally,
        }
    }
}
