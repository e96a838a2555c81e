//! Connections that fail after a pause.

use std::time::Duration;

use crate::{
    diagnose::{
        argument::{Argument, Weight},
        facts::{Facts, IN_USE},
    },
    event::SocketEnd,
    units::seconds,
};

/// No product forgets a connection sooner: a shorter silence before a loss is a coincidence.
const SHORTEST_LIMIT: Duration = Duration::from_secs(10);

/// Length of a pause after which a middlebox may have forgotten the connection.
pub(crate) fn length(facts: &Facts<'_>) -> Option<Duration> {
    facts.quiet().filter(|quiet| *quiet > IN_USE)
}

fn weight(quiet: Duration) -> Weight {
    if quiet >= SHORTEST_LIMIT { Weight::Supports } else { Weight::Suggests }
}

pub(crate) fn survived_such_pauses(facts: &Facts<'_>) -> Option<Argument> {
    let (quiet, pause) = (length(facts)?, facts.pause()?);
    let survived = quiet <= pause + pause / 5 && facts.circumstances().up >= quiet * 3;
    let why = format!("it had survived silences this long for {}", seconds(facts.circumstances().up));
    Argument::when(survived, Weight::Weakens, why)
}

pub(crate) fn first_packet_after_a_pause_was_refused(facts: &Facts<'_>) -> Option<Argument> {
    let quiet = length(facts)?;
    let late = facts.in_flight() > 0 && facts.ended(SocketEnd::Reset) && facts.lives() != Some(false);
    let why = format!("the first packet after {} of silence got a reset", seconds(quiet));
    Argument::when(late && survived_such_pauses(facts).is_none(), weight(quiet), why)
}

pub(crate) fn first_packet_after_a_pause_was_lost(facts: &Facts<'_>) -> Option<Argument> {
    if facts.is_stall() || !facts.silent() {
        return None;
    }
    let quiet = length(facts)?;
    let lost = facts.others_were_served() || facts.by_watchdog() && facts.path_was_ill() != Some(true);
    let why = format!(
        "from the first packet after {} of silence on, nothing was answered, while new connections were",
        seconds(quiet)
    );
    Argument::when(lost, weight(quiet), why)
}
