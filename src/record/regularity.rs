//! Regularity: outages and refusals that repeat after the same time, age or silence.
//!
//! Three periods look alike as long as a client reconnects immediately and is idle: of the clock (a job, a supervisor), of the
//! connection's age (a maximum duration), and of its silence (an idle limit). Ages begin with the first connection of a
//! run, which a period of the clock meets at any point, and silence ends with each command.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::outage::{Outage, OutageKind};
use crate::{
    classify::ErrorClass,
    clock::{Seconds, Stamp},
    event::ServerState,
    period::{Period, of_lengths, of_times},
    plan::Plan,
};

/// Maximum number of refusals of one class whose start is kept.
const STRETCHES: usize = 64;

/// Shortest time between two refusals of one class that are not one.
const APART: Duration = Duration::from_secs(1);

/// Losses of several connections within this time are one incident.
const TOGETHER: Duration = Duration::from_millis(500);

/// Shortest silence or age that can be a limit.
const SHORTEST: Duration = Duration::from_secs(1);

/// Shortest period that the pace of the commands resolves, as a multiple of it.
const RESOLVED: u32 = 10;

/// Precision of a server's uptime.
const UPTIME: Duration = Duration::from_secs(1);

/// Something that repeats in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Regularity {
    /// Number of the run (from 1).
    pub run: u32,
    /// The occurrence that repeats.
    pub of: Recurrence,
    /// The length that was measured.
    pub by: Measure,
    /// Length that repeats, in seconds.
    #[serde(with = "Seconds")]
    pub period: Duration,
    /// Largest deviation from it.
    #[serde(with = "Seconds")]
    pub spread: Duration,
    /// Number of times that it was measured: the intervals, ages or silences that agree.
    #[schemars(range(min = 2))]
    pub count: u64,
    /// Class of the refusals; null for outages.
    pub class: Option<ErrorClass>,
}

/// An occurrence that can repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Recurrence {
    /// Losses of a connection.
    Drops,
    /// Losses of a connection after which a newly started process answered.
    Restarts,
    /// Stalls that recovered on the same connection.
    Stalls,
    /// Drops and stalls together.
    Outages,
    /// Starts of a time in which commands were refused.
    Refusals,
}

/// A length that can repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// Time from one to the next.
    Interval,
    /// Age of the connection when it was lost.
    Age,
    /// Silence of the connection before it was lost.
    Silence,
    /// Silence of a connection that was silent since it was made, so that it may be its age as well.
    AgeOrSilence,
}

impl Regularity {
    fn new(run: u32, of: Recurrence, by: Measure, period: Period) -> Self {
        let Period { length, spread, count } = period;
        Self { run, of, by, period: length, spread, count: count as u64, class: None }
    }

    /// Returns true if enough lengths agree; otherwise another fact has to confirm it.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.as_period().is_confirmed()
    }

    /// Returns the period without its subject.
    pub(crate) fn as_period(&self) -> Period {
        Period { length: self.period, spread: self.spread, count: self.count as usize }
    }
}

/// Returns what repeats among the outages of one run, in order.
pub(super) fn of_outages(run: u32, plan: &Plan, outages: &[&Outage]) -> Vec<Regularity> {
    let pace = pace(plan);
    let (restarts, others): (Vec<&Outage>, Vec<&Outage>) = outages.iter().partition(|outage| is_restart(outage));
    let (drops, stalls): (Vec<&Outage>, Vec<&Outage>) =
        others.iter().partition(|outage| outage.kind == OutageKind::Drop);
    let by_clock =
        |of, of_these: &[&Outage]| Some(Regularity::new(run, of, Measure::Interval, intervals(of_these, pace)?));
    let by_connection = |drops: &[&Outage]| {
        let (by, period) = of_connections(plan, drops)?;
        Some(Regularity::new(run, Recurrence::Drops, by, period))
    };
    let restarts =
        lives(&restarts, pace).map(|period| Regularity::new(run, Recurrence::Restarts, Measure::Interval, period));
    let drops = by_connection(&drops).or_else(|| by_clock(Recurrence::Drops, &drops));
    let stalls = by_clock(Recurrence::Stalls, &stalls);
    let found: Vec<_> = [restarts, drops, stalls].into_iter().flatten().collect();
    if found.is_empty() {
        return by_clock(Recurrence::Outages, outages).into_iter().collect();
    }
    found
}

/// Returns the time between two commands; zero if they follow each other without a pause, or if there are none.
fn pace(plan: &Plan) -> Duration {
    plan.probes.as_ref().and_then(|probes| probes.pace.due(1)).unwrap_or_default()
}

