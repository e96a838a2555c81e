//! The events of a run as plain data: the interface between the code that observes and the code that counts, stores or
//! shows.
//!
//! A run produces events and samples. *Events* are rare and ordered: each is one change, with its time. *Samples* are
//! many: workers count them where they occur, and an [`EventKind::Interval`] event delivers the sums each second. The
//! live view, the recorder, the journal and a replayed journal see the same sequence, so they cannot disagree.
//!
//! The JSON of an event is a line of the journal: stable names, durations in seconds, [`SCHEMA_VERSION`].

mod application;
mod change;
mod cluster;
mod cluster_client;
mod commands;
mod connection;
mod evidence;
mod flow;
mod interval;
mod ledger;
mod line;
mod own_pause;
mod path;
mod peer;
mod read;
mod reason;
mod refusal;
mod sentinel;
mod server;
mod server_clock;
mod server_state;
mod sink;
mod state;
mod trace;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use application::{
    ChannelsMissing, Ended, FlowRole, Identified, Left, Observed, OutcomeUnknown, Process, Quantiles, RanTwice, Stale,
    Totals, Undelivered,
};
pub(crate) use cluster::{ClusterEvent, NodeState};
pub(crate) use cluster_client::{ClientCounts, ClientGap, ClusterClientEvent};
pub(crate) use commands::{CommandFailed, Confirmations};
pub(crate) use connection::{Connected, Disconnected, Reconnected};
pub(crate) use evidence::{
    Announcement, Attempt, AttemptEnd, Death, DeathWitness, Evidence, HostState, Missing, SocketEnd, TcpFigures, Tried,
};
pub use flow::FlowEnd;
pub(crate) use flow::{FlowClosed, FlowOpened};
pub(crate) use interval::{ConnectionCounts, Counters, Interval};
pub(crate) use ledger::LedgerRead;
pub(crate) use line::Line;
pub(crate) use own_pause::OwnPause;
pub(crate) use path::{PathProbed, StageTime};
pub(crate) use peer::{AddressMoved, NameMoved, NewProcess, RoleChanged, Succession, list_of};
pub(crate) use reason::{Control, ReplaceReason, StopReason};
pub(crate) use refusal::{RefusalBegan, RefusalEnd, RefusalEnded};
pub(crate) use sentinel::{PROMOTED, SWITCHED, SentinelEvent};
pub(crate) use server::{ProxyKind, ServerIdentity, role_name};
pub(crate) use server_clock::{RunClock, ServerClock};
pub(crate) use server_state::{CommandTime, LatencyEvent, ListedClient, Peer, ServerState, SlowCommand};
pub(crate) use sink::{EventSink, Message, MessageSink, Reply};
pub(crate) use state::ClientState;
pub(crate) use trace::{
    AttemptFailed, Ending, Found, KeepaliveTimer, Owner, Returned, SocketSide, SocketState, TraceSample, TraceSize,
    Traced, TracedConnection, TracedEnd, Unnoticed,
};

use crate::{
    clock::{OptionalSeconds, Seconds, SecondsList, Stamp, WallTime},
    fault::Fault,
    foreign::Foreign,
    plan::{Name, Plan},
};

/// Version of the JSON of journal and report; it grows when a name or a meaning changes.
pub(crate) const SCHEMA_VERSION: u32 = 2;

/// One event of a run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Event {
    /// Time of the event, on the monotonic clock of the run.
    #[serde(rename = "t")]
    pub at: Stamp,
    /// The same time on the wall clock.
    pub time: WallTime,
    /// Label of the target; absent if the run has a single target, or if the event concerns all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Foreign>,
    /// Number of the connection under test (from 0); absent if the event concerns the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<u32>,
    /// Kind of event, with its details.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// Returns another event of the same moment, target and connection.
    #[must_use]
    pub fn with(&self, kind: EventKind) -> Self {
        Self { at: self.at, time: self.time, target: self.target.clone(), connection: self.connection, kind }
    }

    /// Returns the wall-clock time of another moment of the same run.
    pub fn wall_of(&self, stamp: Stamp) -> WallTime {
        let origin = self.time.unix_nanos().saturating_sub(self.at.as_nanos());
        WallTime::from_unix_nanos(origin.saturating_add(stamp.as_nanos()))
    }
}

