//! The figures of one or several runs: plain numbers, for [`crate::report`] to judge.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Application, ConnectionRow, Downtime, ErrorRow, Failover, FaultRow, Incident, LedgerFigures, List, Outage,
    OwnPauses, ReconnectPeak, Refusal, RefusalTotals, Regularity, SentinelSet, Servers, Slice, SlowTotals, Summary,
    TraceFigures, VantagePoints,
};
use crate::{
    classify::Failure,
    clock::{Stamp, WallTime},
    event::{ClientState, Connected, Counters, Event, EventKind, ReplaceReason, RunStarted, StopReason},
    plan::Gate,
};

/// The figures of one or several runs, as of a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Runs, in order.
    pub runs: Vec<RunFigures>,
    /// True if the last run continues.
    pub interim: bool,
    /// Total duration of the runs.
    pub elapsed: Duration,
    /// Sums of the counters.
    pub counters: Counters,
    /// Latency of answered probes from the intended start; `None` (as below) if there was none.
    pub latency: Option<Summary>,
    /// Latency of answered probes from the real start.
    pub service: Option<Summary>,
    /// Latency of failed probes from the real start.
    pub failed_latency: Option<Summary>,
    /// Time that probes waited for a connection.
    pub waited: Option<Summary>,
    /// Latency of numbered messages, from PUBLISH to receipt.
    pub end_to_end: Option<Summary>,
    /// Totals of the outages.
    pub downtime: Downtime,
    /// Outages in order: the first, the last and the longest.
    pub outages: List<Outage>,
    /// Incidents in order: the first, the last and the longest.
    pub incidents: List<Incident>,
    /// Injected faults in order: the first ones.
    pub faults: Vec<FaultRow>,
    /// Consecutive slices of the runs.
    pub slices: Vec<Slice>,
    /// Totals of each connection; of many, those that were down longest.
    pub connections: Vec<ConnectionRow>,
    /// Outages and refusals that repeat.
    pub regularities: Vec<Regularity>,
    /// Slow stretches.
    pub slow: SlowFigures,
    /// Pauses of redis-doctor itself.
    pub own_pauses: OwnPauses,
    /// Refusals in order of their end: the first and the last hundred.
    pub refusals: List<Refusal>,
    /// Totals of the refusals of each class.
    pub refusal_totals: Vec<RefusalTotals>,
    /// Largest number of connections that came back together; `None` if none did.
    pub reconnect_peak: Option<ReconnectPeak>,
    /// Errors by kind, most frequent first.
    pub errors: Vec<ErrorRow>,
    /// States that the client entered.
    pub states: List<StateRow>,
    /// Remarks for the reader.
    pub notes: List<NoteRow>,
    /// Servers that the address led to.
    pub servers: Servers,
    /// Sentinels that named the target; `None` without them.
    pub sentinels: Option<SentinelSet>,
    /// Failovers of the Sentinels or of the cluster: the first hundred.
    pub failovers: Vec<Failover>,
    /// Outages of one server that several runs watched; `None` unless journals of several are merged.
    pub vantage: Option<VantagePoints>,
    /// Acknowledged writes that were read back; `None` without the ledger workload.
    pub ledger: Option<LedgerFigures>,
    /// The observed application; `None` if redis-doctor's own client was under test.
    pub application: Option<Application>,
    /// The traced connections; `None` if the run had its own.
    pub trace: Option<TraceFigures>,
    /// Changes that `watch` showed: the first and the last hundred.
    pub changes: List<Event>,
    /// Counts of other events.
    pub tally: Tally,
}

/// The slow stretches of the runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SlowFigures {
    pub totals: SlowTotals,
    /// Stretches in order: the first, the last and the longest.
    pub stretches: List<Outage>,
}

/// Counts of events.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Numbered messages that never arrived.
    pub lost: u64,
    /// Lost messages that are attributed to an outage.
    pub lost_in_outages: u64,
    /// Replies to another command.
    pub desynced: u64,
    /// Numbered messages received again.
    pub duplicated: u64,
    /// Numbered messages received after a later one.
    pub reordered: u64,
    /// Number of entries into each state.
    pub states: BTreeMap<ClientState, u64>,
    /// Connections whose writes are refused with READONLY at the end.
    pub pinned: u64,
    /// Silence alarms (`--expect-every`).
    pub silences: u64,
    /// Longest silence that raised an alarm.
    pub longest_silence: Duration,
    /// Connections that the library replaced immediately after making them.
    pub superseded: u64,
    /// Sessions replaced by the policy's watchdog.
    pub replaced_by_watchdog: u64,
    /// Sessions that the policy replaced because replies went to the wrong commands.
    pub replaced_desync: u64,
    /// Sessions that the policy replaced because a demoted server refused a write.
    pub replaced_readonly: u64,
    /// Sessions that went to the new primary that the Sentinels named.
    pub replaced_failover: u64,
    /// Sessions that redis-doctor replaced because the client could not leave a state.
    pub replaced_terminal: u64,
    /// Resubscriptions after a reconnect.
    pub resubscriptions: u64,
    /// Resubscriptions that were incomplete when reported.
    pub incomplete_resubscriptions: u64,
    /// Subscriptions wanted at the end.
    pub subscriptions_wanted: u64,
    /// Subscriptions confirmed at the end.
    pub subscriptions_confirmed: u64,
    /// Independent connection attempts.
    pub path_probes: u64,
    /// Independent connection attempts that failed.
    pub path_failures: u64,
    /// Events that could not be written to the journal.
    pub unwritten: u64,
}

