//! Packets stopped getting through, and neither end was notified.

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{pause, process, silence},
    },
    event::SocketEnd,
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD013",
    remedy: "set keepalive, TCP_USER_TIMEOUT or a watchdog, so that the client notices within seconds, not after 16 minutes",
    rules: &[
        kernel_gave_up_in_use,
        kernel_gave_up,
        new_connections_were_answered,
        new_connections_were_not_made,
        silence::nothing_was_acknowledged,
        fell_silent,
        the_way_behind_a_relay,
        connected_and_not_answered,
        silence_after_a_pause,
        process::was_replaced,
        silence::we_were_late,
    ],
};

/// A kernel that gets no acknowledgement, while other connections to the same process are served: neither the process
/// nor the machine, nor a pause that something in between did not like.
fn kernel_gave_up_in_use(facts: &Facts<'_>) -> Option<Argument> {
    let timed_out = facts.end() == Some(SocketEnd::TimedOut) && facts.half_open() && !facts.path_was_ill();
    let awake = facts.evidence().is_some() && facts.host().suspended.unwrap_or_default().is_zero();
    let in_use = facts.was_answered_lately() && facts.is_same_process() && awake;
    let why = "nothing that was sent was acknowledged any more, while new connections were served by the same process";
    Argument::when(timed_out && in_use, Weight::Proves, why)
}

fn kernel_gave_up(facts: &Facts<'_>) -> Option<Argument> {
    let timed_out = facts.end() == Some(SocketEnd::TimedOut);
    let errno = facts.failure().and_then(|failure| failure.key.errno).map(|errno| format!(" (errno {errno})"));
    let why = format!("the kernel gave the connection up{}: nothing came back", errno.unwrap_or_default());
    Argument::when(timed_out, Weight::Supports, why)
}

fn new_connections_were_answered(facts: &Facts<'_>) -> Option<Argument> {
    let dead =
        facts.half_open() || facts.by_watchdog() && facts.outage.path_healthy_after.is_some() && !facts.path_was_ill();
    let why = format!("nothing came for {} while new connections were answered", seconds(facts.silence()));
    Argument::when(dead && facts.silent(), Weight::Supports, why)
}

fn new_connections_were_not_made(facts: &Facts<'_>) -> Option<Argument> {
    let failure = silence::unreachable(facts).filter(|_| facts.silent())?;
    Argument::new(Weight::Supports, format!("new connections could not be made, either: {failure}"))
}

fn fell_silent(facts: &Facts<'_>) -> Option<Argument> {
    let silent = facts.silent() && !facts.healed() && facts.end() != Some(SocketEnd::Closed);
    Argument::when(silent, Weight::Suggests, format!("nothing came for {}", seconds(facts.silence())))
}

/// A proxy's kernel accepts and acknowledges, whatever becomes of the way behind it: from here that looks like a server
/// that is frozen.
fn the_way_behind_a_relay(facts: &Facts<'_>) -> Option<Argument> {
    silence::accepted_and_silent(facts)
        .or_else(|| silence::acknowledged_and_silent(facts))
        .filter(|_| facts.direct() != Some(true))?;
    let why = match facts.direct() {
        Some(_) => "addresses are translated on the way: what accepts connections there may have lost the server",
        None => "whether a proxy is on the way is not known: what accepts connections there may have lost the server",
    };
    Argument::new(Weight::Suggests, why)
}

fn connected_and_not_answered(facts: &Facts<'_>) -> Option<Argument> {
    silence::mute(facts).filter(|_| facts.direct() == Some(true))?;
    Argument::new(Weight::Weakens, "new connections were made, and not answered: packets went both ways")
}

fn silence_after_a_pause(facts: &Facts<'_>) -> Option<Argument> {
    pause::first_packet_after_a_pause_was_lost(facts)?;
    Argument::new(Weight::Weakens, "it had not been in use before")
}
