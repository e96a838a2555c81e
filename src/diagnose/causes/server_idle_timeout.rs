//! The server's `timeout` for idle clients.

use std::time::Duration;

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::closing,
    },
    event::SocketEnd,
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD006",
    remedy: "set the server's 'timeout' to 0, or let the client PING more often",
    rules: &[
        closed_at_the_timeout,
        timeout_is_unknown,
        no_timeout_applies,
        closing::was_not_closed_by_the_server,
        closing::the_server_has_a_reason,
    ],
};

/// No sensible configuration closes clients sooner.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(10);

fn closed_at_the_timeout(facts: &Facts<'_>) -> Option<Argument> {
    let (timeout, quiet) = closing::past_the_timeout(facts)?;
    let known = facts.end() == Some(SocketEnd::Closed) && facts.listed() == Some(false) && facts.is_same_process();
    let alone = facts.server_did_nothing() && facts.moved(|state| state.config_changes) == Some(0);
    let role = facts.roles().is_some_and(|(before, after)| before == after);
    let sure = known && alone && role && facts.announcements().0.is_empty();
    let weight = match (sure, closing::was_our_silence(facts, quiet)) {
        // True, but not the cause: without our pause there would have been no silence.
        (_, true) => Weight::Suggests,
        (true, false) => Weight::Proves,
        (false, false) => Weight::Supports,
    };
    let timeout = timeout.as_secs();
    Argument::new(
        weight,
        format!("it was closed after {} of silence; the server's 'timeout' is {timeout} s", seconds(quiet)),
    )
}

fn timeout_is_unknown(facts: &Facts<'_>) -> Option<Argument> {
    let unknown = facts.after().is_none_or(|after| after.timeout.is_none());
    let quiet = facts.quiet().filter(|quiet| *quiet >= SHORTEST_TIMEOUT)?;
    let why = format!("it was closed after {} of silence; the server's 'timeout' is unknown", seconds(quiet));
    Argument::when(unknown && facts.may_be_closed(), Weight::Suggests, why)
}

/// Subscribers are exempt (redis `src/timeout.c`).
fn no_timeout_applies(facts: &Facts<'_>) -> Option<Argument> {
    if facts.circumstances().subscribed {
        return Argument::new(Weight::Refutes, "the server's 'timeout' does not apply to subscribers");
    }
    let timeout = facts.after()?.timeout?;
    let unset = timeout == 0 && facts.moved(|state| state.config_changes).unwrap_or(0) == 0;
    let early = timeout > 0 && facts.quiet().is_some_and(|quiet| quiet + closing::EARLY < Duration::from_secs(timeout));
    Argument::when(unset || early, Weight::Refutes, format!("the server's 'timeout' is {timeout} s"))
}
