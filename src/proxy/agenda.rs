//! The agenda of faults: the schedules of a plan, and those added while the proxy runs.

use std::time::Duration;

use crate::{
    clock::Stamp,
    fault::{Fault, FaultSchedule, Instances},
};

/// Schedules, each with its next beginning.
#[derive(Debug)]
pub(super) struct Agenda {
    /// Schedules that wait for the start of the run.
    waiting: Vec<FaultSchedule>,
    running: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    schedule: FaultSchedule,
    origin: Stamp,
    instances: Instances,
    /// Beginning and end, counted from the origin.
    next: (Duration, Duration),
}

impl Agenda {
    pub(super) fn new(waiting: Vec<FaultSchedule>) -> Self {
        Self { waiting, running: Vec::new() }
    }

    /// Starts the waiting schedules.
    pub(super) fn begin(&mut self, now: Stamp) {
        for schedule in std::mem::take(&mut self.waiting) {
            self.add(schedule, now);
        }
    }

    /// Adds a schedule that counts from `origin`.
    pub(super) fn add(&mut self, schedule: FaultSchedule, origin: Stamp) {
        let mut instances = schedule.instances(Duration::MAX);
        if let Some(next) = instances.next() {
            self.running.push(Entry { schedule, origin, instances, next });
        }
    }

    pub(super) fn clear(&mut self) {
        (self.waiting, self.running) = (Vec::new(), Vec::new());
    }

    /// Returns the schedules with a fault still to begin.
    pub(super) fn scheduled(&self) -> impl Iterator<Item = &FaultSchedule> {
        self.waiting.iter().chain(self.running.iter().map(|entry| &entry.schedule))
    }

    /// Returns the time at which the next fault begins.
    pub(super) fn next(&self) -> Option<Stamp> {
        self.running.iter().map(Entry::begins).min()
    }

    /// Takes the earliest fault that is due, and the time at which its schedule ends it.
    pub(super) fn take_due(&mut self, now: Stamp) -> Option<(Fault, Option<Stamp>)> {
        let due = |(_, entry): &(usize, &Entry)| entry.begins() <= now;
        let (place, entry) =
            self.running.iter().enumerate().filter(due).min_by_key(|(place, entry)| (entry.begins(), *place))?;
        let end = entry.next.1;
        let until = (end != Duration::MAX && !entry.schedule.fault.is_momentary()).then(|| entry.origin.after(end));
        let fault = entry.schedule.fault.clone();
        match self.running[place].instances.next() {
            Some(next) => self.running[place].next = next,
            None => drop(self.running.remove(place)),
        }
        Some((fault, until))
    }
}

impl Entry {
    fn begins(&self) -> Stamp {
        self.origin.after(self.next.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_begin_in_order_and_count_from_their_own_origin() {
        let at = |seconds: u64| Stamp::from_nanos(seconds * 1_000_000_000);
        let mut agenda = Agenda::new(vec!["refuse@4s+2s".parse().unwrap(), "close@every:3s".parse().unwrap()]);
        assert_eq!((agenda.next(), agenda.scheduled().count()), (None, 2));
        agenda.begin(at(10));
        agenda.add("blackhole@1s".parse().unwrap(), at(12));
        assert_eq!(agenda.next(), Some(at(13)));
        assert!(agenda.take_due(at(12)).is_none());
        let taken: Vec<_> = std::iter::from_fn(|| agenda.take_due(at(16)))
            .map(|(fault, until)| (fault.to_string(), until.map(|until| until.elapsed().as_secs())))
            .collect();
        let expected = [("close", None), ("blackhole", None), ("refuse", Some(16)), ("close", None)];
        assert_eq!(taken, expected.map(|(fault, until)| (fault.to_owned(), until)));
        assert_eq!((agenda.next(), agenda.scheduled().count()), (Some(at(19)), 1));
    }
}
