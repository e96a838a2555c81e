//! The server process was killed or crashed, or its machine went down.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::process,
    },
    event::SocketEnd,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD002",
    remedy: "check the server log and the kernel log (out of memory?), and let the client retry without limit",
    rules: &[
        died_with_unread_bytes,
        reset_then_refused,
        process::nothing_listens_any_more,
        machine_vanished,
        offset_fell,
    ],
    objections: &[a_command_may_have_crossed, saving_delays_the_end, process::it_is_elsewhere],
    exclusions: &[process::the_process_lives, process::the_process_is_older],
    implies: GONE,
    ..CauseDef::EMPTY
};

/// The failures of new connections while a process ends. A long time without a listener, or with a large dataset to load, is
/// reported separately.
pub(super) const GONE: &[ErrorClass] = &[
    ErrorClass::Reset,
    ErrorClass::ConnectionClosed,
    ErrorClass::ConnectTimeout,
    ErrorClass::ResponseTimeout,
    ErrorClass::KernelTimeout,
    ErrorClass::HostUnreachable,
];

/// A kernel that closes the socket of a dead process with unread data sends RST instead of FIN.
fn died_with_unread_bytes(facts: &Facts<'_>) -> Option<Argument> {
    let died = facts.ended(SocketEnd::Reset) && process::replaced_in_place(facts);
    let why = "the connection was reset as the process ended: it had unread data";
    Argument::when(died, Weight::Supports, why)
}

fn reset_then_refused(facts: &Facts<'_>) -> Option<Argument> {
    let gone = facts.was_refused() && facts.ended(SocketEnd::Reset);
    Argument::when(gone, Weight::Supports, "the connection was reset, then nothing was listening")
}

fn machine_vanished(facts: &Facts<'_>) -> Option<Argument> {
    let vanished = facts.end() == Some(SocketEnd::TimedOut) && process::replaced_in_place(facts);
    let why = "the connection went silent without FIN or RST, then another process answered: the machine went down";
    Argument::when(vanished, Weight::Supports, why)
}

/// Data in flight during a clean shutdown also gets a reset, on a busy machine even a rare command. From the client, the
/// two look the same.
fn a_command_may_have_crossed(facts: &Facts<'_>) -> Option<Argument> {
    let crossed = facts.ended(SocketEnd::Reset);
    Argument::when(crossed, Weight::Weakens, "a clean shutdown also resets a connection with a command in flight")
}

fn offset_fell(facts: &Facts<'_>) -> Option<Argument> {
    let (before, after) = facts.offsets().filter(|_| process::replaced_in_place(facts))?;
    Argument::when(after < before, Weight::Suggests, "the new process lacks the old one's latest writes")
}

fn saving_delays_the_end(facts: &Facts<'_>) -> Option<Argument> {
    let delayed = !facts.silence().is_zero() && facts.ended(SocketEnd::Reset);
    let why = "it was silent before: a server that saves on shutdown leaves data unread, too";
    Argument::when(delayed, Weight::Weakens, why)
}
