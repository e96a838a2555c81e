//! The server is at its client limit and rejects new connections.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
    },
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD009",
    remedy: "raise maxclients, or find out with CLIENT LIST which clients hold the connections",
    rules: &[turned_away, rejections_were_counted],
};

fn turned_away(facts: &Facts<'_>) -> Option<Argument> {
    let why = "the server rejected new connections: max number of clients reached";
    Argument::when(facts.met(ErrorClass::MaxClients), Weight::Supports, why)
}

fn rejections_were_counted(facts: &Facts<'_>) -> Option<Argument> {
    let rejected = facts.moved(|state| state.rejected_connections).filter(|rejected| *rejected > 0)?;
    Argument::new(
        Weight::Suggests,
        format!("the server rejected {rejected} connections over maxclients during the outage"),
    )
}
