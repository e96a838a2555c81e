//! Packets stopped getting through, and neither end was notified.

use std::time::Duration;

use crate::{
    classify::ErrorClass,
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
    particular: &[it_was_noticed],
    rules: &[
        kernel_gave_up_in_use,
        kernel_gave_up,
        new_connections_were_answered,
        new_connections_were_not_made,
        silence::nothing_was_acknowledged,
        fell_silent,
        the_way_behind_a_relay,
    ],
    objections: &[
        connected_and_not_answered,
        silence::the_path_works,
        silence_after_a_pause,
        process::was_replaced,
        silence::we_were_late,
    ],
    exclusions: &[never_silent],
    implies: &[
        ErrorClass::ConnectTimeout,
        ErrorClass::HostUnreachable,
        ErrorClass::NetworkUnreachable,
        ErrorClass::KernelTimeout,
        ErrorClass::ResponseTimeout,
    ],
    ..CauseDef::EMPTY
};

/// A client that noticed this soon needs no other settings.
const SOON: Duration = Duration::from_secs(30);

/// The kernel gets no acknowledgement while the same process serves other connections: this rules out the process, the
/// machine, and an idle limit in between. A peer that acknowledges but does not read has nothing unacknowledged.
fn kernel_gave_up_in_use(facts: &Facts<'_>) -> Option<Argument> {
    let timed_out = facts.end() == Some(SocketEnd::TimedOut) && facts.path_was_ill() == Some(false);
    let served = timed_out && facts.half_open() == Some(true) && facts.is_same_process();
    let unacknowledged = served && silence::nothing_was_acknowledged(facts).is_some();
    let why = "nothing sent was acknowledged any more while the same process served new connections";
    Argument::when(unacknowledged && facts.was_answered_lately(), Weight::Proves, why)
}

fn kernel_gave_up(facts: &Facts<'_>) -> Option<Argument> {
    let timed_out = facts.timed_out();
    let errno = facts.peek(|facts| facts.failure()?.key.errno).map(|errno| format!(" (errno {errno})"));
    let why = format!("the kernel gave up on the connection{}: no packet came back", errno.unwrap_or_default());
    Argument::when(timed_out, Weight::Supports, why)
}

fn new_connections_were_answered(facts: &Facts<'_>) -> Option<Argument> {
    let dead = facts.silent() && facts.others_were_served();
    let why = format!("nothing arrived for {} while new connections were answered", seconds(facts.silence()));
    Argument::when(dead, Weight::Supports, why)
}

fn new_connections_were_not_made(facts: &Facts<'_>) -> Option<Argument> {
    let failure = silence::unreachable(facts).filter(|_| facts.silent())?;
    Argument::new(Weight::Supports, format!("new connections failed, too: {failure}"))
}

fn fell_silent(facts: &Facts<'_>) -> Option<Argument> {
    let silent = facts.silent() && !facts.healed() && facts.closed() != Some(true);
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
    if facts.peek(silence::nothing_was_acknowledged).is_some() {
        return None;
    }
    if silence::mute(facts).is_none() {
        // If no connection was tried, that is not known.
        facts.path_was_ill()?;
        return None;
    }
    if facts.direct() == Some(false) {
        return None;
    }
    Argument::new(Weight::Weakens, "new connections were accepted but not answered: packets went both ways")
}

fn silence_after_a_pause(facts: &Facts<'_>) -> Option<Argument> {
    pause::first_packet_after_a_pause_was_lost(facts)?;
    Argument::new(Weight::Weakens, "it was idle before the loss")
}

fn never_silent(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(!facts.silent(), Weight::Refutes, "it ended without a silence before")
}

fn it_was_noticed(facts: &Facts<'_>) -> Option<&'static str> {
    let noticed = facts.by_watchdog() || facts.end() == Some(SocketEnd::TimedOut);
    (noticed && facts.silence() <= SOON).then_some(
        "find where packets are lost (firewall, security group, routing, conntrack): the client's own settings noticed \
         the loss soon",
    )
}
