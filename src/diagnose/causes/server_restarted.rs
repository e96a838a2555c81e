//! The server process shut down and another one took its place.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
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
        uptime_fell,
        was_loading,
        nothing_listened,
        offset_was_kept,
        a_kill_may_look_the_same,
        clean_shutdown_rarely_resets,
        clean_shutdown_sends_fin,
        it_has_not_come_back,
        process::the_process_lives,
        process::the_process_is_older,
        process::it_is_elsewhere,
    ],
};

fn new_process_in_the_same_place(facts: &Facts<'_>) -> Option<Argument> {
    if !process::replaced_in_place(facts) {
        return None;
    }
    let uptime = facts.after().and_then(|after| after.uptime).map(|uptime| format!(", up for {uptime} s"));
    Argument::new(Weight::Supports, format!("another process answers (run_id changed{})", uptime.unwrap_or_default()))
}

fn uptime_fell(facts: &Facts<'_>) -> Option<Argument> {
    let fell = facts.uptime_fell()? && facts.same_process().is_none() && facts.fresh()?;
    Argument::when(fell, Weight::Supports, "the server's uptime restarted")
}

fn was_loading(facts: &Facts<'_>) -> Option<Argument> {
    let loading = facts.met(ErrorClass::Loading) || facts.after().and_then(|after| after.loading) == Some(true);
    let weight = if facts.same_process().is_none() { Weight::Supports } else { Weight::Suggests };
    Argument::when(loading, weight, "the server was still loading its dataset (LOADING)")
}

fn nothing_listened(facts: &Facts<'_>) -> Option<Argument> {
    let weight =
        if facts.same_process().is_none() && facts.may_be_closed() { Weight::Supports } else { Weight::Suggests };
    Argument::when(facts.was_refused(), weight, "new connections were refused: nothing was listening")
}

/// Redis 7.0 and later save the offset with the dataset at a clean shutdown and continue from it.
fn offset_was_kept(facts: &Facts<'_>) -> Option<Argument> {
    let (before, after) = facts.offsets().filter(|_| process::replaced_in_place(facts))?;
    let kept = after >= before;
    Argument::when(kept, Weight::Suggests, "the new process continued from the old one's replication offset")
}

fn a_kill_may_look_the_same(facts: &Facts<'_>) -> Option<Argument> {
    let looks = process::replaced_in_place(facts) && facts.may_be_closed();
    Argument::when(looks, Weight::Qualifies, "a killed process with no unread data looks the same")
}

fn clean_shutdown_rarely_resets(facts: &Facts<'_>) -> Option<Argument> {
    let reset = facts.end() == Some(SocketEnd::Reset) && facts.silence().is_zero() && !facts.is_busy();
    let why = "a clean shutdown closes its connections with FIN; it resets one only if a command is in flight";
    Argument::when(reset, Weight::Qualifies, why)
}

fn clean_shutdown_sends_fin(facts: &Facts<'_>) -> Option<Argument> {
    let silent = facts.end() == Some(SocketEnd::TimedOut);
    Argument::when(silent, Weight::Weakens, "a clean shutdown closes its connections, but no FIN arrived")
}

fn it_has_not_come_back(facts: &Facts<'_>) -> Option<Argument> {
    let gone = process::nothing_listens_any_more(facts).is_some();
    Argument::when(gone, Weight::Refutes, "no process has come back")
}
