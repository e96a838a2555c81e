//! The figures of a trace: the findings, the connections that ended, the attempts that failed, and the connections of the
//! last sample.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::{SecondsList, Stamp},
    event::{
        AttemptEnd, AttemptFailed, Ending, Event, EventKind, Found, TraceSample, Traced, TracedConnection, TracedEnd,
        Unnoticed,
    },
    verdict::Severity,
};

/// Endings that are listed, and connections that ended unnoticed; further endings are counted.
const LISTED: usize = 1000;

/// Servers whose attempts are counted; beyond that they are left out.
const SERVERS: usize = 1000;

/// Intervals that are listed.
const INTERVALS: usize = 20;

/// The figures of one or several traces.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TraceFigures {
    /// Sums of all samples, and the number of connections in the last one.
    pub sample: TraceSample,
    /// Connections that ended, without those that the client closed and nothing is in doubt: the first ones.
    pub ended: Vec<EndedRow>,
    /// Number of the connections that the client did not close, by the way in which they ended.
    pub lost: BTreeMap<Ending, u64>,
    /// Number of connections that ended with bytes in doubt.
    pub in_doubt: u64,
    /// Bytes in doubt.
    pub bytes_in_doubt: u64,
    /// Failed connection attempts by server.
    pub attempts: Vec<AttemptsRow>,
    /// Connections that ended, and whose client has not noticed.
    pub unnoticed: Vec<Unnoticed>,
    /// Findings that are there.
    pub present: Vec<Found>,
    /// Findings that are over.
    pub over: Vec<Found>,
    /// Connections of the last sample.
    pub connections: Vec<TracedConnection>,
}

/// A connection that ended, with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct EndedRow {
    /// Time of the end, from the start of the trace.
    pub at: Stamp,
    /// The connection.
    #[serde(flatten)]
    pub end: TracedEnd,
}

/// The failed attempts to connect to a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct AttemptsRow {
    /// Address of the server.
    pub server: SocketAddr,
    /// Attempts that were refused (RST).
    pub refused: u64,
    /// Attempts without an answer.
    pub unanswered: u64,
    /// Connections that were made and ended by the server within a second, with one reply at most.
    pub dropped: u64,
    /// Intervals between the first attempts.
    #[serde(rename = "intervals_seconds", with = "SecondsList")]
    pub intervals: Vec<Duration>,
    /// Most attempts within a second.
    pub busiest_second: u64,
}

/// The record of the traces so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracer {
    figures: TraceFigures,
    /// The sums of the runs before.
    before: TraceSample,
    attempts: BTreeMap<SocketAddr, Attempts>,
    /// The worst finding of each code and server that is over.
    over: BTreeMap<(String, SocketAddr), Found>,
}

/// The failed attempts to connect to a server so far.
#[derive(Clone, Debug, Default)]
struct Attempts {
    refused: u64,
    unanswered: u64,
    dropped: u64,
    first: Vec<Stamp>,
    /// Those of the last second.
    recent: VecDeque<Stamp>,
    busiest: u64,
}

impl Tracer {
    /// Adds an event to the record, which begins with the first trace.
    pub(super) fn add(record: &mut Option<Self>, event: &Event) {
        match &event.kind {
            EventKind::RunStarted(started) if started.plan.trace.is_some() => {
                let record = record.get_or_insert_default();
                record.before = record.figures.sample;
            }
            EventKind::Traced(traced) => record.get_or_insert_default().traced(event.at, traced),
            _ => {}
        }
    }

    fn traced(&mut self, at: Stamp, traced: &Traced) {
        match traced {
            // A watch that was cut off may have no other sample.
            Traced::Watching(size) => {
                let any = size.connections > 0 || self.before.any;
                let samples = self.before.samples.saturating_add(1);
                self.figures.sample = TraceSample { size: *size, samples, any, ..self.before };
            }
            Traced::Sampled(sample) => {
                let TraceSample { samples, any, closed, dropped, .. } = self.before;
                self.figures.sample = TraceSample {
                    size: sample.size,
                    samples: sample.samples.saturating_add(samples),
                    any: sample.any || any,
                    closed: sample.closed.saturating_add(closed),
                    dropped: sample.dropped.saturating_add(dropped),
                };
            }
            Traced::Found(found) | Traced::Standing(found) => {
                self.forget(found);
                self.figures.present.push(found.clone());
            }
            Traced::Cleared(found) => {
                self.forget(found);
                if found.finding.severity > Severity::Info && self.over.len() < LISTED {
                    self.over.insert((found.code().to_owned(), found.server), found.clone());
                }
            }
            Traced::Ended(end) => self.ended(at, end),
            Traced::Unnoticed(unnoticed) => {
                if self.figures.unnoticed.len() < LISTED {
                    self.figures.unnoticed.push(unnoticed.clone());
                }
            }
            Traced::AttemptFailed(failed) => self.attempt_failed(at, failed),
            Traced::Connected(_) => {}
            Traced::Connection(connection) => self.figures.connections.push((**connection).clone()),
        }
    }

