//! Commands that are read closely: they change how a connection behaves, or a decision needs more than their name.

use crate::fault::has_subcommands;

/// A change in how a connection behaves, made by a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// HELLO; true for RESP3.
    Protocol(bool),
    /// MONITOR: lines about the commands of all clients come between the replies.
    Monitor,
    /// RESET: everything is as it was at first.
    Reset,
}

impl Turn {
    /// The change that a command makes, if it is such a command.
    pub(super) fn of(name: &[u8], words: &[Vec<u8>]) -> Option<Self> {
        match name {
            b"HELLO" => words.get(1).map(|version| Self::Protocol(version == b"3")),
            b"MONITOR" => Some(Self::Monitor),
            b"RESET" => Some(Self::Reset),
            _ => None,
        }
    }
}

/// True if a command has one reply, which reveals no address, and does not change how others are answered.
pub(super) fn is_ordinary(name: &[u8]) -> bool {
    let is_one_of = |names: &[&str]| names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
    match name.len() {
        4 => !is_one_of(&["SYNC"]),
        5 => !is_one_of(&["HELLO", "MULTI", "PSYNC", "RESET"]),
        6 => !is_one_of(&["CLIENT", "DOCTOR"]),
        7 => !is_one_of(&["CLUSTER", "MONITOR"]),
        8 => !is_one_of(&["SENTINEL"]),
        length => length < 9 || !name[length - 9..].eq_ignore_ascii_case(b"SUBSCRIBE"),
    }
}

/// True if a decision about a command needs more than its name.
pub(super) fn is_read_whole(name: &[u8]) -> bool {
    let is = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
    is("HELLO") || is("DOCTOR") || is("SENTINEL") || has_subcommands(name)
}
