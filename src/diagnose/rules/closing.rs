//! Rules about a server that closes clients, or does not let them in: CLIENT KILL, `timeout`, limits, credentials.

use std::time::Duration;

use crate::{
    classify::{ErrorClass, Stage},
    diagnose::{
        facts::Facts,
        verdict::{Weight, Word},
    },
    event::SocketEnd,
    units::seconds,
};

/// The server looks at each client's silence once a second, in whole seconds (redis `src/server.c` clientsCron,
/// `src/timeout.c`), so it closes up to two seconds late; the last one is for the loss to be noticed.
const LATE: Duration = Duration::from_secs(3);

/// Our last packet may have arrived this much before we heard of it.
const EARLY: Duration = Duration::from_millis(200);

/// A reader that was late by so much may have let a backlog grow.
const BACKLOG: Duration = Duration::from_millis(500);

/// No set-up worth the name closes clients after less.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The server closed it, as far as can be told: it ended, the process lives and has forgotten it.
fn closed_by_the_server(facts: &Facts<'_>) -> bool {
    let ended = facts.may_be_closed() || facts.end() == Some(SocketEnd::Reset);
    ended && !facts.another_process() && facts.listed() != Some(true)
}

/// Excludes whatever a living server does to a client.
pub(super) fn was_not_closed_by_the_server(facts: &Facts<'_>) -> Option<Word> {
    let excludes = |why| Word::new(Weight::Excludes, why);
    if facts.another_process() {
        return excludes("another server process answers");
    }
    if facts.listed() == Some(true) {
        return excludes("the server still lists the connection");
    }
    let open = matches!(facts.end(), Some(SocketEnd::TimedOut | SocketEnd::Local))
        || facts.is_stall()
        || facts.left_by_policy();
    if open { excludes("the server had not closed it") } else { None }
}

// Killed.

pub(super) fn kill_was_counted(facts: &Facts<'_>) -> Option<Word> {
    let kills = facts.moved(|state| state.client_kills).filter(|kills| *kills > 0)?;
    let exact = facts.narrow() && closed_by_the_server(facts);
    let weight = if exact { Weight::Speaks } else { Weight::Hints };
    let times = if kills == 1 { "once".to_owned() } else { format!("{kills} times") };
    Word::new(weight, format!("CLIENT KILL was called {times} meanwhile, and the connection is gone from the server"))
}

pub(super) fn kills_cannot_be_counted(facts: &Facts<'_>) -> Option<Word> {
    let unknown = facts.moved(|state| state.client_kills).is_none();
    let closed = facts.may_be_closed() && facts.listed() == Some(false) && facts.is_same_process();
    let why = "the server closed the connection, and its calls of CLIENT KILL could not be counted";
    Word::when(unknown && closed, Weight::Hints, why)
}

pub(super) fn nobody_was_killed(facts: &Facts<'_>) -> Option<Word> {
    let none = facts.moved(|state| state.client_kills) == Some(0);
    Word::when(none, Weight::Excludes, "CLIENT KILL was not called")
}

pub(super) fn others_were_killed_perhaps(facts: &Facts<'_>) -> Option<Word> {
    let killed = facts.moved(|state| state.client_kills) > Some(0);
    Word::when(killed, Weight::Remarks, "the server does not tell whom CLIENT KILL has closed")
}

// Timed out by the server.

pub(super) fn closed_at_the_timeout(facts: &Facts<'_>) -> Option<Word> {
    let (timeout, quiet) = past_the_timeout(facts)?;
    let known = facts.end() == Some(SocketEnd::Closed) && facts.listed() == Some(false) && facts.is_same_process();
    let alone = facts.server_did_nothing() && facts.moved(|state| state.config_changes) == Some(0);
    let role = facts.roles().is_some_and(|(before, after)| before == after);
    let sure = known && alone && role && facts.announcements().0.is_empty();
    let weight = match (sure, was_our_silence(facts, quiet)) {
        // True, but not the cause: without our stop there would have been no silence.
        (_, true) => Weight::Hints,
        (true, false) => Weight::Decides,
        (false, false) => Weight::Speaks,
    };
    let timeout = timeout.as_secs();
    Word::new(
        weight,
        format!("it was closed after {} of silence, and the server's 'timeout' is {timeout} s", seconds(quiet)),
    )
}

