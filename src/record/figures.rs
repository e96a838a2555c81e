//! The figures of one or several runs: plain numbers, for [`crate::report`] to judge.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Downtime, ErrorRow, List, Outage, ReconnectPeak, Summary};
use crate::{
    classify::Failure,
    clock::WallTime,
    event::{ClientState, Connected, Counters, EventKind, ReplaceReason, RunStarted, StopReason},
};

/// The figures of one or several runs, as of a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// The runs, in order.
    pub runs: Vec<RunFigures>,
    /// Whether the last run goes on.
    pub interim: bool,
    /// How long they lasted, together.
    pub elapsed: Duration,
    /// What was counted.
    pub counters: Counters,
    /// Answered probes, from the intended start; `None` (as for the following) when there was none.
    pub latency: Option<Summary>,
    /// Answered probes, from the real start.
    pub service: Option<Summary>,
    /// Failed probes, from the real start.
    pub failed_latency: Option<Summary>,
    /// Time that probes waited for a connection.
    pub waited: Option<Summary>,
    /// Verified messages, from PUBLISH to receipt.
    pub end_to_end: Option<Summary>,
    /// What the outages amount to.
    pub downtime: Downtime,
    /// The outages: the first, the last and the longest, in order.
    pub outages: List<Outage>,
    /// The most connections that came back together; `None` when none did.
    pub reconnect_peak: Option<ReconnectPeak>,
    /// Errors by kind, most frequent first.
    pub errors: Vec<ErrorRow>,
    /// States the client got into.
    pub states: List<StateRow>,
    /// Things a reader should know.
    pub notes: List<NoteRow>,
    /// What happened beside the outages.
    pub tally: Tally,
}

/// Counts of events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Verified messages that never came.
    pub lost: u64,
    /// Those of them that are put down to a drop.
    pub lost_in_outages: u64,
    /// Replies to somebody else's question.
    pub desynced: u64,
    /// Verified messages that came again.
    pub duplicated: u64,
    /// Verified messages that came after a later one.
    pub reordered: u64,
    /// How often the client got into each state.
    pub states: BTreeMap<ClientState, u64>,
    /// Connections whose writes are refused with READONLY at the end.
    pub pinned: u64,
    /// Alarms of silence.
    pub silences: u64,
    /// The longest silence that raised one.
    pub longest_silence: Duration,
    /// Connections that the library replaced right after making them.
    pub superseded: u64,
    /// Sessions replaced by the policy's watchdog.
    pub replaced_by_watchdog: u64,
    /// Sessions that the policy replaced because replies went to the wrong questions.
    pub replaced_desync: u64,
    /// Sessions replaced because the client could not leave a state.
    pub replaced_terminal: u64,
    /// Subscriptions after a reconnect.
    pub resubscriptions: u64,
    /// Those of them that were not complete when reported.
    pub incomplete_resubscriptions: u64,
    /// Subscriptions that should be there at the end.
    pub subscriptions_wanted: u64,
    /// Subscriptions that are confirmed at the end.
    pub subscriptions_confirmed: u64,
    /// Independent connection attempts.
    pub path_probes: u64,
    /// Those of them that failed.
    pub path_failures: u64,
}

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFigures {
    /// How it began.
    pub started: RunStarted,
    /// When it began.
    pub time: WallTime,
    /// How long it lasted, or has lasted.
    pub elapsed: Duration,
    /// Why it ended; `None` when it has not, or was cut off.
    pub stopped: Option<StopReason>,
    /// Probes answered.
    pub answered: u64,
    /// The first connection.
    pub connected: Option<Connected>,
    /// What has kept it from a first connection; `None` once there is one.
    pub obstacle: Option<Failure>,
    /// Whether a subscription was confirmed, even in part.
    pub subscribed: bool,
}

/// A state that the client entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StateRow {
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
pub struct NoteRow {
    /// Time of the remark.
    pub time: WallTime,
    /// Text of the remark, one sentence.
    pub text: String,
}

impl Tally {
    pub(super) fn add(&mut self, kind: &EventKind) {
        match kind {
            EventKind::MessagesMissed { count, .. } => self.lost += count,
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
            _ => {}
        }
    }
}
