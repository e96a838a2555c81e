//! A run whose beginning is not in the journal: the least that must be assumed to count the rest.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    event::{Connected, Event, EventKind, RunStarted, SCHEMA_VERSION},
    plan::{Address, Command, Plan, PolicyName, Protocol, ReconnectPolicy, StopCondition, Target},
};

/// Maximum number of connections that are assumed from a plan.
const CONNECTIONS: u32 = 100_000;

/// The connections of such a run.
pub(super) struct Missing {
    /// Number of connections in the plan, until the repeated lines have been read; 0 if the plan is not known.
    planned: u32,
    /// Connections seen so far.
    seen: BTreeSet<u32>,
    /// The connection that stands for the others.
    connected: Option<Event>,
}

impl Missing {
    /// Creates the state for a plan with this many connections.
    pub(super) fn of(planned: u32) -> Self {
        Self { planned: planned.min(CONNECTIONS), seen: BTreeSet::new(), connected: None }
    }

    /// Returns an event that stands for the start of the run, at the time of its first line.
    pub(super) fn beginning(run_id: &str, first: &Event) -> Event {
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
        let started = RunStarted {
            schema_version: SCHEMA_VERSION,
            version: unknown(),
            client_version: unknown(),
            run_id: run_id.to_owned(),
            plan,
            schedule: Vec::<Duration>::new(),
            continued: true,
        };
        Event { connection: None, ..first.with(EventKind::RunStarted(Box::new(started))) }
    }

    /// Returns an event, after the connections that must have been up before it.
    pub(super) fn complete(&mut self, event: Event, copy: bool) -> Vec<Event> {
        let mut events = Vec::new();
        if !copy {
            let connected = self.connected.take();
            let planned = std::mem::take(&mut self.planned);
            let others = (0..planned).filter(|id| !self.seen.contains(id)).collect::<Vec<_>>();
            for (id, known) in others.into_iter().zip(connected.iter().cycle()) {
                self.seen.insert(id);
                events.push(Event { connection: Some(id), ..known.clone() });
            }
        }
        let id = match &event.kind {
            EventKind::Interval(interval) if interval.counters.ok > 0 && self.seen.is_empty() => Some(0),
            _ => event.connection,
        };
        if let Some(id) = id.filter(|id| self.seen.insert(*id)) {
            match &event.kind {
                EventKind::Connected(_) if copy => self.connected = Some(event.clone()),
                EventKind::Connected(_) => {}
                _ => {
                    let connected = self.connected.as_ref().map_or_else(
                        || EventKind::Connected(Box::new(Connected { resp: 3, ..Connected::default() })),
                        |known| known.kind.clone(),
                    );
                    events.push(Event { connection: Some(id), ..event.with(connected) });
                }
            }
        }
        events.push(event);
        events
    }
}
