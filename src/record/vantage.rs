//! Vantage points: runs that watch one server at the same time, from different machines. What many of them see at the same
//! moment is one incident of the server, or of what they share; what one of them sees alone is not.
//!
//! Only runs whose clocks are compared take part: with an unknown offset, two views of one incident look like two incidents.
//! A view begins when the first connection of a run is lost and ends when all are back. Who saw nothing counts only as a
//! witness: connected to the same process, not down already, and asking it often enough.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::incidents::{TOGETHER, longest_silence};
use crate::{
    clock::{Seconds, WallTime},
    event::{Event, EventKind, RunStarted, ServerIdentity},
    foreign::Foreign,
};

/// Outages kept of each run; after those it is not taken for a witness.
const LOSSES: usize = 1000;

/// Server processes kept of each run.
const SERVERS: usize = 64;

/// Incidents that a further outage can still belong to.
const RECENT: usize = 16;

/// Incidents that are listed, the most widely seen and the longest first, and the runs of each that are listed.
const LISTED: usize = 100;
const RUNS: usize = 20;

/// Outages of the servers that several runs watched at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct VantagePoints {
    /// Number of runs that watched a server which another one watched, too.
    pub runs: usize,
    /// Number of such servers.
    pub servers: usize,
    /// Number of all incidents.
    pub count: u64,
    /// Incidents in order; of many, those that most runs saw.
    pub rows: Vec<VantageIncident>,
}

/// Outages of one server that several runs watched, at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct VantageIncident {
    /// Time of the first loss.
    pub time: WallTime,
    /// Time from the first loss to the last.
    #[serde(with = "Seconds")]
    pub within: Duration,
    /// Server, as one of the runs addresses it.
    pub server: String,
    /// Number of runs that saw it.
    pub seen_by: usize,
    /// Number of runs that watched the server at that time, and would have seen it.
    pub of: usize,
    /// The part of these runs that saw it.
    pub extent: Extent,
    /// Numbers of the runs that saw it (from 1): the first twenty.
    pub runs: Vec<u32>,
    /// Duration of the longest view.
    #[serde(with = "Seconds")]
    pub longest: Duration,
    /// Number of views that were not over at the end.
    pub unresolved: usize,
}

/// The part of the runs that saw an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Extent {
    /// A single one of several.
    One,
    /// Several, but less than half.
    Some,
    /// At least half.
    Most,
    /// All of them.
    All,
}

impl Extent {
    fn of(seen_by: usize, of: usize) -> Self {
        match seen_by {
            seen_by if seen_by == of => Self::All,
            1 => Self::One,
            seen_by if seen_by * 2 >= of => Self::Most,
            _ => Self::Some,
        }
    }
}

/// The runs as they are recorded.
#[derive(Clone, Debug, Default)]
pub(super) struct Views(Vec<View>);

#[derive(Clone, Debug)]
struct View {
    run: u32,
    ended: WallTime,
    address: String,
    /// Server whose clock is the common one, and the largest error of our clock; `None` if the clocks are not compared.
    clock: Option<(Foreign, Duration)>,
    /// Server processes that were reached, and the one of each connection.
    visits: BTreeMap<Foreign, Visit>,
    current: BTreeMap<u32, Foreign>,
    /// A silence that is shorter than this may not be noticed; `None` if none is. A closed connection is noticed immediately.
    blind: Option<Duration>,
    /// Connections that are down.
    down: BTreeSet<u32>,
    losses: Vec<Loss>,
}

/// The time in which some connection was to a process.
#[derive(Clone, Copy, Debug)]
struct Visit {
    from: WallTime,
    /// `None` if it continues.
    to: Option<WallTime>,
}

#[derive(Clone, Debug)]
struct Loss {
    /// Process of the first connection that was lost, if it is known.
    server: Option<Foreign>,
    from: WallTime,
    /// `None` if it is not over.
    to: Option<WallTime>,
    /// The connection was closed, and not silent.
    closed: bool,
}

impl Views {
    pub(super) fn begin_run(&mut self, run: u32, event: &Event, started: &RunStarted) {
        let clock = started.clock.as_ref().map(|clock| (clock.server.clone(), Duration::from_secs_f64(clock.error)));
        self.0.push(View {
            run,
            ended: event.time,
            address: started.plan.target.label(),
            clock,
            visits: BTreeMap::new(),
            current: BTreeMap::new(),
            blind: longest_silence(&started.plan),
            down: BTreeSet::new(),
            losses: Vec::new(),
        });
    }

    pub(super) fn on_event(&mut self, event: &Event, connection: Option<u32>) {
        let Some(view) = self.0.last_mut().filter(|view| view.clock.is_some()) else { return };
        view.on_event(event, connection.unwrap_or_default());
    }