    fn forget(&mut self, found: &Found) {
        self.figures.present.retain(|it| (it.code(), it.server) != (found.code(), found.server));
    }

    fn ended(&mut self, at: Stamp, end: &TracedEnd) {
        let figures = &mut self.figures;
        figures.sample.any = true;
        figures.unnoticed.retain(|it| (it.local, it.peer) != (end.local, end.peer));
        if !end.is_telling() {
            return;
        }
        if end.in_doubt_bytes > 0 {
            figures.in_doubt += 1;
            figures.bytes_in_doubt = figures.bytes_in_doubt.saturating_add(end.in_doubt_bytes);
        }
        if end.how != Ending::ClosedByClient {
            *figures.lost.entry(end.how).or_default() += 1;
        }
        if figures.ended.len() < LISTED {
            figures.ended.push(EndedRow { at, end: end.clone() });
        }
    }

    fn attempt_failed(&mut self, at: Stamp, failed: &AttemptFailed) {
        self.figures.sample.any = true;
        if self.attempts.len() < SERVERS || self.attempts.contains_key(&failed.peer) {
            self.attempts.entry(failed.peer).or_default().add(failed.how, at);
        }
    }

    pub(super) fn into_figures(self) -> TraceFigures {
        let present = |found: &Found| {
            self.figures.present.iter().any(|it| (it.code(), it.server) == (found.code(), found.server))
        };
        let over = self.over.into_values().filter(|found| !present(found)).collect();
        let attempts = self.attempts.into_iter().map(|(server, attempts)| attempts.row(server)).collect();
        TraceFigures { over, attempts, ..self.figures }
    }
}

impl Attempts {
    fn add(&mut self, how: AttemptEnd, at: Stamp) {
        match how {
            AttemptEnd::Unanswered => self.unanswered += 1,
            AttemptEnd::Refused => self.refused += 1,
            AttemptEnd::Dropped => self.dropped += 1,
        }
        if self.first.len() <= INTERVALS {
            self.first.push(at);
        }
        self.recent.push_back(at);
        while self.recent.front().is_some_and(|first| at.since(*first) > Duration::from_secs(1)) {
            self.recent.pop_front();
        }
        self.busiest = self.busiest.max(self.recent.len() as u64);
    }

    fn row(self, server: SocketAddr) -> AttemptsRow {
        AttemptsRow {
            server,
            refused: self.refused,
            unanswered: self.unanswered,
            dropped: self.dropped,
            intervals: self.first.windows(2).map(|pair| pair[1].since(pair[0])).collect(),
            busiest_second: self.busiest,
        }
    }
}

impl AttemptsRow {
    /// Returns the number of failed attempts.
    pub(crate) fn failed(&self) -> u64 {
        self.refused + self.unanswered + self.dropped
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        event::{
            EventSink as _, KeepaliveTimer, Owner, Returned, RunStarted, SCHEMA_VERSION, SocketSide, SocketState,
            StopReason, TraceSize,
        },
        plan::{Plan, Tracing},
        record::{Recorder, fixture::at},
        verdict::CheckFinding,
    };

    const SERVER: &str = "10.0.0.1:6379";

