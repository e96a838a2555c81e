//! Commands that an application sends again after their replies were lost, distinguished from those that it repeats.
//!
//! One of which the application never sends the same bytes twice is certain. One that it repeats on purpose is likely, if
//! it comes much sooner after the lost one than the application has ever repeated it.

use std::{
    collections::{HashMap, VecDeque},
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
/// Repetitions of a command from which its rhythm is known.
const RHYTHM: u64 = 10;

/// The commands that were lost, and those that the application repeats by habit.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    losses: VecDeque<Loss>,
    /// Commands that were sent again before it was known that the first one had run.
    doubled: Vec<Doubled>,
    habits: Habits,
}

/// A connection that its client has left, with commands whose answers were not delivered.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) flow: u64,
    pub(super) client: Option<IpAddr>,
    pub(super) at: Stamp,
    /// Number of commands in flight.
    pub(super) most: u64,
    /// Commands that have run.
    pub(super) answered: Vec<Entry>,
    /// Commands of which that is not known yet: the server still has the connection.
    pub(super) pending: Vec<Entry>,
}

/// A command that is on its way on two connections.
#[derive(Debug)]
struct Doubled {
    entry: Entry,
    /// The connection that the client has left, and the other one.
    flows: [u64; 2],
    after: Duration,
    certain: bool,
    /// True if the server has answered it on the first, which the client did not get, and on the second.
    ran: [bool; 2],
}

impl Doubled {
    /// Returns what it is once it has run on both connections.
    fn outcome(&self) -> Option<Again> {
        let Self { entry, flows: [flow, again], after, certain, ran } = self;
        let again = Some(*again);
        (*ran == [true; 2]).then_some(Again { entry: *entry, flow: *flow, again, after: *after, certain: *certain })
    }
}

/// A command that may be the repetition of a lost one.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) entry: Entry,
    /// The connection that was lost.
    pub(super) flow: u64,
    /// The connection on which it was sent again; `None` is that of the entry.
    pub(super) again: Option<u64>,
    pub(super) after: Duration,
    /// True if the application never sends the same bytes twice.
    pub(super) certain: bool,
}

/// The commands that an application sends, and repeats.
#[derive(Debug, Default)]
struct Habits {
    names: HashMap<Name, Habit>,
    /// The latest commands, each with its last connection and time, and those before them.
    commands: [HashMap<(u64, u64), (u64, Stamp)>; 2],
}

#[derive(Debug, Default)]
struct Habit {
    sent: u64,
    /// Times that a command of this name was sent again, and the shortest time after which.
    repeats: u64,
    shortest: Option<Duration>,
}

impl Habits {
    /// Returns true if the application never sends such a command twice on purpose.
    fn are_unique(&self, name: &Name) -> bool {
        self.names.get(name).is_some_and(|habit| habit.repeats == 0 && habit.sent >= HABIT)
    }

    /// Returns true if the application has often repeated such a command, and never as soon as this.
    fn is_out_of_rhythm(&self, name: &Name, after: Duration) -> bool {
        let habit = self.names.get(name).filter(|habit| habit.repeats >= RHYTHM);
        habit.and_then(|habit| habit.shortest).is_some_and(|shortest| after < shortest * 4 / 5)
    }

    /// Returns the connection on which a command was last sent, and when.
    fn last(&self, entry: &Entry) -> Option<(u64, Stamp)> {
        self.commands.iter().find_map(|some| some.get(&(entry.hash, entry.length)).copied())
    }

    fn note(&mut self, entry: &Entry, flow: u64) {
        if self.names.len() >= NAMES && !self.names.contains_key(&entry.name) {
            return;
        }
        let last = self.last(entry);
        let habit = self.names.entry(entry.name).or_default();
        habit.sent += 1;
        if let Some((_, last)) = last {
            let after = entry.at.since(last);
            habit.repeats += 1;
            habit.shortest = Some(habit.shortest.map_or(after, |shortest| shortest.min(after)));
        }
        let [latest, before] = &mut self.commands;
        if latest.len() >= REMEMBERED {
            *before = std::mem::take(latest);
        }
        latest.insert((entry.hash, entry.length), (flow, entry.at));
    }
}

impl Repeats {
    /// Remembers the commands of a connection that its client has left, and that the server may still answer.
    pub(super) fn left(&mut self, loss: Loss) {
        if loss.answered.is_empty() && loss.pending.is_empty() {
            return;
        }
        self.losses.push_back(loss);
        if self.losses.len() > LOSSES {
            self.losses.pop_front();
        }
    }

