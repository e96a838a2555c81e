//! Rules about the server process: restarted, crashed, replaced by another node, announced beforehand, or moved to
//! another address.

use crate::{
    classify::ErrorClass,
    diagnose::{
        facts::{Addresses, Facts},
        verdict::{Weight, Word},
    },
    event::{SocketEnd, role_name},
    units::seconds,
};

const UNNAMED: &str = "unknown";

/// Another process answers, and nothing says that it is another node.
fn replaced_in_place(facts: &Facts<'_>) -> bool {
    facts.another_process() && facts.fresh() != Some(false) && facts.another_place() != Some(true)
}

// Restarted.

pub(super) fn new_process_in_the_same_place(facts: &Facts<'_>) -> Option<Word> {
    if !replaced_in_place(facts) {
        return None;
    }
    let uptime = facts.after().and_then(|after| after.uptime).map(|uptime| format!(", up for {uptime} s"));
    Word::new(Weight::Speaks, format!("another process answers (run_id changed{})", uptime.unwrap_or_default()))
}

pub(super) fn uptime_fell(facts: &Facts<'_>) -> Option<Word> {
    let fell = facts.uptime_fell()? && facts.same_process().is_none() && facts.fresh()?;
    Word::when(fell, Weight::Speaks, "the server's uptime began anew")
}

pub(super) fn was_loading(facts: &Facts<'_>) -> Option<Word> {
    let loading = facts.met(ErrorClass::Loading) || facts.after().and_then(|after| after.loading) == Some(true);
    let weight = if facts.same_process().is_none() { Weight::Speaks } else { Weight::Hints };
    Word::when(loading, weight, "the server was still reading its dataset (LOADING)")
}

pub(super) fn nobody_listened(facts: &Facts<'_>) -> Option<Word> {
    let weight = if facts.same_process().is_none() && facts.may_be_closed() { Weight::Speaks } else { Weight::Hints };
    Word::when(facts.was_refused(), weight, "new connections were refused: nothing listened")
}

/// Redis 7.0 and later save the offset with the dataset at an orderly end, and go on from it.
pub(super) fn offset_was_kept(facts: &Facts<'_>) -> Option<Word> {
    let (before, after) = facts.offsets().filter(|_| replaced_in_place(facts))?;
    let kept = after >= before;
    Word::when(kept, Weight::Hints, "the new process went on from the old one's replication offset")
}

pub(super) fn a_kill_may_look_the_same(facts: &Facts<'_>) -> Option<Word> {
    let looks = replaced_in_place(facts) && facts.may_be_closed();
    Word::when(looks, Weight::Remarks, "a process killed with nothing left to read ends the same way")
}

pub(super) fn reset_is_rarely_an_orderly_end(facts: &Facts<'_>) -> Option<Word> {
    let reset = facts.end() == Some(SocketEnd::Reset) && facts.silence().is_zero() && !facts.is_busy();
    let why = "an orderly end closes its connections; it resets one only when a command crosses it on its way";
    Word::when(reset, Weight::Remarks, why)
}

pub(super) fn an_orderly_end_is_told(facts: &Facts<'_>) -> Option<Word> {
    let untold = facts.end() == Some(SocketEnd::TimedOut);
    Word::when(untold, Weight::Doubts, "an orderly end closes its connections, and nothing came")
}

pub(super) fn it_has_not_come_back(facts: &Facts<'_>) -> Option<Word> {
    let gone = nobody_listens_any_more(facts).is_some();
    Word::when(gone, Weight::Excludes, "it has not come back")
}

/// Excludes every end of the process.
pub(super) fn the_process_lives(facts: &Facts<'_>) -> Option<Word> {
    let lives = facts.is_same_process() || facts.listed() == Some(true) && !facts.another_process();
    Word::when(lives, Weight::Excludes, "the same server process answers")
}

pub(super) fn the_process_is_older(facts: &Facts<'_>) -> Option<Word> {
    let older = facts.another_process() && facts.fresh() == Some(false);
    Word::when(older, Weight::Excludes, "the process that answers was there before the loss")
}

pub(super) fn it_is_elsewhere(facts: &Facts<'_>) -> Option<Word> {
    let elsewhere = facts.another_place() == Some(true);
    Word::when(elsewhere, Weight::Doubts, "what answers is at another address")
}

// Crashed.

