//! A run whose beginning is not in the journal: the least that must be assumed to count the rest.

use std::collections::BTreeSet;

use crate::{
    event::{Connected, Event, EventKind, RunStarted, SCHEMA_VERSION},
    plan::{Address, Command, Plan, PolicyName, Protocol, ReconnectPolicy, StopCondition, Target},
};

/// Maximum number of connections that are assumed from a plan.
const CONNECTIONS: u32 = 100_000;

/// The connections of such a run.
pub(super) struct Missing {
    /// Number of connections in the plan, until the first line that is not repeated.
    planned: Option<u32>,
    /// The connection that stands for the others.
    connected: Option<Event>,
    /// Connections seen so far.
    seen: BTreeSet<u32>,
}

/// Returns the start of a run of which only the id is known.
pub(super) fn start(run_id: &str) -> RunStarted {
    let unknown = || "unknown".to_owned();
    let target = Target {
        address: Address::Tcp { host: unknown(), port: 0, tls: false },
        db: 0,
        user: None,
        password: None,
        client_name: None,
        named_by: unknown(),
    };
    let plan = Plan {
        command: Command::Soak,
        target,
        sandbox: false,
        protocol: Protocol::Auto,
        policy: ReconnectPolicy::preset(PolicyName::Hardened),
        probes: None,
        subscription: None,
        connections: 1,
        stop: StopCondition::default(),
        faults: Vec::new(),
        fail_on: Vec::new(),
        warn_on: Vec::new(),
        evidence: true,
        seed: 0,
    };
    RunStarted {
        schema_version: SCHEMA_VERSION,
        version: unknown(),
        client_version: unknown(),
        run_id: run_id.to_owned(),
        plan,
        schedule: Vec::new(),
        continued: true,
    }
}

impl Missing {
    /// Creates the state for a plan with this many connections, and the first of them if it is known.
    pub(super) fn of(planned: u32, connected: Option<Event>) -> Self {
        Self { planned: Some(planned.min(CONNECTIONS)), connected, seen: BTreeSet::new() }
    }

    /// Returns an event, after the connections that must have been up before it.
    pub(super) fn complete(&mut self, event: Event, copy: bool) -> Vec<Event> {
        if copy {
            return self.repeated(event);
        }
        let mut events = Vec::new();
        let assumed = self.planned.take().filter(|_| self.connected.is_some()).unwrap_or_default();
        let answered = matches!(&event.kind, EventKind::Interval(interval) if interval.counters.ok > 0);
        // An answer without a connection is one of the first.
        let own = event.connection.or((answered && self.seen.is_empty()).then_some(0));
        for id in (0..assumed).chain(own) {
            let connects = Some(id) == event.connection && matches!(event.kind, EventKind::Connected(_));
            if self.seen.insert(id) && !connects {
                let kind = self.connected.as_ref().map_or_else(
                    || EventKind::Connected(Box::new(Connected { resp: 3, ..Connected::default() })),
                    |known| known.kind.clone(),
                );
                events.push(Event { connection: Some(id), ..event.with(kind) });
            }
        }
        events.push(event);
        events
    }

    /// Returns what a repeated line adds: an outage that is not over. It is of no use after other lines.
    fn repeated(&mut self, event: Event) -> Vec<Event> {
        if self.planned.is_none() || matches!(event.kind, EventKind::RunStarted(_)) {
            return Vec::new();
        }
        if let EventKind::Connected(_) = event.kind {
            self.connected = Some(event.clone());
        }
        let fresh = event.connection.is_some_and(|id| self.seen.insert(id));
        let known = self.connected.as_ref().filter(|known| fresh && known.connection != event.connection);
        let connected = known.map(|known| Event { connection: event.connection, ..event.with(known.kind.clone()) });
        connected.into_iter().chain([event]).collect()
    }
}
