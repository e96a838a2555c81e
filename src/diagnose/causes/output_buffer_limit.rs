//! The client read more slowly than the server's `client-output-buffer-limit` allows.

use std::time::Duration;

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::closing,
    },
    event::SocketEnd,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD007",
    remedy: "read messages faster than they are published, or raise client-output-buffer-limit",
    rules: &[
        buffer_limit_was_counted,
        slow_subscriber_was_closed,
        an_uncounted_limit_is_left,
        buffer_limit_did_not_strike,
        closing::was_not_closed_by_the_server,
        all_at_once,
    ],
};

/// A reader this late may have let a backlog grow.
const BACKLOG: Duration = Duration::from_millis(500);

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
    let uncounted = facts.moved(|state| state.output_buffer_disconnections).is_none();
    let closed = facts.circumstances().subscribed && closing::closed_by_the_server(facts) && facts.is_same_process();
    // The server closes in the middle of a message.
    let cut = facts.failure().is_some_and(|failure| failure.key.class == ErrorClass::ProtocolGarbage);
    let slow = facts.host().lag >= BACKLOG;
    let why = "the server closed a subscriber that could not keep up; this version does not count it";
    Argument::when(uncounted && closed && (cut || slow), Weight::Supports, why)
}

/// On a direct connection, if no other counter of the server moved, only the uncounted limit is left.
fn an_uncounted_limit_is_left(facts: &Facts<'_>) -> Option<Argument> {
    let limit = closing::an_uncounted_limit(facts)?;
    let closed = facts.end() == Some(SocketEnd::Closed);
    let why = format!(
        "clean close (FIN) of a subscriber; no server counter explains it, and this version does not count closes over \
         client-output-buffer-limit (pubsub {limit})"
    );
    Argument::when(closed, Weight::Suggests, why)
}

fn buffer_limit_did_not_strike(facts: &Facts<'_>) -> Option<Argument> {
    let none = facts.moved(|state| state.output_buffer_disconnections) == Some(0);
    Argument::when(none, Weight::Refutes, "the server closed no client over client-output-buffer-limit")
}

fn all_at_once(facts: &Facts<'_>) -> Option<Argument> {
    let (lost, others) = facts.company()?;
    Argument::when(lost == others, Weight::Weakens, "all connections were lost at the same time")
}