/// A kernel that closes a dead process' socket with unread bytes in it sends RST instead of FIN.
pub(super) fn died_with_unread_bytes(facts: &Facts<'_>) -> Option<Word> {
    let died = replaced_in_place(facts) && facts.end() == Some(SocketEnd::Reset);
    let why = "the connection was reset as the process ended: it had not read all that was sent to it";
    Word::when(died, Weight::Speaks, why)
}

pub(super) fn reset_then_refused(facts: &Facts<'_>) -> Option<Word> {
    let gone = facts.end() == Some(SocketEnd::Reset) && facts.was_refused() && facts.same_process().is_none();
    Word::when(gone, Weight::Speaks, "the connection was reset, and then nothing listened any more")
}

/// Whether somebody stopped it or it crashed does not show from here.
pub(super) fn nobody_listens_any_more(facts: &Facts<'_>) -> Option<Word> {
    let gone = facts.outage.restored.is_none() && facts.was_refused() && facts.same_process().is_none();
    Word::when(gone, Weight::Hints, "nothing listens at its port any more: the process has ended, or was stopped")
}

pub(super) fn machine_vanished(facts: &Facts<'_>) -> Option<Word> {
    let vanished = replaced_in_place(facts) && facts.end() == Some(SocketEnd::TimedOut);
    let why = "nothing came any more, not even an end, and then another process answered: the machine went down";
    Word::when(vanished, Weight::Speaks, why)
}

/// Data that crosses an orderly end on its way is answered with a reset, too, and of a machine that is short of time
/// even a rare command does: from here the two look the same.
pub(super) fn a_command_may_have_crossed(facts: &Facts<'_>) -> Option<Word> {
    let ended = replaced_in_place(facts) || facts.was_refused() && facts.same_process().is_none();
    let crossed = ended && facts.end() == Some(SocketEnd::Reset);
    Word::when(crossed, Weight::Doubts, "a command that crosses an orderly end on its way is reset, too")
}

pub(super) fn offset_fell(facts: &Facts<'_>) -> Option<Word> {
    let (before, after) = facts.offsets().filter(|_| replaced_in_place(facts))?;
    let why = "the new process does not have the old one's latest writes";
    Word::when(after < before, Weight::Hints, why)
}

pub(super) fn saving_delays_the_end(facts: &Facts<'_>) -> Option<Word> {
    let delayed = facts.another_process() && facts.end() == Some(SocketEnd::Reset) && !facts.silence().is_zero();
    let why = "it had been silent before: a server that saves before it ends leaves bytes unread, too";
    Word::when(delayed, Weight::Doubts, why)
}

// Failed over.

/// What Sentinel does to a demoted primary: another role, and every client closed by CLIENT KILL.
pub(super) fn demoted_and_closed(facts: &Facts<'_>) -> Option<Word> {
    let killed = facts.moved(|state| state.client_kills) > Some(0);
    let closed = facts.end() == Some(SocketEnd::Closed) && facts.listed() == Some(false);
    let decided = facts.changed_role() && killed && closed && facts.narrow() && facts.alone();
    let why = "the server changed its role and closed its clients (CLIENT KILL), as a failover manager does it";
    Word::when(decided, Weight::Decides, why)
}

/// A replica goes on with its primary's history. So does a primary that starts again from its own file, but that one is
/// younger than the loss.
pub(super) fn a_replica_took_over(facts: &Facts<'_>) -> Option<Word> {
    let why = "what answers has been up since before the loss, and took over the old primary's replication history";
    Word::when(facts.took_over(), Weight::Decides, why)
}

pub(super) fn role_changed(facts: &Facts<'_>) -> Option<Word> {
    let (before, after) = facts.roles().filter(|_| facts.changed_role())?;
    let weight = if facts.narrow() { Weight::Speaks } else { Weight::Hints };
    Word::new(weight, format!("the same server process was a {} and is a {}", role_name(before), role_name(after)))
}

pub(super) fn an_older_process_answers(facts: &Facts<'_>) -> Option<Word> {
    let older = facts.another_process() && facts.fresh() == Some(false) && facts.another_place() != Some(false);
    let laddr = facts.after().and_then(|after| after.laddr.as_deref()).unwrap_or(UNNAMED);
    // Where the name moved, that explains it, unless replication shows more.
    let weight = if facts.addresses() == Some(Addresses::Moved) { Weight::Hints } else { Weight::Speaks };
    let why = format!("another node answers ({laddr}), and it has been up since before the loss");
    Word::when(older, weight, why)
}

