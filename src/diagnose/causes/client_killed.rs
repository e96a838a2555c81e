//! CLIENT KILL, by an operator or a program.

use crate::diagnose::{
    argument::{Argument, CauseDef, Weight},
    facts::Facts,
    rules::{closing, times},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD005",
    remedy: "find out what runs CLIENT KILL: an operator, a script, or a failover manager",
    rules: &[kill_was_counted, kills_cannot_be_counted],
    objections: &[others_were_killed_perhaps, closing::a_proxy_may_have_closed_it],
    exclusions: &[no_client_was_killed, closing::was_not_closed_by_the_server],
    ..CauseDef::EMPTY
};

fn kill_was_counted(facts: &Facts<'_>) -> Option<Argument> {
    let kills = facts.moved(|state| state.client_kills).filter(|kills| *kills > 0)?;
    // A proxy that closes both of its connections leaves the same traces.
    let exact = facts.narrow() && closing::closed_by_the_server(facts) && facts.is_direct();
    let weight = if exact { Weight::Supports } else { Weight::Suggests };
    let listed = if facts.listed() == Some(false) { ", and the server no longer lists the connection" } else { "" };
    Argument::new(weight, format!("CLIENT KILL ran {} during the outage{listed}", times(kills)))
}

fn kills_cannot_be_counted(facts: &Facts<'_>) -> Option<Argument> {
    let closed = facts.may_be_closed() && facts.listed() == Some(false);
    let unknown = facts.moved(|state| state.client_kills).is_none();
    let why = "the server closed the connection, and its CLIENT KILL calls could not be counted";
    Argument::when(closed && unknown, Weight::Suggests, why)
}

fn no_client_was_killed(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(facts.rests(|state| state.client_kills), Weight::Refutes, "CLIENT KILL did not run")
}

fn others_were_killed_perhaps(facts: &Facts<'_>) -> Option<Argument> {
    let killed = facts.peek(|facts| facts.moved(|state| state.client_kills)) > Some(0);
    Argument::when(killed, Weight::Qualifies, "the server does not report which clients CLIENT KILL closed")
}
