//! Faults between a client and a server, and their schedules. Data and its grammar only; `proxy` applies them.
//!
//! A fault is written `KIND[=ARGS]`, with comma-separated arguments, and a schedule adds `@START[+FOR]` or
//! `@every:PERIOD[+FOR]`; kinds have toxiproxy's names where it has them. Both are serialized as that text, so a journal
//! shows what a user would type. All randomness comes from a [`Random`] with an explicit seed.
//!
//! Faults may overlap. Delays add up; the smallest rate, limit, slice and idle time applies; a direction is silent if
//! any fault silences it; for new connections `refuse` beats `accept_reset`, which beats `accept_close`, which beats
//! `stall_accept`; of several faults that match a command, the first one injected applies.

mod case;
mod commands;
mod effect;
mod grammar;
mod incident;
mod kinds;
mod random;
mod reply;
mod schedule;
#[cfg(test)]
mod tests;
mod value;

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use case::{Case, Load};
pub(crate) use commands::{Commands, has_subcommands};
pub(crate) use effect::{
    Direction, Directions, Door, Effect, Forgotten, Moment, Order, Reach, Scope, Shape, Side, Tamper,
};
pub(crate) use incident::Incident;
pub(crate) use random::Random;
pub(crate) use schedule::{FaultSchedule, Instances};
pub(crate) use value::text as duration_text;

use kinds::{KINDS, Kind, KindName};

use crate::{suggestion, units::clean};

/// Something that can go wrong between a client and a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Fault {
    kind: KindName,
    /// The arguments as they are written, without those that have their default.
    arguments: String,
    effect: Effect,
}

impl Fault {
    fn new(kind: KindName, fault: &impl Kind) -> Self {
        Self { kind, arguments: fault.arguments().to_string(), effect: fault.effect() }
    }

    /// The name of its kind in the grammar.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Its effect, which the proxy applies.
    pub(crate) fn effect(&self) -> &Effect {
        &self.effect
    }

    /// True if it happens at one moment and cannot last.
    pub fn is_momentary(&self) -> bool {
        matches!(self.effect, Effect::Order(_))
    }
}

/// The name of each kind.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|row| row.name)
}

/// The syntax of each kind, with its arguments: for help texts and error messages.
pub(crate) fn usages() -> impl Iterator<Item = String> {
    KINDS.iter().map(kinds::Row::usage)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let equals = if self.arguments.is_empty() { "" } else { "=" };
        write!(f, "{}{equals}{}", self.kind, self.arguments)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A client of the proxy's control may have written it, and it is shown.
        if clean(text) != text {
            return Err(format!("'{}' has characters that cannot be shown; leave them out", clean(text)));
        }
        let (kind, arguments) = text.trim().split_once('=').unwrap_or((text.trim(), ""));
        let kind = kind.trim().to_ascii_lowercase().replace('-', "_");
        let Some(row) = KINDS.iter().find(|row| row.name == kind) else {
            return Err(format!("'{kind}' is not a fault; {}", suggestion::instead(&kind, kinds())));
        };
        (row.read)(arguments).map_err(|why| format!("{why} (usage: {})", row.usage()))
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

impl TryFrom<String> for Fault {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