pub(super) fn replication_goes_on(facts: &Facts<'_>) -> Option<Word> {
    let (before, after) = facts.offsets().filter(|_| facts.another_process() && facts.fresh() == Some(false))?;
    let promoted = after >= before && facts.roles() == Some(("master", "master"));
    Word::when(promoted, Weight::Speaks, "the new primary went on from the old one's replication offset")
}

pub(super) fn failover_under_way(facts: &Facts<'_>) -> Option<Word> {
    let told = |state: Option<&crate::event::ServerState>| state.and_then(|state| state.failover_state.clone());
    let state = told(facts.after()).or_else(|| told(facts.before()))?;
    Word::new(Weight::Speaks, format!("the server reports a failover ({state})"))
}

pub(super) fn writes_refused(facts: &Facts<'_>) -> Option<Word> {
    let refused = facts.met(ErrorClass::ReadOnly) || facts.met(ErrorClass::MasterDown);
    Word::when(refused, Weight::Hints, "a replica answered (READONLY or MASTERDOWN)")
}

pub(super) fn same_role_as_before(facts: &Facts<'_>) -> Option<Word> {
    let same = facts.is_same_process() && !facts.changed_role();
    let weight = if facts.roles().is_some() { Weight::Excludes } else { Weight::Doubts };
    Word::when(same, weight, "the same server process answers")
}

pub(super) fn started_in_the_same_place(facts: &Facts<'_>) -> Option<Word> {
    let started = facts.another_process() && facts.fresh() == Some(true) && facts.another_place() == Some(false);
    Word::when(started, Weight::Excludes, "a new process answers at the same address")
}

// Announced.

/// Kinds that announce that this connection is about to be closed.
const ANNOUNCES_THE_END: [&str; 3] = ["MOVING", "FAILING_OVER", "MIGRATING"];

pub(super) fn announced_and_closed(facts: &Facts<'_>) -> Option<Word> {
    let (before, _) = facts.announcements();
    let announced = before.iter().rev().find(|told| ANNOUNCES_THE_END.contains(&told.kind.as_str()))?;
    let closed = facts.end() == Some(SocketEnd::Closed) && facts.listed() != Some(true);
    let explained = facts.another_process() || facts.server_did_nothing();
    let ahead = facts.outage.lost.since(announced.at);
    let why = format!("the server announced {} {} before it closed the connection", announced.kind, seconds(ahead));
    Word::when(closed && explained, Weight::Decides, why)
}

pub(super) fn announced(facts: &Facts<'_>) -> Option<Word> {
    let (before, since) = facts.announcements();
    let first = before.first().or(since.first())?;
    let when = if before.is_empty() { "while it was down" } else { "beforehand" };
    Word::new(Weight::Speaks, format!("the server announced maintenance {when} ({})", first.kind))
}

// Moved.

pub(super) fn name_moved(facts: &Facts<'_>) -> Option<Word> {
    let moved = facts.addresses() == Some(Addresses::Moved);
    let (before, after) = (facts.before()?, facts.after()?);
    let why = format!("the name stood for {} and now stands for {}", list(&before.addresses), list(&after.addresses));
    Word::when(moved, Weight::Speaks, why)
}

pub(super) fn old_address_is_gone(facts: &Facts<'_>) -> Option<Word> {
    let gone = facts.addresses() == Some(Addresses::Shuffled) && facts.another_place() == Some(true);
    let why = "the name stands for other addresses than before, and another of them answers";
    Word::when(gone, Weight::Hints, why)
}

pub(super) fn name_is_the_same(facts: &Facts<'_>) -> Option<Word> {
    let same = facts.addresses() == Some(Addresses::Same);
    Word::when(same, Weight::Excludes, "the name stands for the same addresses")
}

pub(super) fn it_was_a_promotion(facts: &Facts<'_>) -> Option<Word> {
    replication_goes_on(facts)
        .and_then(|_| Word::new(Weight::Doubts, "a replica was promoted, and the name followed it"))
}

pub(super) fn same_process_elsewhere(facts: &Facts<'_>) -> Option<Word> {
    Word::when(facts.is_same_process(), Weight::Doubts, "the same server process answers")
}

fn list(addresses: &[String]) -> String {
    match addresses {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}