    /// Returns what the runs saw together; `None` unless several watched one server.
    pub(super) fn figures(&self) -> Option<VantagePoints> {
        let groups = groups(&self.0);
        let mut all: Vec<_> = groups.iter().flat_map(|group| incidents(group)).collect();
        let count = all.len() as u64;
        all.sort_by_key(|incident| Reverse((incident.seen_by, incident.longest)));
        all.truncate(LISTED);
        all.sort_by_key(|incident| incident.time);
        (!groups.is_empty()).then(|| VantagePoints {
            runs: groups.iter().map(Vec::len).sum(),
            servers: groups.len(),
            count,
            rows: all,
        })
    }
}

impl View {
    fn on_event(&mut self, event: &Event, connection: u32) {
        if self.losses.len() <= LOSSES {
            self.ended = self.ended.max(event.time);
        }
        match &event.kind {
            EventKind::Connected(connected) => self.reached(connection, Some(&connected.server), event.time),
            EventKind::Superseded { server, .. } => self.reached(connection, server.as_deref(), event.time),
            EventKind::Disconnected(lost) => {
                let timed_out = lost.failure.as_ref().is_some_and(|failure| failure.key.class.is_timeout());
                self.lost(connection, event.time, !timed_out);
            }
            EventKind::Stalled { since, .. } => self.lost(connection, event.wall_of(*since), false),
            EventKind::Resumed { .. } => self.back(connection, event.time),
            EventKind::Reconnected(reconnected) => {
                self.reached(connection, reconnected.server.as_deref(), event.time);
                self.back(connection, event.time);
            }
            // Nothing else begins or ends a view.
            _ => {}
        }
    }

    fn reached(&mut self, connection: u32, server: Option<&ServerIdentity>, at: WallTime) {
        let Some(run_id) = server.and_then(|server| server.run_id.clone()) else { return };
        if self.current.get(&connection) == Some(&run_id) {
            return;
        }
        self.left(connection, at);
        if self.visits.len() < SERVERS || self.visits.contains_key(&run_id) {
            self.visits.entry(run_id.clone()).or_insert(Visit { from: at, to: None }).to = None;
            self.current.insert(connection, run_id);
        }
    }

    /// Takes note that a connection goes to another process.
    fn left(&mut self, connection: u32, at: WallTime) {
        let Some(server) = self.current.remove(&connection) else { return };
        if !self.current.values().any(|other| *other == server)
            && let Some(visit) = self.visits.get_mut(&server)
        {
            visit.to = Some(at);
        }
    }

    fn lost(&mut self, connection: u32, from: WallTime, closed: bool) {
        let is_first = self.down.is_empty();
        self.down.insert(connection);
        if is_first && self.losses.len() <= LOSSES {
            self.losses.push(Loss { server: self.current.get(&connection).cloned(), from, to: None, closed });
            if self.losses.len() > LOSSES {
                self.ended = from;
            }
        }
    }

    fn back(&mut self, connection: u32, at: WallTime) {
        self.down.remove(&connection);
        if self.down.is_empty()
            && let Some(open) = self.losses.last_mut().filter(|loss| loss.to.is_none())
        {
            open.to = Some(at);
        }
    }

    /// Returns true if this run, which did not see the incident, would have.
    fn is_witness(&self, incident: &Together<'_>) -> bool {
        let first = incident.first;
        let asks = incident.closed || self.blind.is_some_and(|blind| incident.longest >= blind);
        let is_there = |visit: &Visit| visit.from <= first && visit.to.is_none_or(|to| first <= to);
        let watched = incident.servers.iter().filter_map(|server| self.visits.get(*server)).any(is_there);
        let before = self.losses.partition_point(|loss| loss.from <= first);
        let last = before.checked_sub(1).map(|last| &self.losses[last]);
        first < self.ended && asks && watched && last.is_none_or(|loss| loss.to.is_some_and(|to| to < first))
    }

    /// Returns the duration of a loss, so far if it is not over.
    fn lasted(&self, loss: &Loss) -> Duration {
        between(loss.from, loss.to.unwrap_or(self.ended))
    }
}

/// Returns the runs that have watched one server, by the clock that they have in common and the processes that they reached.
fn groups(views: &[View]) -> Vec<Vec<&View>> {
    type Group<'a> = (&'a Foreign, BTreeSet<&'a Foreign>, Vec<&'a View>);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for view in views {
        let Some((clock, _)) = &view.clock else { continue };
        let mut all: Group<'_> = (clock, view.visits.keys().collect(), vec![view]);
        for (of, servers, members) in std::mem::take(&mut groups) {
            if of == clock && !servers.is_disjoint(&all.1) {
                all.1.extend(servers);
                all.2.splice(0..0, members);
            } else {
                groups.push((of, servers, members));
            }
        }
        groups.push(all);
    }
    groups.into_iter().map(|(.., members)| members).filter(|members| members.len() > 1).collect()
}

