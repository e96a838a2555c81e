//! Faults: what can be done to a connection, and when. Data and its grammar only; `proxy` carries them out.
//!
//! A fault is written `KIND[=ARGS]`, with comma-separated arguments, and a schedule adds `@START[+FOR]` or
//! `@every:PERIOD[+FOR]`; the names are toxiproxy's where it has one. Both are serialised as that text, so a journal
//! shows what a user would type. All randomness comes from a [`Random`] with an explicit seed.
//!
//! What holds when several are active at once: delays add up; of rates, limits, slices and idle times the smallest
//! counts; silence of one direction is silence whoever asks for it; at the door `refuse` beats `accept_reset` beats
//! `accept_close` beats `stall_accept`; of the faults that answer a command, the one injected first does.

mod case;
mod grammar;
mod incident;
mod random;
mod reply;
mod schedule;
#[cfg(test)]
mod tests;
mod value;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use case::{Case, Load};
pub use incident::Incident;
pub use random::Random;
pub use reply::{ErrorCode, PushFrame};
pub use schedule::{FaultSchedule, Instances, Timing};
pub use value::{Share, text as duration_text};

/// Something that can go wrong between a client and a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Fault {
    /// Resets the connections that exist (RST). With a `when` other than now each waits for its own moment; if none
    /// exists, the next one does.
    ResetPeer {
        /// Who gets the reset.
        side: Side,
        /// The moment.
        when: Moment,
    },
    /// Ends the connections that exist in order (FIN) on both sides.
    Close,
    /// Sends the end of the stream (FIN) to the clients of the connections that exist and goes on reading from them.
    HalfClose,
    /// Passes the end of a stream on so much later.
    SlowClose {
        /// How much later.
        delay: Duration,
    },
    /// The connections that exist fall silent, and go on with what was held back when it is over; new ones work.
    Blackhole {
        /// What is silenced.
        direction: Direction,
    },
    /// All connections are silent, new ones too.
    Partition,
    /// The port is closed: new connections are refused, existing ones go on.
    Refuse,
    /// New connections are accepted, and nothing follows until it is over.
    StallAccept,
    /// New connections are accepted and ended at once (FIN).
    AcceptClose,
    /// New connections are accepted and reset at once (RST).
    AcceptReset,
    /// Every byte arrives later, in order.
    Latency {
        /// By this much …
        delay: Duration,
        /// … plus or minus up to this much, evenly distributed.
        jitter: Duration,
        /// What is delayed.
        direction: Direction,
        /// Only the replies to this command (in capitals), and whatever the server sends after them.
        on: Option<String>,
    },
    /// So many bytes a second and no more.
    Bandwidth {
        /// Bytes a second, at least 1.
        rate: u64,
        /// What is limited.
        direction: Direction,
    },
    /// Cuts what passes into small pieces.
    Slicer {
        /// Bytes of a piece, at least 1.
        size: u64,
        /// Time between two pieces.
        delay: Duration,
        /// What is cut.
        direction: Direction,
    },
    /// Ends a connection (FIN) after so many more bytes to its client.
    LimitData {
        /// Bytes to the client since the fault began.
        bytes: u64,
    },
    /// A connection that was silent for so long is forgotten, as load balancers and NAT tables do: what comes later
    /// does not arrive.
    IdleDrop {
        /// The silence, in both directions.
        after: Duration,
        /// What becomes of later packets.
        then: Forgotten,
    },
    /// Commands get an error instead of being passed on.
    ErrorReply {
        /// The error.
        code: ErrorCode,
        /// Which commands.
        scope: Scope,
    },
    /// Commands get bytes that are not RESP instead of being passed on.
    Garbage {
        /// Which commands.
        scope: Scope,
    },
    /// Commands are passed on, and the connection ends (FIN) inside their reply.
    Truncate {
        /// Which commands.
        scope: Scope,
    },
    /// Commands get an HTTP answer instead of being passed on, and the end (FIN), as from a proxy without a backend.
    Http503 {
        /// Which commands.
        scope: Scope,
    },
    /// Sends a RESP3 push to every connection that speaks RESP3.
    Push {
        /// The push.
        frame: PushFrame,
    },
}

