//! A proxy between client and server closed the connection in order (FIN).

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{closing, pause, process},
    },
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD160",
    remedy: "check the proxy's log and its limits for idle and old connections (HAProxy: timeout client, timeout server), \
             its reloads and its health checks",
    rules: &[closed_without_the_server, closed_while_listed, refused_by_something_else],
    objections: &[
        closing::the_server_has_a_reason,
        closing::at_the_servers_timeout,
        a_kill_may_have_struck,
        process::was_replaced,
    ],
    exclusions: &[was_not_closed, closing::the_server_closed_it],
    implies: &[ErrorClass::ConnectionClosed],
    ..CauseDef::EMPTY
};

fn closed_without_the_server(facts: &Facts<'_>) -> Option<Argument> {
    let closed = facts.closed() == Some(true) && facts.is_same_process() && facts.listed() == Some(false);
    let weight = if facts.direct() == Some(false) { Weight::Supports } else { Weight::Suggests };
    let after = facts.peek(pause::length).map(|quiet| format!(" after {} of silence", seconds(quiet)));
    let why = format!(
        "clean close (FIN){} behind a proxy; the server stayed up, and none of its counters explains it",
        after.unwrap_or_default()
    );
    Argument::when(closed && facts.server_did_nothing(), weight, why)
}

fn closed_while_listed(facts: &Facts<'_>) -> Option<Argument> {
    let known = facts.closed() == Some(true) && facts.listed() == Some(true);
    let client = facts.client();
    let why =
        format!("it was closed, but the server still lists {client} as connected: something in between closed it");
    Argument::when(known, Weight::Supports, why)
}

fn refused_by_something_else(facts: &Facts<'_>) -> Option<Argument> {
    closing::refused_by_something_else(facts).filter(|_| facts.closed() == Some(true))
}

fn a_kill_may_have_struck(facts: &Facts<'_>) -> Option<Argument> {
    if facts.listed() == Some(true) {
        return None;
    }
    let uncounted = facts.moved(|state| state.client_kills).is_none();
    Argument::when(uncounted, Weight::Weakens, "calls of CLIENT KILL could not be counted")
}

fn was_not_closed(facts: &Facts<'_>) -> Option<Argument> {
    let otherwise = facts.closed() == Some(false);
    Argument::when(otherwise, Weight::Refutes, "the other side did not close it in order (FIN)")
}