/// True if a process that was started after the loss answered.
fn is_restart(outage: &&Outage) -> bool {
    let after = outage.circumstances.evidence.as_ref().and_then(|evidence| evidence.after.as_deref());
    let started_since = |after: &ServerState| {
        let uptime = Duration::from_secs(after.uptime?);
        Some(uptime <= after.at.since(outage.lost) + UPTIME)
    };
    outage.same_process == Some(false) && after.and_then(started_since) == Some(true)
}

/// Returns the period of the starts of these outages; what several connections suffered together counts once.
fn intervals(outages: &[&Outage], pace: Duration) -> Option<Period> {
    of_times(&incidents(outages), pace).filter(|period| is_resolved(period, pace, outages))
}

/// True if the pace of the commands is no reason for equal lengths: a loss that only a command reveals is dated to that
/// command, so its length is a multiple of the pace.
fn is_resolved(period: &Period, pace: Duration, outages: &[&Outage]) -> bool {
    // Less than the shortest time between two commands, by their round trip.
    let revealed = |outage: &&Outage| outage.idle.is_none_or(|idle| idle >= pace * 8 / 10);
    period.length >= pace * RESOLVED || !outages.iter().all(revealed)
}

fn incidents(outages: &[&Outage]) -> Vec<Stamp> {
    let mut times: Vec<Stamp> = outages.iter().map(|outage| outage.lost).collect();
    times.sort_unstable();
    times.dedup_by(|later, earlier| later.since(*earlier) <= TOGETHER);
    times
}

/// Returns the period of restarts. The uptime of the first process counts as an interval if it is precise enough.
fn lives(restarts: &[&Outage], pace: Duration) -> Option<Period> {
    let period = intervals(restarts, pace)?;
    if period.is_confirmed() {
        return Some(period);
    }
    let first = restarts.first()?;
    let before = first.circumstances.evidence.as_ref().and_then(|evidence| evidence.before.as_deref())?;
    let life = Duration::from_secs(before.uptime?) + first.lost.since(before.at);
    let telling = UPTIME * 10 <= period.length && life.abs_diff(period.length) <= UPTIME;
    Some(Period { count: period.count + usize::from(telling), ..period })
}

/// Returns the age or the silence that the connections had in common when they were lost.
fn of_connections(plan: &Plan, drops: &[&Outage]) -> Option<(Measure, Period)> {
    let ages: Vec<Duration> = drops.iter().map(|outage| outage.circumstances.age).collect();
    let silences: Vec<Duration> = drops.iter().filter_map(|outage| outage.idle).collect();
    let long = |period: &Period| period.length >= SHORTEST;
    let pace = pace(plan);
    // A period of the clock meets the first connection at any age.
    let age = of_lengths(&ages, Duration::ZERO)
        .filter(|age| long(age) && ages.first().is_some_and(|first| age.agrees_with(*first)))
        .filter(|age| is_resolved(age, pace, drops));
    let silence =
        of_lengths(&silences, Duration::ZERO).filter(|silence| long(silence) && !survived(plan, silence, &ages));
    match (silence, age) {
        (Some(silence), Some(age)) if age.agrees_with(silence.length) => Some((Measure::AgeOrSilence, age)),
        (Some(silence), _) => Some((Measure::Silence, silence)),
        (None, Some(age)) => Some((Measure::Age, age)),
        (None, None) => None,
    }
}

/// True if the connections had survived pauses as long as this silence, so that it is no limit: it only reflects the pace
/// of the commands.
fn survived(plan: &Plan, silence: &Period, ages: &[Duration]) -> bool {
    let pause = plan.probes.as_ref().and_then(|probes| probes.pace.longest()).unwrap_or_default();
    pause >= silence.length && ages.iter().any(|age| *age >= pause * 2)
}

/// The starts of refusals in the current run: of times in which commands got the same error reply.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals {
    classes: BTreeMap<ErrorClass, Stretches>,
}

/// The refusals of one class.
#[derive(Clone, Debug, Default)]
struct Stretches {
    last: Option<Stamp>,
    starts: VecDeque<Stamp>,
}

impl Refusals {
    /// Handles failures of one class.
    pub(super) fn refused(&mut self, plan: &Plan, class: ErrorClass, first: Stamp, last: Stamp) {
        if !class.is_server_reply() {
            return;
        }
        let stretches = self.classes.entry(class).or_default();
        let anew = stretches.last.is_none_or(|last| first.since(last) > APART.max(pace(plan) * 2));
        stretches.last = stretches.last.max(Some(last));
        if !anew {
            return;
        }
        if stretches.starts.len() == STRETCHES {
            stretches.starts.pop_front();
        }
        stretches.starts.push_back(first);
    }

