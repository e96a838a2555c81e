//! Events of an application that is observed behind the proxy. The outages of its roles are events of connections, as those
//! of redis-doctor's own client: the number of a connection is then that of a role.

use std::{fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};

use crate::{clock::Seconds, foreign::Foreign};

/// The use of a proxied connection, by its first command that does not belong to the handshake.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Display, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "lowercase")]
pub enum FlowRole {
    /// Commands and their replies.
    Commands,
    /// Commands that wait for data, such as BLPOP.
    Blocking,
    /// Subscriptions.
    Subscriber,
    /// MONITOR.
    Monitor,
    /// Replication.
    Replica,
}

impl FlowRole {
    /// Returns its number, in the place of that of a connection under test.
    pub(crate) fn number(self) -> u32 {
        self as u32
    }

    /// Returns the role with this number.
    pub(crate) fn numbered(number: u32) -> Option<Self> {
        Self::VARIANTS.get(number as usize).copied()
    }
}

/// An observation of an application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "observed", rename_all = "snake_case")]
pub enum Observed {
    /// A connection has a role, and its client is known as far as it names itself.
    Identified(Identified),
    /// The process of a client on this machine, from the kernel.
    Process(Process),
    /// A connection was dead when it was used, while others of its role worked.
    StaleConnection(Stale),
    /// A connection of which the client has noticed no end: the other side closed it, and the client did not.
    HalfClosed(Left),
    /// A client does not read what was sent to it.
    Unread(Left),
    /// A command ran twice: the server had answered it, the answer was lost, and the application sent it again.
    RanTwice(RanTwice),
    /// A command probably ran twice: like one that did, but the application also repeats it on purpose, only never as soon.
    ProbablyRanTwice(RanTwice),
    /// The server removed an element and its reply was lost.
    ElementLost(Undelivered),
    /// The server granted a lock (SET NX) and its reply was lost: no client knows that it holds it.
    LockOrphaned(Undelivered),
    /// The server assigned entries of a stream (XREADGROUP) and its reply was lost: they stay pending.
    LeftPending(Undelivered),
    /// A connection was lost with commands that write, of which the application does not know if they ran.
    OutcomeUnknown(OutcomeUnknown),
    /// Channels that were subscribed to before an outage, and are not at the end.
    ChannelsMissing(ChannelsMissing),
    /// The application that redis-doctor started has ended.
    Ended(Ended),
    /// The figures of all connections so far.
    Totals(Totals),
}

/// A client that has sent its first command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Identified {
    /// Number of the proxied connection (from 1).
    pub flow: u64,
    /// Address of the client.
    pub client: Foreign,
    /// Address of the proxy's end of the connection to the server, as CLIENT LIST shows it unless it is translated.
    #[serde(default)]
    pub outgoing: Option<Foreign>,
    /// Use of the connection.
    pub role: FlowRole,
    /// Library and version, from CLIENT SETINFO.
    pub library: Option<Foreign>,
    /// Name, from CLIENT SETNAME or HELLO.
    pub name: Option<Foreign>,
    /// ACL user, from AUTH or HELLO.
    pub user: Option<Foreign>,
}

/// The process of a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    /// Number of the proxied connection.
    pub flow: u64,
    /// Id of the process.
    pub pid: u32,
    /// Name of its program.
    pub program: Foreign,
}

/// A connection that was found dead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stale {
    /// Number of the proxied connection.
    pub flow: u64,
    /// Its role.
    pub role: FlowRole,
    /// Time for which a command waited on it.
    #[serde(with = "Seconds")]
    pub waited: Duration,
}

/// A connection that its client leaves in a state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Left {
    /// Number of the proxied connection.
    pub flow: u64,
    /// Its role, if known.
    pub role: Option<FlowRole>,
    /// Time in this state so far.
    #[serde(with = "Seconds")]
    pub since: Duration,
}

/// A command that ran twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RanTwice {
    /// Name of the command.
    pub command: Foreign,
    /// Number of the connection on which its first answer was lost.
    pub flow: u64,
    /// Number of the connection on which it ran again.
    pub again: u64,
    /// Time from the loss until it was sent again.
    #[serde(with = "Seconds")]
    pub after: Duration,
}

/// A command whose reply the proxy saw and did not deliver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Undelivered {
    /// Name of the command.
    pub command: Foreign,
    /// Number of the connection on which the reply was lost.
    pub flow: u64,
}