    fn local(number: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 2], 40_000 + number))
    }

    fn found(severity: Severity, code: &'static str, text: &str) -> Found {
        let finding = CheckFinding::new(severity, code, text).evidence("seen").remedy("look");
        Found { server: SERVER.parse().unwrap(), finding }
    }

    fn ended(number: u16, how: Ending, in_doubt_bytes: u64) -> Traced {
        let (local, peer) = (local(number), SERVER.parse().unwrap());
        Traced::Ended(TracedEnd { local, peer, owner: None, how, proven: true, in_doubt_bytes })
    }

    fn failed(how: AttemptEnd, after: Option<Duration>) -> Traced {
        Traced::AttemptFailed(AttemptFailed { peer: SERVER.parse().unwrap(), how, syn_retries: 0, after })
    }

    fn worker() -> Owner {
        Owner { pid: 4711, program: "worker".into() }
    }

    fn connection() -> TracedConnection {
        TracedConnection {
            local: local(0),
            peer: SERVER.parse().unwrap(),
            side: SocketSide::Client,
            state: SocketState::Established,
            owner: Some(worker()),
            uid: 1000,
            cgroup: None,
            rtt: Duration::from_micros(800),
            min_rtt: Some(Duration::from_micros(700)),
            retransmits: 3,
            total_retransmits: 4,
            unacknowledged_bytes: 120,
            unacknowledged: Some(Duration::from_secs(3)),
            send_queue_bytes: 120,
            receive_queue_bytes: 0,
            keepalive: KeepaliveTimer::Unknown,
            keepalive_due: None,
            silent: Duration::from_secs(1),
            waiting: Some(Duration::from_secs(3)),
            findings: vec!["RD230".into()],
        }
    }

    /// The events of a watch with one of each kind; with its end, or cut off before the last sample.
    pub(crate) fn events(complete: bool) -> Vec<Event> {
        let tracing = Tracing { ports: vec![6379], watch: true, ..Tracing::default() };
        let started = RunStarted {
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").into(),
            client_version: "1.8.1".into(),
            run_id: "7f3b".into(),
            plan: Plan::of_trace(tracing, 42),
            schedule: Vec::new(),
            continued: false,
            joined: false,
            clock: None,
        };
        let size = TraceSize { connections: 2, servers: 1 };
        let sample = TraceSample { size, samples: 40, any: true, closed: 3, dropped: 1 };
        let half_open = found(Severity::Critical, "RD230", "a connection to 10.0.0.1:6379 is half-open");
        let silent = found(Severity::Warning, "RD231", "the server at 10.0.0.1:6379 is silent for 1 s");
        let longer = found(Severity::Warning, "RD231", "the server at 10.0.0.1:6379 is silent for 2 s");
        let unnoticed = |number| Unnoticed {
            local: local(number),
            peer: SERVER.parse().unwrap(),
            owner: worker(),
            how: Ending::Reset,
        };
        let returned = Returned { local: local(7), peer: SERVER.parse().unwrap(), after: Duration::from_millis(1200) };
        let traced = |seconds, traced| at(seconds, EventKind::Traced(Box::new(traced)));
        let mut events = vec![
            at(0.0, EventKind::RunStarted(Box::new(started))),
            traced(0.0, Traced::Watching(size)),
            traced(0.5, Traced::Found(silent)),
            traced(1.0, Traced::Sampled(sample)),
            traced(1.5, Traced::Cleared(longer)),
            traced(2.0, ended(1, Ending::Reset, 30)),
            traced(2.1, Traced::Unnoticed(unnoticed(2))),
            traced(2.2, Traced::Unnoticed(unnoticed(3))),
            traced(2.3, ended(2, Ending::Reset, 0)),
            traced(3.0, failed(AttemptEnd::Refused, None)),
            traced(3.148, failed(AttemptEnd::Dropped, Some(Duration::from_millis(148)))),
            traced(3.2, Traced::Connected(returned)),
            traced(4.0, Traced::Found(half_open.clone())),
        ];
        if complete {
            events.extend([
                traced(10.0, Traced::Standing(half_open)),
                traced(10.0, Traced::Connection(Box::new(connection()))),
                traced(10.0, Traced::Sampled(sample)),
                at(10.0, EventKind::RunFinished { reason: StopReason::Duration }),
            ]);
        }
        events
    }

    fn figures(events: &[Event]) -> TraceFigures {
        let mut recorder = Recorder::default();
        events.iter().for_each(|event| recorder.on_event(event));
        recorder.figures().trace.unwrap()
    }

    #[test]
    fn a_trace_is_counted_from_its_events() {
        let trace = figures(&events(true));
        assert_eq!(trace.lost, BTreeMap::from([(Ending::Reset, 2)]));
        assert_eq!((trace.in_doubt, trace.bytes_in_doubt, trace.ended.len()), (1, 30, 2));
        let [row] = &trace.attempts[..] else { panic!("{trace:?}") };
        assert_eq!((row.failed(), row.busiest_second, &row.intervals[..]), (2, 2, &[Duration::from_millis(148)][..]));
        let codes = |found: &[Found]| found.iter().map(|it| it.code().to_owned()).collect::<Vec<_>>();
        assert_eq!((codes(&trace.present), codes(&trace.over)), (vec!["RD230".to_owned()], vec!["RD231".to_owned()]));
        assert!(trace.over[0].finding.text.ends_with("2 s"), "as it was last: {trace:?}");
        let unnoticed: Vec<_> = trace.unnoticed.iter().map(|it| it.local).collect();
        assert_eq!(unnoticed, [local(3)], "the end of the other one was noticed");
        assert_eq!(trace.connections, [connection()]);
    }

    #[test]
    fn a_journal_has_all_that_the_figures_need() {
        let read = |event: &Event| serde_json::from_str::<Event>(&serde_json::to_string(event).unwrap()).unwrap();
        for complete in [true, false] {
            let events = events(complete);
            let again: Vec<_> = events.iter().map(read).collect();
            assert_eq!(figures(&again), figures(&events));
        }
    }

    #[test]
    fn a_trace_that_was_cut_off_has_the_findings_so_far() {
        let trace = figures(&events(false));
        assert_eq!((trace.present.len(), trace.connections.len()), (1, 0));
    }

    #[test]
    fn several_traces_add_up() {
        let trace = figures(&[events(true), events(true)].concat());
        assert_eq!((trace.sample.samples, trace.sample.closed, trace.bytes_in_doubt), (80, 6, 60));
    }
}
