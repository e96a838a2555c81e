//! A cluster client on the slots of one target: its outages, and the time without a good reply. Pure: outcomes of commands
//! go in, events come out.
//!
//! An outage lasts from the first command that failed to the first good reply that no failure follows soon: a server that
//! refuses every second command does not recover in between.

use std::time::Duration;

use crate::{
    classify::Failure,
    clock::Stamp,
    event::{ClientGap, ClusterClientEvent},
    foreign::Foreign,
};

/// Time without a failure after which an outage is over.
const SETTLED: Duration = Duration::from_millis(500);

/// The commands of a cluster client on the slots of one target.
pub(super) struct Shard {
    /// Label of the target.
    name: Foreign,
    /// Time of the latest good reply; before the first, of the start.
    answered: Stamp,
    outage: Option<Outage>,
    /// Outages that were over before they were handed over.
    over: Vec<Outage>,
    /// The longest time without a good reply since the last handover.
    longest: Option<ClientGap>,
}

struct Outage {
    since: Stamp,
    why: Failure,
    failed: u64,
    /// Time of the latest failure.
    latest: Stamp,
    /// Time of the first good reply after the latest failure.
    recovered: Option<Stamp>,
    reported: bool,
}

impl Shard {
    pub(super) fn new(name: Foreign, now: Stamp) -> Self {
        Self { name, answered: now, outage: None, over: Vec::new(), longest: None }
    }

    /// Handles a good reply. Returns true if no outage fell into the flight of its command.
    pub(super) fn on_reply(&mut self, launched: Stamp, done: Stamp, paused: bool) -> bool {
        if !paused {
            self.note_gap(done);
        }
        self.answered = self.answered.max(done);
        let Some(outage) = &mut self.outage else { return true };
        // A command from before the latest failure says nothing about what followed.
        if done >= outage.latest {
            outage.recovered.get_or_insert(done);
        }
        outage.recovered.is_some_and(|recovered| launched >= recovered)
    }

    /// Handles a failed command.
    pub(super) fn on_failure(&mut self, launched: Stamp, done: Stamp, why: &Failure) {
        self.over.extend(self.outage.take_if(|outage| outage.is_over(launched)));
        match &mut self.outage {
            Some(outage) => {
                outage.failed += 1;
                outage.latest = outage.latest.max(done);
                outage.recovered = None;
            }
            none => {
                let since = launched.max(self.answered).min(done);
                let why = why.clone();
                *none = Some(Outage { since, why, failed: 1, latest: done, recovered: None, reported: false });
            }
        }
    }

    /// Returns the events that are due, with their times.
    pub(super) fn due(&mut self, now: Stamp) -> Vec<(Stamp, ClusterClientEvent)> {
        self.over.extend(self.outage.take_if(|outage| outage.is_over(now)));
        self.events()
    }

    /// Returns the last events, and counts the time to the end.
    pub(super) fn conclude(&mut self, now: Stamp) -> Vec<(Stamp, ClusterClientEvent)> {
        self.note_gap(now);
        self.over.extend(self.outage.take_if(|outage| outage.recovered.is_some()));
        self.events()
    }

    /// Takes the longest time without a good reply since the last such call; one that lasts counts when it is over.
    pub(super) fn take_longest(&mut self) -> Option<ClientGap> {
        self.longest.take()
    }

    fn note_gap(&mut self, until: Stamp) {
        let length = until.since(self.answered);
        if self.longest.as_ref().is_none_or(|longest| longest.length < length) {
            self.longest = Some(ClientGap { shard: self.name.clone(), since: self.answered, length });
        }
    }

    fn events(&mut self) -> Vec<(Stamp, ClusterClientEvent)> {
        let name = &self.name;
        let of_outage = |mut outage: Outage| [outage.begin(name), outage.end(name)];
        let over = self.over.drain(..).flat_map(of_outage);
        over.chain([self.outage.as_mut().and_then(|outage| outage.begin(name))]).flatten().collect()
    }
}

