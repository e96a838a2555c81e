//! What the active faults mean together: for one connection, and for new ones at the door.
//!
//! The meaning of faults that overlap is documented in [`crate::fault`].

use std::time::Duration;

use crate::{
    clock::Stamp,
    fault::{Direction, ErrorCode, Fault, Forgotten, Moment, Random, Scope, Side},
};

/// One way through a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client to the server.
    Up = 0,
    /// From the server to the client.
    Down = 1,
}

impl Way {
    pub(super) const BOTH: [Self; 2] = [Self::Up, Self::Down];

    fn direction(self) -> Direction {
        match self {
            Self::Up => Direction::Up,
            Self::Down => Direction::Down,
        }
    }
}

/// A fault that is active.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) id: u64,
    pub(super) fault: Fault,
    pub(super) since: Stamp,
    /// When it ends by itself.
    pub(super) until: Option<Stamp>,
    /// Connections with a lower number existed when it began.
    pub(super) below: u64,
}

/// What becomes of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Door {
    /// It is relayed (or stalled, which is the connection's own condition).
    Open,
    /// FIN.
    Close,
    /// RST.
    Reset,
    /// Nobody listens.
    Refuse,
}

impl Door {
    pub(super) fn of(active: &[Active]) -> Self {
        let each = active.iter().map(|active| match active.fault {
            Fault::Refuse => Self::Refuse,
            Fault::AcceptReset => Self::Reset,
            Fault::AcceptClose => Self::Close,
            _ => Self::Open,
        });
        each.max().unwrap_or(Self::Open)
    }
}

/// What holds for one way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct WayConditions {
    /// Nothing is read or delivered.
    pub(super) silent: bool,
    /// Delays and their jitter; they add up.
    pub(super) delays: Vec<(Duration, Duration)>,
    /// Bytes a second.
    pub(super) rate: Option<u64>,
    /// Bytes of a piece, and the time between two.
    pub(super) slice: Option<(u64, Duration)>,
}

/// What holds for one connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conditions {
    pub(super) ways: [WayConditions; 2],
    /// The server is not dialled yet.
    pub(super) stalled: bool,
    /// Which fault limits the bytes to the client, and to how many.
    pub(super) limit: Option<(u64, u64)>,
    pub(super) idle: Option<(Duration, Forgotten)>,
    pub(super) close_delay: Duration,
    pub(super) reset: Option<(Side, Moment)>,
    pub(super) rules: Vec<Rule>,
}

impl Conditions {
    /// What the active faults mean for the connection with this number.
    pub(super) fn of(active: &[Active], flow: u64) -> Self {
        let mut all = Self::default();
        for active in active {
            all.add(active, flow);
        }
        all
    }

    pub(super) fn way(&self, way: Way) -> &WayConditions {
        &self.ways[way as usize]
    }

    fn add(&mut self, active: &Active, flow: u64) {
        let existed = flow < active.below;
        match &active.fault {
            Fault::ResetPeer { side, when } if existed => self.reset = self.reset.or(Some((*side, *when))),
            Fault::Blackhole { direction } if existed => self.each(*direction, |way| way.silent = true),
            Fault::Partition => {
                self.each(Direction::Both, |way| way.silent = true);
                self.stalled = true;
            }
            Fault::StallAccept if !existed => {
                self.each(Direction::Both, |way| way.silent = true);
                self.stalled = true;
            }
            Fault::Latency { delay, jitter, direction, on: None } => {
                self.each(*direction, |way| way.delays.push((*delay, *jitter)));
            }
            Fault::Bandwidth { rate, direction } => {
                self.each(*direction, |way| way.rate = Some(way.rate.map_or(*rate, |known| known.min(*rate))));
            }
            Fault::Slicer { size, delay, direction } => self.each(*direction, |way| {
                let (known, pause) = way.slice.unwrap_or((*size, *delay));
                way.slice = Some((known.min(*size), pause.max(*delay)));
            }),
            Fault::LimitData { bytes } if self.limit.is_none_or(|(_, known)| *bytes < known) => {
                self.limit = Some((active.id, *bytes));
            }
            Fault::IdleDrop { after, then } if self.idle.is_none_or(|(known, _)| *after < known) => {
                self.idle = Some((*after, *then));
            }
            Fault::SlowClose { delay } => self.close_delay = self.close_delay.max(*delay),
            fault => self.rules.extend(Rule::of(fault)),
        }
    }

    fn each(&mut self, direction: Direction, mut change: impl FnMut(&mut WayConditions)) {
        for way in Way::BOTH.into_iter().filter(|way| direction.includes(way.direction())) {
            change(&mut self.ways[way as usize]);
        }
    }

    /// What becomes of a command: the first rule that is for it decides.
    pub(super) fn answer(&self, command: &str, random: &mut Random) -> Option<&Meddling> {
        let meant = |rule: &&Rule| {
            rule.scope.on.as_ref().is_none_or(|on| on == command) && rule.scope.share.covers(random.unit())
        };
        self.rules.iter().find(meant).map(|rule| &rule.meddling)
    }
}

/// A fault that answers commands, or spoils their answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    scope: Scope,
    meddling: Meddling,
}

/// What is done about a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meddling {
    Error(ErrorCode),
    Garbage,
    Http503,
    Truncate,
    Delay(Duration, Duration),
}

impl Rule {
    fn of(fault: &Fault) -> Option<Self> {
        let (scope, meddling) = match fault {
            Fault::ErrorReply { code, scope } => (scope.clone(), Meddling::Error(*code)),
            Fault::Garbage { scope } => (scope.clone(), Meddling::Garbage),
            Fault::Http503 { scope } => (scope.clone(), Meddling::Http503),
            Fault::Truncate { scope } => (scope.clone(), Meddling::Truncate),
            Fault::Latency { delay, jitter, on: Some(on), .. } => {
                let scope = Scope { on: Some(on.clone()), ..Scope::default() };
                (scope, Meddling::Delay(*delay, *jitter))
            }
            _ => return None,
        };
        Some(Self { scope, meddling })
    }
}
