//! The addresses that the target's name resolves to, compared with those of the connections that are up.
//!
//! A client resolves a name when it connects, so a connection that is up stays where it is after the name has moved. Not
//! every change is a move: a name server may answer with a few addresses of many, or with each in turn. So an address must
//! be missing from several answers in a row, and an address that comes back was never gone.

use std::net::IpAddr;

use crate::{clock::Stamp, event::NameMoved, foreign::Foreign};

/// Answers in a row with an address, after which it counts as one that the name always leads to.
const STEADY: u32 = 3;

/// Answers in a row without such an address that show a move.
const GONE: u32 = 2;

/// The same for an address that was in fewer answers.
const SELDOM_GONE: u32 = 5;

/// The name of the target, as its lookups describe it.
#[derive(Default)]
pub(super) struct Name {
    /// The addresses in use.
    seen: Vec<Seen>,
    /// Moves whose new server is not known yet.
    left: Vec<Left>,
}

struct Seen {
    address: IpAddr,
    present: u32,
    absent: u32,
    /// It came back after it had been missing.
    returned: bool,
}

/// A connection whose address the name has left.
pub(super) struct Left {
    pub(super) at: Stamp,
    pub(super) connection: u32,
    pub(super) moved: NameMoved,
}

impl Name {
    /// Handles an answer; `in_use` are the connections that are up, with the address of each. Returns true if the name has
    /// left one of them.
    pub(super) fn resolved(&mut self, name: &str, answer: &[IpAddr], in_use: &[(u32, IpAddr)], at: Stamp) -> bool {
        self.seen.retain(|seen| in_use.iter().any(|(_, address)| *address == seen.address));
        let before = self.left.len();
        for (index, (connection, address)) in in_use.iter().enumerate() {
            // Several connections can have one address.
            if in_use[..index].iter().all(|(_, other)| other != address)
                && self.seen(*address).is_left(answer.contains(address))
            {
                let to = answer.iter().map(|address| address.to_string().into()).collect();
                let moved = NameMoved { name: Foreign::new(name), from: address.to_string().into(), to };
                self.left.push(Left { at, connection: *connection, moved });
            }
        }
        self.left.len() > before
    }

    fn seen(&mut self, address: IpAddr) -> &mut Seen {
        let known = self.seen.iter().position(|seen| seen.address == address).unwrap_or_else(|| {
            self.seen.push(Seen { address, present: 0, absent: 0, returned: false });
            self.seen.len() - 1
        });
        &mut self.seen[known]
    }

    /// Returns true if a query must find out where the name leads to.
    pub(super) fn is_urgent(&self) -> bool {
        !self.left.is_empty()
    }

    /// Takes the moves that a query begun at this time answers for.
    pub(super) fn take_left(&mut self, queried: Stamp) -> Vec<Left> {
        self.left.extract_if(.., |left| queried >= left.at).collect()
    }
}

impl Seen {
    /// Counts an answer; returns true if it is the one that shows the move.
    fn is_left(&mut self, present: bool) -> bool {
        if present {
            self.returned |= self.absent > 0;
            (self.present, self.absent) = (self.present + 1, 0);
            return false;
        }
        self.absent += 1;
        !self.returned && self.absent == if self.present >= STEADY { GONE } else { SELDOM_GONE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers in the order of `turns`, each the last byte of an address; the connection has the first. Returns the number
    /// of the answer that shows a move.
    fn moved_at(turns: &[&[u8]]) -> Option<usize> {
        let mut name = Name::default();
        let address = |byte: u8| IpAddr::from([10, 0, 0, byte]);
        turns.iter().position(|answer| {
            let answer: Vec<_> = answer.iter().map(|byte| address(*byte)).collect();
            name.resolved("cache.test", &answer, &[(0, address(1)), (1, address(1))], Stamp::START)
        })
    }

    #[test]
    fn a_name_has_moved_once_the_address_in_use_is_missing_from_two_answers() {
        assert_eq!(moved_at(&[&[1], &[1], &[1], &[2], &[2]]), Some(4));
        assert_eq!(
            moved_at(&[&[1, 2], &[2, 1], &[1, 2], &[2], &[3]]),
            Some(4),
            "several addresses, others than before"
        );
        assert_eq!(moved_at(&[&[1], &[1], &[1], &[2], &[1], &[1]]), None, "an answer from an old cache");
    }

    #[test]
    fn addresses_that_take_turns_are_no_move() {
        assert_eq!(moved_at(&[&[1, 2, 3], &[2, 3, 1], &[3, 1, 2], &[1, 2, 3]]), None);
        assert_eq!(moved_at(&[&[1], &[2], &[3], &[1], &[2], &[3], &[2], &[3], &[2], &[3], &[2]]), None);
        assert_eq!(moved_at(&[&[2], &[3], &[2], &[3]]), None, "an address that was never seen may still come");
        assert_eq!(moved_at(&[&[2], &[2], &[2], &[2], &[2]]), Some(4));
    }

    #[test]
    fn a_move_is_reported_once_with_the_first_connection_at_the_old_address() {
        let mut name = Name::default();
        let [old, new, other] = [1, 2, 3].map(|byte| IpAddr::from([10, 0, 0, byte]));
        let in_use = [(4, other), (5, old), (6, old)];
        let answers = [[other, old], [other, old], [other, old], [other, new], [other, new], [other, new]];
        let found: Vec<_> =
            answers.iter().map(|answer| name.resolved("cache.test", answer, &in_use, Stamp::START)).collect();
        assert_eq!(found, [false, false, false, false, true, false]);
        let left = name.take_left(Stamp::START).pop().unwrap();
        assert_eq!((left.connection, &*left.moved.from), (5, "10.0.0.1"));
        assert_eq!(left.moved.to, ["10.0.0.3", "10.0.0.2"]);
        assert!(!name.is_urgent());
    }
}
