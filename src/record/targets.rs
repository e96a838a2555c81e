//! The records of a run with several targets: a recorder for each, and sums over all of them.

use std::{collections::HashMap, time::Duration};

use super::{
    Capped, ClientFigures, ClusterFigures, Figures, List, NoteRow, Recorder, Samples, SimultaneousLoss, Standing,
    Summary, cluster::Cluster, cluster_client::ClusterClient, shortened, simultaneous::Simultaneous,
};
use crate::{
    clock::Stamp,
    event::{ClusterEvent, Event, EventKind, EventSink, RunStarted},
    foreign::Foreign,
    plan::{Command, RejectedLine, Target},
};

/// The records of one or several runs, whether they have one target or several.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Record of the runs with a single target.
    lone: Recorder,
    /// Records of the runs with several targets; `None` before the first such run.
    several: Option<Targets>,
    /// True if the current run has several targets.
    in_several: bool,
    /// The current run shows what changes.
    watches: bool,
    /// The changes of such runs.
    changes: Capped<Event>,
}

/// The figures of all runs.
pub(crate) enum AllFigures {
    /// All runs had a single target.
    Lone(Box<Figures>),
    /// A run had several.
    Several(Box<ScopeFigures>),
}

/// The figures of each target, and those of all targets together.
#[derive(Debug)]
pub(crate) struct ScopeFigures {
    /// Figures of each target, in the order of the list.
    pub targets: Vec<TargetFigures>,
    /// Lines of the list that could not be read.
    pub rejected: Vec<RejectedLine>,
    /// Losses of several targets at the same time.
    pub simultaneous: Vec<SimultaneousLoss>,
    /// The cluster whose nodes the targets are; `None` outside a cluster.
    pub cluster: Option<ClusterFigures>,
    /// The cluster client beside the direct connections; `None` without one.
    pub client: Option<ClientFigures>,
    /// Remarks that concern no target.
    pub notes: List<NoteRow>,
    /// True if the last run continues.
    pub interim: bool,
    /// Latency of answered probes of all targets, from the intended start; `None` (as below) if there was none.
    pub latency: Option<Summary>,
    /// Latency of answered probes from the real start.
    pub service: Option<Summary>,
    /// Latency of numbered messages.
    pub end_to_end: Option<Summary>,
    /// Changes that `watch` showed: the first and the last hundred.
    pub changes: List<Event>,
}

/// The figures of one of several targets.
#[derive(Debug)]
pub(crate) struct TargetFigures {
    /// Label of the target.
    pub label: Foreign,
    /// Figures of its runs.
    pub figures: Figures,
}

#[derive(Debug, Default)]
struct Targets {
    records: Vec<TargetRecord>,
    numbers: HashMap<Foreign, usize>,
    /// The start of the current run.
    started: Option<RunStarted>,
    rejected: Vec<RejectedLine>,
    samples: Samples,
    simultaneous: Simultaneous,
    cluster: Cluster,
    client: ClusterClient,
    notes: Capped<NoteRow>,
}

#[derive(Debug)]
struct TargetRecord {
    label: Foreign,
    recorder: Recorder,
    /// True if the current run of this target has ended, or does not have it.
    over: bool,
}

impl Records {
    /// Returns the record that an event belongs to; that of the first target if it concerns all of several.
    pub(crate) fn of(&self, event: &Event) -> &Recorder {
        let several = self.several.as_ref().filter(|_| self.in_several);
        let of_target = several.and_then(|several| match &event.target {
            Some(label) => several.numbers.get(label).map(|number| &several.records[*number]),
            None => several.records.first(),
        });
        of_target.map_or(&self.lone, |record| &record.recorder)
    }

    /// Returns the standing of each target; none if there is a single one.
    pub(crate) fn standings(&self) -> Vec<(&str, Standing)> {
        let records = self.several.iter().flat_map(|several| &several.records);
        records.map(|record| (&*record.label, record.recorder.standing())).collect()
    }

    /// Returns the figures of all runs, each to its end, or to its last event if it has not ended or was cut off.
    pub(crate) fn figures(&self) -> AllFigures {
        self.folded(Recorder::figures, false)
    }

    /// Returns the figures as of `now` on the clock of the current run, which continues.
    pub(crate) fn interim(&self, now: Stamp) -> AllFigures {
        self.folded(|recorder| recorder.interim(now), true)
    }

    fn folded(&self, figures: impl Fn(&Recorder) -> Figures, interim: bool) -> AllFigures {
        let changes = self.changes.to_list();
        match &self.several {
            None => AllFigures::Lone(Box::new(Figures { changes, ..figures(&self.lone) })),
            Some(several) => {
                AllFigures::Several(Box::new(ScopeFigures { changes, ..several.figures(figures, interim) }))
            }
        }
    }
}

