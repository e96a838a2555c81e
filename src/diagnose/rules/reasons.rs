//! The reasons of a living server that did not answer, as it counts them: commands, pauses, forks, the disk.
//!
//! A reason must fit in length: it has to explain about half of the wait. What only happened in the same minute explains
//! nothing.

use std::time::Duration;

use super::{times, wait};
use crate::{
    diagnose::{
        argument::{Argument, Weight},
        facts::Facts,
    },
    event::{CommandTime, SlowCommand},
    units::{count, seconds},
};

/// Commands too cheap to take long: one that did was stopped with its process.
const CHEAP: [&str; 24] = [
    "auth", "decr", "echo", "exists", "expire", "get", "hello", "hget", "hset", "incr", "info", "llen", "lpop",
    "lpush", "ping", "publish", "rpop", "rpush", "sadd", "select", "set", "time", "ttl", "type",
];

/// A server that is busy or held up answers no client, but its kernel acknowledges what is sent.
pub(crate) fn no_silence_of_the_server(facts: &Facts<'_>) -> Option<Argument> {
    if !wait::is_slow(facts) && !facts.silent() {
        return Argument::new(Weight::Refutes, "it was closed without a silence before");
    }
    let why = "the kernel gave up: a server that does not answer still acknowledges";
    Argument::when(!wait::is_slow(facts) && facts.timed_out(), Weight::Refutes, why)
}

/// `EVAL`, `CLIENT LIST`
pub(crate) fn spelled(name: &str) -> String {
    name.replace('|', " ").to_ascii_uppercase()
}

pub(crate) fn is_cheap(name: &str) -> bool {
    CHEAP.contains(&name)
}

/// Slow commands in the server's slow log that explain the wait.
pub(crate) fn slow_log(facts: &Facts<'_>) -> Option<Argument> {
    let logged = &facts.evidence().filter(|_| wait::was_for_the_server(facts))?.slow_commands;
    let slow: Vec<&SlowCommand> = logged.iter().filter(|command| !is_cheap(&command.name)).collect();
    let slowest = slow.iter().max_by_key(|command| command.time)?;
    let alike = slow.iter().filter(|command| command.name == slowest.name);
    let (calls, time) = alike.fold((0, Duration::ZERO), |(calls, time), command| (calls + 1, time + command.time));
    let all: Duration = slow.iter().map(|command| command.time).sum();
    let fits = all * 2 >= wait::total(facts) || wait::is_slow(facts) && slowest.time * 2 >= wait::longest(facts);
    let name = spelled(&slowest.name);
    let calls = if calls == 1 { format!("{name} ran") } else { format!("{name} ran {calls} times,") };
    let from = slowest.client.as_ref().map(|client| format!(", from {client}")).unwrap_or_default();
    let why = format!("{calls} for {} (SLOWLOG{from}); {}", seconds(time), wait::described(facts));
    Argument::when(fits, Weight::Supports, why)
}

/// A command whose every call takes as long as the wait, by the server's own statistics.
pub(crate) fn command_statistics(facts: &Facts<'_>) -> Option<Argument> {
    let commands = &facts.evidence().filter(|_| wait::was_for_the_server(facts))?.commands;
    let each = |command: &CommandTime| command.time / u32::try_from(command.calls.max(1)).unwrap_or(u32::MAX);
    let explains = |command: &&CommandTime| {
        !is_cheap(&command.name) && command.time * 2 >= wait::total(facts) && each(command) * 4 >= wait::longest(facts)
    };
    let command = commands.iter().find(explains)?;
    let calls = count(command.calls, "call");
    let why = format!(
        "the server spent {} in {calls} of {} around that time (INFO commandstats)",
        seconds(command.time),
        spelled(&command.name)
    );
    let whole = each(command) * 2 >= wait::longest(facts);
    Argument::new(if whole { Weight::Supports } else { Weight::Suggests }, why)
}

pub(crate) fn fsync_was_delayed(facts: &Facts<'_>) -> Option<Argument> {
    let delayed = facts.moved(|state| state.delayed_fsyncs).filter(|delayed| *delayed > 0 && facts.silent())?;
    let times = times(delayed);
    let why = format!("a write of the append-only file waited {times} for a slow fsync (aof_delayed_fsync)");
    Argument::new(Weight::Supports, why)
}

/// An event of the latency monitor whose name begins so, and which explains the wait.
fn latency_event(facts: &Facts<'_>, names: &[&str]) -> Option<Argument> {
    let events = &facts.evidence().filter(|_| wait::was_for_the_server(facts))?.latency_events;
    let named = |name: &str| names.iter().any(|known| name.starts_with(known));
    let event = events.iter().find(|event| named(&event.name) && event.time * 2 >= wait::longest(facts))?;
    let why = format!("'{}' took {} (LATENCY LATEST); {}", event.name, seconds(event.time), wait::described(facts));
    Argument::new(Weight::Supports, why)
}

pub(crate) fn disk_event(facts: &Facts<'_>) -> Option<Argument> {
    latency_event(facts, &["aof-", "rdb-"])
}

pub(crate) fn fork_event(facts: &Facts<'_>) -> Option<Argument> {
    latency_event(facts, &["fork"])
}

pub(crate) fn forked(facts: &Facts<'_>) -> Option<Argument> {
    facts.moved(|state| state.forks).filter(|forks| *forks > 0 && facts.silent())?;
    let fork = facts.after()?.latest_fork.filter(|fork| *fork * 2 >= wait::longest(facts))?;
    let why = format!("fork() stopped the server for {} (latest_fork_usec); {}", seconds(fork), wait::described(facts));
    Argument::new(Weight::Supports, why)
}

pub(crate) fn pause_was_called(facts: &Facts<'_>) -> Option<Argument> {
    let pauses = facts.moved(|state| state.client_pauses).filter(|pauses| *pauses > 0 && facts.silent())?;
    let times = times(pauses);
    let why =
        format!("CLIENT PAUSE was called {times}, and the server did not answer for {}", seconds(wait::longest(facts)));
    // Other outages of the same minute may belong to the same pause.
    Argument::new(if facts.alone() || wait::is_slow(facts) { Weight::Supports } else { Weight::Suggests }, why)
}

pub(crate) fn held_by_a_pause(facts: &Facts<'_>) -> Option<Argument> {
    let command = facts.evidence()?.listed_client.as_ref()?.held_back()?;
    let why = format!("the server held back {} of this client (CLIENT LIST: flags=b)", spelled(command));
    Argument::when(facts.silent(), Weight::Supports, why)
}

pub(crate) fn waits_in_a_blocking_command(facts: &Facts<'_>) -> Option<Argument> {
    let listed = facts.evidence()?.listed_client.as_ref().filter(|listed| listed.held_back().is_none())?;
    let (command, unread) = (listed.blocked_in()?, listed.unread.unwrap_or(0));
    let behind = if unread > 0 { format!(", with {unread} bytes of commands behind it (qbuf)") } else { String::new() };
    let why = format!("the connection waits in {} at the server (CLIENT LIST: flags=b){behind}", spelled(command));
    Argument::when(facts.silent(), Weight::Supports, why)
}
