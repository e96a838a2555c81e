//! A command in flight: its name, what its loss means, and a hash of its bytes.

use std::fmt;

use crate::clock::Stamp;

/// Bytes kept of a name.
const LONGEST: usize = 15;

/// Bytes of a command that count for its identity.
const HASHED: usize = 4096;

/// The name of a command, in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::proxy) struct Name {
    bytes: [u8; LONGEST],
    length: u8,
}

impl Name {
    pub(in crate::proxy) fn new(name: &[u8]) -> Self {
        let mut bytes = [0; LONGEST];
        let length = name.len().min(LONGEST);
        bytes[..length].copy_from_slice(&name[..length]);
        bytes.make_ascii_uppercase();
        Self { bytes, length: length as u8 }
    }

    pub(in crate::proxy) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.as_bytes()))
    }
}

/// The effect of a command, as far as it matters when its reply is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Kind {
    /// Sent by client libraries while they connect, or to check the connection.
    Handshake,
    /// To repeat it changes nothing more.
    Repeatable,
    /// Each time has an effect.
    Additive,
    /// Removes an element and returns it.
    Removing,
    /// Takes a lock.
    Locking,
    /// Assigns entries of a stream to a consumer: they stay pending until it acknowledges them.
    Claiming,
}

impl Kind {
    /// The kind of the command with this name, in capitals; `has` returns true for an option that it has.
    pub(in crate::proxy) fn of(name: &[u8], has: impl Fn(&[u8]) -> bool) -> Self {
        match name {
            b"HELLO" | b"AUTH" | b"SELECT" | b"CLIENT" | b"COMMAND" | b"INFO" | b"PING" | b"READONLY"
            | b"READWRITE" | b"ASKING" | b"ECHO" | b"RESET" | b"QUIT" | b"CLUSTER" | b"SENTINEL" => Self::Handshake,
            b"INCR" | b"INCRBY" | b"INCRBYFLOAT" | b"DECR" | b"DECRBY" | b"APPEND" | b"LPUSH" | b"RPUSH"
            | b"LPUSHX" | b"RPUSHX" | b"LINSERT" | b"XADD" | b"PUBLISH" | b"SPUBLISH" | b"HINCRBY"
            | b"HINCRBYFLOAT" | b"ZINCRBY" | b"EVAL" | b"EVALSHA" | b"FCALL" | b"LMOVE" | b"BLMOVE" | b"RPOPLPUSH"
            | b"BRPOPLPUSH" | b"BITFIELD" | b"LREM" | b"LTRIM" | b"ZREMRANGEBYRANK" => Self::Additive,
            b"LPOP" | b"RPOP" | b"BLPOP" | b"BRPOP" | b"LMPOP" | b"BLMPOP" | b"SPOP" | b"GETDEL" | b"ZPOPMIN"
            | b"ZPOPMAX" | b"BZPOPMIN" | b"BZPOPMAX" | b"ZMPOP" | b"BZMPOP" => Self::Removing,
            b"SETNX" => Self::Locking,
            b"SET" if has(b"NX") => Self::Locking,
            b"ZADD" if has(b"INCR") => Self::Additive,
            b"XREADGROUP" => Self::Claiming,
            _ => Self::Repeatable,
        }
    }

    /// The kind of a transaction with a command of this kind and one of another.
    pub(in crate::proxy) fn with(self, other: Self) -> Self {
        let weight = |kind: Self| match kind {
            Self::Handshake | Self::Repeatable => 0,
            Self::Claiming => 1,
            Self::Locking => 2,
            Self::Removing => 3,
            Self::Additive => 4,
        };
        if weight(other) > weight(self) { other } else { self }
    }

    /// True if the loss of its reply is a consequence to report.
    pub(in crate::proxy) fn is_followed(self) -> bool {
        matches!(self, Self::Additive | Self::Removing | Self::Locking | Self::Claiming)
    }
}

/// A hash that can be continued (FNV-1a), of the first bytes, and the length of all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash {
    pub(super) value: u64,
    pub(super) length: u64,
}

impl Default for Hash {
    fn default() -> Self {
        Self { value: 0xcbf2_9ce4_8422_2325, length: 0 }
    }
}

impl Hash {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let room = HASHED.saturating_sub(usize::try_from(self.length).unwrap_or(usize::MAX));
        for byte in &bytes[..bytes.len().min(room)] {
            self.value = (self.value ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.length += bytes.len() as u64;
    }
}

/// A command in flight.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Entry {
    pub(in crate::proxy) name: Name,
    pub(in crate::proxy) kind: Kind,
    /// Of its first bytes, if its kind is followed.
    pub(in crate::proxy) hash: u64,
    pub(in crate::proxy) length: u64,
    /// Commands before it in its transaction.
    pub(in crate::proxy) behind: u64,
    /// True if the server may wait before it answers.
    pub(in crate::proxy) blocks: bool,
    pub(in crate::proxy) at: Stamp,
}

impl Entry {
    /// True if both have the same bytes.
    pub(in crate::proxy) fn is_same(&self, other: &Self) -> bool {
        (self.name, self.hash, self.length) == (other.name, other.hash, other.length)
    }

    /// True if both have the same name, came at the same time, and the loss of neither has a consequence.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        !self.kind.is_followed()
            && (self.kind, self.blocks, self.at, self.name) == (other.kind, other.blocks, other.at, other.name)
    }
}

/// True if a whole command is too short to have options.
pub(in crate::proxy) fn is_plain(bytes: &[u8]) -> bool {
    matches!(bytes, [b'*', b'1'..=b'3', b'\r', ..])
}

/// True if a whole command has this option behind its third word.
pub(in crate::proxy) fn has_option(bytes: &[u8], option: &[u8]) -> bool {
    // A value that looks like the option only makes the command one that is followed.
    !is_plain(bytes)
        && bytes.windows(option.len() + 4).any(|part| {
            part.starts_with(b"\r\n")
                && part.ends_with(b"\r\n")
                && part[2..2 + option.len()].eq_ignore_ascii_case(option)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_command_decides_what_its_loss_means() {
        let kind = |name: &str, option: bool| Kind::of(Name::new(name.as_bytes()).as_bytes(), |_| option);
        for (name, expected) in [
            ("incr", Kind::Additive),
            ("GET", Kind::Repeatable),
            ("SET", Kind::Repeatable),
            ("hset", Kind::Repeatable),
            ("blpop", Kind::Removing),
            ("ping", Kind::Handshake),
            ("SETNX", Kind::Locking),
            ("exec", Kind::Repeatable),
            ("zadd", Kind::Repeatable),
            ("xreadgroup", Kind::Claiming),
        ] {
            assert_eq!(kind(name, false), expected, "{name}");
        }
        assert_eq!(kind("set", true), Kind::Locking);
        assert_eq!(kind("zadd", true), Kind::Additive);
        assert_eq!(Kind::Locking.with(Kind::Repeatable), Kind::Locking);
        assert_eq!(Kind::Removing.with(Kind::Additive), Kind::Additive);
        assert!(has_option(b"*6\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$2\r\nnx\r\n$2\r\nPX\r\n$1\r\n9\r\n", b"NX"));
        assert!(!has_option(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nNX\r\n", b"NX"));
    }
}
