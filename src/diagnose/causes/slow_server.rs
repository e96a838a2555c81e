//! The server was slow to answer; the path to it was not.

use std::time::Duration;

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{silence, wait},
    },
    units::{millis, seconds},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD177",
    remedy: "look at the server itself: SLOWLOG, LATENCY DOCTOR, CPU time and swap of its machine",
    rules: &[late_at_the_server],
    objections: &[silence::we_were_late],
    exclusions: &[wait::is_no_slow_stretch, this_machine_was_busy],
    refines: &[],
    ..CauseDef::EMPTY
};

/// Timers of a machine with CPU time to spare are not this late.
const LATE: Duration = Duration::from_millis(10);

/// The kernel of the server acknowledged in time, so the reply was late at the server.
fn late_at_the_server(facts: &Facts<'_>) -> Option<Argument> {
    let tcp = wait::figures(facts).filter(|tcp| tcp.rtt * 4 <= wait::typical(facts) && tcp.total_retransmits == 0)?;
    let (rtt, longest) = (millis(tcp.rtt), seconds(wait::longest(facts)));
    let why = format!("TCP's own round trip took {rtt}, the replies up to {longest}");
    // On the same machine both compete for the same CPU.
    let weight = if facts.is_direct() && !is_local(facts) { Weight::Supports } else { Weight::Suggests };
    Argument::when(facts.direct() != Some(false), weight, why)
}

/// True if the server may run on this machine.
fn is_local(facts: &Facts<'_>) -> bool {
    facts.after().and_then(|after| facts.fact(after.local)) != Some(false)
}

/// A machine that is late itself may be the one that lacks CPU time, for us or for a server on it.
fn this_machine_was_busy(facts: &Facts<'_>) -> Option<Argument> {
    let lag = facts.lag()?;
    let busy = lag * 4 >= wait::longest(facts) || is_local(facts) && lag >= LATE;
    let why = format!("redis-doctor itself was up to {} late: this machine was busy", millis(lag));
    Argument::when(wait::is_slow(facts) && busy, Weight::Refutes, why)
}
