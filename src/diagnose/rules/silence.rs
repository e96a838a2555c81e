//! Rules about silence: packets that are lost, a server that is frozen, a client that was itself late.

use std::time::Duration;

use crate::{
    classify::{ErrorClass, Failure, Stage},
    diagnose::{
        facts::Facts,
        verdict::{Weight, Word},
    },
    event::SocketEnd,
    units::seconds,
};

const TIMEOUTS: [ErrorClass; 2] = [ErrorClass::ConnectTimeout, ErrorClass::ResponseTimeout];

/// A machine that slept for so long has lost its connections, whatever else happened.
const LONG_SLEEP: Duration = Duration::from_secs(10);

/// Timers are always a little late.
const WORTH_A_WORD: Duration = Duration::from_millis(300);

/// A new connection was made, and then nobody spoke.
fn mute<'a>(facts: &'a Facts<'_>) -> Option<&'a Failure> {
    facts.path_failed(&TIMEOUTS, &[Stage::Hello, Stage::Command])
}

/// A new connection could not even be made.
fn unreachable<'a>(facts: &'a Facts<'_>) -> Option<&'a Failure> {
    let nowhere = [ErrorClass::HostUnreachable, ErrorClass::NetworkUnreachable, ErrorClass::KernelTimeout];
    let all = [Stage::Tcp, Stage::Hello, Stage::Command];
    facts.path_failed(&TIMEOUTS, &[Stage::Tcp]).or_else(|| facts.path_failed(&nowhere, &all))
}

/// The socket's figures, if they were read while it was silent.
fn figures(facts: &Facts<'_>) -> Option<crate::event::TcpFigures> {
    facts.evidence()?.tcp.filter(|tcp| facts.silent() && tcp.at > facts.outage.lost)
}

// The path.

/// A kernel that gets no acknowledgement, while other connections to the same process are served: neither the process
/// nor the machine, nor a pause that something in between did not like.
pub(super) fn kernel_gave_up_in_use(facts: &Facts<'_>) -> Option<Word> {
    let timed_out = facts.end() == Some(SocketEnd::TimedOut) && facts.half_open() && !facts.path_was_ill();
    let awake = facts.evidence().is_some() && facts.host().suspended.unwrap_or_default().is_zero();
    let in_use = facts.was_answered_lately() && facts.is_same_process() && awake;
    let why = "nothing that was sent was acknowledged any more, while new connections were served by the same process";
    Word::when(timed_out && in_use, Weight::Decides, why)
}

pub(super) fn kernel_gave_up(facts: &Facts<'_>) -> Option<Word> {
    let timed_out = facts.end() == Some(SocketEnd::TimedOut);
    let errno = facts.failure().and_then(|failure| failure.key.errno).map(|errno| format!(" (errno {errno})"));
    let why = format!("the kernel gave the connection up{}: nothing came back", errno.unwrap_or_default());
    Word::when(timed_out, Weight::Speaks, why)
}

pub(super) fn new_connections_were_answered(facts: &Facts<'_>) -> Option<Word> {
    let dead =
        facts.half_open() || facts.by_watchdog() && facts.outage.path_healthy_after.is_some() && !facts.path_was_ill();
    let why = format!("nothing came for {} while new connections were answered", seconds(facts.silence()));
    Word::when(dead && facts.silent(), Weight::Speaks, why)
}

pub(super) fn new_connections_were_not_made(facts: &Facts<'_>) -> Option<Word> {
    let failure = unreachable(facts).filter(|_| facts.silent())?;
    Word::new(Weight::Speaks, format!("new connections could not be made, either: {failure}"))
}

pub(super) fn nothing_was_acknowledged(facts: &Facts<'_>) -> Option<Word> {
    let tcp = figures(facts).filter(|tcp| tcp.unacked > 0 && tcp.retransmits > 0)?;
    let why = format!("{} segments were not acknowledged, after {} retransmissions", tcp.unacked, tcp.retransmits);
    Word::new(Weight::Speaks, why)
}

pub(super) fn fell_silent(facts: &Facts<'_>) -> Option<Word> {
    let silent = facts.silent() && !facts.healed() && facts.end() != Some(SocketEnd::Closed);
    Word::when(silent, Weight::Hints, format!("nothing came for {}", seconds(facts.silence())))
}

pub(super) fn connected_and_not_answered(facts: &Facts<'_>) -> Option<Word> {
    mute(facts).filter(|_| facts.direct() == Some(true))?;
    Word::new(Weight::Doubts, "new connections were made, and not answered: packets went both ways")
}

