//! The server process shut down and another one took its place.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        causes::server_crashed::GONE,
        facts::Facts,
        rules::process,
    },
    event::SocketEnd,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD001",
    remedy: "find out what restarts it (deployment, supervisor, maintenance window), and let the client retry without limit",
    rules: &[
        new_process_in_the_same_place,
        new_process_elsewhere,
        another_process_answers,
        was_loading,
        nothing_listened,
        offset_was_kept,
    ],
    objections: &[a_kill_may_look_the_same, clean_shutdown_rarely_resets, clean_shutdown_sends_fin],
    exclusions: &[it_has_not_come_back, process::the_process_lives, process::the_process_is_older],
    implies: GONE,
    ..CauseDef::EMPTY
};

fn new_process_in_the_same_place(facts: &Facts<'_>) -> Option<Argument> {
    let uptime = facts.peek(|facts| facts.after()?.uptime);
    let uptime = uptime.map(|uptime| format!(", up for {uptime} s")).unwrap_or_default();
    let why = format!("another process answers in the same place (run_id changed{uptime})");
    Argument::when(process::replaced_in_place(facts), Weight::Supports, why)
}

/// As where a pod or container is replaced.
fn new_process_elsewhere(facts: &Facts<'_>) -> Option<Argument> {
    let new = facts.another_process() && facts.fresh() == Some(true) && facts.another_place() == Some(true);
    let laddr = facts.after().and_then(|after| after.laddr.as_deref()).unwrap_or("unknown");
    let why = format!("another node answers ({laddr}), whose process started after the loss: the server was replaced");
    Argument::when(new, Weight::Supports, why)
}

fn another_process_answers(facts: &Facts<'_>) -> Option<Argument> {
    let another = facts.met_another() && facts.fresh().is_none();
    Argument::when(another, Weight::Suggests, "another process answers")
}

fn was_loading(facts: &Facts<'_>) -> Option<Argument> {
    let state = facts.peek(|facts| facts.after()?.loading);
    let loading = facts.met(ErrorClass::Loading) || state == Some(true);
    Argument::when(loading, Weight::Supports, "the server was still loading its dataset (LOADING)")
}

fn nothing_listened(facts: &Facts<'_>) -> Option<Argument> {
    let weight = if facts.closed() == Some(true) { Weight::Supports } else { Weight::Suggests };
    Argument::when(facts.was_refused(), weight, "new connections were refused: nothing was listening")
}

/// Redis 7.0 and later save the offset with the dataset at a clean shutdown and continue from it.
fn offset_was_kept(facts: &Facts<'_>) -> Option<Argument> {
    let (before, after) = facts.offsets().filter(|_| process::replaced_in_place(facts))?;
    let kept = before > 0 && after >= before;
    Argument::when(kept, Weight::Suggests, "the new process continued from the old one's replication offset")
}

fn a_kill_may_look_the_same(facts: &Facts<'_>) -> Option<Argument> {
    let looks = facts.peek(Facts::replaced) == Some(true) && facts.peek(Facts::closed) != Some(false);
    Argument::when(looks, Weight::Qualifies, "a killed process with no unread data looks the same")
}

fn clean_shutdown_rarely_resets(facts: &Facts<'_>) -> Option<Argument> {
    let reset = facts.silence().is_zero() && !facts.is_busy() && facts.peek(Facts::end) == Some(SocketEnd::Reset);
    let why = "a clean shutdown closes its connections with FIN; it resets one only if a command is in flight";
    Argument::when(reset, Weight::Qualifies, why)
}

fn clean_shutdown_sends_fin(facts: &Facts<'_>) -> Option<Argument> {
    let vanished = facts.silent() && facts.end() == Some(SocketEnd::TimedOut);
    Argument::when(vanished, Weight::Weakens, "a clean shutdown closes its connections, but no FIN arrived")
}

fn it_has_not_come_back(facts: &Facts<'_>) -> Option<Argument> {
    let gone = process::nothing_listens_any_more(facts).is_some();
    Argument::when(gone, Weight::Refutes, "no process has come back")
}