/// Who gets a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// Client and server.
    #[default]
    Both,
    /// The client only; the server goes on believing in its end, a ghost.
    Client,
}

/// When a reset strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// At once.
    #[default]
    Now,
    /// When nothing is on its way.
    Idle,
    /// When the server has answered a command and the client has not got the answer: the command ran.
    InFlight,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    Both,
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

impl Direction {
    /// Whether this includes one way ([`Self::Up`] or [`Self::Down`]).
    pub fn includes(self, way: Self) -> bool {
        self == Self::Both || self == way
    }
}

/// What a forgotten connection does with packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forgotten {
    /// They vanish.
    #[default]
    Drop,
    /// Their sender gets a reset.
    Reset,
}

/// Which commands a fault is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Only this command (in capitals).
    pub on: Option<String>,
    /// A share of them, by chance.
    pub share: Share,
}

impl Fault {
    /// Whether it happens at one moment and is over: it can last for no time.
    pub fn is_momentary(&self) -> bool {
        matches!(self, Self::ResetPeer { when: Moment::Now, .. } | Self::Close | Self::HalfClose | Self::Push { .. })
    }

    /// What it is called in the grammar.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ResetPeer { .. } => "reset_peer",
            Self::Close => "close",
            Self::HalfClose => "half_close",
            Self::SlowClose { .. } => "slow_close",
            Self::Blackhole { .. } => "blackhole",
            Self::Partition => "partition",
            Self::Refuse => "refuse",
            Self::StallAccept => "stall_accept",
            Self::AcceptClose => "accept_close",
            Self::AcceptReset => "accept_reset",
            Self::Latency { .. } => "latency",
            Self::Bandwidth { .. } => "bandwidth",
            Self::Slicer { .. } => "slicer",
            Self::LimitData { .. } => "limit_data",
            Self::IdleDrop { .. } => "idle_drop",
            Self::ErrorReply { .. } => "error_reply",
            Self::Garbage { .. } => "garbage",
            Self::Truncate { .. } => "truncate",
            Self::Http503 { .. } => "http_503",
            Self::Push { .. } => "push",
        }
    }
}

/// How each kind is written, with its arguments: for help texts and refusals.
pub fn usages() -> impl Iterator<Item = String> {
    KINDS.iter().map(|(kind, usage)| match usage.strip_prefix('[') {
        _ if usage.is_empty() => (*kind).to_owned(),
        Some(rest) => format!("{kind}[={rest}"),
        None => format!("{kind}={usage}"),
    })
}

/// Every kind, with its arguments as a user writes them.
const KINDS: [(&str, &str); 20] = [
    ("reset_peer", "[side=both|client][,when=now|idle|in_flight]"),
    ("close", ""),
    ("half_close", ""),
    ("slow_close", "[TIME]"),
    ("blackhole", "[direction=both|up|down]"),
    ("partition", ""),
    ("refuse", ""),
    ("stall_accept", ""),
    ("accept_close", ""),
    ("accept_reset", ""),
    ("latency", "TIME[~JITTER][,direction=down|up|both][,on=COMMAND]"),
    ("bandwidth", "BYTES_PER_SECOND[,direction=both|up|down]"),
    ("slicer", "[BYTES][,delay=TIME][,direction=both|up|down]"),
    ("limit_data", "BYTES"),
    ("idle_drop", "TIME[,then=drop|reset]"),
    ("error_reply", "CODE[,on=COMMAND][,share=PERCENT]"),
    ("garbage", "[on=COMMAND][,share=PERCENT]"),
    ("truncate", "[on=COMMAND][,share=PERCENT]"),
    ("http_503", "[on=COMMAND][,share=PERCENT]"),
    ("push", "KIND [ARGUMENT …]"),
];
