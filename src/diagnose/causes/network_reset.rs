//! Something between client and server reset the connection.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::{Facts, QUERY_BUFFER},
        rules::{closing, pause, process},
    },
    event::SocketEnd,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD011",
    remedy: "check what is between client and server (firewall, NAT, load balancer, proxy): it ended the flow",
    particular: &[on_one_machine],
    rules: &[reset_while_listed, reset_by_another, vanished, refused_by_something_else],
    objections: &[
        a_limit_may_have_struck,
        a_kill_may_have_struck,
        a_large_command_may_have_been_refused,
        closing::the_server_has_a_reason,
        closing::at_the_servers_timeout,
        process::was_replaced,
        the_first_packet_after_a_pause,
    ],
    exclusions: &[was_not_reset],
    implies: &[ErrorClass::Reset],
    ..CauseDef::EMPTY
};

fn reset_while_listed(facts: &Facts<'_>) -> Option<Argument> {
    let known = facts.ended(SocketEnd::Reset) && facts.listed() == Some(true);
    let sure = known && facts.was_answered_lately() && !facts.silent();
    let weight = if sure { Weight::Proves } else { Weight::Supports };
    let client = facts.client();
    let why =
        format!("it was reset, but the server still lists {client} as connected: something in between sent the reset");
    Argument::when(known, weight, why)
}

fn reset_by_another(facts: &Facts<'_>) -> Option<Argument> {
    if !facts.ended(SocketEnd::Reset) || facts.listed() == Some(true) {
        return None;
    }
    let weight = if facts.is_same_process() { Weight::Supports } else { Weight::Suggests };
    let why = match (facts.is_same_process(), facts.listed()) {
        (true, Some(false)) => "both ends saw a reset; the server stayed up",
        (true, _) => "it was reset; the server stayed up",
        _ => "it was reset",
    };
    Argument::new(weight, why)
}

fn vanished(facts: &Facts<'_>) -> Option<Argument> {
    let gone = facts.ended(SocketEnd::Gone) && facts.is_same_process();
    Argument::when(gone, Weight::Suggests, "it ended without FIN or RST; the server stayed up")
}

fn refused_by_something_else(facts: &Facts<'_>) -> Option<Argument> {
    closing::refused_by_something_else(facts).filter(|_| facts.ended(SocketEnd::Reset))
}

/// A close becomes a reset if a command is in flight.
fn a_limit_may_have_struck(facts: &Facts<'_>) -> Option<Argument> {
    let limit = facts.peek(closing::an_uncounted_limit).filter(|_| facts.peek(Facts::end) == Some(SocketEnd::Reset))?;
    let why = format!(
        "a server that closes a subscriber over client-output-buffer-limit (pubsub {limit}) also resets it if a \
         command is in flight, and this version does not count such closes"
    );
    Argument::new(Weight::Qualifies, why)
}

/// A kill also becomes a reset.
fn a_kill_may_have_struck(facts: &Facts<'_>) -> Option<Argument> {
    if facts.listed() == Some(true) || facts.was_open() || !facts.in_use() {
        return None;
    }
    let uncounted = facts.moved(|state| state.client_kills).is_none();
    let why = "CLIENT KILL also resets a connection with a command in flight, and its calls could not be counted";
    Argument::when(uncounted, Weight::Weakens, why)
}

/// A server that refuses a command for its size closes the connection with the rest of it unread: that is a reset.
fn a_large_command_may_have_been_refused(facts: &Facts<'_>) -> Option<Argument> {
    if !facts.carries(QUERY_BUFFER) || facts.listed() == Some(true) {
        return None;
    }
    let counted = facts.rests(|state| state.query_buffer_disconnections);
    let why = "a large command was in flight: the server's own limits for commands and replies reset it, too";
    Argument::when(!counted, Weight::Weakens, why)
}

fn was_not_reset(facts: &Facts<'_>) -> Option<Argument> {
    let open = facts.was_open() || facts.closed() == Some(true);
    Argument::when(open, Weight::Refutes, "it was not reset")
}

fn the_first_packet_after_a_pause(facts: &Facts<'_>) -> Option<Argument> {
    pause::first_packet_after_a_pause_was_refused(facts)
        .filter(|argument| argument.weight == Weight::Supports)
        .and_then(|_| Argument::new(Weight::Weakens, "the first packet after a pause got the reset"))
}

/// There is no network between the two.
fn on_one_machine(facts: &Facts<'_>) -> Option<&'static str> {
    facts.is_on_loopback().then_some(
        "look at this machine: the server's log around that time, its limits for large commands and replies, a security \
         agent, or a program that destroys sockets (ss -K)",
    )
}
