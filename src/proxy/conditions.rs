//! The combined effect of the active faults: on one connection, and on new ones.
//!
//! The meaning of faults that overlap is documented in [`crate::fault`].

use std::{cell::Cell, rc::Rc, time::Duration};

use crate::{
    clock::Stamp,
    fault::{Direction, Directions, Door, Effect, Fault, Forgotten, Moment, Random, Scope, Shape, Side, Tamper},
};

/// A note that a fault has had an effect.
#[derive(Clone, Debug, Default)]
pub(super) struct Mark(Rc<Cell<bool>>);

impl Mark {
    pub(super) fn strike(&self) {
        self.0.set(true);
    }

    pub(super) fn has_struck(&self) -> bool {
        self.0.get()
    }
}

impl PartialEq for Mark {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// A fault that is active.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) id: u64,
    pub(super) fault: Fault,
    pub(super) since: Stamp,
    /// Time at which its schedule ends it.
    pub(super) until: Option<Stamp>,
    /// Connections with a lower number existed when it began.
    pub(super) below: u64,
    pub(super) mark: Mark,
}

impl Active {
    /// True if it ends when the connections that existed when it began are gone.
    pub(super) fn ends_with_connections(&self) -> bool {
        waits_for_connections(self.fault.effect())
    }
}

/// True for a fault that waits for a moment of the connections that exist, or of the next one if none does.
pub(super) fn waits_for_connections(effect: &Effect) -> bool {
    matches!(effect, Effect::Shape(Shape::Reset { .. }))
}

/// Returns the way in which new connections are refused, and the fault; `None` if they are accepted.
pub(super) fn door(active: &[Active]) -> Option<(Door, &Mark)> {
    let each = active.iter().filter_map(|active| match active.fault.effect() {
        Effect::Door(door) => Some((*door, &active.mark)),
        Effect::Shape(_) | Effect::Reply(..) | Effect::Order(_) => None,
    });
    each.max_by_key(|(door, _)| *door)
}

/// The conditions in one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lane {
    /// Nothing is read or delivered.
    pub(super) silent: bool,
    /// Delays and their jitter; they add up.
    pub(super) delays: Vec<(Duration, Duration)>,
    /// Bytes a second.
    pub(super) rate: Option<u64>,
    /// Maximum length of a piece in bytes, and the pause between two.
    pub(super) slice: Option<(u64, Duration)>,
    /// The faults that delay, limit or slice.
    pub(super) marks: Vec<Mark>,
}

/// The conditions on one connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conditions {
    pub(super) lanes: [Lane; 2],
    /// The server is not dialed yet.
    pub(super) stalled: bool,
    /// The fault that limits the bytes to the client, and the limit.
    pub(super) limit: Option<(u64, u64, Mark)>,
    pub(super) idle: Option<(Duration, Forgotten, Mark)>,
    pub(super) close_delay: Duration,
    /// The faults that delay the end of a stream.
    pub(super) late: Vec<Mark>,
    pub(super) reset: Option<(Side, Moment, Mark)>,
    pub(super) rules: Vec<Rule>,
}

impl Conditions {
    /// Combines the active faults for the connection with this number.
    pub(super) fn of(active: &[Active], flow: u64) -> Self {
        let mut all = Self::default();
        for active in active {
            all.add(active, flow);
        }
        all
    }

    pub(super) fn lane(&self, direction: Direction) -> &Lane {
        &self.lanes[direction as usize]
    }

    fn add(&mut self, active: &Active, flow: u64) {
        match active.fault.effect() {
            Effect::Shape(shape) => self.shape(shape, active, flow < active.below),
            Effect::Reply(scope, tamper) => {
                if scope.reach.includes(flow < active.below) {
                    let (scope, tamper, mark) = (scope.clone(), tamper.clone(), active.mark.clone());
                    self.rules.push(Rule { scope, tamper, mark });
                }
            }
            // It concerns new connections only, and this one is already accepted.
            Effect::Door(_) => {}
            // Carried out when the fault began.
            Effect::Order(_) => {}
        }
    }

    /// Adds a fault; the connection may have `existed` when it began.
    fn shape(&mut self, shape: &Shape, fault: &Active, existed: bool) {
        let mark = &fault.mark;
        match *shape {
            Shape::Silence { directions, reach } => {
                if reach.includes(existed) {
                    mark.strike();
                    self.each(directions, |lane| lane.silent = true);
                    self.stalled |= reach.includes(false);
                }
            }
            Shape::Delay { directions, delay, jitter } => self.each(directions, |lane| {
                lane.delays.push((delay, jitter));
                lane.marks.push(mark.clone());
            }),
            Shape::Rate { directions, rate } => self.each(directions, |lane| {
                lane.rate = Some(lane.rate.map_or(rate, |known| known.min(rate)));
                lane.marks.push(mark.clone());
            }),
            Shape::Slice { directions, size, pause } => self.each(directions, |lane| {
                let (known, before) = lane.slice.unwrap_or((size, pause));
                lane.slice = Some((known.min(size), before.max(pause)));
                lane.marks.push(mark.clone());
            }),
            Shape::Limit { bytes } => {
                if self.limit.as_ref().is_none_or(|(_, known, _)| bytes < *known) {
                    self.limit = Some((fault.id, bytes, mark.clone()));
                }
            }
            Shape::Forget { after, then } => {
                if self.idle.as_ref().is_none_or(|(known, ..)| after < *known) {
                    self.idle = Some((after, then, mark.clone()));
                }
            }
            Shape::LateEnd { delay } => {
                self.close_delay = self.close_delay.max(delay);
                self.late.push(mark.clone());
            }
            Shape::Reset { side, at } => {
                if existed && self.reset.is_none() {
                    self.reset = Some((side, at, mark.clone()));
                }
            }
        }
    }

    fn each(&mut self, directions: Directions, mut change: impl FnMut(&mut Lane)) {
        for direction in directions.each() {
            change(&mut self.lanes[*direction as usize]);
        }
    }

    /// Returns the change to the command with these first words: that of the first rule that matches it.
    pub(super) fn tamper(&self, words: &[Vec<u8>], random: &mut Random) -> Option<&Tamper> {
        let rule = self.rules.iter().find(|rule| rule.scope.includes(words, || random.unit()))?;
        rule.mark.strike();
        Some(&rule.tamper)
    }

    /// Returns the side to reset if a fault waits for this moment.
    pub(super) fn reset_at(&self, moment: Moment) -> Option<Side> {
        let (side, _, mark) = self.reset.as_ref().filter(|(_, at, _)| *at == moment)?;
        mark.strike();
        Some(*side)
    }
}

/// A fault that answers commands, or changes their replies.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    scope: Scope,
    tamper: Tamper,
    mark: Mark,
}
