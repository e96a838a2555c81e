//! What happens during a run, as plain data: the interface between those who observe and those who count, keep or
//! show.
//!
//! Two things flow. *Events* are rare and ordered: every change, each with its moment. *Samples* are the many: workers
//! count them on the spot, and an [`EventKind::Interval`] event hands the sums over each second. The live view, the
//! recorder, the journal and a replayed journal all see the same sequence, so they cannot disagree.
//!
//! The JSON form is the journal's line format: stable names, durations in seconds, [`SCHEMA_VERSION`].

mod evidence;
mod flow;
mod interval;
mod path;
mod server;
mod state;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use evidence::{
    Announcement, Attempt, AttemptEnd, Death, DeathWitness, Evidence, HostState, Missing, ServerState, SocketEnd,
    TcpFigures, Tried,
};
pub use flow::{FlowClosed, FlowEnd, FlowOpened};
pub use interval::{Counters, Interval};
pub use path::{PathProbed, StageTime};
pub use server::{ServerIdentity, role_name};
pub use state::ClientState;

use crate::{
    classify::{Failure, FailureKey},
    clock::{Stamp, WallTime, seconds},
    fault::Fault,
    plan::{Name, Plan},
};

/// Version of the journal's and the report's JSON; it grows when a name or a meaning changes.
pub const SCHEMA_VERSION: u32 = 1;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, on the run's monotonic clock.
    #[serde(rename = "t")]
    pub at: Stamp,
    /// The same moment as wall-clock time.
    pub time: WallTime,
    /// Which connection under test (from 0); absent when it concerns the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<u32>,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// Something else of the same moment and the same connection.
    #[must_use]
    pub fn with(&self, kind: EventKind) -> Self {
        Self { at: self.at, time: self.time, connection: self.connection, kind }
    }

    /// The wall-clock time of another moment of the same run.
    pub fn wall_of(&self, stamp: Stamp) -> WallTime {
        let origin = self.time.unix_nanos().saturating_sub(self.at.as_nanos());
        WallTime::from_unix_nanos(origin.saturating_add(stamp.as_nanos()))
    }
}

/// Receives what happens in a run, in order.
pub trait EventSink {
    /// Takes note of one event.
    fn on_event(&mut self, event: &Event);

    /// Takes note of one probe's end; called only when the plan asks for each ([`crate::plan::ProbePlan::report_each`]).
    fn on_reply(&mut self, _reply: &Reply) {}

    /// The user asked for interim figures (SIGUSR1, SIGQUIT); the run goes on.
    fn on_interim(&mut self, _at: Stamp) {}
}

/// The end of one probe: a sample, shown one by one only by `ping`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Number of the probe (from 1).
    pub number: u64,
    /// When it ended.
    pub at: Stamp,
    /// From the intended start to the end, without the time that it waited for a connection.
    pub latency: Duration,
    /// How long it waited for a connection.
    pub waited: Duration,
    /// Bytes of the reply, or what went wrong.
    pub outcome: Result<usize, Failure>,
}

/// One message on a subscribed channel: a sample, shown one by one only by `subscribe`.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// When it was received.
    pub at: Stamp,
    /// The channel it was published on.
    pub channel: &'a [u8],
    /// The pattern that matched, for a pattern subscription.
    pub pattern: Option<&'a [u8]>,
    /// The message.
    pub payload: &'a [u8],
}

/// Receives messages as they come, on the task that reads them: it must neither wait nor grow without bound.
pub trait MessageSink: Send + Sync {
    /// Takes one message; `false` when it could not be shown because the output is slower than the messages.
    fn on_message(&self, message: &Message<'_>) -> bool;
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// The first event of every run.
    RunStarted(Box<RunStarted>),
    /// The first connection of a session is up and has answered.
    Connected(Box<Connected>),
    /// The connection under test was lost: an outage begins.
    Disconnected(Disconnected),
    /// Probes go unanswered on a connection nobody has closed: a stall begins. It may heal by itself on the same
    /// socket, so it is not a disconnect.
    Stalled {
        /// Launch of the first unanswered probe.
        since: Stamp,
        /// Unanswered probes so far.
        unanswered: u64,
    },
    /// The same connection answers again: the stall is over.
    Resumed {
        /// From the launch of the first unanswered probe to the first good reply.
        #[serde(with = "seconds")]
        after: Duration,
    },
    /// The connection is back and has answered: the outage is over.
    Reconnected(Reconnected),
    /// The library replaced a connection that had just been made (it connects twice when a command was in flight).
    Superseded {
        /// Number of the physical connection that is now in use.
        generation: u64,
        /// Its client id at the server.
        client_id: Option<u64>,
    },
    /// First subscription of a session.
    Subscribed(Confirmations),
    /// The subscriptions after a reconnect, as far as the server confirmed them.
    Resubscribed(Confirmations),
    /// Failed commands of one kind since the last such event.
    CommandFailed(CommandFailed),
    /// Verified messages that did not come (a later one did).
    MessagesMissed {
        /// The channel.
        channel: Name,
        /// First missing number.
        from: u64,
        /// Last missing number.
        to: u64,
        /// How many of them the server had accepted.
        count: u64,
    },
    /// A verified message came again.
    Duplicated {
        /// The channel.
        channel: Name,
        /// Its number.
        number: u64,
    },
    /// A verified message came after a later one.
    Reordered {
        /// The channel.
        channel: Name,
        /// Its number.
        number: u64,
    },
    /// No message came for longer than `--expect-every` allows.
    Silent {
        /// How long there has been no message.
        #[serde(with = "seconds")]
        silence: Duration,
    },
    /// A reply to somebody else's question arrived.
    Desynced {
        /// What was asked for.
        asked: String,
        /// What came.
        answered: String,
    },
    /// The client got into a state worth a name.
    StateEntered {
        /// The state.
        state: ClientState,
        /// The evidence, in a sentence.
        why: String,
    },
    /// The client left that state, on the connection on which it had got into it.
    StateLeft {
        /// The state: today only [`ClientState::Pinned`] is told, for no other event shows its end.
        state: ClientState,
    },
    /// The server pushed word of its maintenance (RESP3 pushes such as `MOVING` and `FAILING_OVER`).
    Announced {
        /// Its kind, as the server writes it.
        kind: String,
    },
    /// What was gathered about an outage.
    Evidence(Box<Evidence>),
    /// The session was replaced by a fresh one.
    SessionReplaced {
        /// Number of the session (from 1).
        session: u64,
        /// Why.
        why: ReplaceReason,
    },
    /// An independent connection attempt, stage by stage.
    PathProbed(PathProbed),
    /// A fault begins, or happens.
    FaultInjected {
        /// The fault.
        fault: Fault,
    },
    /// A fault that lasted is over.
    FaultCleared {
        /// The fault.
        fault: Fault,
        /// How long it lasted.
        #[serde(with = "seconds")]
        after: Duration,
    },
    /// A client connected through the fault proxy.
    FlowOpened(FlowOpened),
    /// A proxied connection is over.
    FlowClosed(FlowClosed),
    /// The sums since the last such event.
    Interval(Box<Interval>),
    /// Something a reader should know.
    Note {
        /// A sentence.
        text: String,
    },
    /// The last event of every run that was not cut off.
    RunFinished {
        /// Why it ended.
        reason: StopReason,
    },
}

/// How a run began: enough to make its report from the journal alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: String,
    /// Version of the redis crate, whose behaviour is under test.
    pub client_version: String,
    /// Tells runs apart, in messages and when journals are merged.
    pub run_id: String,
    /// The plan, without the password.
    pub plan: Plan,
    /// Starts of the first reconnect attempts, counted from a loss, if each fails at once.
    #[serde(with = "seconds::list")]
    pub schedule: Vec<Duration>,
}

