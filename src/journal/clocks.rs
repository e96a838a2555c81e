//! The clocks of merged runs: each is compared with the clock of a server that other runs have read, too.
//!
//! A reading is off by at most half of its round trip, so the one with the shortest counts. Clocks drift, by seconds a day if
//! nothing disciplines them; the best reading of each window follows that. Runs that have read different servers are
//! compared through a run that has read both.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    time::Duration,
};

use crate::{
    clock::{Stamp, WallTime, nanos},
    event::{Event, EventKind, RunClock, ServerClock},
    foreign::Foreign,
};

/// Length of a window.
const WINDOW: Duration = Duration::from_secs(600);

/// Number of windows; in a longer run they are longer.
const WINDOWS: usize = 288;

/// A reading that is this many times, and this much, worse than the best one is no evidence of drift.
const WORSE: u64 = 4;
const MUCH_WORSE: u64 = 1_000_000;

/// A smaller offset, in nanoseconds, is left alone: it changes no time that a report shows.
const NEGLIGIBLE: u64 = 1_000_000;

/// A reading of a server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    at: Stamp,
    /// Nanoseconds by which the clock of the run is ahead.
    ahead: i64,
    /// Largest error of that.
    error: u64,
}

impl Reading {
    /// Returns the same reading beside another clock, of which the server's is ahead.
    fn beside(self, server: Known) -> Self {
        Self { ahead: self.ahead.saturating_add(server.ahead), error: self.error.saturating_add(server.error), ..self }
    }

    /// Returns the limits of the true offset.
    fn limits(self) -> (i64, i64) {
        (self.ahead.saturating_sub_unsigned(self.error), self.ahead.saturating_add_unsigned(self.error))
    }
}

/// A server's clock beside the common one.
#[derive(Clone, Copy, Debug)]
struct Known {
    ahead: i64,
    error: u64,
}

/// The readings of one run: the best ones of each server.
#[derive(Debug, Default)]
pub(super) struct Readings(BTreeMap<Foreign, Course>);

/// The best reading of each window.
#[derive(Debug)]
struct Course {
    window: u64,
    best: BTreeMap<u64, Reading>,
    number: u64,
}

impl Readings {
    /// Adds the reading of an event.
    pub(super) fn add(&mut self, event: &Event) {
        let EventKind::ServerClock(ServerClock { run_id, server_time, read_at, round_trip }) = &event.kind else {
            return;
        };
        let [ours, theirs] = [event.wall_of(*read_at), *server_time].map(|time| i64::try_from(time.unix_nanos()));
        let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return };
        let reading = Reading { at: *read_at, ahead: ours - theirs, error: nanos(*round_trip).div_ceil(2) };
        self.0.entry(run_id.clone()).or_default().add(reading);
    }
}

impl Default for Course {
    fn default() -> Self {
        Self { window: nanos(WINDOW), best: BTreeMap::new(), number: 0 }
    }
}

impl Course {
    fn add(&mut self, reading: Reading) {
        self.number += 1;
        self.keep(reading);
        if self.best.len() > WINDOWS {
            self.window = self.window.saturating_mul(2);
            mem::take(&mut self.best).into_values().for_each(|reading| self.keep(reading));
        }
    }

    fn keep(&mut self, reading: Reading) {
        let best = self.best.entry(reading.at.as_nanos() / self.window).or_insert(reading);
        if reading.error < best.error {
            *best = reading;
        }
    }

    /// Returns the reading with the smallest error.
    fn best(&self) -> Option<Reading> {
        self.best.values().min_by_key(|reading| reading.error).copied()
    }

    /// Returns the readings that are not much worse, in order: only the best one if a constant offset explains them all.
    fn good(&self) -> Vec<Reading> {
        let Some(best) = self.best() else { return Vec::new() };
        let worst = best.error.saturating_mul(WORSE).saturating_add(MUCH_WORSE);
        let good: Vec<_> = self.best.values().filter(|reading| reading.error <= worst).copied().collect();
        let limits = || good.iter().map(|reading| reading.limits());
        let agree = limits().map(|(low, _)| low).max() <= limits().map(|(_, high)| high).min();
        if agree { vec![best] } else { good }
    }
}

/// The clock of a run, and its offset over time if its times are to be shifted.
#[derive(Debug)]
pub(super) struct Compared {
    clock: RunClock,
    /// In order, at least one.
    readings: Vec<Reading>,
}

impl Compared {
    /// Moves an event of the run to the common clock.
    pub(super) fn apply(&self, event: &mut Event) {
        if self.clock.shifted {
            let time = event.time.unix_nanos().saturating_add_signed(self.ahead(event.at).saturating_neg());
            event.time = WallTime::from_unix_nanos(time);
        }
        if let EventKind::RunStarted(started) = &mut event.kind {
            started.clock = Some(Box::new(self.clock.clone()));
        }
    }

