//! Rules about what stands between client and server: resets, idle limits, and answers in another protocol.

use std::time::Duration;

use super::closing::an_uncounted_limit;
use crate::{
    classify::{ErrorClass, Stage},
    diagnose::{
        facts::{Facts, IN_USE},
        verdict::{Weight, Word},
    },
    event::SocketEnd,
    middlebox::{IDLE_LIMITS, IdleLimit},
    units::seconds,
};

/// How far from a limit a silence may be: timers in between look round now and then.
const NEAR: Duration = Duration::from_secs(2);

/// So many other losses after the same pause are a pattern.
const PATTERN: usize = 3;

/// A pause after which a connection may have been forgotten.
fn pause(facts: &Facts<'_>) -> Option<Duration> {
    facts.quiet().filter(|quiet| *quiet > IN_USE)
}

/// It ended or fell silent as a flow does that something in between has forgotten.
fn forgotten(facts: &Facts<'_>) -> bool {
    let end = matches!(facts.end(), Some(SocketEnd::Reset | SocketEnd::TimedOut | SocketEnd::Gone));
    end || facts.half_open() || facts.by_watchdog() && !facts.path_was_ill() || facts.listed() == Some(true)
}

// Reset.

pub(super) fn reset_while_listed(facts: &Facts<'_>) -> Option<Word> {
    let told = facts.end() == Some(SocketEnd::Reset) && facts.listed() == Some(true) && !facts.another_process();
    let sure = facts.is_same_process() && facts.was_answered_lately() && !facts.silent();
    let weight = if sure { Weight::Decides } else { Weight::Speaks };
    Word::when(told, weight, still_connected(facts, "it was reset"))
}

pub(super) fn closed_while_listed(facts: &Facts<'_>) -> Option<Word> {
    let told = facts.may_be_closed() && facts.listed() == Some(true) && facts.is_same_process();
    Word::when(told, Weight::Speaks, still_connected(facts, "it was closed"))
}

fn still_connected(facts: &Facts<'_>, how: &str) -> String {
    let id = facts.outage.old_client_id.map_or("it".to_owned(), |id| format!("client {id}"));
    format!("{how}, and the server still lists {id} as connected: somebody else did it")
}

pub(super) fn reset_by_somebody(facts: &Facts<'_>) -> Option<Word> {
    let reset = facts.end() == Some(SocketEnd::Reset) && facts.listed() != Some(true);
    let weight = if facts.is_same_process() { Weight::Speaks } else { Weight::Hints };
    let why = match (facts.is_same_process(), facts.listed()) {
        (true, Some(false)) => "it was reset on both sides, and the server process lives",
        (true, _) => "it was reset, and the server process lives",
        _ => "it was reset",
    };
    Word::when(reset && !facts.another_process(), weight, why)
}

/// A close is answered by a reset when a command crosses it.
pub(super) fn a_limit_may_have_struck(facts: &Facts<'_>) -> Option<Word> {
    let limit = an_uncounted_limit(facts).filter(|_| facts.end() == Some(SocketEnd::Reset) && facts.in_use())?;
    let why = format!(
        "a server that closes a subscriber over client-output-buffer-limit (pubsub {limit}) resets it, too, when a \
         command is on its way, and this version does not count that"
    );
    Word::new(Weight::Remarks, why)
}

/// So may a kill; but where none was ever counted, none was missed before the first look.
pub(super) fn a_kill_may_have_struck(facts: &Facts<'_>) -> Option<Word> {
    let never = facts.after().and_then(|after| after.client_kills) == Some(0);
    let uncounted = facts.moved(|state| state.client_kills).is_none() && !never;
    let forgotten = facts.end() == Some(SocketEnd::Reset) && facts.listed() == Some(false) && facts.is_same_process();
    let why = "CLIENT KILL resets a connection, too, when a command is on its way, and its calls could not be counted";
    Word::when(uncounted && forgotten && facts.in_use(), Weight::Doubts, why)
}

pub(super) fn closed_without_the_server(facts: &Facts<'_>) -> Option<Word> {
    let closed = facts.end() == Some(SocketEnd::Closed) && facts.listed() == Some(false) && facts.is_same_process();
    let why = "it was closed in order, and nothing that the server counts explains it";
    let why = if facts.nobody_in_between() { why.to_owned() } else { format!("{why}: perhaps a proxy in between") };
    Word::when(closed && facts.server_did_nothing(), Weight::Hints, why)
}

pub(super) fn vanished(facts: &Facts<'_>) -> Option<Word> {
    let gone = facts.end() == Some(SocketEnd::Gone) && facts.is_same_process();
    Word::when(gone, Weight::Hints, "it ended without having been closed, and the server process lives")
}

pub(super) fn refused_by_somebody_else(facts: &Facts<'_>) -> Option<Word> {
    let refused = facts.was_refused() || facts.path_failed(&[ErrorClass::Reset], &[Stage::Tcp]).is_some();
    let why = "new connections were refused while the server process lived: something in between is the door";
    Word::when(refused && facts.is_same_process() && !facts.silent(), Weight::Speaks, why)
}

pub(super) fn the_server_has_a_reason(facts: &Facts<'_>) -> Option<Word> {
    let reason = facts.servers_reason().filter(|_| facts.listed() != Some(true))?;
    Word::new(Weight::Doubts, format!("{reason} meanwhile"))
}