/// A connection's identity and its server's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Connected {
    /// Number of the physical connection (from 1).
    pub generation: u64,
    /// Its client id at the server, when the server tells.
    pub client_id: Option<u64>,
    /// Our address as the server sees it (`CLIENT INFO addr`).
    pub local: Option<String>,
    /// The server's address as it sees it (`CLIENT INFO laddr`).
    pub peer: Option<String>,
    /// The server.
    pub server: ServerIdentity,
    /// Protocol in use: 2 or 3.
    pub resp: u8,
}

/// The loss of the connection under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disconnected {
    /// Number of the physical connection that was lost.
    pub generation: u64,
    /// Its client id at the server, when known.
    pub client_id: Option<u64>,
    /// The first failure that told; `None` when only the library's push did, which carries no cause.
    pub failure: Option<Failure>,
    /// Commands that were in flight.
    pub in_flight: u64,
    /// Time since the last reply.
    #[serde(with = "seconds")]
    pub idle: Duration,
}

/// The end of an outage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconnected {
    /// Number of the physical connection now in use.
    pub generation: u64,
    /// From the loss to the first good reply.
    #[serde(with = "seconds")]
    pub after: Duration,
    /// Commands that failed in this outage.
    pub failed: u64,
    /// Those of them that may have been executed.
    pub ambiguous: u64,
    /// Client id before.
    pub old_client_id: Option<u64>,
    /// Client id now.
    pub client_id: Option<u64>,
    /// Our address as the server sees it.
    pub local: Option<String>,
    /// Whether the same server process answers; `None` when it cannot be told.
    pub same_process: Option<bool>,
    /// Whether it was the client's own doing; otherwise redis-doctor had to start a fresh session.
    pub by_itself: bool,
    /// When the path probe found the server healthy again, counted from the loss.
    #[serde(with = "seconds::option")]
    pub path_healthy_after: Option<Duration>,
    /// The failure that ended the connection, where it became known only after the event of the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// Subscriptions wanted and confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmations {
    /// Channels, patterns and shard channels that should be subscribed.
    pub wanted: u64,
    /// Confirmations received.
    pub confirmed: u64,
    /// From the loss (or the start of the session) to the last confirmation.
    #[serde(with = "seconds")]
    pub after: Duration,
}

/// Failures of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandFailed {
    /// The row of the error table.
    #[serde(flatten)]
    pub key: FailureKey,
    /// The wording of the first of them.
    pub text: String,
    /// How many since the last such event.
    pub count: u64,
    /// How many of them may have been executed: sent, and never answered.
    pub ambiguous: u64,
    /// When the first of them failed.
    pub first: Stamp,
    /// When the last of them failed.
    pub last: Stamp,
}

/// Why a session was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceReason {
    /// The policy's watchdog: its PINGs went unanswered. Part of the client under test.
    Watchdog,
    /// A reply went to the wrong question, and a client with a watchdog does not go on with such a connection. Part of
    /// the client under test, too.
    Desync,
    /// The client was in a state it could not leave, and the run goes on to see more.
    Terminal,
}

impl ReplaceReason {
    /// Whether it was the client's own doing.
    pub const fn is_policy(self) -> bool {
        matches!(self, Self::Watchdog | Self::Desync)
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The count was reached.
    Count,
    /// The duration was over.
    Duration,
    /// SIGINT or SIGTERM.
    Signal,
    /// `--stop-on-critical`.
    Critical,
    /// Nobody reads the output any more.
    OutputClosed,
    /// No connection could be made at the start.
    Unreachable,
}