/// Commands that may have run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeUnknown {
    /// Number of the connection that was lost.
    pub flow: u64,
    /// Number of these commands.
    pub commands: u64,
    /// Number of them that the server had answered, as the proxy saw.
    pub answered: u64,
}

/// Channels without a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelsMissing {
    /// The first of them.
    pub channels: Vec<Foreign>,
    /// Number of all of them.
    pub count: u64,
    /// Number of channels before.
    pub of: u64,
}

/// The end of an application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// Status, such as `exit status: 1` or `signal: 13 (SIGPIPE)`.
    pub status: Foreign,
    /// True if it is not that of a success.
    pub failed: bool,
}

/// Figures of all connections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Commands that were sent to the server.
    pub commands: u64,
    /// Replies that were errors.
    pub errors: u64,
    /// Time from a command at the server to its reply; null (as below) without a sample.
    pub server: Option<Quantiles>,
    /// Time that commands and replies were held in the proxy: by faults, or because the other side did not read.
    pub proxy: Option<Quantiles>,
    /// Time that the application took from a reply to its next command.
    pub application: Option<Quantiles>,
    /// True if a connection had more commands in flight than are followed; figures about it are incomplete.
    pub incomplete: bool,
}

/// Two quantiles of a distribution, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantiles {
    /// Half of all are shorter.
    #[serde(with = "Seconds")]
    pub p50: Duration,
    /// 99 % of all are shorter.
    #[serde(with = "Seconds")]
    pub p99: Duration,
}

impl RanTwice {
    fn write(&self, f: &mut fmt::Formatter<'_>, what: &str, unless: &str) -> fmt::Result {
        let Self { command, flow, again, after } = self;
        let after = after.as_secs_f64();
        write!(
            f,
            "{command} {what}: the server answered it on flow {flow}, the answer was lost, and flow {again} sent the same \
             bytes {after:.3} s later{unless}"
        )
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: &Duration| format!("{:.3} s", time.as_secs_f64());
        match self {
            Self::Identified(it) => {
                write!(f, "flow {} from {} · {}", it.flow, it.client, it.role)?;
                let named = [("library", &it.library), ("name", &it.name), ("user", &it.user)];
                named
                    .iter()
                    .filter_map(|(word, text)| Some((word, text.as_ref()?)))
                    .try_for_each(|(word, text)| write!(f, " · {word} {text}"))
            }
            Self::Process(it) => write!(f, "flow {} is of process {} ({})", it.flow, it.pid, it.program),
            Self::StaleConnection(it) => write!(
                f,
                "flow {} ({}) was dead when it was used, while others worked: a command waited {}",
                it.flow,
                it.role,
                seconds(&it.waited)
            ),
            Self::HalfClosed(it) => {
                write!(f, "flow {} was closed {} ago, and its client has not closed it", it.flow, seconds(&it.since))
            }
            Self::Unread(it) => write!(f, "the client of flow {} has read nothing for {}", it.flow, seconds(&it.since)),
            Self::RanTwice(it) => it.write(f, "ran twice", ""),
            Self::ProbablyRanTwice(it) => {
                it.write(f, "probably ran twice", ", sooner than the application repeats them")
            }
            Self::ElementLost(it) => {
                write!(f, "{} on flow {} removed an element, and its reply was lost", it.command, it.flow)
            }
            Self::LockOrphaned(it) => {
                write!(f, "{} on flow {} took a lock, and its reply was lost", it.command, it.flow)
            }
            Self::LeftPending(it) => {
                write!(f, "{} on flow {} took entries, and its reply was lost: they stay pending", it.command, it.flow)
            }
            Self::OutcomeUnknown(it) => {
                write!(
                    f,
                    "flow {} ended with {} writes of unknown outcome, {} of them answered",
                    it.flow, it.commands, it.answered
                )
            }
            Self::ChannelsMissing(it) => {
                let named: Vec<_> = it.channels.iter().map(|channel| &**channel).collect();
                let more = if it.count > named.len() as u64 { " …" } else { "" };
                write!(f, "{} of {} channels are not subscribed to: {}{more}", it.count, it.of, named.join(", "))
            }
            Self::Ended(it) => write!(f, "the application ended: {}", it.status),
            Self::Totals(it) => write!(f, "{} commands, {} error replies", it.commands, it.errors),
        }
    }
}