pub(super) fn another_process_answers(facts: &Facts<'_>) -> Option<Word> {
    let weight = if facts.fresh() == Some(false) { Weight::Doubts } else { Weight::Excludes };
    Word::when(facts.another_process(), weight, "another server process answers")
}

pub(super) fn the_first_packet_after_a_pause(facts: &Facts<'_>) -> Option<Word> {
    first_packet_after_a_pause_was_refused(facts)
        .and_then(|_| Word::new(Weight::Doubts, "it was the first packet after a pause that was refused"))
}

// Forgotten after a pause.

pub(super) fn known_limit(facts: &Facts<'_>) -> Option<Word> {
    let quiet = pause(facts)?;
    let near = |limit: &&IdleLimit| {
        let limit = Duration::from_secs(limit.seconds);
        quiet.abs_diff(limit) <= NEAR.max(limit / 100)
    };
    let limit = IDLE_LIMITS.iter().find(near)?.seconds;
    let same = IDLE_LIMITS.iter().filter(|other| other.seconds == limit);
    let whose = same.map(|other| other.name).collect::<Vec<_>>().join(", ");
    let ended = forgotten(facts) || facts.may_be_closed();
    let weight = if forgotten(facts) { Weight::Speaks } else { Weight::Hints };
    let why = format!("it ended after {} of silence, and {limit} s is the limit of {whose}", seconds(quiet));
    Word::when(ended, weight, why)
}

pub(super) fn first_packet_after_a_pause_was_refused(facts: &Facts<'_>) -> Option<Word> {
    let quiet = pause(facts)?;
    let late = facts.end() == Some(SocketEnd::Reset) && facts.outage.in_flight > 0 && !facts.another_process();
    let why = format!("the first packet after {} of silence was answered by a reset", seconds(quiet));
    Word::when(late && survived_such_pauses(facts).is_none(), Weight::Speaks, why)
}

pub(super) fn first_packet_after_a_pause_was_lost(facts: &Facts<'_>) -> Option<Word> {
    let quiet = pause(facts)?;
    let lost =
        facts.silent() && !facts.is_stall() && (facts.half_open() || !facts.path_was_ill() && facts.by_watchdog());
    let why = format!(
        "from the first packet after {} of silence on, nothing was answered, while new connections were",
        seconds(quiet)
    );
    Word::when(lost, Weight::Speaks, why)
}

pub(super) fn same_pause_each_time(facts: &Facts<'_>) -> Option<Word> {
    let quiet = pause(facts)?;
    // Where a pause is by plan, every loss is noticed after it; then only connections that died of their first one tell.
    let by_plan = facts.pause().is_some_and(|pause| quiet.abs_diff(pause) <= pause / 5);
    let alike = facts.alike();
    let telling = alike + 1 >= PATTERN && (!by_plan || facts.circumstances().up <= quiet * 2);
    let weight = if forgotten(facts) { Weight::Speaks } else { Weight::Hints };
    let why = format!("{alike} other losses of this run came after the same silence of {}", seconds(quiet));
    Word::when(telling, weight, why)
}

pub(super) fn was_in_use(facts: &Facts<'_>) -> Option<Word> {
    Word::when(facts.in_use(), Weight::Excludes, "it was in use when it was lost")
}

pub(super) fn survived_such_pauses(facts: &Facts<'_>) -> Option<Word> {
    let (quiet, pause) = (pause(facts)?, facts.pause()?);
    let survived = quiet <= pause + pause / 5 && facts.circumstances().up >= quiet * 3;
    let why = format!("it had survived such silences for {}", seconds(facts.circumstances().up));
    Word::when(survived, Weight::Doubts, why)
}

pub(super) fn others_may_have_sent(facts: &Facts<'_>) -> Option<Word> {
    let guessed = facts.quiet_is_guessed();
    Word::when(guessed, Weight::Remarks, "messages of others may have come in that time")
}

// Another protocol.

fn is_garbage(facts: &Facts<'_>) -> bool {
    facts.failure().is_some_and(|failure| failure.key.class == ErrorClass::ProtocolGarbage)
}

/// The end of a dying server's last reply is garbage, too; but then the end was not ours.
pub(super) fn garbage_and_we_left(facts: &Facts<'_>) -> Option<Word> {
    let left = facts.end() == Some(SocketEnd::Local) && facts.is_same_process() && !facts.left_by_policy();
    let why = "what came was not RESP, and the client hung up on a connection that was open";
    Word::when(is_garbage(facts) && left, Weight::Decides, why)
}

pub(super) fn garbage(facts: &Facts<'_>) -> Option<Word> {
    let path = facts.met(ErrorClass::ProtocolGarbage);
    let why =
        if is_garbage(facts) { "what came was not RESP" } else { "new connections were answered, but not in RESP" };
    Word::when(is_garbage(facts) || path, Weight::Speaks, why)
}

pub(super) fn garbage_from_a_dying_process(facts: &Facts<'_>) -> Option<Word> {
    let died = is_garbage(facts) && facts.another_process();
    Word::when(died, Weight::Doubts, "the process that sent it has been replaced: its last reply was cut off")
}
