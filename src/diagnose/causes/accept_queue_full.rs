//! The accept queue of the listening socket was full, so new connections were dropped.

use crate::diagnose::{
    Cause,
    argument::{Argument, CauseDef, Weight},
    facts::Facts,
    rules::{reasons, silence, wait},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD175",
    remedy: "raise tcp-backlog and net.core.somaxconn, and find what keeps the server from accepting (SLOWLOG)",
    rules: &[accept_queue_overflowed],
    objections: &[established_connections_do_not_need_it],
    exclusions: &[reasons::no_silence_of_the_server],
    refines: &[Cause::PathLost, Cause::ServerFrozen],
    ..CauseDef::EMPTY
};

/// Connections that this machine dropped because a server did not accept them, and that were then missed.
fn accept_queue_overflowed(facts: &Facts<'_>) -> Option<Argument> {
    let evidence = facts.evidence()?;
    let overflows = evidence.listen_overflows.filter(|overflows| *overflows > 0)?;
    let unanswered = evidence.tried.is_some_and(|tried| tried.unanswered > 0)
        || silence::mute(facts).is_some()
        || silence::unreachable(facts).is_some();
    let why = format!(
        "new connections were not answered, and this machine dropped {overflows} connections because an accept queue was \
         full (ListenOverflows)"
    );
    Argument::when(unanswered, Weight::Supports, why)
}

/// A full queue keeps new connections out; it silences no established one.
fn established_connections_do_not_need_it(facts: &Facts<'_>) -> Option<Argument> {
    let established = facts.is_stall() || wait::is_slow(facts);
    Argument::when(established, Weight::Weakens, "the connection itself was established")
}
