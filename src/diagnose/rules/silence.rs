//! Silence: new connections during it, what the kernel acknowledged, and our own delay.

use std::time::Duration;

use crate::{
    classify::{ErrorClass, Failure, Stage},
    diagnose::{
        argument::{Argument, Weight},
        facts::Facts,
    },
    event::SocketEnd,
    units::seconds,
};

const TIMEOUTS: [ErrorClass; 2] = [ErrorClass::ConnectTimeout, ErrorClass::ResponseTimeout];

/// Shorter delays are ignored: timers are always a little late.
const WORTH_A_WORD: Duration = Duration::from_millis(300);

/// A new connection was accepted, but not answered.
pub(crate) fn mute<'a>(facts: &'a Facts<'_>) -> Option<&'a Failure> {
    facts.path_failed(&TIMEOUTS, &[Stage::Hello, Stage::Command])
}

/// A new connection could not be made.
pub(crate) fn unreachable<'a>(facts: &'a Facts<'_>) -> Option<&'a Failure> {
    let nowhere = [ErrorClass::HostUnreachable, ErrorClass::NetworkUnreachable, ErrorClass::KernelTimeout];
    let all = [Stage::Tcp, Stage::Hello, Stage::Command];
    let timed_out = || facts.path_failed(&TIMEOUTS, &[Stage::Tcp]);
    without_a_route(facts).or_else(timed_out).or_else(|| facts.path_failed(&nowhere, &all))
}

/// This machine could not send packets to the server: no route, or an interface that is down.
pub(crate) fn without_a_route<'a>(facts: &'a Facts<'_>) -> Option<&'a Failure> {
    facts.path_failed(&[ErrorClass::HostUnreachable, ErrorClass::NetworkUnreachable, ErrorClass::Other], &[Stage::Tcp])
}

/// The peer's kernel acknowledged everything sent. Where nothing could be sent, that says nothing.
pub(crate) fn all_was_acknowledged(facts: &Facts<'_>) -> bool {
    without_a_route(facts).is_none() && facts.figures().is_some_and(|tcp| tcp.unacked == 0 && tcp.retransmits == 0)
}

/// The peer's kernel is evidence about the server only if it is the server's own.
fn of_the_peer(facts: &Facts<'_>) -> Weight {
    if facts.is_direct() { Weight::Supports } else { Weight::Suggests }
}

pub(crate) fn accepted_and_silent(facts: &Facts<'_>) -> Option<Argument> {
    let failure = mute(facts).filter(|_| facts.silent())?;
    Argument::new(of_the_peer(facts), format!("new connections were accepted but not answered: {failure}"))
}

pub(crate) fn acknowledged_and_silent(facts: &Facts<'_>) -> Option<Argument> {
    let why = "the peer's kernel acknowledged everything sent, but no reply came";
    if facts.silent() && all_was_acknowledged(facts) { Argument::new(of_the_peer(facts), why) } else { None }
}

pub(crate) fn nothing_was_acknowledged(facts: &Facts<'_>) -> Option<Argument> {
    let tcp = facts.figures().filter(|tcp| tcp.unacked > 0 && tcp.retransmits > 0)?;
    let why = format!("{} segments were not acknowledged, after {} retransmissions", tcp.unacked, tcp.retransmits);
    Argument::new(Weight::Supports, why)
}

/// Packets and their acknowledgments went both ways to the server's own kernel: the path works.
pub(crate) fn the_path_works(facts: &Facts<'_>) -> Option<Argument> {
    if facts.peek(Facts::end) == Some(SocketEnd::TimedOut) {
        return None;
    }
    let works = all_was_acknowledged(facts) && facts.is_direct();
    let why = "the server's kernel acknowledged everything sent: packets went both ways";
    Argument::when(works, Weight::Weakens, why)
}

pub(crate) fn we_were_stalled(facts: &Facts<'_>) -> Option<Argument> {
    if !facts.silent() {
        return None;
    }
    let (paused, silence) = (facts.paused()?, facts.silence());
    // What is left of the silence is not ours.
    let weight = if paused * 5 >= silence * 4 { Weight::Supports } else { Weight::Suggests };
    let why = format!("redis-doctor itself was paused for {} of the {} of silence", seconds(paused), seconds(silence));
    Argument::when(paused >= WORTH_A_WORD && paused * 2 >= silence, weight, why)
}

/// Our timers ran on time.
pub(crate) fn we_ran(facts: &Facts<'_>) -> Option<Argument> {
    let ran = facts.lag().is_some_and(|lag| lag < WORTH_A_WORD) && facts.suspended() == Some(Duration::ZERO);
    Argument::when(ran, Weight::Refutes, "redis-doctor's own timers ran on time")
}

/// Weakens causes beyond this machine.
pub(crate) fn we_were_late(facts: &Facts<'_>) -> Option<Argument> {
    let stalled = we_were_stalled(facts).is_some_and(|argument| argument.weight == Weight::Supports);
    let lag = facts.lag()?;
    let weight = if stalled { Weight::Weakens } else { Weight::Qualifies };
    let why = format!("redis-doctor itself was paused for {}", seconds(lag));
    Argument::when(lag >= WORTH_A_WORD, weight, why)
}
