//! Events of a trace: the connections of running applications, as the kernel shows them.

use std::{net::SocketAddr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AttemptEnd;
use crate::{
    clock::{OptionalSeconds, Seconds},
    foreign::Foreign,
    verdict::CheckFinding,
};

/// An observation of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "traced", rename_all = "snake_case")]
pub enum Traced {
    /// The watch has begun; the kernel reports endings from now on.
    Watching(TraceSize),
    /// The socket table was sampled: once a second, and at the end.
    Sampled(TraceSample),
    /// A finding that was not there in the sample before, or is more severe now.
    Found(Found),
    /// A finding is no longer there; it is shown as of the sample before.
    Cleared(Found),
    /// A finding as of the last sample.
    Standing(Found),
    /// A connection ended, unless its client closed it and nothing is in doubt.
    Ended(TracedEnd),
    /// A connection ended, and its client still holds the socket.
    Unnoticed(Unnoticed),
    /// An attempt to connect failed.
    AttemptFailed(AttemptFailed),
    /// The first connection to a server after one was lost or an attempt failed.
    Connected(Returned),
    /// A connection as of the last sample.
    Connection(Box<TracedConnection>),
}

/// The number of connections in a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceSize {
    /// Connections in the sample.
    pub connections: u64,
    /// Servers at their other ends.
    pub servers: u64,
}

/// A sample, and sums so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceSample {
    /// Connections in this sample.
    pub size: TraceSize,
    /// Samples so far.
    pub samples: u64,
    /// True if a connection of the scope, or an attempt to make one, was seen so far.
    pub any: bool,
    /// Connections so far that their client closed, with nothing in doubt.
    pub closed: u64,
    /// Messages about ended sockets so far that the kernel dropped.
    pub dropped: u64,
}

/// A finding about the connections to a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// Address of the server.
    pub server: SocketAddr,
    /// The finding.
    pub finding: CheckFinding,
}

/// A connection that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedEnd {
    /// Address of the client.
    pub local: SocketAddr,
    /// Address of the server.
    pub peer: SocketAddr,
    /// Process of the client; null if it is not visible, or was gone before it was looked up.
    pub owner: Option<Owner>,
    /// The way in which it ended.
    pub how: Ending,
    /// True if the last figures of the socket exclude every other ending.
    pub proven: bool,
    /// Bytes sent and never acknowledged: the commands in them may have run.
    pub in_doubt_bytes: u64,
}

/// A connection that ended without its client noticing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unnoticed {
    /// Address of the client.
    pub local: SocketAddr,
    /// Address of the server.
    pub peer: SocketAddr,
    /// Process that holds the socket.
    pub owner: Owner,
    /// The way in which it ended.
    pub how: Ending,
}

/// A failed attempt to connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptFailed {
    /// Address of the server.
    pub peer: SocketAddr,
    /// The way in which it failed.
    pub how: AttemptEnd,
    /// Retransmissions of its SYN.
    pub syn_retries: u32,
    /// Time since the failed attempt before; null for the first.
    #[serde(rename = "after_seconds", with = "OptionalSeconds")]
    pub after: Option<Duration>,
}

/// A connection to a server after a loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Returned {
    /// Address of the client.
    pub local: SocketAddr,
    /// Address of the server.
    pub peer: SocketAddr,
    /// Time since the first loss or failed attempt.
    #[serde(rename = "after_seconds", with = "Seconds")]
    pub after: Duration,
}

