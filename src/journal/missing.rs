//! A run whose beginning is not in the journal: the least that must be assumed to count the rest.

use std::collections::BTreeSet;

use crate::{
    event::{Connected, Event, EventKind, RunStarted, SCHEMA_VERSION},
    plan::{Address, Command, Plan, PolicyName, ReconnectPolicy, Target},
};

/// Maximum number of connections that are assumed from a plan.
const CONNECTIONS: u32 = 100_000;

/// The connections of such a run.
pub(super) struct Missing {
    /// Number of connections in the plan, until the first line that is not repeated.
    planned: Option<u32>,
    /// A connection and its subscriptions, as an example of all that are not listed.
    example: Vec<Event>,
    /// Connections seen so far.
    seen: BTreeSet<u32>,
}

/// Returns the start of a run of which only the id is known.
pub(super) fn start(run_id: &str) -> RunStarted {
    let unknown = || "unknown".to_owned();
    let target = Target::new(Address::Tcp { host: unknown(), port: 0, tls: false }, unknown());
    let plan = Plan::new(Command::Soak, target, ReconnectPolicy::preset(PolicyName::Hardened), 0);
    RunStarted {
        schema_version: SCHEMA_VERSION,
        version: unknown().into(),
        client_version: unknown().into(),
        run_id: run_id.to_owned().into(),
        plan,
        schedule: Vec::new(),
        continued: true,
        joined: false,
        clock: None,
    }
}

impl Missing {
    /// Creates the state for a plan with this many connections, and an example of them if there is one.
    pub(super) fn of(planned: u32, example: Vec<Event>) -> Self {
        Self { planned: Some(planned.min(CONNECTIONS)), example, seen: BTreeSet::new() }
    }

    /// Returns an event, after the connections that must have been up before it.
    pub(super) fn complete(&mut self, event: Event, copy: bool) -> Vec<Event> {
        if copy {
            return self.repeated(event);
        }
        let mut events = Vec::new();
        let assumed = self.planned.take().filter(|_| !self.example.is_empty()).unwrap_or_default();
        let answered = matches!(&event.kind, EventKind::Interval(interval) if interval.counters.ok > 0);
        // An answer without a connection is one of the first.
        let own = event.connection.or((answered && self.seen.is_empty()).then_some(0));
        for id in (0..assumed).chain(own) {
            let connects = Some(id) == event.connection && matches!(event.kind, EventKind::Connected(_));
            if self.seen.insert(id) && !connects {
                events.extend(self.up(id, &event));
            }
        }
        events.push(event);
        events
    }

    /// Returns what a repeated line adds. It is of no use after other lines.
    fn repeated(&mut self, event: Event) -> Vec<Event> {
        if self.planned.is_none() || matches!(event.kind, EventKind::RunStarted(_)) {
            return Vec::new();
        }
        let listed = event.connection.is_some_and(|id| !self.seen.insert(id));
        let is_example = self.example.first().is_none_or(|example| example.connection == event.connection);
        let up = event.connection.filter(|_| !listed && !is_example).map(|id| self.up(id, &event));
        if is_example && matches!(event.kind, EventKind::Connected(_) | EventKind::Subscribed(_)) {
            self.example.push(event.clone());
        }
        up.into_iter().flatten().chain([event]).collect()
    }

    /// Returns the events of a connection that is up at the time of the given event.
    fn up(&self, id: u32, by: &Event) -> Vec<Event> {
        let unknown = || vec![EventKind::Connected(Box::new(Connected { resp: 3, ..Connected::default() }))];
        let known: Vec<_> = self.example.iter().map(|event| event.kind.clone()).collect();
        let kinds = if known.is_empty() { unknown() } else { known };
        kinds.into_iter().map(|kind| Event { connection: Some(id), ..by.with(kind) }).collect()
    }
}
