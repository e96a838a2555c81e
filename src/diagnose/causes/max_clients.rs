//! The server is at its client limit and rejects new connections.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
    },
};

/// It keeps a client out, but closes no connection: what ended the connection may have another cause.
pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD009",
    remedy: "raise maxclients, or find out with CLIENT LIST which clients hold the connections",
    rules: &[turned_away, rejections_were_counted],
    exclusions: &[nothing_was_rejected],
    implies: &[ErrorClass::MaxClients],
    ..CauseDef::EMPTY
};

fn turned_away(facts: &Facts<'_>) -> Option<Argument> {
    let why = "the server rejected new connections: max number of clients reached";
    Argument::when(facts.met(ErrorClass::MaxClients), Weight::Suggests, why)
}

fn rejections_were_counted(facts: &Facts<'_>) -> Option<Argument> {
    let rejected = facts.moved(|state| state.rejected_connections).filter(|rejected| *rejected > 0)?;
    Argument::new(
        Weight::Suggests,
        format!("the server rejected {rejected} connections over maxclients during the outage"),
    )
}

fn nothing_was_rejected(facts: &Facts<'_>) -> Option<Argument> {
    let none = facts.rests(|state| state.rejected_connections);
    Argument::when(none, Weight::Refutes, "the server rejected no connection")
}
