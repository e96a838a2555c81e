//! The fate of each numbered message: received, lost, duplicated or reordered. Exact, with bounded memory.
//!
//! A number is *resolved* when its PUBLISH has an outcome and it was received or can no longer arrive (a later number
//! arrived, and the grace period for reordering by a second connection has passed). Only resolved numbers are counted,
//! so `published = received + lost` holds at any time.

use std::{collections::VecDeque, time::Duration};

use crate::{clock::Stamp, event::Counters};

/// Grace period after a gap for a missing message (the library can hold two connections for a moment).
const GRACE: Duration = Duration::from_secs(1);

/// Unresolved numbers kept; beyond that the oldest is dropped.
const WINDOW: usize = 65_536;

/// The messages of one channel on one connection under test.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// Number of the first entry.
    base: u64,
    entries: VecDeque<Entry>,
    /// The highest number received plus one.
    horizon: u64,
    /// Gaps: at this time every number below is decided.
    gaps: VecDeque<(Stamp, u64)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Time of its PUBLISH.
    sent: Stamp,
    publish: Publish,
    received: bool,
    missed: bool,
}

/// The outcome of a PUBLISH.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Publish {
    /// No reply yet.
    #[default]
    Pending,
    /// The server accepted it.
    Accepted,
    /// It failed, or the outcome is unknown.
    Failed,
}

/// The place of a received message in the sequence.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Receipt {
    /// The expected number.
    InOrder,
    /// A later number than expected: `from..=to` are missing so far, of which the server had accepted `accepted`.
    Gap(Gap),
    /// A number that was missing.
    Late,
    /// A number already received, or given up long ago.
    Again,
}

/// Missing numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// First missing number.
    pub(super) from: u64,
    /// Last missing number.
    pub(super) to: u64,
    /// Missing messages that the server had accepted.
    pub(super) accepted: u64,
    /// Times at which the first and the last of these were published.
    pub(super) sent: (Stamp, Stamp),
}

impl Gap {
    /// Returns the gap from the first to the last of these entries with their numbers; `None` if there are none.
    fn of(missing: impl Iterator<Item = (u64, Stamp)>) -> Option<Self> {
        missing.fold(None, |gap, (number, sent)| {
            let first = Self { from: number, to: number, accepted: 0, sent: (sent, sent) };
            let gap = gap.unwrap_or(first);
            Some(Self { to: number, accepted: gap.accepted + 1, sent: (gap.sent.0, sent), ..gap })
        })
    }
}

impl Delivery {
    /// Returns the number of the next message, which is sent now.
    pub(super) fn next(&mut self, now: Stamp, sums: &mut Counters) -> u64 {
        if self.entries.len() == WINDOW {
            self.give_up_oldest(sums);
        }
        self.entries.push_back(Entry { sent: now, ..Entry::default() });
        self.base + self.entries.len() as u64 - 1
    }

    /// Records the outcome of publishing `number`.
    pub(super) fn published(&mut self, number: u64, outcome: Publish, sums: &mut Counters) {
        if let Some(entry) = self.entry(number) {
            entry.publish = outcome;
        }
        self.resolve(sums);
    }

    /// Records the receipt of `number`.
    pub(super) fn received(&mut self, number: u64, at: Stamp, sums: &mut Counters) -> Receipt {
        let horizon = self.horizon;
        let Some(entry) = self.entry(number).filter(|entry| !entry.received) else {
            sums.duplicated += 1;
            return Receipt::Again;
        };
        entry.received = true;
        let receipt = if number < horizon {
            sums.reordered += 1;
            Receipt::Late
        } else {
            self.horizon = number + 1;
            self.gap(horizon.max(self.base), number, at)
        };
        self.resolve(sums);
        receipt
    }

    /// Gives up numbers that have been missing for longer than the grace period.
    pub(super) fn tick(&mut self, now: Stamp, sums: &mut Counters) {
        let mut decided = 0;
        while let Some((due, number)) = self.gaps.front().copied().filter(|(due, _)| *due <= now) {
            debug_assert!(due <= now);
            decided = number;
            self.gaps.pop_front();
        }
        let below = decided.saturating_sub(self.base) as usize;
        for entry in self.entries.iter_mut().take(below) {
            entry.missed = !entry.received;
        }
        self.resolve(sums);
    }

