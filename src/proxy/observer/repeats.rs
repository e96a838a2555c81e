//! Commands that an application sends again after their replies were lost, distinguished from those that it repeats.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use super::command::{Entry, Kind, Name};
use crate::clock::Stamp;

/// Losses whose commands may be sent again, and the time for which they are expected.
const LOSSES: usize = 64;
const EXPECTED: Duration = Duration::from_secs(120);
/// Commands of a name from which the habit of an application is known.
const HABIT: u64 = 8;
/// Number of different commands after which the older ones are forgotten, and of different names.
const REMEMBERED: usize = 16_384;
const NAMES: usize = 1024;

/// The commands that were lost, and those that the application repeats by habit.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    losses: VecDeque<Loss>,
    habits: Habits,
}

/// A connection that was lost with commands whose answers were not delivered.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) flow: u64,
    pub(super) client: Option<IpAddr>,
    pub(super) at: Stamp,
    /// Number of commands in flight.
    pub(super) most: u64,
    pub(super) answered: Vec<Entry>,
}

/// A command that may be the repetition of a lost one.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) entry: Entry,
    /// The connection that was lost.
    pub(super) flow: u64,
    pub(super) after: Duration,
}

/// The commands that an application sends, and repeats.
#[derive(Debug, Default)]
struct Habits {
    names: HashMap<Name, Habit>,
    /// The latest commands, and those before them.
    commands: [HashSet<(u64, u64)>; 2],
}

#[derive(Debug, Default)]
struct Habit {
    sent: u64,
    /// True if a command of this name was sent twice.
    repeats: bool,
}

impl Habits {
    /// Returns true if the application never sends such a command twice on purpose.
    fn are_unique(&self, name: &Name) -> bool {
        self.names.get(name).is_some_and(|habit| !habit.repeats && habit.sent >= HABIT)
    }

    fn note(&mut self, entry: &Entry) {
        if self.names.len() >= NAMES && !self.names.contains_key(&entry.name) {
            return;
        }
        let habit = self.names.entry(entry.name).or_default();
        habit.sent += 1;
        let command = (entry.hash, entry.length);
        habit.repeats |= self.commands.iter().any(|some| some.contains(&command));
        let [latest, before] = &mut self.commands;
        if latest.len() >= REMEMBERED {
            *before = std::mem::take(latest);
        }
        latest.insert(command);
    }
}

impl Repeats {
    /// Remembers the answered commands of a lost connection.
    pub(super) fn lost(&mut self, loss: Loss) {
        if loss.answered.is_empty() {
            return;
        }
        self.losses.push_back(loss);
        if self.losses.len() > LOSSES {
            self.losses.pop_front();
        }
    }

    /// Takes a command, and finds the lost one that it repeats. The connection was made at `opened`; `place` is the place
    /// of the command on it.
    pub(super) fn sent(
        &mut self,
        client: Option<SocketAddr>,
        opened: Stamp,
        (place, entry): &(u64, Entry),
    ) -> Option<Again> {
        let again = self.again(client, opened, *place, entry);
        if again.is_none() {
            self.habits.note(entry);
        }
        again
    }

    fn again(&mut self, client: Option<SocketAddr>, opened: Stamp, place: u64, entry: &Entry) -> Option<Again> {
        if entry.kind != Kind::Additive || self.losses.is_empty() {
            return None;
        }
        let client = client.map(|client| client.ip());
        let now = entry.at;
        self.losses.retain(|loss| now.since(loss.at) < EXPECTED && !loss.answered.is_empty());
        let habits = &self.habits;
        self.losses.iter_mut().find_map(|loss| {
            let fits = loss.client == client && opened >= loss.at && place <= loss.most + entry.behind;
            let which = loss.answered.iter().position(|lost| lost.is_same(entry)).filter(|_| fits)?;
            let after = now.since(loss.at);
            if !habits.are_unique(&entry.name) {
                return None;
            }
            loss.answered.remove(which);
            Some(Again { entry: *entry, flow: loss.flow, after })
        })
    }
}
