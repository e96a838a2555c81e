//! The server process stopped answering all clients for a while.

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{reasons, silence},
    },
    event::SocketEnd,
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD015",
    remedy: "find what blocks the server: SLOWLOG, CLIENT PAUSE, fork, swap, or a paused virtual machine",
    rules: &[
        silence::accepted_and_silent,
        healed,
        silence::acknowledged_and_silent,
        others_were_served,
        packets_were_lost,
        never_silent,
        reasons::a_reason_is_known,
        silence::we_were_late,
    ],
};

fn healed(facts: &Facts<'_>) -> Option<Argument> {
    let why = format!("the same connection answered again after {}", seconds(facts.silence()));
    Argument::when(facts.healed(), Weight::Suggests, why)
}

fn others_were_served(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(facts.half_open(), Weight::Refutes, "new connections were answered during the outage")
}

fn packets_were_lost(facts: &Facts<'_>) -> Option<Argument> {
    let lost = silence::unreachable(facts).is_some() || facts.end() == Some(SocketEnd::TimedOut);
    let lost = lost || silence::nothing_was_acknowledged(facts).is_some();
    Argument::when(lost, Weight::Weakens, "packets were lost: the kernel of a frozen server keeps acknowledging")
}

fn never_silent(facts: &Facts<'_>) -> Option<Argument> {
    let never = !facts.silent();
    Argument::when(never, Weight::Refutes, "it was closed without a silence before")
}