/// A kind of event, with its details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// The first event of every run.
    RunStarted(Box<RunStarted>),
    /// The first connection of a session is up and has replied.
    Connected(Box<Connected>),
    /// The connection under test was lost: an outage begins.
    Disconnected(Disconnected),
    /// Probes go unanswered on a connection that is still open: a stall begins, which may recover on the same socket.
    Stalled {
        /// Start of the first unanswered probe.
        since: Stamp,
        /// Unanswered probes so far.
        unanswered: u64,
        /// Number of the proxied connection, if it is that of an application.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<u64>,
    },
    /// The same connection replies again: the stall is over.
    Resumed {
        /// Time from the start of the first unanswered probe to the first good reply.
        #[serde(with = "Seconds")]
        after: Duration,
    },
    /// Replies have become slow on a connection that works: a slow stretch begins.
    Slowed {
        /// Start of the first slow command.
        since: Stamp,
        /// Longest time to a reply so far.
        #[serde(with = "Seconds")]
        latency: Duration,
        /// Median time to a reply before; absent if the replies have been slow from the start.
        #[serde(default, with = "OptionalSeconds", skip_serializing_if = "Option::is_none")]
        baseline: Option<Duration>,
    },
    /// Replies are fast again, or the connection stalled or was lost: the slow stretch is over.
    SpedUp {
        /// Time from the start of the first slow command to the last slow reply.
        #[serde(with = "Seconds")]
        after: Duration,
        /// Longest time to a reply.
        #[serde(with = "Seconds")]
        latency: Duration,
        /// Time in which a slow reply was awaited.
        #[serde(with = "Seconds")]
        waiting: Duration,
        /// Number of slow replies.
        slow: u64,
    },
    /// The client is connected again and has a reply: the outage is over.
    Reconnected(Reconnected),
    /// The library replaced a connection immediately after making it (it connects twice if a command was in flight).
    Superseded {
        /// Number of the physical connection now in use.
        generation: u64,
        /// Client id of that connection at the server.
        client_id: Option<u64>,
        /// Address of the server as it sees it (`CLIENT INFO laddr`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer: Option<Foreign>,
        /// Server process that answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<Box<ServerIdentity>>,
    },
    /// The first subscription of a session was confirmed, completely or in part.
    Subscribed(Confirmations),
    /// The subscriptions were renewed after a reconnect, completely or in part.
    Resubscribed(Confirmations),
    /// The server ended a subscription on a connection that is up: as a rule, because it no longer has the slot of a shard
    /// channel.
    Unsubscribed {
        /// Channel of the subscription.
        channel: Name,
        /// Channels, patterns and shard channels to subscribe to.
        wanted: u64,
        /// Subscriptions that remain.
        confirmed: u64,
    },
    /// Commands failed: all failures of one kind since the last such event.
    CommandFailed(CommandFailed),
    /// The server began to answer commands with an error: a refusal begins.
    RefusalBegan(RefusalBegan),
    /// A refusal is over.
    RefusalEnded(RefusalEnded),
    /// redis-doctor itself was paused.
    OwnPause(OwnPause),
    /// Numbered messages are missing: a later one has arrived.
    MessagesMissed {
        /// Channel of the messages.
        channel: Name,
        /// First missing number.
        from: u64,
        /// Last missing number.
        to: u64,
        /// Number of missing messages that the server had accepted.
        count: u64,
        /// Time at which the first of these was published; absent in older journals.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_published_at: Option<Stamp>,
        /// Time at which the last of these was published; absent in older journals.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_published_at: Option<Stamp>,
    },
    /// A numbered message arrived again.
    Duplicated {
        /// Channel of the message.
        channel: Name,
        /// Number of the message.
        number: u64,
    },
    /// A numbered message arrived after a later one.
    Reordered {
        /// Channel of the message.
        channel: Name,
        /// Number of the message.
        number: u64,
    },
    /// No message arrived for longer than `--expect-every` allows.
    Silent {
        /// Time since the last message.
        #[serde(with = "Seconds")]
        silence: Duration,
    },
    /// A reply to another command arrived.
    Desynced {
        /// Expected reply.
        asked: Foreign,
        /// Reply that arrived.
        answered: Foreign,
    },
    /// The client entered a named state.
    StateEntered {
        /// New state of the client.
        state: ClientState,
        /// Evidence for the state, one sentence.
        why: Foreign,
    },
    /// The client left a state, on the connection on which it had entered it.
    StateLeft {
        /// State that ended. Only `pinned` is reported: the end of every other state shows in another event.
        state: ClientState,
    },
    /// The server announced maintenance (a RESP3 push such as `MOVING` or `FAILING_OVER`).
    Announced {
        /// Kind of the push, as the server writes it.
        kind: Foreign,
    },
    /// Several servers answer at the address: a new connection reaches one or another of them.
    ServersFound {
        /// All of them, primaries first.
        servers: Vec<Peer>,
    },
    /// New connections reach another server than a connection under test, which stays with the old one.
    AddressMoved(Box<AddressMoved>),
    /// A server process changed its role.
    RoleChanged(Box<RoleChanged>),
    /// A server process answers that no connection has reached before in this run, after another one.
    NewProcess(Box<NewProcess>),
    /// Numbered keys of the ledger workload were read back.
    LedgerRead(Box<LedgerRead>),
    /// The Sentinels that name the target, or the servers that they watch, were observed.
    Sentinel(Box<SentinelEvent>),
    /// The cluster whose nodes are the targets was observed.
    Cluster(Box<ClusterEvent>),
    /// The cluster client beside the direct connections was observed.
    ClusterClient(Box<ClusterClientEvent>),
    /// The clock of the server was read, so that journals of several machines can be merged.
    ServerClock(ServerClock),
    /// Evidence about an outage was gathered.
    Evidence(Box<Evidence>),
    /// A new session replaced the old one.
    SessionReplaced {
        /// Number of the new session (from 1).
        #[schemars(range(min = 1))]
        session: u64,
        /// Reason for the replacement.
        why: ReplaceReason,
    },
    /// An independent connection attempt ended.
    PathProbed(PathProbed),
    /// A fault begins, or occurs.
    FaultInjected {
        /// The fault, as `--fault` takes it.
        fault: Fault,
    },
    /// A lasting fault is over.
    FaultCleared {
        /// The fault, as `--fault` takes it.
        fault: Fault,
        /// Duration of the fault.
        #[serde(with = "Seconds")]
        after: Duration,
    },
    /// A client connected through the fault proxy.
    FlowOpened(FlowOpened),
    /// A proxied connection ended.
    FlowClosed(FlowClosed),
    /// An application behind the proxy was observed.
    Observed(Box<Observed>),
    /// The connections of running applications were traced.
    Traced(Box<Traced>),
    /// Counts and latencies since the last such event.
    Interval(Box<Interval>),
    /// The run continues without the subscription of its plan: the server, as a rule a proxy, has no pub/sub.
    SubscriptionDropped {
        /// Reason, one sentence.
        why: Foreign,
    },
    /// Events are missing before this line of a journal: they could not be written.
    JournalGap {
        /// Number of missing events.
        events: u64,
        /// Time from the first failure to write to this line.
        #[serde(with = "Seconds")]
        after: Duration,
    },
    /// A remark for the reader.
    Note {
        /// Text of the remark, one sentence.
        text: Foreign,
    },
    /// The last event of every run that was not cut off.
    RunFinished {
        /// Reason for the end.
        reason: StopReason,
    },
}

/// The start of a run: enough to rebuild its report from the journal alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunStarted {
    /// Version of this JSON.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: Foreign,
    /// Version of redis-rs, whose behavior is under test.
    pub client_version: Foreign,
    /// Unique id of the run, in its messages and when journals are merged.
    pub run_id: Foreign,
    /// Plan of the run, without the password.
    pub plan: Plan,
    /// Starts of the first reconnect attempts, counted from the loss, if each fails immediately.
    #[serde(with = "SecondsList")]
    pub schedule: Vec<Duration>,
    /// True if a journal without the beginning of the run is read: this event then has the time of its first line.
    #[serde(skip)]
    pub continued: bool,
    /// True for the record of a target that joined during the run: it is watched from the time of this event.
    #[serde(skip)]
    pub joined: bool,
    /// Its clock, where journals are merged; `None` if no server's clock was read by this run and another one.
    #[serde(skip)]
    pub clock: Option<Box<RunClock>>,
}
