//! A slow command kept the server from answering anything else.

use std::time::Duration;

use crate::{
    diagnose::{
        Cause,
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{process, reasons, silence, wait},
    },
    units::count,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD170",
    remedy: "make the slow command cheap (SCAN instead of KEYS, smaller ranges, shorter scripts) or run it on a replica",
    rules: &[reasons::slow_log, reasons::command_statistics, busy_with_commands],
    objections: &[process::was_replaced, silence::we_were_late],
    exclusions: &[reasons::no_silence_of_the_server],
    refines: &[Cause::ServerFrozen, Cause::SlowServer],
    ..CauseDef::EMPTY
};

/// The server had hardly any idle time.
fn busy_with_commands(facts: &Facts<'_>) -> Option<Argument> {
    let evidence = facts.evidence().filter(|_| wait::was_for_the_server(facts))?;
    let (before, after) = (evidence.before.as_ref()?, evidence.after.as_ref()?);
    let window = after.at.since(before.at);
    let slow: Vec<_> = evidence.commands.iter().filter(|command| !reasons::is_cheap(&command.name)).collect();
    let time: Duration = slow.iter().map(|command| command.time).sum();
    let busiest = slow.first()?;
    let share = time.as_secs_f64() / window.as_secs_f64().max(f64::MIN_POSITIVE);
    let why = format!(
        "the server spent {:.0} % of its time in commands, most of it in {} of {} (INFO commandstats)",
        (share * 100.0).min(100.0),
        count(busiest.calls, "call"),
        reasons::spelled(&busiest.name)
    );
    Argument::when(share >= 0.8, Weight::Suggests, why)
}