    /// Returns the classes that repeat, unless outages do with the same period.
    pub(super) fn regular(&self, run: u32, plan: &Plan, outages: &[Regularity]) -> Vec<Regularity> {
        let pace = pace(plan);
        let regular = self.classes.iter().filter_map(|(class, stretches)| {
            let starts: Vec<Stamp> = stretches.starts.iter().copied().collect();
            let period = of_times(&starts, pace).filter(|period| period.length >= pace * RESOLVED)?;
            let found = Regularity::new(run, Recurrence::Refusals, Measure::Interval, period);
            Some(Regularity { class: Some(*class), ..found })
        });
        let theirs = |found: &Regularity| outages.iter().any(|outage| outage.as_period().agrees_with(found.period));
        regular.filter(|found| !theirs(found)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Disconnected, Event, EventKind, EventSink, Reconnected, SocketEnd},
        plan::Pace,
        record::{
            Recorder,
            fixture::{
                at, command_failed, connected, disconnected, evidence, plan, reconnected, resumed, secs, stalled,
                started,
            },
        },
    };

    fn found(plan: Plan, events: impl IntoIterator<Item = Event>) -> Vec<(Recurrence, Measure, f64, u64)> {
        let mut recorder = Recorder::default();
        recorder.on_event(&started(plan));
        recorder.on_event(&at(0.0, connected(1)));
        events.into_iter().for_each(|event| recorder.on_event(&event));
        let figures = recorder.figures();
        assert_eq!(figures.regularities, recorder.regularities(), "the same in a run and at its end");
        let row = |row: &Regularity| (row.of, row.by, (row.period.as_secs_f64() * 10.0).round() / 10.0, row.count);
        figures.regularities.iter().map(row).collect()
    }

    fn paced(seconds: f64) -> Plan {
        let mut plan = plan();
        plan.probes.as_mut().unwrap().pace = Pace::every(secs(seconds));
        plan
    }

    /// Losses at these times after these silences, each recovered after a tenth of a second.
    fn drops(losses: &[(f64, f64)]) -> Vec<Event> {
        let drop = |(number, (lost, idle)): (usize, &(f64, f64))| {
            let EventKind::Disconnected(disconnected) = disconnected(number as u64 + 1, None) else { unreachable!() };
            let lost_then = EventKind::Disconnected(Disconnected { idle: secs(*idle), ..disconnected });
            [at(*lost, lost_then), at(lost + 0.1, reconnected(number as u64 + 2, 0.1))]
        };
        losses.iter().enumerate().flat_map(drop).collect()
    }

    #[test]
    fn a_period_of_the_clock_meets_the_first_connection_at_any_age() {
        let events = drops(&[(11.0, 0.1), (41.0, 0.05), (71.0, 0.02), (101.0, 0.08)]);
        assert_eq!(found(plan(), events), [(Recurrence::Drops, Measure::Interval, 30.0, 3)]);
    }

    #[test]
    fn connections_of_the_same_age_have_a_maximum_age() {
        let events = drops(&[(30.0, 0.1), (60.1, 0.05), (90.2, 0.02), (120.3, 0.08)]);
        assert_eq!(found(plan(), events), [(Recurrence::Drops, Measure::Age, 30.0, 4)]);
    }

    #[test]
    fn the_same_silence_after_different_ages_is_an_idle_limit() {
        let events = drops(&[(9.0, 5.0), (29.0, 5.0), (42.0, 5.0), (90.0, 5.02)]);
        assert_eq!(found(paced(3.0), events), [(Recurrence::Drops, Measure::Silence, 5.0, 4)]);
        let silent = drops(&[(5.0, 5.0), (10.1, 5.0), (15.2, 5.0)]);
        assert_eq!(found(plan(), silent), [(Recurrence::Drops, Measure::AgeOrSilence, 5.0, 3)]);
    }

    #[test]
    fn a_silence_that_connections_had_survived_is_none() {
        let events = drops(&[(27.0, 7.0), (57.0, 7.0), (87.0, 7.0), (117.0, 7.0)]);
        assert_eq!(found(paced(10.0), events), [(Recurrence::Drops, Measure::Interval, 30.0, 3)]);
    }

    #[test]
    fn losses_that_only_the_next_command_reveals_have_no_period_of_their_own() {
        // Lost at any time, and noticed by a command every ten seconds.
        let events = drops(&[(30.0, 10.0), (60.0, 10.0), (90.0, 10.0), (120.0, 10.0), (140.0, 10.0)]);
        assert_eq!(found(paced(10.0), events), []);
    }