/// The figures of one run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunFigures {
    pub started: RunStarted,
    pub time: WallTime,
    /// Start of the events: the run's start, unless its beginning is missing.
    pub began: Stamp,
    /// Duration from there, so far if the run continues.
    pub elapsed: Duration,
    /// Part of it in which redis-doctor read nothing: it was paused or busy.
    pub unobserved: Duration,
    /// Reason for the end; `None` if the run continues or was cut off.
    pub stopped: Option<StopReason>,
    /// Answered probes.
    pub answered: u64,
    /// The first connection.
    pub connected: Option<Connected>,
    /// Failure that prevented the first connection; `None` once there is one.
    pub obstacle: Option<Failure>,
    /// True if a subscription was confirmed, completely or in part.
    pub subscribed: bool,
}

impl Figures {
    /// Returns the gates of the (last) run's own plan: those that make it critical, and those that make it degraded.
    pub(crate) fn gates(&self) -> (&[Gate], &[Gate]) {
        let plan = self.runs.last().map(|run| &run.started.plan);
        plan.map_or((&[], &[]), |plan| (&plan.fail_on, &plan.warn_on))
    }

    /// Returns true if there is nothing to report: each run was cut off before anything could be learned.
    pub(crate) fn are_undecided(&self) -> bool {
        let sampled = self.trace.as_ref().is_some_and(|trace| trace.sample.samples > 0);
        !sampled && self.runs.iter().all(RunFigures::is_undecided)
    }
}

impl RunFigures {
    /// Creates the figures of a run that begins.
    pub(super) fn new(event: &Event, started: &RunStarted) -> Self {
        Self {
            started: started.clone(),
            time: event.wall_of(Stamp::START),
            began: if started.continued || started.joined { event.at } else { Stamp::START },
            elapsed: Duration::ZERO,
            unobserved: Duration::ZERO,
            stopped: None,
            answered: 0,
            connected: None,
            obstacle: None,
            subscribed: false,
        }
    }

    /// Returns the time of its last event.
    pub(crate) fn end(&self) -> Stamp {
        self.began.after(self.elapsed)
    }

    /// Returns true if a journal was cut off before anything could be learned about the server.
    pub(crate) fn is_undecided(&self) -> bool {
        self.stopped.is_none() && self.connected.is_none() && self.answered == 0 && self.obstacle.is_none()
    }

    /// Returns true if redis-doctor read nothing for the larger part of the run. A moment at the start of a short run
    /// does not count.
    pub(crate) fn is_mostly_unobserved(&self) -> bool {
        self.unobserved >= Duration::from_secs(1) && self.unobserved * 2 > self.elapsed
    }
}

/// A state that the client entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct StateRow {
    /// Number of the run (from 1).
    pub run: u32,
    /// Number of the connection (from 0).
    pub connection: u32,
    /// Time of entry.
    pub time: WallTime,
    /// Name of the state.
    pub state: ClientState,
    /// True if the client cannot leave the state on its own.
    pub terminal: bool,
    /// Evidence for the state, one sentence.
    pub why: String,
}

/// A remark made during a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct NoteRow {
    /// Time of the remark.
    pub time: WallTime,
    /// Text of the remark, one sentence.
    pub text: String,
}

impl Tally {
    pub(super) fn add(&mut self, kind: &EventKind) {
        match kind {
            EventKind::MessagesMissed { count, .. } => self.lost = self.lost.saturating_add(*count),
            EventKind::Desynced { .. } => self.desynced += 1,
            EventKind::Duplicated { .. } => self.duplicated += 1,
            EventKind::Reordered { .. } => self.reordered += 1,
            EventKind::StateEntered { state, .. } => *self.states.entry(*state).or_default() += 1,
            EventKind::Silent { silence } => {
                self.silences += 1;
                self.longest_silence = self.longest_silence.max(*silence);
            }
            EventKind::Superseded { .. } => self.superseded += 1,
            EventKind::SessionReplaced { why, .. } => match why {
                ReplaceReason::Watchdog => self.replaced_by_watchdog += 1,
                ReplaceReason::Desync => self.replaced_desync += 1,
                ReplaceReason::Readonly => self.replaced_readonly += 1,
                ReplaceReason::Failover => self.replaced_failover += 1,
                ReplaceReason::Terminal => self.replaced_terminal += 1,
            },
            EventKind::Resubscribed(confirmations) => {
                self.resubscriptions += 1;
                self.incomplete_resubscriptions += u64::from(confirmations.confirmed < confirmations.wanted);
            }
            EventKind::PathProbed(probed) => {
                self.path_probes += 1;
                self.path_failures += u64::from(probed.failure.is_some());
            }
            EventKind::JournalGap { events, .. } => self.unwritten = self.unwritten.saturating_add(*events),
            // Other events are counted elsewhere: intervals, outages, errors.
            _ => {}
        }
    }
}
