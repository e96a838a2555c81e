//! CLIENT KILL, by an operator or a program.

use crate::diagnose::{
    argument::{Argument, CauseDef, Weight},
    facts::Facts,
    rules::{closing, times},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD005",
    remedy: "find out what runs CLIENT KILL: an operator, a script, or a failover manager",
    rules: &[
        kill_was_counted,
        kills_cannot_be_counted,
        no_client_was_killed,
        closing::was_not_closed_by_the_server,
        others_were_killed_perhaps,
    ],
};

fn kill_was_counted(facts: &Facts<'_>) -> Option<Argument> {
    let kills = facts.moved(|state| state.client_kills).filter(|kills| *kills > 0)?;
    let exact = facts.narrow() && closing::closed_by_the_server(facts);
    let weight = if exact { Weight::Supports } else { Weight::Suggests };
    Argument::new(
        weight,
        format!("CLIENT KILL ran {} during the outage, and the server no longer lists the connection", times(kills)),
    )
}

fn kills_cannot_be_counted(facts: &Facts<'_>) -> Option<Argument> {
    let unknown = facts.moved(|state| state.client_kills).is_none();
    let closed = facts.may_be_closed() && facts.listed() == Some(false) && facts.is_same_process();
    let why = "the server closed the connection, and its CLIENT KILL calls could not be counted";
    Argument::when(unknown && closed, Weight::Suggests, why)
}

fn no_client_was_killed(facts: &Facts<'_>) -> Option<Argument> {
    let none = facts.moved(|state| state.client_kills) == Some(0);
    Argument::when(none, Weight::Refutes, "CLIENT KILL did not run")
}

fn others_were_killed_perhaps(facts: &Facts<'_>) -> Option<Argument> {
    let killed = facts.moved(|state| state.client_kills) > Some(0);
    Argument::when(killed, Weight::Qualifies, "the server does not report which clients CLIENT KILL closed")
}
