//! The faults that redis-doctor itself injected, as far as an incident can still belong to one of them.

use std::{collections::VecDeque, time::Duration};

use crate::{clock::Stamp, fault::Fault};

/// Faults remembered.
const KEPT: usize = 64;

/// The latest faults of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// Start, end and kind of each, in order; one without an end lasts, or occurred once.
    kept: VecDeque<(Stamp, Option<Stamp>, Fault)>,
    /// Time after a fault in which a loss is attributed to it.
    pub(super) slack: Duration,
}

impl Faults {
    /// Longest time by which the event of a fault follows the loss that it caused.
    pub(super) const LATE: Duration = Duration::from_millis(100);

    pub(super) fn injected(&mut self, at: Stamp, fault: &Fault) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((at, None, fault.clone()));
    }

    pub(super) fn cleared(&mut self, at: Stamp, fault: &Fault) {
        let open = self.kept.iter_mut().rev().find(|(_, over, known)| over.is_none() && known == fault);
        if let Some((_, over, _)) = open {
            *over = Some(at);
        }
    }

    /// Returns the latest fault that was in effect at this time, or shortly before.
    pub(super) fn at(&self, at: Stamp) -> Option<&Fault> {
        let in_effect = |(from, to, fault): &&(Stamp, Option<Stamp>, Fault)| {
            let until = to.or(fault.is_momentary().then_some(*from));
            *from <= at.after(Self::LATE) && until.is_none_or(|until| at <= until.after(self.slack))
        };
        self.kept.iter().rev().find(in_effect).map(|(_, _, fault)| fault)
    }
}
