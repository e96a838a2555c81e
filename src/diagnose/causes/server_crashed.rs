//! The server process was killed or crashed, or its machine went down.

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::process,
    },
    event::SocketEnd,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD002",
    remedy: "read the server's log and the kernel's (out of memory?), and let the client retry without limit",
    rules: &[
        died_with_unread_bytes,
        reset_then_refused,
        process::nobody_listens_any_more,
        machine_vanished,
        a_command_may_have_crossed,
        offset_fell,
        saving_delays_the_end,
        process::the_process_lives,
        process::the_process_is_older,
        process::it_is_elsewhere,
    ],
};

/// A kernel that closes a dead process' socket with unread bytes in it sends RST instead of FIN.
fn died_with_unread_bytes(facts: &Facts<'_>) -> Option<Argument> {
    let died = process::replaced_in_place(facts) && facts.end() == Some(SocketEnd::Reset);
    let why = "the connection was reset as the process ended: it had not read all that was sent to it";
    Argument::when(died, Weight::Supports, why)
}

fn reset_then_refused(facts: &Facts<'_>) -> Option<Argument> {
    let gone = facts.end() == Some(SocketEnd::Reset) && facts.was_refused() && facts.same_process().is_none();
    Argument::when(gone, Weight::Supports, "the connection was reset, and then nothing listened any more")
}

fn machine_vanished(facts: &Facts<'_>) -> Option<Argument> {
    let vanished = process::replaced_in_place(facts) && facts.end() == Some(SocketEnd::TimedOut);
    let why = "nothing came any more, not even an end, and then another process answered: the machine went down";
    Argument::when(vanished, Weight::Supports, why)
}

/// Data that crosses an orderly end on its way is answered with a reset, too, and of a machine that is short of time
/// even a rare command does: from here the two look the same.
fn a_command_may_have_crossed(facts: &Facts<'_>) -> Option<Argument> {
    let ended = process::replaced_in_place(facts) || facts.was_refused() && facts.same_process().is_none();
    let crossed = ended && facts.end() == Some(SocketEnd::Reset);
    Argument::when(crossed, Weight::Weakens, "a command that crosses an orderly end on its way is reset, too")
}

fn offset_fell(facts: &Facts<'_>) -> Option<Argument> {
    let (before, after) = facts.offsets().filter(|_| process::replaced_in_place(facts))?;
    let why = "the new process does not have the old one's latest writes";
    Argument::when(after < before, Weight::Suggests, why)
}

fn saving_delays_the_end(facts: &Facts<'_>) -> Option<Argument> {
    let delayed = facts.another_process() && facts.end() == Some(SocketEnd::Reset) && !facts.silence().is_zero();
    let why = "it had been silent before: a server that saves before it ends leaves bytes unread, too";
    Argument::when(delayed, Weight::Weakens, why)
}