impl EventSink for Records {
    fn on_event(&mut self, event: &Event) {
        if self.watches && event.kind.is_change() {
            self.changes.push(event.clone());
        }
        if let EventKind::RunStarted(started) = &event.kind {
            self.watches = started.plan.command == Command::Watch;
            self.in_several = started.plan.scope.is_some();
            // The runs of a single target before and after become those of one of several.
            if self.in_several || self.several.is_some() {
                let lone = std::mem::take(&mut self.lone);
                let several = self.several.get_or_insert_default();
                if let Some(plan) = lone.plan() {
                    let label = plan.target.label().into();
                    several.insert(label, lone);
                }
                self.in_several = true;
                return several.begin_run(event, started);
            }
        }
        match &mut self.several {
            Some(several) if self.in_several => several.on_event(event),
            _ => self.lone.on_event(event),
        }
    }
}

impl Targets {
    fn insert(&mut self, label: Foreign, recorder: Recorder) -> usize {
        let number = self.records.len();
        self.numbers.insert(label.clone(), number);
        self.records.push(TargetRecord { label, recorder, over: true });
        number
    }

    fn begin_run(&mut self, event: &Event, started: &RunStarted) {
        self.client.begin_run(started);
        self.records.iter_mut().for_each(|record| record.over = true);
        let plans: Vec<_> = match &started.plan.scope {
            Some(scope) => {
                self.simultaneous.begin_run(scope);
                self.cluster.begin_run(scope);
                self.rejected.clone_from(&scope.rejected);
                started.plan.of_each_target().collect()
            }
            None => vec![(started.plan.target.label().into(), started.plan.clone())],
        };
        for (label, plan) in plans {
            self.begin_target(event, label, RunStarted { plan, ..started.clone() });
        }
        self.started = Some(started.clone());
    }

    fn begin_target(&mut self, event: &Event, label: Foreign, started: RunStarted) {
        let number = match self.numbers.get(&label) {
            Some(number) => *number,
            None => self.insert(label, Recorder::of_many()),
        };
        let record = &mut self.records[number];
        record.over = false;
        record.recorder.on_event(&event.with(EventKind::RunStarted(Box::new(started))));
    }

    /// Begins the record of a node that has become a target.
    fn join(&mut self, event: &Event, target: &Target) {
        let Some(started) = self.started.clone() else { return };
        self.simultaneous.join(target);
        let plan = started.plan.of_target(self.records.len() as u64, target);
        self.begin_target(event, target.label().into(), RunStarted { plan, joined: true, ..started });
    }

    fn on_event(&mut self, event: &Event) {
        if let EventKind::Cluster(observed) = &event.kind
            && let ClusterEvent::Joined { server, .. } = &**observed
        {
            self.join(event, server);
        }
        self.simultaneous.on_event(event);
        self.cluster.on_event(event);
        self.client.on_event(event);
        if let EventKind::Interval(interval) = &event.kind {
            self.samples.add(interval);
        }
        let Some(label) = &event.target else { return self.on_common_event(event) };
        let Some(number) = self.numbers.get(label) else { return };
        let record = &mut self.records[*number];
        record.recorder.on_event(event);
        record.over |= matches!(event.kind, EventKind::RunFinished { .. });
    }

    /// Handles an event that names no target: it concerns all whose run is not over.
    fn on_common_event(&mut self, event: &Event) {
        if let EventKind::Note { text } = &event.kind {
            return self.notes.push(NoteRow { time: event.time, text: shortened(text, 500) });
        }
        for record in self.records.iter_mut().filter(|record| !record.over) {
            record.recorder.on_event(event);
            record.over |= matches!(event.kind, EventKind::RunFinished { .. });
        }
    }

    fn figures(&self, figures: impl Fn(&Recorder) -> Figures, interim: bool) -> ScopeFigures {
        let of_target = |TargetRecord { label, recorder, .. }: &TargetRecord| TargetFigures {
            label: label.clone(),
            figures: figures(recorder),
        };
        let targets: Vec<_> = self.records.iter().map(of_target).collect();
        ScopeFigures {
            cluster: self.cluster.figures(targets.iter().flat_map(|target| &target.figures.failovers)),
            client: self.client.figures(),
            targets,
            rejected: self.rejected.clone(),
            simultaneous: self.simultaneous.groups(),
            notes: self.notes.to_list(),
            interim,
            latency: self.samples.latency.summary(),
            service: self.samples.service.summary(),
            end_to_end: self.samples.end_to_end.summary(),
            changes: List::default(),
        }
    }
}

impl AllFigures {
    /// Returns the figures of each target.
    pub(crate) fn of_all_targets(&self) -> impl Iterator<Item = &Figures> {
        let (lone, several) = match self {
            Self::Lone(figures) => (Some(&**figures), None),
            Self::Several(figures) => (None, Some(&**figures)),
        };
        let several = several.into_iter().flat_map(|several| &several.targets).map(|target| &target.figures);
        lone.into_iter().chain(several)
    }
}

impl ScopeFigures {
    /// Returns the duration of the longest watched target.
    pub(crate) fn elapsed(&self) -> Duration {
        self.targets.iter().map(|target| target.figures.elapsed).max().unwrap_or_default()
    }
}
