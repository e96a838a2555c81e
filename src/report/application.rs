//! An application behind the proxy: the events about it, folded into its report.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::{Finding, List};
use crate::{
    clock::{Seconds, Stamp},
    event::{Event, EventKind, EventSink, FlowEnd, FlowRole, Observed, RanTwice, SCHEMA_VERSION, Totals, Undelivered},
    foreign::Foreign,
    units::{count, span},
    verdict::{Severity, Verdict},
};

/// Rows of each list.
const LONGEST: usize = 1000;

/// The report of `proxy --report`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Application {
    /// Version of this JSON.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: String,
    /// Verdict of the worst finding.
    pub verdict: Verdict,
    /// Server, without its password.
    pub target: String,
    /// Duration of the observation in seconds.
    #[serde(with = "Seconds")]
    #[schemars(with = "Seconds")]
    pub duration: Duration,
    /// Clients: those with the same library, name and user are one row.
    pub clients: Vec<Client>,
    /// Connections of the application.
    pub connections: u64,
    /// Roles of the connections.
    pub roles: Vec<RoleRow>,
    /// Figures of all connections.
    pub totals: Totals,
    /// Commands that ran twice.
    pub ran_twice: Vec<RanTwice>,
    /// Elements that the server removed and the application did not receive.
    pub elements_lost: Vec<Undelivered>,
    /// Locks that the server granted and the application does not know of.
    pub locks_orphaned: Vec<Undelivered>,
    /// Writes of which the application does not know if they ran.
    pub outcome_unknown: u64,
    /// Faults that were injected.
    pub faults: Vec<Injected>,
    /// Problems and other remarks, worst first.
    pub findings: Vec<Finding>,
    /// Notes made during the observation.
    pub notes: Vec<Foreign>,
}

/// Clients that give the same name for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Client {
    /// Library and version, from CLIENT SETINFO.
    pub library: Option<Foreign>,
    /// Name, from CLIENT SETNAME or HELLO.
    pub name: Option<Foreign>,
    /// ACL user, from AUTH or HELLO.
    pub user: Option<Foreign>,
    /// Number of connections.
    pub connections: u64,
}

/// A role of connections.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct RoleRow {
    /// Use of the connections.
    pub role: FlowRole,
    /// Number of connections.
    pub connections: u64,
    /// Outages, in order.
    pub outages: Vec<RoleOutage>,
    /// True if the last outage was not over at the end.
    pub down: bool,
    /// True if no connection was made in the last outage: the application sent nothing that could show if it survived.
    pub unproven: bool,
}

/// An outage of a role.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct RoleOutage {
    /// Beginning in seconds.
    #[serde(with = "Seconds")]
    #[schemars(with = "Seconds")]
    pub at: Duration,
    /// End of the last connection.
    pub how: FlowEnd,
    /// Duration in seconds; null if it was not over at the end.
    pub lasted: Option<f64>,
    /// Connections that the application opened in it.
    pub attempts: u64,
}

/// A fault that was injected.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Injected {
    /// The fault, as `--fault` takes it.
    pub fault: String,
    /// Number of times.
    pub times: u64,
}

/// Folds the events about an application.
#[derive(Debug, Default)]
pub(crate) struct Observation {
    clients: Vec<Client>,
    roles: BTreeMap<FlowRole, RoleRow>,
    totals: Totals,
    ran_twice: Vec<RanTwice>,
    elements_lost: Vec<Undelivered>,
    locks_orphaned: Vec<Undelivered>,
    outcome_unknown: u64,
    faults: Vec<Injected>,
    notes: Vec<Foreign>,
    connections: u64,
    unreachable: u64,
    ended: Stamp,
}

impl EventSink for Observation {
    fn on_event(&mut self, event: &Event) {
        self.ended = self.ended.max(event.at);
        match &event.kind {
            EventKind::FlowOpened(_) => {
                self.connections += 1;
                let outages =
                    self.roles.values_mut().filter(|role| role.down).filter_map(|role| role.outages.last_mut());
                outages.for_each(|outage| outage.attempts += 1);
            }
            EventKind::FlowClosed(closed) => self.unreachable += u64::from(closed.how == FlowEnd::Unreachable),
            EventKind::FaultInjected { fault } => {
                match self.faults.iter_mut().find(|row| row.fault == fault.to_string()) {
                    Some(row) => row.times += 1,
                    None => push(&mut self.faults, Injected { fault: fault.to_string(), times: 1 }),
                }
            }
            EventKind::Note { text } => push(&mut self.notes, text.clone()),
            EventKind::Observed(observed) => self.observe(event.at, observed),
            _ => {}
        }
    }
}

