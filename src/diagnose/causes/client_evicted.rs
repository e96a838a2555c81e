//! The server closed clients to free memory (`maxmemory-clients`).

use crate::diagnose::{
    argument::{Argument, CauseDef, Weight},
    facts::Facts,
    rules::closing,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD008",
    remedy: "raise maxmemory-clients, or use CLIENT NO-EVICT ON for clients that must stay",
    rules: &[eviction_was_counted],
    objections: &[closing::a_proxy_may_have_closed_it],
    exclusions: &[no_client_was_evicted, closing::was_not_closed_by_the_server],
    ..CauseDef::EMPTY
};

fn eviction_was_counted(facts: &Facts<'_>) -> Option<Argument> {
    let evicted = facts.moved(|state| state.evicted_clients).filter(|evicted| *evicted > 0)?;
    let weight = if facts.narrow() { Weight::Supports } else { Weight::Suggests };
    Argument::new(weight, format!("the server evicted {evicted} of its clients (maxmemory-clients) during the outage"))
}

fn no_client_was_evicted(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(facts.rests(|state| state.evicted_clients), Weight::Refutes, "the server evicted no client")
}