    /// Gives up every missing number at the end of the run. Returns those not reported yet that the server had
    /// accepted.
    pub(super) fn close(&mut self, sums: &mut Counters) -> Option<Gap> {
        let missing = |entry: &Entry| !entry.received && !entry.missed && entry.publish == Publish::Accepted;
        // Gaps below the horizon were reported when they appeared.
        let numbered = self.entries.iter().zip(self.base..).filter(|(_, number)| *number >= self.horizon);
        let given_up =
            Gap::of(numbered.filter(|(entry, _)| missing(entry)).map(|(entry, number)| (number, entry.sent)));
        while !self.entries.is_empty() {
            self.give_up_oldest(sums);
        }
        given_up
    }

    /// Returns true if every published message has been received.
    pub(super) fn is_settled(&self) -> bool {
        let settled = |entry: &Entry| entry.received || entry.publish == Publish::Failed;
        self.entries.iter().all(settled)
    }

    fn gap(&mut self, from: u64, number: u64, at: Stamp) -> Receipt {
        if from == number {
            return Receipt::InOrder;
        }
        let skip = (from - self.base) as usize;
        let take = (number - from) as usize;
        let missing = self.entries.iter().zip(self.base..).skip(skip).take(take);
        let accepted = missing.filter(|(entry, _)| entry.publish != Publish::Failed);
        let gap = Gap::of(accepted.map(|(entry, number)| (number, entry.sent)));
        self.gaps.push_back((at.after(GRACE), number));
        gap.map_or(Receipt::InOrder, |gap| Receipt::Gap(Gap { from, to: number - 1, ..gap }))
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let index = number.checked_sub(self.base)?;
        self.entries.get_mut(usize::try_from(index).ok()?)
    }

    fn resolve(&mut self, sums: &mut Counters) {
        while let Some(entry) = self.entries.front() {
            let resolved = match entry.publish {
                Publish::Pending => false,
                _ => entry.received || entry.missed,
            };
            if !resolved {
                return;
            }
            self.give_up_oldest(sums);
        }
    }