impl Observation {
    fn observe(&mut self, at: Stamp, observed: &Observed) {
        match observed {
            Observed::Identified(it) => {
                self.role(it.role).connections += 1;
                let is_same = |known: &&mut Client| {
                    (&known.library, &known.name, &known.user) == (&it.library, &it.name, &it.user)
                };
                match self.clients.iter_mut().find(is_same) {
                    Some(known) => known.connections += 1,
                    None => {
                        let (library, name, user) = (it.library.clone(), it.name.clone(), it.user.clone());
                        push(&mut self.clients, Client { library, name, user, connections: 1 });
                    }
                }
            }
            Observed::RoleLost(it) => {
                let outage = RoleOutage { at: at.before(it.ago).elapsed(), how: it.how, lasted: None, attempts: 0 };
                let role = self.role(it.role);
                role.down = true;
                push(&mut role.outages, outage);
            }
            Observed::RoleRecovered(it) => {
                let role = self.role(it.role);
                role.down = false;
                if let Some(outage) = role.outages.last_mut().filter(|outage| outage.lasted.is_none()) {
                    (outage.lasted, outage.attempts) = (Some(it.after.as_secs_f64()), it.attempts);
                }
            }
            Observed::RanTwice(it) => push(&mut self.ran_twice, it.clone()),
            Observed::ElementLost(it) => push(&mut self.elements_lost, it.clone()),
            Observed::LockOrphaned(it) => push(&mut self.locks_orphaned, it.clone()),
            Observed::OutcomeUnknown(it) => self.outcome_unknown += it.commands,
            Observed::Totals(it) => self.totals = it.clone(),
        }
    }

    fn role(&mut self, role: FlowRole) -> &mut RoleRow {
        let new = RoleRow { role, connections: 0, outages: Vec::new(), down: false, unproven: false };
        self.roles.entry(role).or_insert(new)
    }

    /// Judges the application; `failed` describes how it ended, if it failed.
    pub(crate) fn report(&self, target: String, failed: Option<String>) -> Application {
        let mut findings = List(Vec::new());
        let twice = self.ran_twice.len() as u64;
        findings.count(Severity::Critical, twice, "command ran twice", "commands ran twice");
        let lost = self.elements_lost.len() as u64;
        let (one, many) = (
            "element was removed at the server and not received",
            "elements were removed at the server and not received",
        );
        findings.count(Severity::Critical, lost, one, many);
        let (one, many) =
            ("lock is held by no client that knows of it", "locks are held by no client that knows of them");
        findings.count(Severity::Critical, self.locks_orphaned.len() as u64, one, many);
        let roles: Vec<_> = self.roles.values().map(concluded).collect();
        roles.iter().for_each(|role| role_findings(role, &mut findings));
        let (one, many) = ("write has an unknown outcome", "writes have an unknown outcome");
        findings.count(Severity::Warning, self.outcome_unknown, one, many);
        if self.unreachable > 0 {
            findings.warning(format!("{} found no server", count(self.unreachable, "connection")));
        }
        if let Some(how) = failed {
            findings.critical(format!("the application ended: {how}"));
        }
        if self.connections == 0 {
            findings.warning("no client connected");
        }
        if self.totals.incomplete {
            findings.info("a connection had more commands in flight than are followed: its losses are not examined");
        }
        let mut findings = findings.0;
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Application {
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            verdict: Verdict::worst(findings.iter().map(|finding| finding.severity)),
            target,
            duration: self.ended.elapsed(),
            clients: self.clients.clone(),
            connections: self.connections,
            roles,
            totals: self.totals.clone(),
            ran_twice: self.ran_twice.clone(),
            elements_lost: self.elements_lost.clone(),
            locks_orphaned: self.locks_orphaned.clone(),
            outcome_unknown: self.outcome_unknown,
            faults: self.faults.clone(),
            findings,
            notes: self.notes.clone(),
        }
    }
}

/// Decides what the end of the observation leaves open.
fn concluded(row: &RoleRow) -> RoleRow {
    let idle = row.outages.last().is_some_and(|outage| outage.attempts == 0);
    RoleRow { unproven: row.down && idle, ..row.clone() }
}

fn role_findings(row: &RoleRow, findings: &mut List) {
    let role = row.role;
    if row.unproven {
        findings.warning(format!("{role}: lost, and the application made no connection afterwards: unproven"));
    } else if row.down {
        findings.critical(format!("{role}: not back at the end"));
    }
    let over: Vec<_> = row.outages.iter().filter_map(|outage| outage.lasted).collect();
    if let Some(longest) = over.iter().copied().reduce(f64::max) {
        let longest = span(Duration::from_secs_f64(longest));
        findings.warning(format!("{role}: {}, the longest {longest}", count(over.len() as u64, "outage")));
    }
}

fn push<T>(list: &mut Vec<T>, row: T) {
    if list.len() < LONGEST {
        list.push(row);
    }
}