/// A proxy's kernel accepts and acknowledges, whatever becomes of the way behind it: from here that looks like a server
/// that is frozen.
pub(super) fn the_way_behind_a_relay(facts: &Facts<'_>) -> Option<Word> {
    accepted_and_silent(facts).or_else(|| acknowledged_and_silent(facts)).filter(|_| facts.direct() != Some(true))?;
    let why = match facts.direct() {
        Some(_) => "addresses are translated on the way: what accepts connections there may have lost the server",
        None => "whether a proxy is on the way is not known: what accepts connections there may have lost the server",
    };
    Word::new(Weight::Hints, why)
}

pub(super) fn silence_after_a_pause(facts: &Facts<'_>) -> Option<Word> {
    super::network::first_packet_after_a_pause_was_lost(facts)?;
    Word::new(Weight::Doubts, "it had not been in use before")
}

pub(super) fn machine_was_replaced(facts: &Facts<'_>) -> Option<Word> {
    Word::when(facts.another_process(), Weight::Doubts, "another server process answers")
}

// The server.

/// What the kernel at the other end does tells of the server only where that is the server's own.
fn of_the_peer(facts: &Facts<'_>) -> Weight {
    if facts.direct() == Some(true) { Weight::Speaks } else { Weight::Hints }
}

pub(super) fn accepted_and_silent(facts: &Facts<'_>) -> Option<Word> {
    let failure = mute(facts).filter(|_| facts.silent())?;
    Word::new(of_the_peer(facts), format!("new connections were accepted, but nobody answered on them: {failure}"))
}

pub(super) fn healed(facts: &Facts<'_>) -> Option<Word> {
    let why = format!("the same connection answered again after {}", seconds(facts.silence()));
    Word::when(facts.healed(), Weight::Hints, why)
}

pub(super) fn acknowledged_and_silent(facts: &Facts<'_>) -> Option<Word> {
    figures(facts).filter(|tcp| tcp.unacked == 0 && tcp.retransmits == 0)?;
    Word::new(of_the_peer(facts), "the kernel there acknowledged all that was sent, but nothing was answered")
}

pub(super) fn others_were_served(facts: &Facts<'_>) -> Option<Word> {
    Word::when(facts.half_open(), Weight::Excludes, "new connections were answered meanwhile")
}

pub(super) fn packets_were_lost(facts: &Facts<'_>) -> Option<Word> {
    let lost = unreachable(facts).is_some() || facts.end() == Some(SocketEnd::TimedOut);
    let lost = lost || nothing_was_acknowledged(facts).is_some();
    Word::when(lost, Weight::Doubts, "packets were lost: a frozen server's kernel goes on acknowledging")
}

pub(super) fn never_silent(facts: &Facts<'_>) -> Option<Word> {
    let never = !facts.silent();
    Word::when(never, Weight::Excludes, "it was closed without having been silent")
}

// Ourselves.

pub(super) fn we_slept(facts: &Facts<'_>) -> Option<Word> {
    let slept = facts.host().suspended.filter(|slept| *slept >= Duration::from_secs(1))?;
    let sure =
        slept >= LONG_SLEEP && facts.is_same_process() && !facts.path_was_ill() && facts.servers_reason().is_none();
    let weight = if sure { Weight::Decides } else { Weight::Speaks };
    Word::new(weight, format!("this machine slept for {} meanwhile", seconds(slept)))
}

pub(super) fn we_were_stalled(facts: &Facts<'_>) -> Option<Word> {
    let lag = facts.host().lag;
    let span = facts.outage.detected.since(facts.outage.lost);
    // Our delay is why it was noticed so late, and makes up half of the silence: a busy machine is late in every outage.
    let explains = lag * 5 >= span * 4 && lag * 2 >= facts.silence();
    let explains = explains && facts.silent() && lag >= WORTH_A_WORD;
    // Nobody asked the path, or it was well: else something was wrong beyond this machine.
    let sure = facts.healed() && facts.silence() * 2 <= lag * 3 && facts.is_calm();
    let weight = if sure { Weight::Decides } else { Weight::Speaks };
    let why =
        format!("this program's own timers came {} late, of {} of silence", seconds(lag), seconds(facts.silence()));
    Word::when(explains, weight, why)
}

pub(super) fn another_process_meanwhile(facts: &Facts<'_>) -> Option<Word> {
    Word::when(facts.another_process(), Weight::Doubts, "another server process answers")
}

pub(super) fn path_was_ill(facts: &Facts<'_>) -> Option<Word> {
    let ill = facts.path_was_ill();
    Word::when(ill, Weight::Doubts, "new connections failed, too")
}

/// Weakens what blames others for a silence.
pub(super) fn we_were_late(facts: &Facts<'_>) -> Option<Word> {
    let lag = facts.host().lag;
    let why = format!("this program's own timers came {} late", seconds(lag));
    if we_were_stalled(facts).is_some() {
        return Word::new(Weight::Doubts, why);
    }
    Word::when(lag >= WORTH_A_WORD, Weight::Remarks, why)
}
