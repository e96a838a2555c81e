//! The outages as the diagnosis sees them: with the conditions of their runs, without the injected faults.

use super::{Failover, Figures, Outage, Recorder, RunFigures};
use crate::{clock::Stamp, plan::Conditions};

/// Outages of one or several runs, and the conditions of each run.
#[derive(Clone, Debug)]
pub(crate) struct Outages<'a> {
    list: Vec<&'a Outage>,
    runs: Vec<(Conditions<'a>, Stamp)>,
    failovers: &'a [Failover],
}

impl<'a> Outages<'a> {
    fn new(list: Vec<&'a Outage>, runs: &'a [RunFigures], failovers: &'a [Failover]) -> Self {
        Self { list, runs: runs.iter().map(|run| (run.started.plan.conditions(), run.end())).collect(), failovers }
    }

    pub(crate) fn list(&self) -> &[&'a Outage] {
        &self.list
    }

    /// Returns the failovers of the run that an outage belongs to.
    pub(crate) fn failovers_of(&self, outage: &Outage) -> impl Iterator<Item = &'a Failover> {
        let run = outage.run;
        self.failovers.iter().filter(move |failover| failover.run == run)
    }

    /// Returns the conditions of the run that an outage belongs to.
    pub(crate) fn conditions_of(&self, outage: &Outage) -> Option<Conditions<'a>> {
        self.run_of(outage).map(|(conditions, _)| conditions)
    }

    /// Returns the time until which the run of an outage has been observed.
    pub(crate) fn observed_until(&self, outage: &Outage) -> Option<Stamp> {
        self.run_of(outage).map(|(_, end)| end)
    }

    fn run_of(&self, outage: &Outage) -> Option<(Conditions<'a>, Stamp)> {
        self.runs.get((outage.run as usize).checked_sub(1)?).copied()
    }
}

impl Figures {
    /// Collects the outages that the figures list, in their order.
    pub(crate) fn outages(&self) -> Outages<'_> {
        Outages::new(self.outages.kept.iter().collect(), &self.runs, &self.failovers)
    }

    /// Collects the slow stretches that the figures list, in their order.
    pub(crate) fn slow_stretches(&self) -> Outages<'_> {
        Outages::new(self.slow.stretches.kept.iter().collect(), &self.runs, &self.failovers)
    }
}

impl Recorder {
    /// Collects the kept outages and slow stretches in no order: cheaper than the figures.
    pub(crate) fn outages(&self) -> Outages<'_> {
        let story = &self.story;
        let recent = story.tracks.values().flat_map(|track| track.previous.iter().chain(&track.latest));
        Outages::new(
            story.history.kept.iter().chain(recent).chain(story.slow.iter()).collect(),
            &story.runs,
            story.sentinels.failovers(),
        )
    }
}
