//! The server's `timeout` for idle clients.

use std::time::Duration;

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::closing,
    },
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD006",
    remedy: "set the server's 'timeout' to 0, or let the client PING more often",
    rules: &[closed_at_the_timeout, timeout_is_unknown],
    objections: &[closing::the_server_has_a_reason, the_timeout_may_be_new, a_proxy_may_have_the_same_limit],
    exclusions: &[no_timeout_applies, closing::was_not_closed_by_the_server],
    ..CauseDef::EMPTY
};

/// No sensible configuration closes clients sooner.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(10);

/// At that time the server closes the connection in any case.
fn closed_at_the_timeout(facts: &Facts<'_>) -> Option<Argument> {
    let (timeout, quiet) = closing::past_the_timeout(facts)?;
    let ours = closing::was_our_silence(facts, quiet);
    let by_server = || closing::the_server_closed_it(facts).is_some() && facts.rests(|state| state.config_changes);
    let weight = match ours {
        // True, but not the cause: without our pause there would have been no silence.
        true => Weight::Suggests,
        false if by_server() => Weight::Proves,
        false => Weight::Supports,
    };
    let timeout = timeout.as_secs();
    Argument::new(
        weight,
        format!("it was closed after {} of silence; the server's 'timeout' is {timeout} s", seconds(quiet)),
    )
}

fn timeout_is_unknown(facts: &Facts<'_>) -> Option<Argument> {
    let quiet = facts.quiet().filter(|quiet| *quiet >= SHORTEST_TIMEOUT)?;
    let why = format!("it was closed after {} of silence; the server's 'timeout' is unknown", seconds(quiet));
    Argument::when(facts.timeout().is_none() && facts.may_be_closed(), Weight::Suggests, why)
}

fn the_timeout_may_be_new(facts: &Facts<'_>) -> Option<Argument> {
    let changed = facts.peek(|facts| facts.moved(|state| state.config_changes)) > Some(0);
    Argument::when(changed, Weight::Qualifies, "the configuration was changed during the outage")
}

fn a_proxy_may_have_the_same_limit(facts: &Facts<'_>) -> Option<Argument> {
    let proxy = !facts.is_direct();
    Argument::when(proxy, Weight::Weakens, "a proxy in between may have the same limit")
}

/// Subscribers are exempt (redis `src/timeout.c`).
fn no_timeout_applies(facts: &Facts<'_>) -> Option<Argument> {
    if facts.circumstances().subscribed {
        return Argument::new(Weight::Refutes, "the server's 'timeout' does not apply to subscribers");
    }
    let timeout = facts.timeout()?;
    if timeout.is_zero() {
        let why = "the server's 'timeout' is 0";
        return Argument::when(facts.rests(|state| state.config_changes), Weight::Refutes, why);
    }
    let early = facts.quiet()? + closing::EARLY < timeout;
    Argument::when(early, Weight::Refutes, format!("the server's 'timeout' is {} s", timeout.as_secs()))
}