impl Outage {
    fn is_over(&self, now: Stamp) -> bool {
        self.recovered.is_some_and(|recovered| now.since(recovered) >= SETTLED)
    }

    /// Returns the event of its beginning, unless that has been reported.
    fn begin(&mut self, shard: &Foreign) -> Option<(Stamp, ClusterClientEvent)> {
        let (since, why, shard) = (self.since, self.why.clone(), shard.clone());
        let is_new = !std::mem::replace(&mut self.reported, true);
        is_new.then_some((since, ClusterClientEvent::Failing { shard, since, why }))
    }

    fn end(&self, shard: &Foreign) -> Option<(Stamp, ClusterClientEvent)> {
        let (since, failed, shard) = (self.since, self.failed, shard.clone());
        self.recovered.map(|until| (until, ClusterClientEvent::Recovered { shard, since, until, failed }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{ErrorClass, Stage};

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn failure() -> Failure {
        Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, "no reply")
    }

    /// The outages, as milliseconds since the start, and the commands that failed in them.
    fn outages(events: Vec<(Stamp, ClusterClientEvent)>) -> Vec<(u64, Option<(u64, u64)>)> {
        let ms = |stamp: Stamp| stamp.as_nanos() / 1_000_000;
        let outage = |(_, event)| match event {
            ClusterClientEvent::Failing { since, .. } => (ms(since), None),
            ClusterClientEvent::Recovered { since, until, failed, .. } => (ms(since), Some((ms(until), failed))),
            other => panic!("{other:?}"),
        };
        events.into_iter().map(outage).collect()
    }

    #[test]
    fn an_outage_lasts_to_the_first_reply_that_no_failure_follows() {
        let mut shard = Shard::new("a:1".into(), at(0));
        assert!(shard.on_reply(at(0), at(10), false));
        shard.on_failure(at(5), at(200), &failure());
        assert_eq!(outages(shard.due(at(250))), [(10, None)], "it began after the last good reply");
        assert!(!shard.on_reply(at(150), at(210), false), "an outage fell into its flight");
        shard.on_failure(at(300), at(400), &failure());
        assert!(outages(shard.due(at(800))).is_empty());
        shard.on_reply(at(850), at(900), false);
        assert!(shard.on_reply(at(950), at(960), false), "it began after the outage");
        assert!(outages(shard.due(at(1300))).is_empty());
        assert_eq!(outages(shard.due(at(1400))), [(10, Some((900, 2)))]);
        assert!(shard.due(at(2000)).is_empty());
        shard.on_failure(at(2000), at(2100), &failure());
        shard.on_reply(at(2100), at(2200), false);
        shard.on_failure(at(9000), at(9100), &failure());
        let both = [(2000, None), (2000, Some((2200, 1))), (9000, None)];
        assert_eq!(outages(shard.due(at(9150))), both, "one was over long before the other began");
    }

    #[test]
    fn the_longest_time_without_a_reply_spans_an_outage_and_lasts_to_the_end() {
        let mut shard = Shard::new("a:1".into(), at(0));
        shard.on_reply(at(0), at(100), false);
        shard.on_failure(at(100), at(900), &failure());
        shard.on_reply(at(900), at(1000), false);
        shard.on_reply(at(1000), at(1100), false);
        let longest = shard.take_longest().unwrap();
        assert_eq!((longest.since, longest.length), (at(100), Duration::from_millis(900)));
        shard.on_reply(at(9000), at(9000), true);
        assert_eq!(shard.take_longest(), None, "redis-doctor itself was paused");
        shard.on_failure(at(9100), at(9200), &failure());
        let both = [(100, None), (100, Some((1000, 1))), (9100, None)];
        assert_eq!(outages(shard.conclude(at(9500))), both, "the last is not over");
        assert_eq!(shard.take_longest().unwrap().length, Duration::from_millis(500));
    }
}