    /// Returns how far the clock of the run is ahead at a moment: between two readings, in proportion to the time.
    fn ahead(&self, at: Stamp) -> i64 {
        let next = self.readings.partition_point(|reading| reading.at <= at);
        match (next.checked_sub(1).map(|last| self.readings[last]), self.readings.get(next)) {
            (Some(before), Some(after)) => {
                let part = at.since(before.at).as_secs_f64() / after.at.since(before.at).as_secs_f64();
                before.ahead.saturating_add((after.ahead.saturating_sub(before.ahead) as f64 * part).round() as i64)
            }
            (Some(only), None) => only.ahead,
            (None, only) => only.map_or(0, |reading| reading.ahead),
        }
    }
}

/// Compares the clocks of runs, each with the name of its journal. A run that shares no server with another one has none.
pub(super) fn compare(runs: &[(&Readings, Foreign)]) -> Vec<Option<Compared>> {
    let mut compared: Vec<_> = runs.iter().map(|_| None).collect();
    for group in groups(runs) {
        let members = || group.iter().map(|number| (*number, &runs[*number]));
        let Some(common) = common(members().map(|(_, (readings, _))| *readings)) else { continue };
        let servers = servers(&common, &members().map(|(_, (readings, _))| *readings).collect::<Vec<_>>());
        for (number, (readings, journal)) in members() {
            compared[number] = beside(readings, &servers)
                .map(|(number, readings)| Compared { clock: clock(journal, &common, number, &readings), readings });
        }
    }
    compared
}

/// Returns the runs that are connected by the servers that they have read, where there are several.
fn groups(runs: &[(&Readings, Foreign)]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(BTreeSet<&Foreign>, Vec<usize>)> = Vec::new();
    for (number, (readings, _)) in runs.iter().enumerate() {
        let mut all = (readings.0.keys().collect::<BTreeSet<_>>(), vec![number]);
        for (servers, members) in mem::take(&mut groups) {
            if servers.is_disjoint(&all.0) {
                groups.push((servers, members));
            } else {
                all.0.extend(servers);
                all.1.extend(members);
            }
        }
        groups.push(all);
    }
    groups.into_iter().map(|(_, members)| members).filter(|members| members.len() > 1).collect()
}

/// Returns the server that most runs have read.
fn common<'a>(runs: impl Iterator<Item = &'a Readings>) -> Option<Foreign> {
    let mut readers: BTreeMap<&Foreign, usize> = BTreeMap::new();
    runs.flat_map(|readings| readings.0.keys()).for_each(|server| *readers.entry(server).or_default() += 1);
    readers.into_iter().max_by_key(|(_, number)| *number).map(|(server, _)| server.clone())
}

