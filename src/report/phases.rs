//! The parts of an outage, each with the flag that shortens it.

use schemars::JsonSchema;
use serde::Serialize;
use strum::Display;

use crate::{
    clock::{Seconds, Stamp},
    event::ClientState,
    plan::ReconnectPolicy,
    record::Outage,
};

/// Shortest attempt that a shorter connect timeout would have ended, in seconds: a handshake takes less.
const HANGING: f64 = 0.5;

/// A part of an outage by what the client was waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Display, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Phase {
    /// The client had not noticed the loss or the silence.
    Undetected,
    /// The client had noticed the silence, and kept the connection.
    Held,
    /// The server was not reachable, as path probes or failed attempts show. Without a path probe that succeeded, it lasts until the successful attempt, or to
    /// the end.
    Away,
    /// The server was reachable, and the client waited for its next attempt.
    Waiting,
    /// The attempt that succeeded was in progress, and the server was reachable.
    Connecting,
    /// The connection was gone, and nothing shows what the client waited for.
    Unknown,
}

/// One part of an outage.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct PhaseRow {
    /// The part.
    pub phase: Phase,
    /// Its duration in seconds.
    #[schemars(with = "Seconds")]
    pub duration: f64,
    /// Flag of the policy that shortens it; null if none does.
    pub flag: Option<&'static str>,
}

/// Returns the parts that took time, in their order; together they are the duration of the outage.
pub(super) fn of(outage: &Outage, policy: Option<&ReconnectPolicy>, now: Stamp) -> Vec<PhaseRow> {
    let phases = outage.phases(now);
    let parts = [
        (Phase::Undetected, phases.undetected),
        (Phase::Held, phases.held),
        (Phase::Away, phases.away),
        (Phase::Waiting, phases.waiting),
        (Phase::Connecting, phases.connecting),
        (Phase::Unknown, phases.unknown),
    ];
    let parts = parts.into_iter().filter(|(_, part)| !part.is_zero());
    let row = |(phase, part): (Phase, std::time::Duration)| {
        let duration = part.as_secs_f64();
        PhaseRow { phase, duration, flag: policy.and_then(|policy| flag(phase, duration, outage, policy)) }
    };
    parts.map(row).collect()
}

fn flag(phase: Phase, duration: f64, outage: &Outage, policy: &ReconnectPolicy) -> Option<&'static str> {
    let exhausted = outage.circumstances.states.contains(&ClientState::Exhausted);
    match phase {
        // The server's own time, or any.
        Phase::Away | Phase::Unknown => None,
        Phase::Undetected | Phase::Held => Some("--watchdog"),
        Phase::Waiting if !policy.managed => Some("--policy"),
        Phase::Waiting if exhausted => Some("--retries"),
        Phase::Waiting => Some("--max-delay"),
        Phase::Connecting => (duration >= HANGING).then_some("--connect-timeout"),
    }
}