    /// Takes the end of a connection: what the server has answered there, it has run, and nothing else will be known. Returns
    /// the commands that have run elsewhere, too.
    pub(super) fn lost(&mut self, mut loss: Loss) -> Vec<Again> {
        let flow = loss.flow;
        self.losses.retain(|earlier| earlier.flow != flow);
        let mut twice = Vec::new();
        if !self.doubled.is_empty() {
            loss.answered.retain(|entry| {
                let doubled = self.doubled.iter_mut().find(|it| it.flows[0] == flow && it.entry.is_same(entry));
                doubled.is_none_or(|doubled| {
                    doubled.ran[0] = true;
                    twice.extend(doubled.outcome());
                    false
                })
            });
            self.doubled.retain(|it| {
                let is_open = it.flows.iter().zip(it.ran).all(|(of, ran)| *of != flow || ran);
                is_open && it.ran != [true; 2]
            });
        }
        self.left(loss);
        twice
    }

    /// Takes an answer on a connection. Returns the command if it has run on another one before.
    pub(super) fn answered(&mut self, flow: u64, entry: &Entry, good: bool) -> Option<Again> {
        let place = self.doubled.iter().position(|it| it.flows[1] == flow && it.entry.is_same(entry))?;
        self.doubled[place].ran[1] = good;
        let outcome = self.doubled[place].outcome();
        if outcome.is_some() || !good {
            self.doubled.remove(place);
        }
        outcome
    }

    /// Takes a command, and finds the lost one that it repeats. The connection was made at `opened`; `place` is the place
    /// of the command on it.
    pub(super) fn sent(
        &mut self,
        (flow, client): (u64, Option<SocketAddr>),
        opened: Stamp,
        (place, entry): &(u64, Entry),
    ) -> Option<Again> {
        let found = self.again((flow, client), opened, *place, entry);
        match found {
            Some(Found::Lost(again)) => Some(again),
            Some(Found::Doubled(doubled)) => {
                self.doubled.push(doubled);
                None
            }
            None => {
                self.habits.note(entry, flow);
                None
            }
        }
    }

    /// Takes a command that a client had sent before it left the connection, and that reaches the server only now: it runs
    /// twice if the client has sent it on another connection since then.
    pub(super) fn late(&self, flow: u64, left: Stamp, entry: &Entry) -> Option<Again> {
        let unique = entry.kind == Kind::Additive && self.habits.are_unique(&entry.name);
        let (again, at) = self.habits.last(entry).filter(|_| unique)?;
        (again != flow && at >= left).then(|| Again {
            entry: *entry,
            flow,
            again: Some(again),
            after: at.since(left),
            certain: true,
        })
    }

    fn again(
        &mut self,
        (flow, client): (u64, Option<SocketAddr>),
        opened: Stamp,
        place: u64,
        entry: &Entry,
    ) -> Option<Found> {
        if entry.kind != Kind::Additive || self.losses.is_empty() {
            return None;
        }
        let client = client.map(|client| client.ip());
        let now = entry.at;
        self.losses
            .retain(|loss| now.since(loss.at) < EXPECTED && !(loss.answered.is_empty() && loss.pending.is_empty()));
        let certain = self.habits.are_unique(&entry.name);
        let habits = &self.habits;
        let others = self.losses.iter_mut().filter(|loss| loss.client == client && loss.flow != flow);
        others.into_iter().find_map(|loss| {
            // One that may be a habit must be among the first commands of a new connection.
            let is_first = opened >= loss.at && place <= loss.most + entry.behind;
            let is_repeated = |lost: &Entry| {
                let is_out_of_rhythm = || is_first && habits.is_out_of_rhythm(&entry.name, now.since(lost.at));
                lost.is_same(entry) && (certain || is_out_of_rhythm())
            };
            let after = now.since(loss.at);
            if let Some(which) = loss.answered.iter().position(is_repeated) {
                loss.answered.remove(which);
                return Some(Found::Lost(Again { entry: *entry, flow: loss.flow, again: None, after, certain }));
            }
            let which = loss.pending.iter().position(is_repeated)?;
            loss.pending.remove(which);
            let flows = [loss.flow, flow];
            Some(Found::Doubled(Doubled { entry: *entry, flows, after, certain, ran: [false; 2] }))
        })
    }
}