    #[test]
    fn two_lengths_are_kept_if_they_are_all_but_equal_for_others_to_confirm() {
        let events = drops(&[(30.0, 30.0), (60.13, 30.02)]);
        assert_eq!(found(plan(), events), [(Recurrence::Drops, Measure::AgeOrSilence, 30.0, 2)]);
        assert_eq!(found(plan(), drops(&[(30.0, 30.0), (61.0, 30.9)])), []);
    }

    #[test]
    fn irregular_losses_are_none() {
        assert_eq!(found(plan(), drops(&[(3.0, 0.1), (41.0, 0.05), (50.0, 0.02), (101.0, 0.08), (160.0, 0.1)])), []);
    }

    #[test]
    fn restarts_count_the_life_of_the_first_process() {
        let restart = |number: u64, lost: f64, uptime: u64| {
            let EventKind::Reconnected(back) = reconnected(number + 1, 0.1) else { unreachable!() };
            let mut told = evidence(number, lost, SocketEnd::Closed);
            let state = |state: &Option<std::sync::Arc<ServerState>>, uptime: u64| {
                Some(ServerState { uptime: Some(uptime), ..ServerState::clone(state.as_ref().unwrap()) }.into())
            };
            // The state before is five seconds old.
            (told.before, told.after) = (state(&told.before, uptime), state(&told.after, 0));
            [
                at(lost, disconnected(number, None)),
                at(lost + 0.1, EventKind::Reconnected(Reconnected { same_process: Some(false), ..back })),
                at(lost + 1.0, EventKind::Evidence(Box::new(told))),
            ]
        };
        let of = |uptime: u64| {
            let losses = [(11.1, uptime), (23.31, 7), (35.51, 7)];
            let restarts = losses.iter().zip(1..).flat_map(|((lost, uptime), number)| restart(number, *lost, *uptime));
            found(plan(), restarts.collect::<Vec<_>>())
        };
        assert_eq!(of(7), [(Recurrence::Restarts, Measure::Interval, 12.2, 3)]);
        assert_eq!(of(50_000), [(Recurrence::Restarts, Measure::Interval, 12.2, 2)], "to be confirmed");
    }

    #[test]
    fn stalls_have_a_period_and_so_have_stalls_and_drops_together() {
        let stall = |since: f64| [at(since + 0.5, stalled(since)), at(since + 0.9, resumed(0.9))];
        let stalls = [20.0, 40.0, 60.1, 80.0].into_iter().flat_map(stall);
        assert_eq!(found(plan(), stalls), [(Recurrence::Stalls, Measure::Interval, 20.0, 3)]);
        let drop = |at: f64, number| {
            drops(&[(at, 0.1)]).into_iter().map(move |event| match event.kind {
                EventKind::Disconnected(lost) => {
                    Event { kind: EventKind::Disconnected(Disconnected { generation: number, ..lost }), ..event }
                }
                EventKind::Reconnected(back) => {
                    Event { kind: EventKind::Reconnected(Reconnected { generation: number + 1, ..back }), ..event }
                }
                _ => event,
            })
        };
        let mixed: Vec<_> =
            stall(20.0).into_iter().chain(drop(40.0, 1)).chain(stall(60.0)).chain(drop(80.0, 2)).collect();
        assert_eq!(found(plan(), mixed), [(Recurrence::Outages, Measure::Interval, 20.0, 3)]);
    }

    #[test]
    fn refusals_are_the_starts_of_times_with_one_error_reply() {
        let mut events = Vec::new();
        let busy = crate::classify::Failure::server(crate::classify::Stage::Command, "BUSY Redis is busy");
        for start in [10.0, 40.0, 70.0, 100.2] {
            for second in [0.0, 1.0, 2.0] {
                events.push(at(start + second + 0.1, command_failed(&busy, 10, start + second)));
            }
        }
        assert_eq!(found(plan(), events), [(Recurrence::Refusals, Measure::Interval, 30.1, 3)]);
    }

    #[test]
    fn many_connections_lost_together_are_one_incident() {
        let mut plan = plan();
        plan.connections = 3;
        let mut events = Vec::new();
        for (number, lost) in [(1, 11.0), (2, 41.0), (3, 71.0), (4, 101.0)] {
            for connection in 0..3 {
                let on = |event: Event| Event { connection: Some(connection), ..event };
                let lost = lost + f64::from(connection) * 0.01;
                events.push(on(at(lost, disconnected(number, None))));
                events.push(on(at(lost + 0.2, reconnected(number + 1, 0.2))));
            }
        }
        events.sort_by_key(|event| event.at);
        assert_eq!(found(plan, events), [(Recurrence::Drops, Measure::Interval, 30.0, 3)]);
    }
}
