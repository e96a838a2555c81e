//! The view that the observer of an application has of a connection.

use std::io;

use super::{End, Flow};
use crate::{
    classify::{Failure, Stage},
    clock::Stamp,
    event::FlowEnd,
    fault::Direction,
    proxy::{
        observer::{Ended, News},
        stream::Stream,
    },
};

/// ECONNRESET.
const RESET: i32 = 104;

impl Flow {
    /// Prepares the ledger for a chunk; true if the application is observed.
    pub(super) fn begin_look(&mut self, now: Stamp) -> bool {
        let down = &self.pipes[Direction::Down as usize];
        let from = down.sent + down.queued as u64;
        let Some(ledger) = &mut self.dialogue.ledger else { return false };
        (ledger.now, ledger.from) = (now, from);
        true
    }

    /// Reports what follows from a chunk.
    pub(super) fn end_look(&mut self, direction: Direction, now: Stamp) {
        self.note_moved(direction, now);
        self.look();
    }

    /// Notes that bytes have moved, or wait.
    pub(super) fn note_moved(&mut self, direction: Direction, now: Stamp) {
        let pipe = &self.pipes[direction as usize];
        let (empty, sent) = (pipe.queue.is_empty(), pipe.sent);
        let Some(ledger) = &mut self.dialogue.ledger else { return };
        ledger.pace.moved(direction, now, empty);
        if direction == Direction::Down {
            ledger.delivered(sent);
            self.watched.reads(empty, now);
        }
    }

    /// True if a fault keeps the proxy from reading a connection of an observed application.
    pub(super) fn is_silenced_and_observed(&self) -> bool {
        self.dialogue.ledger.is_some()
            && Direction::BOTH.iter().any(|direction| self.conditions.lane(*direction).silent)
    }

    /// Looks at what waits on a silenced connection: a command, a message, or the end of a client that has given up.
    pub(super) fn look_at_silence(&mut self, now: Stamp) {
        if !self.is_silenced_and_observed() {
            if !self.watched.is_held() {
                return;
            }
            // The client may have left since the last look, before what it had sent is passed on.
            if self.ends[0].as_ref().is_some_and(|client| client.arrived().ended) {
                self.gone(now);
            }
            return self.watched.holds(false, now);
        }
        let [client, server] = self.ends.each_ref().map(|end| end.as_ref().map(Stream::arrived));
        let silent = |direction| self.conditions.lane(direction).silent;
        let up = silent(Direction::Up).then_some(client).flatten();
        let command = up.is_some_and(|client| client.bytes);
        let message = silent(Direction::Down) && server.is_some_and(|server| server.bytes);
        self.watched.holds(command || message, now);
        if up.is_some_and(|client| client.ended) {
            self.gone(now);
        }
    }

    /// Looks at what is dropped on a connection that the network has forgotten.
    pub(super) fn look_at_dropped(&mut self, direction: Direction, length: usize, now: Stamp) {
        match (direction, length) {
            (Direction::Up, 0) => self.gone(now),
            (Direction::Down, 0) => {}
            (Direction::Up | Direction::Down, _) => self.watched.drops(now),
        }
    }

    /// The client has given the connection up, and the server does not learn of it.
    fn gone(&mut self, now: Stamp) {
        let whose = self.whose();
        self.left(now);
        let (Some(ledger), Some(observer)) = (&mut self.dialogue.ledger, &self.state.observer) else { return };
        let ended = Ended { by_client: true, failure: None, delivered: u64::MAX, refused: false };
        let news = observer.gone(whose, ledger, &self.watched, ended);
        self.report(news);
    }

    /// The client has ended its stream.
    pub(super) fn left(&mut self, now: Stamp) {
        let (whose, ours) = (self.whose(), self.pipes[Direction::Down as usize].finished);
        let (Some(ledger), Some(observer)) = (&mut self.dialogue.ledger, &self.state.observer) else { return };
        ledger.now = now;
        observer.left(whose, ledger, &self.watched, ours);
    }

    fn look(&mut self) {
        let whose = self.whose();
        let (Some(ledger), Some(observer)) = (&mut self.dialogue.ledger, &self.state.observer) else { return };
        let news = observer.look(whose, ledger, &mut self.watched);
        self.report(news);
    }

    /// Reports what follows from the end of the connection.
    pub(super) fn conclude(&mut self, end: End) {
        if self.dialogue.ledger.is_none() {
            return;
        }
        let now = self.state.clock().now();
        let whose = self.whose();
        let [up, down] = &self.pipes;
        let first =
            |one: Option<Stamp>, other: Option<Stamp>| one.is_some_and(|one| other.is_none_or(|other| one <= other));
        let by_client = match end.how() {
            FlowEnd::ClientReset => true,
            FlowEnd::Closed => first(up.ended, down.ended),
            FlowEnd::ServerReset | FlowEnd::Fault | FlowEnd::Unreachable => false,
        };
        let refused = end == End::Broken(0) || self.ends[0].as_ref().is_some_and(Stream::is_refused);
        let ended = Ended { by_client, failure: failure(end), delivered: down.sent, refused };
        if let Some(ledger) = &mut self.dialogue.ledger {
            // The replies of the last chunk, which the end of the connection has kept from the client.
            (ledger.fresh.good, ledger.fresh.confirmed) = (false, false);
        }
        self.look();
        let (Some(ledger), Some(observer)) = (&mut self.dialogue.ledger, &self.state.observer) else { return };
        ledger.now = now;
        let news = observer.ended(whose, ledger, &self.watched, ended);
        self.report(news);
    }

    fn report(&self, news: Vec<News>) {
        news.into_iter().for_each(|(role, kind)| self.state.emit_of(role, kind));
    }
}

/// The failure that the client gets for the end of its connection.
fn failure(end: End) -> Option<Failure> {
    let error = match end {
        End::Forgotten(Direction::Down) => return None,
        End::Reset(_) | End::Forgotten(Direction::Up) | End::Broken(_) | End::Unreachable => {
            io::Error::from_raw_os_error(RESET)
        }
        End::Done | End::Close | End::Misled => io::ErrorKind::UnexpectedEof.into(),
    };
    Some(Failure::io(Stage::Command, &error))
}