/// A command that was sent before, on a connection that its client has left.
enum Found {
    /// It has run there.
    Lost(Again),
    /// It may still run there.
    Doubled(Doubled),
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Option<SocketAddr> = Some(SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5000));

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn push(number: u64, at: Stamp) -> Entry {
        let name = Name::new(b"LPUSH");
        Entry { name, kind: Kind::Additive, hash: number, length: 30, behind: 0, blocks: false, at }
    }

    fn loss(flow: u64, at: Stamp, answered: Vec<Entry>, pending: Vec<Entry>) -> Loss {
        Loss { flow, client: CLIENT.map(|client| client.ip()), at, most: 1, answered, pending }
    }

    /// An application that has sent commands 0 to 9 on connection 1, and has left it after command 9, not answered yet.
    fn left() -> (Repeats, Entry) {
        let mut repeats = Repeats::default();
        for number in 0..10 {
            assert!(repeats.sent((1, CLIENT), at(0), &(number, push(number, at(number)))).is_none());
        }
        repeats.left(loss(1, at(500), Vec::new(), vec![push(9, at(9))]));
        (repeats, push(9, at(510)))
    }

    #[test]
    fn a_command_ran_twice_whichever_answer_comes_first() {
        for second_is_answered_first in [true, false] {
            let (mut repeats, again) = left();
            assert!(repeats.sent((2, CLIENT), at(505), &(1, again)).is_none(), "the first one may not run");
            let mut found = Vec::new();
            let ended = loss(1, at(500), vec![push(9, at(9))], Vec::new());
            if second_is_answered_first {
                assert!(repeats.answered(2, &again, true).is_none());
                found.extend(repeats.lost(ended));
            } else {
                assert!(repeats.lost(ended).is_empty());
                found.extend(repeats.answered(2, &again, true));
            }
            let flows: Vec<_> = found.iter().map(|again| (again.flow, again.again, again.certain)).collect();
            assert_eq!(flows, [(1, Some(2), true)], "{second_is_answered_first}");
            assert!(repeats.answered(2, &again, true).is_none() && repeats.doubled.is_empty(), "once");
        }
    }

    #[test]
    fn a_command_ran_once_if_the_first_was_delivered_or_never_answered_or_the_second_failed() {
        let nothing = || loss(1, at(500), Vec::new(), Vec::new());
        let (mut repeats, again) = left();
        assert!(repeats.sent((2, CLIENT), at(505), &(1, again)).is_none());
        assert!(repeats.lost(nothing()).is_empty(), "not lost");
        assert!(repeats.answered(2, &again, true).is_none() && repeats.doubled.is_empty());
        let (mut repeats, again) = left();
        assert!(repeats.sent((2, CLIENT), at(505), &(1, again)).is_none());
        assert!(repeats.answered(2, &again, false).is_none(), "an error");
        assert!(repeats.lost(loss(1, at(500), vec![push(9, at(9))], Vec::new())).is_empty());
        let (mut repeats, again) = left();
        assert!(repeats.sent((2, CLIENT), at(505), &(1, again)).is_none());
        assert!(repeats.lost(loss(2, at(600), Vec::new(), Vec::new())).is_empty(), "the second one was lost as well");
        assert!(repeats.lost(loss(1, at(500), vec![push(9, at(9))], Vec::new())).is_empty());
    }

    #[test]
    fn a_command_that_is_sent_again_after_the_end_of_the_first_ran_twice_when_it_is_answered() {
        let (mut repeats, again) = left();
        assert!(repeats.lost(loss(1, at(500), vec![push(9, at(9))], Vec::new())).is_empty());
        // On a connection of a pool, which is older.
        let found = repeats.sent((0, CLIENT), at(0), &(400, again)).map(|again| (again.flow, again.certain));
        assert_eq!(found, Some((1, true)));
        assert!(repeats.sent((0, CLIENT), at(0), &(401, again)).is_none(), "once");
    }

    #[test]
    fn what_an_application_repeats_is_sent_again_only_among_the_first_commands_of_a_new_connection() {
        for (flow, opened, place, certain) in [(0, 0, 1, None), (2, 2000, 5, None), (2, 2000, 1, Some(false))] {
            let mut repeats = Repeats::default();
            for number in 0..20 {
                repeats.sent((1, CLIENT), at(0), &(number, push(7, at(number * 100))));
            }
            repeats.lost(loss(1, at(2000), vec![push(7, at(1900))], Vec::new()));
            let found = repeats.sent((flow, CLIENT), at(opened), &(place, push(7, at(1910))));
            assert_eq!(found.map(|again| again.certain), certain, "{flow} {place}");
        }
    }
}
