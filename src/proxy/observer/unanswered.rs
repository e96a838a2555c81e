//! The commands of one connection that the server has not answered.

use std::collections::VecDeque;

use super::command::{Entry, Kind};
use crate::clock::Stamp;

/// Commands in their order. Those of one name whose loss has no consequence are one entry for all that came together: a
/// pipeline of thousands is observed at the cost of one.
#[derive(Clone, Debug, Default)]
pub(in crate::proxy) struct Unanswered {
    runs: VecDeque<(Entry, u64)>,
    commands: u64,
}

impl Unanswered {
    pub(in crate::proxy) fn len(&self) -> u64 {
        self.commands
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands == 0
    }

    /// Returns the commands in their order, each of those alike once.
    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.runs.iter().map(|(entry, _)| *entry)
    }

    pub(super) fn oldest(&self) -> Option<&Entry> {
        self.runs.front().map(|(entry, _)| entry)
    }

    /// Returns the number of commands whose loss has a consequence.
    pub(super) fn followed(&self) -> u64 {
        self.runs.iter().filter(|(entry, _)| entry.kind.is_followed()).map(|(_, commands)| commands).sum()
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.commands += 1;
        match self.runs.back_mut() {
            Some((latest, commands)) if latest.is_alike(&entry) => *commands += 1,
            _ => self.runs.push_back((entry, 1)),
        }
    }

    /// Adds a command without options if the latest has the same name, came at the same time, and has no consequence; most of
    /// a pipeline are such commands. Returns its kind; `None` if it must be examined.
    pub(super) fn push_alike(&mut self, name: &[u8], at: Stamp) -> Option<Kind> {
        let (entry, commands) = self.runs.back_mut().filter(|(entry, _)| {
            entry.at == at
                && !entry.kind.is_followed()
                && !entry.blocks
                && entry.behind == 0
                && entry.name.as_bytes().eq_ignore_ascii_case(name)
        })?;
        *commands += 1;
        self.commands += 1;
        Some(entry.kind)
    }

    /// Takes the oldest command and those alike after it, `most` at the most; returns their number, too.
    pub(super) fn take(&mut self, most: u64) -> Option<(Entry, u64)> {
        let (entry, commands) = self.runs.front_mut()?;
        let (entry, taken) = (*entry, most.min(*commands));
        *commands -= taken;
        if *commands == 0 {
            self.runs.pop_front();
        }
        self.commands -= taken;
        Some((entry, taken))
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