/// Losses of one server that began together.
struct Together<'a> {
    first: WallTime,
    last: WallTime,
    longest: Duration,
    unresolved: usize,
    servers: BTreeSet<&'a Foreign>,
    /// All connections were closed, and not silent.
    closed: bool,
    /// Time after the first loss in which another one belongs to it, apart from the errors of two clocks.
    window: Duration,
    error: Duration,
    seen_by: BTreeMap<u32, &'a View>,
}

impl<'a> Together<'a> {
    fn new(view: &'a View, loss: &'a Loss) -> Self {
        let mut new = Self {
            first: loss.from,
            last: loss.from,
            longest: Duration::ZERO,
            unresolved: 0,
            servers: BTreeSet::new(),
            closed: true,
            window: TOGETHER,
            error: Duration::ZERO,
            seen_by: BTreeMap::new(),
        };
        new.add(view, loss);
        new
    }

    fn includes(&self, view: &View, loss: &Loss) -> bool {
        let window = self.window.max(view.window()) + self.error + view.error();
        !self.seen_by.contains_key(&view.run) && between(self.first, loss.from) <= window
    }

    fn add(&mut self, view: &'a View, loss: &'a Loss) {
        self.last = self.last.max(loss.from);
        self.longest = self.longest.max(view.lasted(loss));
        self.unresolved += usize::from(loss.to.is_none());
        self.servers.extend(&loss.server);
        self.closed &= loss.closed;
        self.window = self.window.max(view.window());
        self.error = self.error.max(view.error());
        self.seen_by.insert(view.run, view);
    }

    /// Returns the incident; `None` if no other run watched.
    fn incident(&self, group: &[&View]) -> Option<VantageIncident> {
        let others = group.iter().filter(|view| !self.seen_by.contains_key(&view.run) && view.is_witness(self)).count();
        let (seen_by, of) = (self.seen_by.len(), self.seen_by.len() + others);
        (of > 1).then(|| VantageIncident {
            time: self.first,
            within: between(self.first, self.last),
            server: self.seen_by.values().next().map(|view| view.address.clone()).unwrap_or_default(),
            seen_by,
            of,
            extent: Extent::of(seen_by, of),
            runs: self.seen_by.keys().take(RUNS).copied().collect(),
            longest: self.longest,
            unresolved: self.unresolved,
        })
    }
}

impl View {
    /// Returns the time after the loss of another run in which its own loss belongs to it.
    fn window(&self) -> Duration {
        TOGETHER + self.blind.unwrap_or_default()
    }

    fn error(&self) -> Duration {
        self.clock.as_ref().map_or(Duration::ZERO, |(_, error)| *error)
    }
}

/// Returns the incidents of one server.
fn incidents(group: &[&View]) -> Vec<VantageIncident> {
    let mut losses: Vec<_> = group.iter().flat_map(|view| view.losses.iter().map(move |loss| (*view, loss))).collect();
    losses.sort_by_key(|(view, loss)| (loss.from, view.run));
    let mut all: Vec<Together<'_>> = Vec::new();
    for (view, loss) in losses {
        let recent = all.len().saturating_sub(RECENT);
        match all[recent..].iter_mut().find(|together| together.includes(view, loss)) {
            Some(together) => together.add(view, loss),
            None => all.push(Together::new(view, loss)),
        }
    }
    all.iter().filter_map(|together| together.incident(group)).collect()
}

