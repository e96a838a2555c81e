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

/// Length of a pause after which a middlebox may have forgotten the connection.
pub(crate) fn length(facts: &Facts<'_>) -> Option<Duration> {
    facts.quiet().filter(|quiet| *quiet > IN_USE)
}

pub(crate) fn survived_such_pauses(facts: &Facts<'_>) -> Option<Argument> {
    let (quiet, pause) = (length(facts)?, facts.pause()?);
    let survived = quiet <= pause + pause / 5 && facts.circumstances().up >= quiet * 3;
    let why = format!("it had survived silences this long for {}", seconds(facts.circumstances().up));
    Argument::when(survived, Weight::Weakens, why)
}

pub(crate) fn first_packet_after_a_pause_was_refused(facts: &Facts<'_>) -> Option<Argument> {
    let quiet = length(facts)?;
    let late = facts.end() == Some(SocketEnd::Reset) && facts.outage.in_flight > 0 && !facts.another_process();
    let why = format!("the first packet after {} of silence got a reset", seconds(quiet));
    Argument::when(late && survived_such_pauses(facts).is_none(), Weight::Supports, why)
}

pub(crate) fn first_packet_after_a_pause_was_lost(facts: &Facts<'_>) -> Option<Argument> {
    let quiet = length(facts)?;
    let lost =
        facts.silent() && !facts.is_stall() && (facts.half_open() || !facts.path_was_ill() && facts.by_watchdog());
    let why = format!(
        "from the first packet after {} of silence on, nothing was answered, while new connections were",
        seconds(quiet)
    );
    Argument::when(lost, Weight::Supports, why)
}
