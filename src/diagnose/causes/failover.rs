//! Another node took over, or this one was demoted.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::{Addresses, Facts},
        rules::process,
    },
    event::{ServerState, SocketEnd, role_name},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD003",
    remedy: "let the client retry without limit, resolve the name at each attempt, and drop the connection on READONLY",
    rules: &[
        demoted_and_closed,
        a_replica_took_over,
        role_changed,
        an_older_process_answers,
        process::replication_goes_on,
        failover_under_way,
        writes_refused,
        same_role_as_before,
        started_in_the_same_place,
    ],
};

const UNNAMED: &str = "unknown";

/// Sentinel gives a demoted primary another role and closes its clients with CLIENT KILL.
fn demoted_and_closed(facts: &Facts<'_>) -> Option<Argument> {
    let killed = facts.moved(|state| state.client_kills) > Some(0);
    let closed = facts.end() == Some(SocketEnd::Closed) && facts.listed() == Some(false);
    let decided = facts.changed_role() && killed && closed && facts.narrow() && facts.alone();
    let why = "the server changed its role and closed its clients (CLIENT KILL), as a failover manager does";
    Argument::when(decided, Weight::Proves, why)
}

/// A replica continues its primary's history. So does a primary that restarts from its own file, but that process is
/// younger than the loss.
fn a_replica_took_over(facts: &Facts<'_>) -> Option<Argument> {
    let why = "the answering server was up before the loss and took over the old primary's replication history";
    Argument::when(facts.took_over(), Weight::Proves, why)
}

fn role_changed(facts: &Facts<'_>) -> Option<Argument> {
    let (before, after) = facts.roles().filter(|_| facts.changed_role())?;
    let weight = if facts.narrow() { Weight::Supports } else { Weight::Suggests };
    Argument::new(weight, format!("the same server process was a {} and is a {}", role_name(before), role_name(after)))
}

fn an_older_process_answers(facts: &Facts<'_>) -> Option<Argument> {
    let older = facts.another_process() && facts.fresh() == Some(false) && facts.another_place() != Some(false);
    let laddr = facts.after().and_then(|after| after.laddr.as_deref()).unwrap_or(UNNAMED);
    // A moved name explains it, unless replication shows more.
    let weight = if facts.addresses() == Some(Addresses::Moved) { Weight::Suggests } else { Weight::Supports };
    let why = format!("another node answers ({laddr}); it was up before the loss");
    Argument::when(older, weight, why)
}

fn failover_under_way(facts: &Facts<'_>) -> Option<Argument> {
    let known = |state: Option<&ServerState>| state.and_then(|state| state.failover_state.clone());
    let state = known(facts.after()).or_else(|| known(facts.before()))?;
    Argument::new(Weight::Supports, format!("the server reports a failover ({state})"))
}

fn writes_refused(facts: &Facts<'_>) -> Option<Argument> {
    let refused = facts.met(ErrorClass::ReadOnly) || facts.met(ErrorClass::MasterDown);
    Argument::when(refused, Weight::Suggests, "a replica answered (READONLY or MASTERDOWN)")
}

fn same_role_as_before(facts: &Facts<'_>) -> Option<Argument> {
    let same = facts.is_same_process() && !facts.changed_role();
    let weight = if facts.roles().is_some() { Weight::Refutes } else { Weight::Weakens };
    Argument::when(same, weight, "the same server process answers")
}

fn started_in_the_same_place(facts: &Facts<'_>) -> Option<Argument> {
    let started = facts.another_process() && facts.fresh() == Some(true) && facts.another_place() == Some(false);
    Argument::when(started, Weight::Refutes, "a new process answers at the same address")
}
