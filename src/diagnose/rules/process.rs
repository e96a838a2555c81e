//! The server process: replaced, alive, or elsewhere.

use crate::diagnose::{
    argument::{Argument, Weight},
    facts::Facts,
};

/// Another process answers, and nothing shows that it is another node.
pub(crate) fn replaced_in_place(facts: &Facts<'_>) -> bool {
    facts.another_process() && facts.fresh() != Some(false) && facts.another_place() != Some(true)
}

/// Rules out that the process ended.
pub(crate) fn the_process_lives(facts: &Facts<'_>) -> Option<Argument> {
    let lives = facts.is_same_process() || facts.listed() == Some(true) && !facts.another_process();
    Argument::when(lives, Weight::Refutes, "the same server process answers")
}

pub(crate) fn the_process_is_older(facts: &Facts<'_>) -> Option<Argument> {
    let older = facts.another_process() && facts.fresh() == Some(false);
    Argument::when(older, Weight::Refutes, "the process that answers was already running before the loss")
}

pub(crate) fn it_is_elsewhere(facts: &Facts<'_>) -> Option<Argument> {
    let elsewhere = facts.another_place() == Some(true);
    Argument::when(elsewhere, Weight::Weakens, "the answering server is at another address")
}

pub(crate) fn another_process_answers(facts: &Facts<'_>) -> Option<Argument> {
    let weight = if facts.fresh() == Some(false) { Weight::Weakens } else { Weight::Refutes };
    Argument::when(facts.another_process(), weight, "another server process answers")
}

pub(crate) fn was_replaced(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(facts.another_process(), Weight::Weakens, "another server process answers")
}

/// From the client, a stopped process looks the same as a crashed process.
pub(crate) fn nothing_listens_any_more(facts: &Facts<'_>) -> Option<Argument> {
    let gone = facts.outage.restored.is_none() && facts.was_refused() && facts.same_process().is_none();
    Argument::when(
        gone,
        Weight::Suggests,
        "nothing is listening on its port any more: the process crashed or was stopped",
    )
}

pub(crate) fn replication_goes_on(facts: &Facts<'_>) -> Option<Argument> {
    let (before, after) = facts.offsets().filter(|_| facts.another_process() && facts.fresh() == Some(false))?;
    let promoted = after >= before && facts.roles() == Some(("master", "master"));
    Argument::when(promoted, Weight::Supports, "the new primary continued from the old one's replication offset")
}
