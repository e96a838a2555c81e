//! Something between client and server closed or reset the connection.

use crate::{
    classify::{ErrorClass, Stage},
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{closing, pause, process},
    },
    event::SocketEnd,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD011",
    remedy: "check what is between client and server (firewall, NAT, load balancer, proxy): it ended the flow",
    rules: &[
        reset_while_listed,
        closed_while_listed,
        reset_by_somebody,
        a_limit_may_have_struck,
        a_kill_may_have_struck,
        closed_without_the_server,
        vanished,
        refused_by_somebody_else,
        closing::the_server_has_a_reason,
        process::another_process_answers,
        the_first_packet_after_a_pause,
    ],
};

fn reset_while_listed(facts: &Facts<'_>) -> Option<Argument> {
    let known = facts.end() == Some(SocketEnd::Reset) && facts.listed() == Some(true) && !facts.another_process();
    let sure = facts.is_same_process() && facts.was_answered_lately() && !facts.silent();
    let weight = if sure { Weight::Proves } else { Weight::Supports };
    Argument::when(known, weight, still_connected(facts, "it was reset", "sent the reset"))
}

fn closed_while_listed(facts: &Facts<'_>) -> Option<Argument> {
    let known = facts.may_be_closed() && facts.listed() == Some(true) && facts.is_same_process();
    Argument::when(known, Weight::Supports, still_connected(facts, "it was closed", "closed it"))
}

fn reset_by_somebody(facts: &Facts<'_>) -> Option<Argument> {
    let reset = facts.end() == Some(SocketEnd::Reset) && facts.listed() != Some(true);
    let weight = if facts.is_same_process() { Weight::Supports } else { Weight::Suggests };
    let why = match (facts.is_same_process(), facts.listed()) {
        (true, Some(false)) => "both ends saw a reset; the server stayed up",
        (true, _) => "it was reset; the server stayed up",
        _ => "it was reset",
    };
    Argument::when(reset && !facts.another_process(), weight, why)
}

/// A close becomes a reset if a command is in flight.
fn a_limit_may_have_struck(facts: &Facts<'_>) -> Option<Argument> {
    let limit =
        closing::an_uncounted_limit(facts).filter(|_| facts.end() == Some(SocketEnd::Reset) && facts.in_use())?;
    let why = format!(
        "a server that closes a subscriber over client-output-buffer-limit (pubsub {limit}) also resets it if a \
         command is in flight, and this version does not count such closes"
    );
    Argument::new(Weight::Qualifies, why)
}

/// A kill also becomes a reset. If the counter is still 0, no kill was missed before the first reading.
fn a_kill_may_have_struck(facts: &Facts<'_>) -> Option<Argument> {
    let never = facts.after().and_then(|after| after.client_kills) == Some(0);
    let uncounted = facts.moved(|state| state.client_kills).is_none() && !never;
    let forgotten = facts.end() == Some(SocketEnd::Reset) && facts.listed() == Some(false) && facts.is_same_process();
    let why = "CLIENT KILL also resets a connection with a command in flight, and its calls could not be counted";
    Argument::when(uncounted && forgotten && facts.in_use(), Weight::Weakens, why)
}

fn closed_without_the_server(facts: &Facts<'_>) -> Option<Argument> {
    let closed = facts.end() == Some(SocketEnd::Closed) && facts.listed() == Some(false) && facts.is_same_process();
    let why = "clean close (FIN); no server counter explains it";
    let why = if facts.is_direct() { why.to_owned() } else { format!("{why}; a proxy in between may have closed it") };
    Argument::when(closed && facts.server_did_nothing(), Weight::Suggests, why)
}

fn vanished(facts: &Facts<'_>) -> Option<Argument> {
    let gone = facts.end() == Some(SocketEnd::Gone) && facts.is_same_process();
    Argument::when(gone, Weight::Suggests, "it ended without FIN or RST; the server stayed up")
}

fn refused_by_somebody_else(facts: &Facts<'_>) -> Option<Argument> {
    let refused = facts.was_refused() || facts.path_failed(&[ErrorClass::Reset], &[Stage::Tcp]).is_some();
    let why =
        "new connections were refused while the server stayed up: a proxy or load balancer is answering for the server";
    Argument::when(refused && facts.is_same_process() && !facts.silent(), Weight::Supports, why)
}

fn the_first_packet_after_a_pause(facts: &Facts<'_>) -> Option<Argument> {
    pause::first_packet_after_a_pause_was_refused(facts)
        .and_then(|_| Argument::new(Weight::Weakens, "the first packet after a pause got the reset"))
}

fn still_connected(facts: &Facts<'_>, how: &str, did: &str) -> String {
    let id = facts.outage.old_client_id.map_or("it".to_owned(), |id| format!("client {id}"));
    format!("{how}, but the server still lists {id} as connected: something in between {did}")
}
