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
    remedy: "set keepalive, TCP_USER_TIMEOUT or a watchdog: the client then notices within seconds, not after 16 minutes",
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

/// The kernel gets no acknowledgement while the same process serves other connections: this rules out the process, the
/// machine, and an idle limit in between.
fn kernel_gave_up_in_use(facts: &Facts<'_>) -> Option<Argument> {
    let timed_out = facts.end() == Some(SocketEnd::TimedOut) && facts.half_open() && !facts.path_was_ill();
    let awake = facts.evidence().is_some() && facts.host().suspended.unwrap_or_default().is_zero();
    let in_use = facts.was_answered_lately() && facts.is_same_process() && awake;
    let why = "nothing sent was acknowledged any more while the same process served new connections";
    Argument::when(timed_out && in_use, Weight::Proves, why)
}

fn kernel_gave_up(facts: &Facts<'_>) -> Option<Argument> {
    let timed_out = facts.end() == Some(SocketEnd::TimedOut);
    let errno = facts.failure().and_then(|failure| failure.key.errno).map(|errno| format!(" (errno {errno})"));
    let why = format!("the kernel gave up on the connection{}: no packet came back", errno.unwrap_or_default());
    Argument::when(timed_out, Weight::Supports, why)
}

fn new_connections_were_answered(facts: &Facts<'_>) -> Option<Argument> {
    let dead =
        facts.half_open() || facts.by_watchdog() && facts.outage.path_healthy_after.is_some() && !facts.path_was_ill();
    let why = format!("nothing arrived for {} while new connections were answered", seconds(facts.silence()));
    Argument::when(dead && facts.silent(), Weight::Supports, why)
}

fn new_connections_were_not_made(facts: &Facts<'_>) -> Option<Argument> {
    let failure = silence::unreachable(facts).filter(|_| facts.silent())?;
    Argument::new(Weight::Supports, format!("new connections failed, too: {failure}"))
}

fn fell_silent(facts: &Facts<'_>) -> Option<Argument> {
    let silent = facts.silent() && !facts.healed() && facts.end() != Some(SocketEnd::Closed);
    Argument::when(silent, Weight::Suggests, format!("nothing arrived for {}", seconds(facts.silence())))
}

/// The kernel of a proxy accepts and acknowledges even if the path behind it is broken: from the client, that looks like
/// a frozen server.
fn the_way_behind_a_relay(facts: &Facts<'_>) -> Option<Argument> {
    silence::accepted_and_silent(facts)
        .or_else(|| silence::acknowledged_and_silent(facts))
        .filter(|_| facts.direct() != Some(true))?;
    let why = match facts.direct() {
        Some(_) => "a NAT or proxy is in between: it may have lost the server",
        None => "a proxy in between cannot be ruled out: it may have lost the server",
    };
    Argument::new(Weight::Suggests, why)
}

fn connected_and_not_answered(facts: &Facts<'_>) -> Option<Argument> {
    silence::mute(facts).filter(|_| facts.direct() == Some(true))?;
    Argument::new(Weight::Weakens, "new connections were accepted but not answered: packets went both ways")
}

fn silence_after_a_pause(facts: &Facts<'_>) -> Option<Argument> {
    pause::first_packet_after_a_pause_was_lost(facts)?;
    Argument::new(Weight::Weakens, "it was idle before the loss")
}
