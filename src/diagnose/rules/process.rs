//! The server process: replaced, alive, or elsewhere.

use crate::diagnose::{
    argument::{Argument, Weight},
    facts::Facts,
};

/// A younger process answers in the same place.
pub(crate) fn replaced_in_place(facts: &Facts<'_>) -> bool {
    facts.replaced() == Some(true)
}

/// Rules out that the process ended.
pub(crate) fn the_process_lives(facts: &Facts<'_>) -> Option<Argument> {
    let lives = facts.gone() == Some(false);
    Argument::when(lives, Weight::Refutes, "the same server process answers")
}

pub(crate) fn the_process_is_older(facts: &Facts<'_>) -> Option<Argument> {
    let older = facts.fresh() == Some(false) && facts.after_is_ours() == Some(false);
    Argument::when(older, Weight::Refutes, "the process that answers was already running before the loss")
}

pub(crate) fn it_is_elsewhere(facts: &Facts<'_>) -> Option<Argument> {
    let elsewhere = facts.another_place() == Some(true);
    Argument::when(elsewhere, Weight::Weakens, "the answering server is at another address")
}

pub(crate) fn was_replaced(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(facts.gone() == Some(true), Weight::Weakens, "another server process answers")
}

/// From the client, a stopped process looks the same as a crashed process.
pub(crate) fn nothing_listens_any_more(facts: &Facts<'_>) -> Option<Argument> {
    let why = if facts.is_unix() {
        "its socket file is gone, or nothing is listening on it any more: the process crashed or was stopped"
    } else {
        "nothing is listening on its port any more: the process crashed or was stopped"
    };
    Argument::when(facts.lasts() && facts.was_refused(), Weight::Suggests, why)
}

pub(crate) fn replication_goes_on(facts: &Facts<'_>) -> Option<Argument> {
    if !facts.another_process() || facts.fresh() != Some(false) {
        return None;
    }
    let (before, after) = facts.offsets()?;
    let promoted = before > 0 && after >= before && facts.roles() == Some(("master", "master"));
    Argument::when(promoted, Weight::Supports, "the new primary continued from the old one's replication offset")
}
