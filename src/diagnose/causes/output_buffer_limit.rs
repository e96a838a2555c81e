//! The client read more slowly than the server's `client-output-buffer-limit` allows.

use std::time::Duration;

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::{Facts, LITTLE},
        rules::closing,
    },
    units::bytes,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD007",
    remedy: "read messages faster than they are published, or raise client-output-buffer-limit",
    rules: &[
        buffer_limit_was_counted,
        slow_subscriber_was_closed,
        an_uncounted_limit_is_left,
        a_limit_for_replies_is_left,
    ],
    objections: &[a_kill_was_counted, little_was_received, all_at_once, closing::a_proxy_may_have_closed_it],
    exclusions: &[buffer_limit_did_not_strike, nothing_to_buffer, closing::was_not_closed_by_the_server],
    ..CauseDef::EMPTY
};

/// A reader this late may have let a backlog grow.
const BACKLOG: Duration = Duration::from_millis(500);

/// A server holds back only what our kernel does not accept, and the kernel accepts this much before anything is read.
const RECEIVE_WINDOW: u64 = 32 * 1024;

fn buffer_limit_was_counted(facts: &Facts<'_>) -> Option<Argument> {
    let counted = facts.moved(|state| state.output_buffer_disconnections).filter(|count| *count > 0)?;
    let weight = if facts.narrow() { Weight::Supports } else { Weight::Suggests };
    Argument::new(
        weight,
        format!("the server closed {counted} of its clients over client-output-buffer-limit during the outage"),
    )
}

/// Servers before Redis 7.4 do not count it.
fn slow_subscriber_was_closed(facts: &Facts<'_>) -> Option<Argument> {
    let subscribed = facts.circumstances().subscribed && facts.is_direct();
    let closed = subscribed && closing::closed_by_the_server(facts) && facts.is_same_process();
    let uncounted = facts.moved(|state| state.output_buffer_disconnections).is_none();
    // The server closes in the middle of a message.
    let cut = || facts.failure().is_some_and(|failure| failure.key.class == ErrorClass::ProtocolGarbage);
    let slow = facts.lag().is_some_and(|lag| lag >= BACKLOG);
    let why = "the server closed a subscriber that could not keep up; this version does not count it";
    Argument::when(closed && uncounted && (slow || cut()), Weight::Suggests, why)
}

/// On a direct connection, if no other counter of the server moved, only the uncounted limit is left.
fn an_uncounted_limit_is_left(facts: &Facts<'_>) -> Option<Argument> {
    let limit = closing::an_uncounted_limit(facts)?;
    let why = format!(
        "clean close (FIN) of a subscriber; no server counter explains it, and this version does not count closes over \
         client-output-buffer-limit (pubsub {limit})"
    );
    Argument::when(facts.closed() == Some(true), Weight::Suggests, why)
}

/// The limit of normal clients is off by default.
fn a_limit_for_replies_is_left(facts: &Facts<'_>) -> Option<Argument> {
    let after = facts.ours_after().filter(|_| facts.carries(LITTLE) && facts.listed() == Some(false))?;
    let limit = closing::limit_of("normal", after.output_buffer_limit.as_deref()?)?;
    let uncounted = after.output_buffer_disconnections.is_none() && closing::closed_by_the_server(facts);
    let why = format!(
        "the server closed it during a large command; this version does not count closes over \
         client-output-buffer-limit (normal {limit})"
    );
    Argument::when(uncounted, Weight::Suggests, why)
}

fn buffer_limit_did_not_strike(facts: &Facts<'_>) -> Option<Argument> {
    let none = facts.rests(|state| state.output_buffer_disconnections);
    Argument::when(none, Weight::Refutes, "the server closed no client over client-output-buffer-limit")
}

fn nothing_to_buffer(facts: &Facts<'_>) -> Option<Argument> {
    let little = !facts.circumstances().subscribed && !facts.carries(LITTLE);
    Argument::when(little, Weight::Refutes, "the server had too little to send to fill a buffer")
}

fn a_kill_was_counted(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(facts.has_moved(|state| state.client_kills), Weight::Weakens, "CLIENT KILL ran during the outage")
}

fn little_was_received(facts: &Facts<'_>) -> Option<Argument> {
    if facts.peek(|facts| facts.moved(|state| state.output_buffer_disconnections)) > Some(0) {
        return None;
    }
    // A message beyond a small limit closes the connection before any of it is sent.
    if hard_limit(facts).is_some_and(|limit| limit < RECEIVE_WINDOW) {
        return None;
    }
    let received = facts.bytes_received()?;
    let why = format!("only {} had arrived on the connection in total: nothing was held back", bytes(received));
    Argument::when(received < RECEIVE_WINDOW, Weight::Weakens, why)
}

/// The hard limit of the connection's class in bytes, if it has one.
fn hard_limit(facts: &Facts<'_>) -> Option<u64> {
    let class = if facts.circumstances().subscribed { "pubsub" } else { "normal" };
    let [hard, ..] = closing::limits(class, facts.ours_after()?.output_buffer_limit.as_deref()?)?;
    hard.parse().ok().filter(|limit| *limit > 0)
}

fn all_at_once(facts: &Facts<'_>) -> Option<Argument> {
    let (lost, others) = facts.company()?;
    Argument::when(lost == others, Weight::Weakens, "all connections were lost at the same time")
}