/// Returns the clock of each server beside the common one, by the way with the smallest error.
fn servers<'a>(common: &'a Foreign, runs: &[&'a Readings]) -> BTreeMap<&'a Foreign, Known> {
    let mut known = BTreeMap::from([(common, Known { ahead: 0, error: 0 })]);
    let mut changed = true;
    while mem::take(&mut changed) {
        for readings in runs {
            let best =
                readings.0.iter().filter_map(|(server, course)| Some(course.best()?.beside(*known.get(server)?)));
            let Some(own) = best.min_by_key(|reading| reading.error) else { continue };
            for (server, read) in readings.0.iter().filter_map(|(server, course)| Some((server, course.best()?))) {
                let ahead = own.ahead.saturating_sub(read.ahead);
                let way = Known { ahead, error: own.error.saturating_add(read.error) };
                if known.get(server).is_none_or(|known| way.error < known.error) {
                    known.insert(server, way);
                    changed = true;
                }
            }
        }
    }
    known
}

/// Returns the number of a run's readings of the server that shows its offset best, and those that count.
fn beside(readings: &Readings, servers: &BTreeMap<&Foreign, Known>) -> Option<(u64, Vec<Reading>)> {
    let ways = readings.0.iter().filter_map(|(server, course)| {
        let known = *servers.get(server)?;
        Some((course.best()?.beside(known).error, known, course))
    });
    let (_, known, course) = ways.min_by_key(|(error, ..)| *error)?;
    Some((course.number, course.good().into_iter().map(|reading| reading.beside(known)).collect()))
}

fn clock(journal: &Foreign, server: &Foreign, number: u64, readings: &[Reading]) -> RunClock {
    let best = readings.iter().min_by_key(|reading| reading.error);
    let drift = readings.first().zip(readings.last()).map_or(0, |(first, last)| last.ahead.saturating_sub(first.ahead));
    let error = readings.iter().map(|reading| reading.error).max().unwrap_or_default();
    let is_off = |reading: &Reading| reading.ahead.unsigned_abs() > reading.error.max(NEGLIGIBLE);
    RunClock {
        journal: journal.clone(),
        server: server.clone(),
        offset: best.map_or(0.0, |best| best.ahead as f64 / 1e9),
        error: error as f64 / 1e9,
        drift: drift as f64 / 1e9,
        readings: number,
        shifted: readings.iter().any(is_off),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 86_400.0;

    /// The readings of a run whose clock is ahead by `ahead(t)` seconds of the given server.
    fn read(server: &str, times: &[f64], round_trip: f64, ahead: impl Fn(f64) -> f64) -> Readings {
        let mut readings = Readings::default();
        times.iter().for_each(|time| readings.add(&reading(server, *time, round_trip, ahead(*time))));
        readings
    }

    fn reading(server: &str, time: f64, round_trip: f64, ahead: f64) -> Event {
        const EPOCH: f64 = 1_795_000_000.0;
        let wall = |seconds: f64| WallTime::from_unix_nanos((seconds * 1e6).round() as u64 * 1000);
        let [at, late] = [time, time + 0.01].map(|seconds| Stamp::from_nanos((seconds * 1e9) as u64));
        let clock = ServerClock {
            run_id: server.into(),
            server_time: wall(EPOCH + time - ahead),
            read_at: at,
            round_trip: Duration::from_secs_f64(round_trip),
        };
        let kind = EventKind::ServerClock(clock);
        Event { at: late, time: wall(EPOCH + time + 0.01), target: None, connection: None, kind }
    }

    fn compared(runs: &[Readings]) -> Vec<Option<Compared>> {
        let named: Vec<_> = runs.iter().map(|readings| (readings, "journal".into())).collect();
        compare(&named)
    }

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 2e-6, "{found} instead of {expected}");
    }

    #[test]
    fn the_reading_with_the_shortest_round_trip_counts() {
        let mut ahead = read("s", &[1.0, 2.0], 0.2, |_| 2.03);
        ahead.add(&reading("s", 3.0, 0.001, 2.0));
        let runs = compared(&[ahead, read("s", &[1.0], 0.001, |_| -2.0), read("s", &[1.0], 0.001, |_| 0.0004)]);
        let clocks: Vec<_> = runs.iter().map(|run| &run.as_ref().unwrap().clock).collect();
        for (clock, offset) in clocks.iter().zip([2.0, -2.0, 0.0004]) {
            close(clock.offset, offset);
            close(clock.error, 0.0005);
        }
        assert_eq!(clocks.iter().map(|clock| clock.shifted).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!((clocks[0].readings, clocks[0].drift), (3, 0.0));
    }

    #[test]
    fn drift_is_followed_between_the_readings() {
        let minutes: Vec<_> = (0..1440).map(|minute| f64::from(minute) * 60.0).collect();
        // 20 parts in a million are 1.7 s a day.
        let runs = [read("s", &minutes, 0.002, |time| 1.0 + time * 20e-6), read("s", &[0.0], 0.002, |_| 0.0)];
        let compared = compared(&runs);
        let compared = compared[0].as_ref().unwrap();
        assert!((compared.clock.drift - DAY * 20e-6).abs() < 0.02, "{compared:?}");
        for time in [0.0, 12_345.0, 50_000.0, 86_000.0] {
            let event = &mut reading("s", time, 0.002, 0.0);
            let before = event.time.unix_nanos();
            compared.apply(event);
            let shift = (before - event.time.unix_nanos()) as f64 / 1e9;
            assert!((shift - 1.0 - time * 20e-6).abs() < 0.015, "{time}: {shift}");
        }
    }

    #[test]
    fn servers_are_compared_through_a_run_that_has_read_both() {
        let mut both = read("a", &[1.0], 0.002, |_| 1.0);
        both.add(&reading("b", 2.0, 0.004, 5.0));
        let runs = [
            read("a", &[1.0], 0.002, |_| 0.5),
            both,
            read("b", &[1.0], 0.002, |_| 0.0),
            read("c", &[1.0], 0.1, |_| 9.0),
        ];
        let runs = compared(&runs);
        let clock = |number: usize| &runs[number].as_ref().unwrap().clock;
        // The clock of b is 4 s behind that of a, which is the common one or the other way round.
        close(clock(0).offset - clock(2).offset, 4.5);
        close(clock(1).offset - clock(0).offset, 0.5);
        assert!(clock(0).error + clock(2).error >= 0.005 - 1e-9, "the errors add up");
        assert_eq!(clock(0).server, clock(2).server);
        assert!(runs[3].is_none(), "no other run has read that server");
    }

    #[test]
    fn memory_is_bounded_and_the_best_of_each_window_stays() {
        let mut course = Course::default();
        for minute in 0..100_000_u64 {
            let error = if minute % 1000 == 7 { 10 } else { 1000 };
            course.add(Reading { at: Stamp::from_nanos(minute * 60_000_000_000), ahead: 0, error });
        }
        assert!(course.best.len() <= WINDOWS && course.number == 100_000);
        assert_eq!(course.best().unwrap().error, 10);
    }

    #[test]
    fn a_time_that_no_clock_shows_does_no_harm() {
        let mut odd = reading("s", 1.0, 0.001, 0.0);
        odd.time = WallTime::from_unix_nanos(u64::MAX);
        let mut readings = Readings::default();
        readings.add(&odd);
        assert!(readings.0.is_empty());
    }
}
