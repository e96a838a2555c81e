//! The file descriptors that a command takes, and the limit of this process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Problem;
use crate::plan::Plan;

/// Descriptors of every command: the runtime and its signals need nine besides the standard three, and the runtime panics
/// without them.
pub(super) const FEWEST: u64 = 16;

/// Descriptors beside the connections: outputs, the publisher, queries of the server, path probes, the kernel's socket
/// table.
const BESIDE: u64 = 32;

/// The same for each of several targets, at most: the publisher, a query of the server, a path probe, the kernel's socket
/// table and its broadcast, the listening socket of the fault proxy.
const BESIDE_EACH: u64 = 6;

/// Second descriptors that the evidence holds of connections, at most.
const HELD: u64 = 100;

/// Raises the limit of this process to its maximum, and refuses one that no command can work with.
///
/// # Errors
/// The limit is too low.
pub(super) fn check() -> Result<(), Problem> {
    match raised_limit().filter(|limit| *limit < FEWEST) {
        Some(limit) => Err(Problem::Descriptors { limit }),
        None => Ok(()),
    }
}

/// Refuses a number of connections, or of targets, that the limit has no room for: some would fail as if their servers were
/// down.
///
/// # Errors
/// The limit is too low for the plan.
pub(super) fn check_for(plan: &Plan) -> Result<(), Problem> {
    if let Some(scope) = &plan.scope {
        let of_targets =
            plan.of_each_target().map(|(_, plan)| u64::from(plan.connections) * need(&plan).0 + held(&plan));
        let needed = of_targets.map(|of_target| of_target + BESIDE_EACH).sum();
        return check_for_targets(scope.targets.len(), needed);
    }
    let (each, beside) = need(plan);
    let (connections, Some(limit)) = (u64::from(plan.connections), raised_limit()) else { return Ok(()) };
    let needed = connections * each + beside;
    // A single connection gets by with less, and the failure names what it lacks.
    if connections == 1 || needed <= limit {
        return Ok(());
    }
    Err(Problem::TooManyConnections { connections, needed, each, limit, room: limit.saturating_sub(beside) / each })
}

/// Refuses a number of targets that take `needed` descriptors together, if the limit has no room for them.
///
/// # Errors
/// The limit is too low.
pub(super) fn check_for_targets(targets: usize, needed: u64) -> Result<(), Problem> {
    let needed = FEWEST + needed;
    match raised_limit().filter(|limit| *limit < needed) {
        Some(limit) => Err(Problem::ManyTargets { targets, needed, limit }),
        None => Ok(()),
    }
}

/// Returns the descriptors that each connection of a plan takes, and those beside them.
fn need(plan: &Plan) -> (u64, u64) {
    // Over RESP2 a second connection subscribes.
    let subscriber = plan.subscription.is_some() && plan.protocol.is_resp3() == Some(false);
    let connections = 1 + u64::from(subscriber);
    // The fault proxy accepts each and makes another, and the sandbox accepts it.
    let ends = 1 + 2 * u64::from(!plan.faults.is_empty()) + u64::from(plan.sandbox);
    (connections * ends, BESIDE + held(plan))
}

/// Returns the second descriptors that the evidence holds of connections.
fn held(plan: &Plan) -> u64 {
    if plan.evidence { HELD.min(u64::from(plan.connections)) } else { 0 }
}

/// Raises the file descriptor limit of this process to its maximum: a connection through the proxy takes two, and many
/// systems start with a limit of a thousand. Returns the limit now in force; `None` for unlimited.
fn raised_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}
