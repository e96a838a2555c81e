//! A command was larger than the server accepts (`client-query-buffer-limit`).

use crate::diagnose::{
    argument::{Argument, CauseDef, Weight},
    facts::{Facts, QUERY_BUFFER},
    rules::closing,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD161",
    remedy: "send smaller commands, or raise client-query-buffer-limit",
    rules: &[limit_was_counted, large_command_was_cut_off],
    objections: &[closing::a_proxy_may_have_closed_it],
    exclusions: &[limit_did_not_strike, commands_were_small, closing::was_not_closed_by_the_server],
    ..CauseDef::EMPTY
};

fn limit_was_counted(facts: &Facts<'_>) -> Option<Argument> {
    let counted = facts.moved(|state| state.query_buffer_disconnections).filter(|count| *count > 0)?;
    let weight = if facts.narrow() { Weight::Supports } else { Weight::Suggests };
    let why = format!("the server closed {counted} of its clients over client-query-buffer-limit during the outage");
    Argument::new(weight, why)
}

/// Servers before Redis 7.4 do not count it.
fn large_command_was_cut_off(facts: &Facts<'_>) -> Option<Argument> {
    let closed = facts.carries(QUERY_BUFFER) && closing::closed_by_the_server(facts) && facts.is_same_process();
    let uncounted = facts.moved(|state| state.query_buffer_disconnections).is_none();
    let why = "the connection ended with a large command in flight; this version does not count closes over \
               client-query-buffer-limit";
    Argument::when(closed && uncounted, Weight::Suggests, why)
}

fn limit_did_not_strike(facts: &Facts<'_>) -> Option<Argument> {
    let none = facts.rests(|state| state.query_buffer_disconnections);
    Argument::when(none, Weight::Refutes, "the server closed no client over client-query-buffer-limit")
}

fn commands_were_small(facts: &Facts<'_>) -> Option<Argument> {
    let small = !facts.carries(QUERY_BUFFER);
    Argument::when(small, Weight::Refutes, "the commands in flight were too small for client-query-buffer-limit")
}
