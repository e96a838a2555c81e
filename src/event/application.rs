//! Events of an application that is observed behind the proxy.

use std::{fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::Display;

use super::FlowEnd;
use crate::{clock::Seconds, foreign::Foreign};

/// The use of a proxied connection, by its first command that does not belong to the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Display)]
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

/// An observation of an application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "observed", rename_all = "snake_case")]
pub enum Observed {
    /// A connection has a role, and its client is known as far as it names itself.
    Identified(Identified),
    /// No connection of a role is left, or its oldest command had no reply for long: an outage of the role begins.
    RoleLost(RoleLost),
    /// The role works again: a good reply to one of its commands, or as many confirmed channels as before.
    RoleRecovered(RoleRecovered),
    /// A command ran twice: the server had answered it, the answer was lost, and the application sent it again.
    RanTwice(RanTwice),
    /// The server removed an element and its reply was lost.
    ElementLost(Undelivered),
    /// The server granted a lock (SET NX) and its reply was lost: no client knows that it holds it.
    LockOrphaned(Undelivered),
    /// A connection was lost with commands that write, of which the application does not know if they ran.
    OutcomeUnknown(OutcomeUnknown),
    /// The figures of all connections, at the end.
    Totals(Totals),
}

/// A client that has sent its first command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Identified {
    /// Number of the proxied connection (from 1).
    pub flow: u64,
    /// Address of the client.
    pub client: Foreign,
    /// Use of the connection.
    pub role: FlowRole,
    /// Library and version, from CLIENT SETINFO.
    pub library: Option<Foreign>,
    /// Name, from CLIENT SETNAME or HELLO.
    pub name: Option<Foreign>,
    /// ACL user, from AUTH or HELLO.
    pub user: Option<Foreign>,
}

/// The beginning of an outage of a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoleLost {
    /// Role that is lost.
    pub role: FlowRole,
    /// Number of the connection with which it was lost.
    pub flow: u64,
    /// End of that connection.
    pub how: FlowEnd,
    /// Time from the loss to this event: a silence is noticed later.
    #[serde(with = "Seconds")]
    pub ago: Duration,
}

/// The end of an outage of a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoleRecovered {
    /// Role that works again.
    pub role: FlowRole,
    /// Number of the connection on which it works.
    pub flow: u64,
    /// Duration of the outage.
    #[serde(with = "Seconds")]
    pub after: Duration,
    /// Connections that the application opened during the outage, with this one.
    pub attempts: u64,
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

/// Figures of all connections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Commands that were sent to the server.
    pub commands: u64,
    /// Replies that were errors.
    pub errors: u64,
    /// Time from a command to its reply from the server, half and 99 % of them, in seconds.
    pub server: [f64; 2],
    /// Time that the application took from a reply to its next command, half and 99 % of them, in seconds.
    pub application: [f64; 2],
    /// True if a connection had more commands in flight than are followed; figures about it are incomplete.
    pub incomplete: bool,
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identified(it) => {
                write!(f, "flow {} from {} · {}", it.flow, it.client, it.role)?;
                let named = [("library", &it.library), ("name", &it.name), ("user", &it.user)];
                named
                    .iter()
                    .filter_map(|(word, text)| Some((word, text.as_ref()?)))
                    .try_for_each(|(word, text)| write!(f, " · {word} {text}"))?;
                Ok(())
            }
            Self::RoleLost(it) => write!(f, "{} lost with flow {}", it.role, it.flow),
            Self::RoleRecovered(it) => {
                write!(
                    f,
                    "{} back after {:.3} s on flow {} · {} attempts",
                    it.role,
                    it.after.as_secs_f64(),
                    it.flow,
                    it.attempts
                )
            }
            Self::RanTwice(it) => write!(
                f,
                "{} ran twice: the server answered it on flow {}, the answer was lost, and flow {} sent the same bytes \
                 {:.3} s later",
                it.command,
                it.flow,
                it.again,
                it.after.as_secs_f64()
            ),
            Self::ElementLost(it) => {
                write!(f, "{} on flow {} removed an element, and its reply was lost", it.command, it.flow)
            }
            Self::LockOrphaned(it) => {
                write!(f, "{} on flow {} took a lock, and its reply was lost", it.command, it.flow)
            }
            Self::OutcomeUnknown(it) => {
                write!(
                    f,
                    "flow {} ended with {} writes of unknown outcome, {} of them answered",
                    it.flow, it.commands, it.answered
                )
            }
            Self::Totals(it) => write!(f, "{} commands, {} error replies", it.commands, it.errors),
        }
    }
}