    fn give_up_oldest(&mut self, sums: &mut Counters) {
        let Some(entry) = self.entries.pop_front() else {
            return;
        };
        self.base += 1;
        match entry {
            // Received, so the server accepted it, whatever the outcome of PUBLISH.
            Entry { received: true, .. } => {
                sums.published += 1;
                sums.received += 1;
            }
            Entry { publish: Publish::Accepted, .. } => {
                sums.published += 1;
                sums.lost += 1;
            }
            Entry { .. } => sums.publish_failed += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: Stamp = Stamp::START;

    fn publish(delivery: &mut Delivery, outcomes: &[Publish], sums: &mut Counters) {
        for outcome in outcomes {
            let number = delivery.next(ZERO, sums);
            delivery.published(number, *outcome, sums);
        }
    }

    #[test]
    fn every_message_in_order_is_received() {
        let (mut delivery, mut sums) = (Delivery::default(), Counters::default());
        publish(&mut delivery, &[Publish::Accepted; 3], &mut sums);
        for number in 0..3 {
            assert_eq!(delivery.received(number, ZERO, &mut sums), Receipt::InOrder);
        }
        assert_eq!((sums.published, sums.received, sums.lost), (3, 3, 0));
        assert!(delivery.is_settled());
    }

    #[test]
    fn a_gap_is_reported_immediately_and_counted_after_the_grace_period() {
        let (mut delivery, mut sums) = (Delivery::default(), Counters::default());
        publish(&mut delivery, &[Publish::Accepted; 5], &mut sums);
        delivery.received(0, ZERO, &mut sums);
        let gap = delivery.received(4, ZERO, &mut sums);
        assert_eq!(gap, Receipt::Gap(Gap { from: 1, to: 3, accepted: 3, sent: (ZERO, ZERO) }));
        assert_eq!(delivery.received(2, ZERO, &mut sums), Receipt::Late);
        delivery.tick(ZERO, &mut sums);
        assert_eq!(sums.lost, 0);
        delivery.tick(ZERO.after(GRACE), &mut sums);
        assert_eq!((sums.published, sums.received, sums.lost, sums.reordered), (5, 3, 2, 1));
    }

    #[test]
    fn a_lost_message_has_the_time_of_its_publication() {
        let (mut delivery, mut sums) = (Delivery::default(), Counters::default());
        let at = |second: u64| Stamp::from_nanos(second * 1_000_000_000);
        for second in 0..6 {
            let number = delivery.next(at(second), &mut sums);
            // The server refused number 1.
            let outcome = if number == 1 { Publish::Failed } else { Publish::Accepted };
            delivery.published(number, outcome, &mut sums);
        }
        delivery.received(0, at(9), &mut sums);
        let gap = delivery.received(4, at(9), &mut sums);
        assert_eq!(gap, Receipt::Gap(Gap { from: 1, to: 3, accepted: 2, sent: (at(2), at(3)) }));
        assert_eq!(delivery.close(&mut sums), Some(Gap { from: 5, to: 5, accepted: 1, sent: (at(5), at(5)) }));
    }

    #[test]
    fn messages_the_server_never_took_are_not_lost() {
        let (mut delivery, mut sums) = (Delivery::default(), Counters::default());
        publish(&mut delivery, &[Publish::Accepted, Publish::Failed, Publish::Accepted], &mut sums);
        delivery.received(0, ZERO, &mut sums);
        assert_eq!(delivery.received(2, ZERO, &mut sums), Receipt::InOrder);
        assert_eq!(delivery.close(&mut sums), None);
        assert_eq!((sums.published, sums.publish_failed, sums.lost), (2, 1, 0));
    }

    #[test]
    fn a_message_that_came_was_published_whatever_publish_said() {
        let (mut delivery, mut sums) = (Delivery::default(), Counters::default());
        let number = delivery.next(ZERO, &mut sums);
        delivery.received(number, ZERO, &mut sums);
        delivery.published(number, Publish::Failed, &mut sums);
        assert_eq!((sums.published, sums.received, sums.publish_failed), (1, 1, 0));
    }

    #[test]
    fn a_second_copy_is_a_duplicate() {
        let (mut delivery, mut sums) = (Delivery::default(), Counters::default());
        publish(&mut delivery, &[Publish::Accepted], &mut sums);
        delivery.received(0, ZERO, &mut sums);
        assert_eq!(delivery.received(0, ZERO, &mut sums), Receipt::Again);
        assert_eq!((sums.received, sums.duplicated), (1, 1));
    }

    #[test]
    fn closing_returns_the_messages_that_never_arrived() {
        let (mut delivery, mut sums) = (Delivery::default(), Counters::default());
        publish(&mut delivery, &[Publish::Accepted; 4], &mut sums);
        delivery.received(0, ZERO, &mut sums);
        assert_eq!(delivery.close(&mut sums), Some(Gap { from: 1, to: 3, accepted: 3, sent: (ZERO, ZERO) }));
        assert_eq!((sums.published, sums.received, sums.lost), (4, 1, 3));
    }

    #[test]
    fn memory_stays_bounded_when_nothing_comes() {
        let (mut delivery, mut sums) = (Delivery::default(), Counters::default());
        publish(&mut delivery, &vec![Publish::Accepted; WINDOW + 10], &mut sums);
        assert_eq!((delivery.entries.len(), sums.lost), (WINDOW, 10));
    }

    proptest::proptest! {
        #[test]
        fn the_books_always_balance(steps in proptest::collection::vec((0u8..3, 0u64..40, proptest::bool::ANY), 1..200)) {
            let (mut delivery, mut sums) = (Delivery::default(), Counters::default());
            let (mut accepted, mut issued) = (std::collections::BTreeSet::new(), 0);
            let mut came = std::collections::BTreeSet::new();
            for (step, pick, flag) in steps {
                match step {
                    0 => {
                        let number = delivery.next(ZERO, &mut sums);
                        issued += 1;
                        let outcome = if flag { Publish::Accepted } else { Publish::Failed };
                        delivery.published(number, outcome, &mut sums);
                        if flag { accepted.insert(number); }
                    }
                    1 if issued > 0 => {
                        let number = pick % issued;
                        let known = number >= delivery.base;
                        delivery.received(number, ZERO, &mut sums);
                        if known { came.insert(number); }
                    }
                    _ => delivery.tick(ZERO.after(GRACE), &mut sums),
                }
            }
            delivery.close(&mut sums);
            let published = accepted.union(&came).count() as u64;
            proptest::prop_assert_eq!(sums.published, published);
            proptest::prop_assert_eq!(sums.received, came.len() as u64);
            proptest::prop_assert_eq!(sums.lost, sums.published - sums.received);
            proptest::prop_assert_eq!(sums.publish_failed, issued - published);
        }
    }
}