fn between(from: WallTime, to: WallTime) -> Duration {
    Duration::from_nanos(to.unix_nanos().saturating_sub(from.unix_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{EventSink, RunClock},
        record::{
            Recorder,
            fixture::{at, connected, disconnected, finished, plan, reconnected, secs, stamp, started},
        },
    };

    /// The losses of a run, and the error of its clock.
    type Watch<'a> = (&'a [(f64, f64)], Option<f64>);

    /// The start of a run whose clock has this error; without one, it is not compared.
    fn begun(error: Option<f64>) -> Event {
        let mut begin = started(plan());
        if let EventKind::RunStarted(started) = &mut begin.kind {
            started.clock = error.map(|error| {
                let (journal, server) = ("j".into(), "5fa2c1".into());
                RunClock { journal, server, offset: 0.0, error, drift: 0.0, readings: 1, shifted: false }.into()
            });
        }
        begin
    }

    /// Runs of a minute whose only connection is lost at these seconds for as long; the clock of one without an error is
    /// not compared.
    fn figures(runs: &[Watch<'_>]) -> Option<VantagePoints> {
        let mut recorder = Recorder::default();
        for (losses, error) in runs {
            recorder.on_event(&begun(*error));
            recorder.on_event(&at(0.1, connected(1)));
            for (generation, (from, lasting)) in (1..).zip(*losses) {
                recorder.on_event(&at(*from, disconnected(generation, None)));
                recorder.on_event(&at(from + lasting, reconnected(generation + 1, *lasting)));
            }
            recorder.on_event(&finished(60.0));
        }
        recorder.figures().vantage
    }

    fn seen(runs: &[Watch<'_>]) -> Vec<(usize, usize, Extent)> {
        let incidents = figures(runs).unwrap().rows;
        incidents.iter().map(|incident| (incident.seen_by, incident.of, incident.extent)).collect()
    }

    #[test]
    fn what_most_see_is_one_incident_and_what_one_sees_is_its_own() {
        let many: Vec<_> = (0..97).map(|number| [(10.0 + f64::from(number) / 1000.0, 3.0)]).collect();
        let mut runs: Vec<Watch<'_>> = many.iter().map(|losses| (&losses[..], Some(0.001))).collect();
        runs.extend([(&[(40.0, 5.0)][..], Some(0.001)), (&[], Some(0.001)), (&[], Some(0.001))]);
        let vantage = figures(&runs).unwrap();
        assert_eq!((vantage.runs, vantage.servers, vantage.count), (100, 1, 2));
        assert_eq!(seen(&runs), [(97, 100, Extent::Most), (1, 100, Extent::One)]);
        let [first, alone] = &vantage.rows[..] else { panic!("{vantage:?}") };
        assert_eq!((first.within, first.longest, first.runs.len()), (secs(0.096), secs(3.0), RUNS));
        assert_eq!((alone.runs.as_slice(), alone.unresolved), (&[98][..], 0));
    }

    #[test]
    fn the_errors_of_the_clocks_widen_the_window() {
        let far = |error| seen(&[(&[(10.0, 9.0)], Some(error)), (&[(14.0, 9.0)], Some(error))]);
        assert_eq!(far(2.0), [(2, 2, Extent::All)]);
        assert_eq!(far(0.001).len(), 1, "the second was down already when the first was lost, or the other way round");
        assert_eq!(far(0.001)[0], (1, 2, Extent::One));
    }

    #[test]
    fn who_is_down_blind_or_away_is_no_witness() {
        let down = seen(&[(&[(10.0, 9.0)], Some(0.0)), (&[(2.0, 30.0)], Some(0.0)), (&[], Some(0.0))]);
        assert_eq!(down, [(1, 3, Extent::One), (1, 2, Extent::One)]);
        // Its probes may be further apart than the server was silent.
        let mut silent = Recorder::default();
        for lost in [true, false] {
            silent.on_event(&begun(Some(0.0)));
            silent.on_event(&at(0.1, connected(1)));
            if lost {
                silent.on_event(&at(10.01, EventKind::Stalled { since: stamp(10.0), unanswered: 1, flow: None }));
                silent.on_event(&at(10.02, EventKind::Resumed { after: secs(0.02) }));
            }
            silent.on_event(&finished(60.0));
        }
        let short = silent.figures().vantage.unwrap();
        assert_eq!((short.count, short.runs), (0, 2));
    }

    #[test]
    fn a_clock_that_is_not_compared_sees_nothing_and_one_run_is_no_vantage_point() {
        assert_eq!(figures(&[(&[(10.0, 9.0)], None), (&[(10.0, 9.0)], None)]), None);
        assert_eq!(figures(&[(&[(10.0, 9.0)], Some(0.0))]), None);
    }

    #[test]
    fn losses_are_bounded_and_a_run_that_lost_more_is_no_witness_afterwards() {
        let many: Vec<_> = (0..2 * LOSSES).map(|number| (1.0 + number as f64 * 0.02, 0.01)).collect();
        let mut views = Views::default();
        let begin = begun(Some(0.0));
        let EventKind::RunStarted(started) = &begin.kind else { panic!() };
        views.begin_run(1, &begin, started);
        for (from, lasting) in many {
            views.on_event(&at(from, disconnected(1, None)), Some(0));
            views.on_event(&at(from + lasting, reconnected(2, lasting)), Some(0));
        }
        let view = &views.0[0];
        assert_eq!(view.losses.len(), LOSSES + 1);
        assert!(view.ended < at(40.0, finished(40.0).kind).time);
    }
}
