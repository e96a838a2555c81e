//! Silence: new connections during it, what the kernel acknowledged, and our own delay.

use std::time::Duration;

use crate::{
    classify::{ErrorClass, Failure, Stage},
    diagnose::{
        argument::{Argument, Weight},
        facts::Facts,
    },
    event::TcpFigures,
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
    facts.path_failed(&TIMEOUTS, &[Stage::Tcp]).or_else(|| facts.path_failed(&nowhere, &all))
}

/// The TCP figures of the socket, if they were read during the silence.
pub(crate) fn figures(facts: &Facts<'_>) -> Option<TcpFigures> {
    facts.evidence()?.tcp.filter(|tcp| facts.silent() && tcp.at > facts.outage.lost)
}

/// The peer's kernel is evidence about the server only if it is the server's own.
fn of_the_peer(facts: &Facts<'_>) -> Weight {
    if facts.direct() == Some(true) { Weight::Supports } else { Weight::Suggests }
}

pub(crate) fn accepted_and_silent(facts: &Facts<'_>) -> Option<Argument> {
    let failure = mute(facts).filter(|_| facts.silent())?;
    Argument::new(of_the_peer(facts), format!("new connections were accepted but not answered: {failure}"))
}

pub(crate) fn acknowledged_and_silent(facts: &Facts<'_>) -> Option<Argument> {
    figures(facts).filter(|tcp| tcp.unacked == 0 && tcp.retransmits == 0)?;
    Argument::new(of_the_peer(facts), "the peer's kernel acknowledged everything sent, but no reply came")
}

pub(crate) fn nothing_was_acknowledged(facts: &Facts<'_>) -> Option<Argument> {
    let tcp = figures(facts).filter(|tcp| tcp.unacked > 0 && tcp.retransmits > 0)?;
    let why = format!("{} segments were not acknowledged, after {} retransmissions", tcp.unacked, tcp.retransmits);
    Argument::new(Weight::Supports, why)
}

pub(crate) fn we_were_stalled(facts: &Facts<'_>) -> Option<Argument> {
    let lag = facts.host().lag;
    let span = facts.outage.detected.since(facts.outage.lost);
    // Our delay explains the late detection and half of the silence: a busy machine is late in every outage.
    let explains = lag * 5 >= span * 4 && lag * 2 >= facts.silence();
    let explains = explains && facts.silent() && lag >= WORTH_A_WORD;
    // Without failed path probes: otherwise something was wrong beyond this machine.
    let sure = facts.healed() && facts.silence() * 2 <= lag * 3 && facts.is_calm();
    let weight = if sure { Weight::Proves } else { Weight::Supports };
    let why =
        format!("redis-doctor itself was paused for {} of the {} of silence", seconds(lag), seconds(facts.silence()));
    Argument::when(explains, weight, why)
}

/// Weakens causes beyond this machine.
pub(crate) fn we_were_late(facts: &Facts<'_>) -> Option<Argument> {
    let lag = facts.host().lag;
    let why = format!("redis-doctor itself was paused for {}", seconds(lag));
    if we_were_stalled(facts).is_some() {
        return Argument::new(Weight::Weakens, why);
    }
    Argument::when(lag >= WORTH_A_WORD, Weight::Qualifies, why)
}
