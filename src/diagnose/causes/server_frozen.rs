//! The server process stopped answering all clients for a while.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{process, silence},
    },
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD015",
    remedy: "find what blocks the server: SLOWLOG, CLIENT PAUSE, fork, swap, or a paused virtual machine",
    rules: &[silence::accepted_and_silent, healed, silence::acknowledged_and_silent],
    objections: &[packets_were_lost, process::was_replaced, silence::we_were_late],
    exclusions: &[others_were_served, never_silent],
    implies: &[ErrorClass::ConnectTimeout, ErrorClass::ResponseTimeout],
    ..CauseDef::EMPTY
};

fn healed(facts: &Facts<'_>) -> Option<Argument> {
    let why = format!("the same connection answered again after {}", seconds(facts.silence()));
    Argument::when(facts.healed(), Weight::Suggests, why)
}

fn others_were_served(facts: &Facts<'_>) -> Option<Argument> {
    // New connections that were not answered were not served.
    if facts.peek(Facts::path_was_ill) == Some(true) && facts.peek(Facts::half_open).is_none() {
        return None;
    }
    let served = facts.half_open() == Some(true);
    Argument::when(served, Weight::Refutes, "new connections were answered during the outage")
}

fn packets_were_lost(facts: &Facts<'_>) -> Option<Argument> {
    let works = |facts: &Facts<'_>| (facts.is_direct() && silence::all_was_acknowledged(facts)).then_some(());
    if facts.peek(works).is_some() {
        return None;
    }
    let lost = silence::unreachable(facts).is_some() || facts.timed_out();
    if !lost && silence::mute(facts).is_some() {
        return None;
    }
    let lost = lost || silence::nothing_was_acknowledged(facts).is_some();
    Argument::when(lost, Weight::Weakens, "packets were lost: the kernel of a frozen server keeps acknowledging")
}

fn never_silent(facts: &Facts<'_>) -> Option<Argument> {
    let never = !facts.silent();
    Argument::when(never, Weight::Refutes, "it was closed without a silence before")
}
