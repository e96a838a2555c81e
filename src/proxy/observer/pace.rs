//! The times of a connection: that of the server, of the proxy, and of the application between a reply and its next
//! command.

use std::time::Duration;

use crate::{clock::Stamp, fault::Direction};

/// The times of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct Timed {
    pub(in crate::proxy) server: Duration,
    /// Time for which the command or its reply was held here.
    pub(in crate::proxy) proxy: Duration,
}

/// A time in which bytes were held in one direction; without an end it continues.
type Held = (Stamp, Option<Stamp>);

/// The pace of a connection.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Pace {
    /// The latest time in which commands were held.
    held: Option<Held>,
    /// A command whose reply is not delivered: its times so far, and the time of the reply.
    waiting: Option<(Timed, Stamp)>,
    /// Time of the delivery of the last reply, until the next command.
    delivered: Option<Stamp>,
    /// Samples for the observer.
    pub(in crate::proxy) timed: Vec<Timed>,
    pub(in crate::proxy) thought: Vec<Duration>,
}

impl Pace {
    /// A command was sent on a connection with none in flight.
    pub(super) fn asked(&mut self, now: Stamp) {
        self.thought.extend(self.delivered.take().map(|delivered| now.since(delivered)));
    }

    /// The last command in flight was answered; it was sent at `asked`.
    pub(super) fn answered(&mut self, asked: Stamp, now: Stamp) {
        let held = self.held.map_or(Duration::ZERO, |(from, to)| to.unwrap_or(now).min(now).since(from.max(asked)));
        let server = now.since(asked).saturating_sub(held);
        self.waiting = Some((Timed { server, proxy: held }, now));
    }

    /// Bytes have moved in a direction; `empty` is true if none are held any more.
    pub(in crate::proxy) fn moved(&mut self, direction: Direction, now: Stamp, empty: bool) {
        match (direction, empty) {
            (Direction::Up, false) => match self.held {
                Some((_, None)) => {}
                _ => self.held = Some((now, None)),
            },
            (Direction::Up, true) => {
                if let Some((_, to @ None)) = &mut self.held {
                    *to = Some(now);
                }
            }
            (Direction::Down, true) => {
                if let Some((Timed { server, proxy }, replied)) = self.waiting.take() {
                    self.timed.push(Timed { server, proxy: proxy + now.since(replied) });
                    self.delivered = Some(now);
                }
            }
            (Direction::Down, false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_command_is_divided_between_server_and_proxy() {
        let at = |millis: u64| Stamp::from_nanos(millis * 1_000_000);
        let millis = Duration::from_millis;
        let mut pace = Pace::default();
        pace.asked(at(0));
        pace.moved(Direction::Up, at(0), true);
        pace.answered(at(0), at(3));
        pace.moved(Direction::Down, at(3), true);
        // Held for 20 ms on the way there, and for 5 ms on the way back.
        pace.asked(at(10));
        pace.moved(Direction::Up, at(10), false);
        pace.moved(Direction::Up, at(30), true);
        pace.answered(at(10), at(34));
        pace.moved(Direction::Down, at(34), false);
        pace.moved(Direction::Down, at(39), true);
        let timed = [(3, 0), (4, 25)].map(|(server, proxy)| Timed { server: millis(server), proxy: millis(proxy) });
        assert_eq!((&pace.timed[..], &pace.thought[..]), (&timed[..], &[millis(7)][..]));
    }
}
