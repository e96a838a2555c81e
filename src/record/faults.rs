//! The faults that redis-doctor itself injected: those that an incident can still belong to, and a list for the report.

use std::{collections::VecDeque, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::{OptionalSeconds, Stamp, WallTime},
    event::Event,
    fault::Fault,
};

/// Faults listed.
const LISTED: usize = 200;

/// A fault that redis-doctor injected.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct FaultRow {
    /// Number of the run (from 1).
    pub run: u32,
    /// Time at which it began, or occurred.
    pub time: WallTime,
    /// Duration of the fault; null if it occurred once, or was not over.
    #[serde(with = "OptionalSeconds")]
    pub duration: Option<Duration>,
    /// The fault, as `--fault` takes it.
    pub fault: Fault,
}

/// The faults of all runs, the first ones.
#[derive(Clone, Debug, Default)]
pub(super) struct FaultList(Vec<FaultRow>);

impl FaultList {
    pub(super) fn injected(&mut self, event: &Event, run: u32, fault: &Fault) {
        if self.0.len() < LISTED {
            self.0.push(FaultRow { run, time: event.time, duration: None, fault: fault.clone() });
        }
    }

    pub(super) fn cleared(&mut self, run: u32, fault: &Fault, after: Duration) {
        let open = |row: &&mut FaultRow| row.run == run && row.duration.is_none() && row.fault == *fault;
        if let Some(row) = self.0.iter_mut().rev().find(open) {
            row.duration = Some(after);
        }
    }

    pub(super) fn into_rows(self) -> Vec<FaultRow> {
        self.0
    }
}

/// Faults remembered.
const KEPT: usize = 64;

/// The latest faults of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// Start, end and kind of each, in order; one without an end lasts, or occurred once.
    kept: VecDeque<(Stamp, Option<Stamp>, Fault)>,
    /// Time after a fault in which a loss is attributed to it.
    pub(super) slack: Duration,
}

impl Faults {
    /// Longest time by which the event of a fault follows the loss that it caused.
    pub(super) const LATE: Duration = Duration::from_millis(100);

    pub(super) fn injected(&mut self, at: Stamp, fault: &Fault) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((at, None, fault.clone()));
    }

    pub(super) fn cleared(&mut self, at: Stamp, fault: &Fault) {
        let open = self.kept.iter_mut().rev().find(|(_, over, known)| over.is_none() && known == fault);
        if let Some((_, over, _)) = open {
            *over = Some(at);
        }
    }

    /// Returns the latest fault that was in effect at this time, or shortly before.
    pub(super) fn at(&self, at: Stamp) -> Option<&Fault> {
        let in_effect = |(from, to, fault): &&(Stamp, Option<Stamp>, Fault)| {
            let until = to.or(fault.is_momentary().then_some(*from));
            *from <= at.after(Self::LATE) && until.is_none_or(|until| at <= until.after(self.slack))
        };
        self.kept.iter().rev().find(in_effect).map(|(_, _, fault)| fault)
    }
}
