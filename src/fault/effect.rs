//! The effect of a fault, as data. The proxy matches on every variant, so a fault without an effect does not compile.

use std::time::Duration;

use strum::{Display, EnumString, VariantNames};

use super::{commands::Commands, value::Share};

/// The effect of a fault.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// New connections are refused.
    Door(Door),
    /// The bytes of connections pass differently.
    Shape(Shape),
    /// Commands within the scope, or their replies, are tampered with.
    Reply(Scope, Tamper),
    /// An action on each connection that exists, after which the fault is over.
    Order(Order),
}

/// A way to refuse new connections. If several apply, the greatest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Door {
    /// Accepted, then closed (FIN).
    Close,
    /// Accepted, then reset (RST).
    Reset,
    /// The port is closed.
    Refuse,
}

/// A change in how bytes pass through connections.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// Nothing is read or delivered; a new connection does not reach the server.
    Silence { directions: Directions, reach: Reach },
    /// Every byte arrives later, by `delay` plus or minus up to `jitter`, evenly distributed.
    Delay { directions: Directions, delay: Duration, jitter: Duration },
    /// At most `rate` bytes a second, at least 1.
    Rate { directions: Directions, rate: u64 },
    /// In pieces of at most `size` bytes, at least 1, with a pause between two.
    Slice { directions: Directions, size: u64, pause: Duration },
    /// The connection ends (FIN) after this many more bytes to the client.
    Limit { bytes: u64 },
    /// After this much silence in both directions the connection is forgotten.
    Forget { after: Duration, then: Forgotten },
    /// The end of a stream passes later, by `delay`.
    LateEnd { delay: Duration },
    /// Each connection that exists is reset when its moment comes; if none exists, the next one is.
    Reset { side: Side, at: Moment },
}

/// A change to a command or its reply.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tamper {
    /// The proxy answers the command with these bytes, and with `last` then closes the connection (FIN).
    Answer { bytes: Vec<u8>, last: bool },
    /// The proxy answers the command with random bytes that are not RESP.
    Noise,
    /// The command passes, and the connection ends (FIN) inside its reply.
    Truncate,
    /// The command passes, and its reply comes later, by `delay` plus or minus up to `jitter`.
    Delay { delay: Duration, jitter: Duration },
}

/// A single action on a connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// Resets it (RST).
    Reset(Side),
    /// Closes both sides (FIN).
    Close,
    /// Sends the end of the stream (FIN) to the client and continues to read from it.
    HalfClose,
    /// Sends a RESP3 push to a client that speaks RESP3.
    Push(Vec<u8>),
}

/// The side that gets a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Side {
    /// Client and server.
    #[default]
    Both,
    /// The client only; the server keeps its end, a ghost.
    Client,
}

/// The moment for which a reset waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing is in flight.
    Idle,
    /// The server has answered a command and the client does not have the reply: the command ran.
    InFlight,
}

/// One direction through a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the client to the server.
    Up = 0,
    /// From the server to the client.
    Down = 1,
}

impl Direction {
    pub(crate) const BOTH: [Self; 2] = [Self::Up, Self::Down];
}

/// The directions that a fault affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Directions {
    Both,
    Up,
    Down,
}

impl Directions {
    pub(crate) fn each(self) -> &'static [Direction] {
        match self {
            Self::Both => &Direction::BOTH,
            Self::Up => &[Direction::Up],
            Self::Down => &[Direction::Down],
        }
    }
}

/// The connections that a fault affects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Reach {
    #[default]
    All,
    /// Those that existed when it began.
    Existing,
    /// Those made since it began.
    New,
}

impl Reach {
    pub(crate) fn includes(self, existed: bool) -> bool {
        match self {
            Self::Existing => existed,
            Self::New => !existed,
            Self::All => true,
        }
    }
}

/// The fate of packets on a forgotten connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Forgotten {
    /// They vanish.
    #[default]
    Drop,
    /// Their sender gets a reset.
    Reset,
}

/// The commands that a fault affects.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scope {
    pub(crate) on: Commands,
    /// A random share of them.
    pub(crate) share: Share,
    /// Those on these connections.
    pub(crate) reach: Reach,
}

impl Scope {
    /// True if a command with these first words is affected; `chance` returns a random number from 0 up to 1.
    pub(crate) fn includes(&self, words: &[Vec<u8>], chance: impl FnOnce() -> f64) -> bool {
        self.on.include(words) && self.share.covers(chance())
    }
}