/// A connection, as of the last sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedConnection {
    /// Address of this end.
    pub local: SocketAddr,
    /// Address of the other end.
    pub peer: SocketAddr,
    /// SocketSide of this end.
    pub side: SocketSide,
    /// State of TCP.
    pub state: SocketState,
    /// Process of this end; null if it is not visible, or there is none.
    pub owner: Option<Owner>,
    /// User of this end.
    pub uid: u32,
    /// Control group of this end; null if the owner is known, or the group is not visible.
    pub cgroup: Option<Foreign>,
    /// Smoothed round-trip time.
    #[serde(rename = "rtt_seconds", with = "Seconds")]
    pub rtt: Duration,
    /// Smallest round-trip time; null before the first measurement.
    #[serde(rename = "min_rtt_seconds", with = "OptionalSeconds")]
    pub min_rtt: Option<Duration>,
    /// Retransmissions in a row without an acknowledgment.
    pub retransmits: u32,
    /// Retransmissions since the start of the connection.
    pub total_retransmits: u32,
    /// Bytes sent and not acknowledged.
    pub unacknowledged_bytes: u32,
    /// Time for which they have not been acknowledged, at least; null if there are none.
    #[serde(rename = "unacknowledged_seconds", with = "OptionalSeconds")]
    pub unacknowledged: Option<Duration>,
    /// Bytes written by the process and not acknowledged, sent or not.
    pub send_queue_bytes: u32,
    /// Bytes received and not read by the process.
    pub receive_queue_bytes: u32,
    /// TCP keepalive of this end.
    pub keepalive: KeepaliveTimer,
    /// Time to the next keepalive probe; null if none is due.
    #[serde(rename = "keepalive_due_seconds", with = "OptionalSeconds")]
    pub keepalive_due: Option<Duration>,
    /// Time since data was last sent or received.
    #[serde(rename = "silent_seconds", with = "Seconds")]
    pub silent: Duration,
    /// Time since data was sent without a reply, at least; null if nothing is waited for.
    #[serde(rename = "waiting_seconds", with = "OptionalSeconds")]
    pub waiting: Option<Duration>,
    /// Codes of its findings.
    pub findings: Vec<Foreign>,
}

/// A process and its program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// Process id.
    pub pid: u32,
    /// Name of its program.
    pub program: Foreign,
}

/// The end of a connection that a socket is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SocketSide {
    /// The one that connected.
    Client,
    /// The one that accepted. It is listed only if the client's end is not on this machine.
    Server,
}

/// A state of TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SocketState {
    /// Connecting: no answer yet.
    SynSent,
    /// Open in both directions.
    Established,
    /// Closed by this end; the other end has not acknowledged it.
    FinWait1,
    /// Closed by this end, but not by the other.
    FinWait2,
    /// Closed by both ends at the same time.
    Closing,
    /// Closed by the other end, but not by this one.
    CloseWait,
    /// Closed by both ends; the other end has not acknowledged ours.
    LastAck,
    /// In between.
    Other,
}

/// TCP keepalive of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum KeepaliveTimer {
    /// Probes will be sent.
    On,
    /// No probe will be sent.
    Off,
    /// Not visible while another timer runs.
    Unknown,
}

/// The way in which a connection ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Ending {
    /// The client closed it first.
    ClosedByClient,
    /// The server closed it first.
    ClosedByServer,
    /// The server, or something in between, reset it.
    Reset,
    /// The kernel gave it up, or it was reset while nothing was acknowledged.
    Abandoned,
    /// It was reset: by the other side, or by the client, which closed it without reading what it had received.
    ResetOrClosed,
    /// The kernel does not report enough.
    Unknown,
}

impl Found {
    /// Returns its code for `redis-doctor explain`.
    pub(crate) fn code(&self) -> &str {
        self.finding.code.as_deref().unwrap_or_default()
    }
}

impl TracedEnd {
    /// Returns true if it is more than a client that is done.
    pub(crate) fn is_telling(&self) -> bool {
        self.how != Ending::ClosedByClient || self.in_doubt_bytes > 0
    }
}

impl Ending {
    /// Describes it as in "a connection was …".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::ClosedByClient => "closed by the client",
            Self::ClosedByServer => "closed by the server",
            Self::Reset => "reset",
            Self::Abandoned => "abandoned without an answer",
            Self::ResetOrClosed => "reset, or closed with unread data",
            Self::Unknown => "ended in an unknown way",
        }
    }
}