/// The server's `timeout`, and a silence that it fits.
fn past_the_timeout(facts: &Facts<'_>) -> Option<(Duration, Duration)> {
    let timeout = facts.after()?.timeout.filter(|timeout| *timeout > 0).map(Duration::from_secs)?;
    let quiet = facts.quiet()?;
    let fits = quiet + EARLY >= timeout && quiet <= timeout + LATE && closed_by_the_server(facts);
    fits.then_some((timeout, quiet))
}

/// This program itself was late for most of a silence: stopped, or without CPU time.
fn was_our_silence(facts: &Facts<'_>, quiet: Duration) -> bool {
    facts.host().lag * 5 >= quiet * 4
}

pub(super) fn we_were_stopped_past_the_timeout(facts: &Facts<'_>) -> Option<Word> {
    let (timeout, quiet) = past_the_timeout(facts).filter(|(_, quiet)| was_our_silence(facts, *quiet))?;
    let (lag, timeout) = (seconds(facts.host().lag), timeout.as_secs());
    let why = format!(
        "this program's own timers came {lag} late, of {} of silence, and the server closes who is silent for {timeout} s",
        seconds(quiet)
    );
    Word::new(Weight::Speaks, why)
}

pub(super) fn timeout_is_unknown(facts: &Facts<'_>) -> Option<Word> {
    let unknown = facts.after().is_none_or(|after| after.timeout.is_none());
    let quiet = facts.quiet().filter(|quiet| *quiet >= SHORTEST_TIMEOUT)?;
    let why = format!("it was closed after {} of silence, and the server's 'timeout' is not known", seconds(quiet));
    Word::when(unknown && facts.may_be_closed(), Weight::Hints, why)
}

/// Subscribers are exempt (redis `src/timeout.c`).
pub(super) fn no_timeout_applies(facts: &Facts<'_>) -> Option<Word> {
    if facts.circumstances().subscribed {
        return Word::new(Weight::Excludes, "the server's 'timeout' spares subscribers");
    }
    let timeout = facts.after()?.timeout?;
    let unset = timeout == 0 && facts.moved(|state| state.config_changes).unwrap_or(0) == 0;
    let early = timeout > 0 && facts.quiet().is_some_and(|quiet| quiet + EARLY < Duration::from_secs(timeout));
    Word::when(unset || early, Weight::Excludes, format!("the server's 'timeout' is {timeout} s"))
}

/// Excludes nothing, but two reasons are one too many.
pub(super) fn something_else_closed(facts: &Facts<'_>) -> Option<Word> {
    let reason = facts.servers_reason()?;
    Word::new(Weight::Doubts, format!("{reason} meanwhile"))
}

// Closed over a limit.

pub(super) fn buffer_limit_was_counted(facts: &Facts<'_>) -> Option<Word> {
    let counted = facts.moved(|state| state.output_buffer_disconnections).filter(|count| *count > 0)?;
    let weight = if facts.narrow() { Weight::Speaks } else { Weight::Hints };
    Word::new(weight, format!("the server closed {counted} of its clients over client-output-buffer-limit meanwhile"))
}

/// Servers before Redis 7.4 do not count it.
pub(super) fn slow_subscriber_was_closed(facts: &Facts<'_>) -> Option<Word> {
    let uncounted = facts.moved(|state| state.output_buffer_disconnections).is_none();
    let closed = facts.circumstances().subscribed && closed_by_the_server(facts) && facts.is_same_process();
    // The limit strikes in the middle of what is being sent.
    let cut = facts.failure().is_some_and(|failure| failure.key.class == ErrorClass::ProtocolGarbage);
    let slow = facts.host().lag >= BACKLOG;
    let why = "a subscriber that could not keep up was closed; this server does not count it";
    Word::when(uncounted && closed && (cut || slow), Weight::Speaks, why)
}

/// Between two ends with nobody in between that could have closed it, a server that counts all its other reasons has
/// this one left.
pub(super) fn an_uncounted_limit_is_left(facts: &Facts<'_>) -> Option<Word> {
    let limit = an_uncounted_limit(facts)?;
    let closed = facts.end() == Some(SocketEnd::Closed);
    let why = format!(
        "the server closed a subscriber in order, and nothing that it counts explains it; closes over \
         client-output-buffer-limit (pubsub {limit}) this version does not count"
    );
    Word::when(closed, Weight::Hints, why)
}

/// The limits of a subscriber that the server has forgotten without a reason that it counts, where it would not count
/// this one.
pub(super) fn an_uncounted_limit(facts: &Facts<'_>) -> Option<String> {
    let after = facts.after().filter(|after| after.output_buffer_disconnections.is_none())?;
    let forgotten = facts.listed() == Some(false) && facts.is_same_process() && facts.circumstances().subscribed;
    let left = forgotten && facts.server_did_nothing() && facts.nobody_in_between();
    pubsub_limit(after.output_buffer_limit.as_deref()?).filter(|_| left)
}

/// The limits of subscribers, of all that `client-output-buffer-limit` sets; `None` where there are none.
fn pubsub_limit(setting: &str) -> Option<String> {
    let mut words = setting.split_ascii_whitespace().skip_while(|word| *word != "pubsub").skip(1);
    let (hard, soft, seconds) = (words.next()?, words.next()?, words.next()?);
    (hard != "0" || soft != "0").then(|| format!("{hard} {soft} {seconds}"))
}

pub(super) fn buffer_limit_did_not_strike(facts: &Facts<'_>) -> Option<Word> {
    let none = facts.moved(|state| state.output_buffer_disconnections) == Some(0);
    Word::when(none, Weight::Excludes, "the server closed nobody over client-output-buffer-limit")
}

pub(super) fn all_at_once(facts: &Facts<'_>) -> Option<Word> {
    let (lost, others) = facts.company()?;
    Word::when(lost == others, Weight::Doubts, "all connections were lost at the same moment")
}

pub(super) fn eviction_was_counted(facts: &Facts<'_>) -> Option<Word> {
    let evicted = facts.moved(|state| state.evicted_clients).filter(|evicted| *evicted > 0)?;
    let weight = if facts.narrow() { Weight::Speaks } else { Weight::Hints };
    Word::new(weight, format!("the server evicted {evicted} of its clients (maxmemory-clients) meanwhile"))
}

// Not let in.

pub(super) fn turned_away(facts: &Facts<'_>) -> Option<Word> {
    let why = "the server turned new connections away: max number of clients reached";
    Word::when(facts.met(ErrorClass::MaxClients), Weight::Speaks, why)
}

pub(super) fn rejections_were_counted(facts: &Facts<'_>) -> Option<Word> {
    let rejected = facts.moved(|state| state.rejected_connections).filter(|rejected| *rejected > 0)?;
    Word::new(Weight::Hints, format!("the server rejected {rejected} connections over maxclients meanwhile"))
}

pub(super) fn credentials_were_refused(facts: &Facts<'_>) -> Option<Word> {
    let classes = [ErrorClass::NoAuth, ErrorClass::WrongPass, ErrorClass::NoPerm];
    let failure = facts.path_failed(&classes, &[Stage::Hello, Stage::Command, Stage::Connect])?;
    Word::new(Weight::Speaks, format!("the server refused the credentials that had been good: {failure}"))
}

pub(super) fn acl_was_changed(facts: &Facts<'_>) -> Option<Word> {
    let changes = facts.moved(|state| state.acl_changes).filter(|changes| *changes > 0)?;
    let times = if changes == 1 { "once".to_owned() } else { format!("{changes} times") };
    Word::new(Weight::Hints, format!("the server's ACL was changed {times} meanwhile"))
}
