//! Another node took over, or this one was demoted.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::{Addresses, Facts},
        rules::process,
    },
    event::{ServerState, SocketEnd, role_name},
    record::Failover,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD003",
    remedy: "let the client retry without limit, resolve the name at each attempt, and drop the connection on READONLY",
    rules: &[
        another_was_named,
        demoted_and_closed,
        a_replica_took_over,
        role_changed,
        an_older_process_answers,
        process::replication_goes_on,
        failover_under_way,
        left_for_refused_writes,
        writes_refused,
    ],
    exclusions: &[same_role_as_before, started_in_the_same_place],
    implies: &[ErrorClass::ReadOnly, ErrorClass::MasterDown, ErrorClass::Moved, ErrorClass::Loading],
    ..CauseDef::EMPTY
};

const UNNAMED: &str = "unknown";

/// The Sentinels, or the nodes of a cluster, decide who is the primary, and the client went to whom they named.
fn another_was_named(facts: &Facts<'_>) -> Option<Argument> {
    let Failover { from, to, epoch, .. } = facts.followed()?;
    let why = match epoch {
        None => format!("the Sentinels replaced the primary {from} by {to}"),
        Some(epoch) => format!("the cluster replaced the primary {from} by {to} (configuration epoch {epoch})"),
    };
    Argument::new(Weight::Proves, why)
}

/// Sentinel gives a demoted primary another role and closes its clients with CLIENT KILL, which does not show whom it
/// closed.
fn demoted_and_closed(facts: &Facts<'_>) -> Option<Argument> {
    let closed = facts.ended(SocketEnd::Closed) && facts.listed() == Some(false);
    let killed = facts.has_moved(|state| state.client_kills) && facts.narrow() && facts.alone();
    let decided = facts.changed_role() == Some(true) && killed && closed;
    let why = "the server changed its role and closed clients (CLIENT KILL), as a failover manager does";
    Argument::when(decided, Weight::Supports, why)
}

/// A replica continues its primary's history. So does a primary that restarts from its own file, but that process is
/// younger than the loss.
fn a_replica_took_over(facts: &Facts<'_>) -> Option<Argument> {
    let older = facts.another_process() && facts.fresh() == Some(false);
    let why = "the answering server was up before the loss and took over the old primary's replication history";
    Argument::when(older && facts.continues_the_history() == Some(true), Weight::Supports, why)
}

fn role_changed(facts: &Facts<'_>) -> Option<Argument> {
    let changed = facts.changed_role() == Some(true);
    let (before, after) = facts.roles().filter(|(before, after)| changed && before != after)?;
    let weight = if facts.narrow() { Weight::Supports } else { Weight::Suggests };
    Argument::new(weight, format!("the same server process was a {} and is a {}", role_name(before), role_name(after)))
}

/// A node that took over has the role of the one that is gone. One with another role may have stood beside it before,
/// behind the same address.
fn an_older_process_answers(facts: &Facts<'_>) -> Option<Argument> {
    if !facts.another_process() || facts.fresh() != Some(false) {
        return None;
    }
    let laddr = facts.after().and_then(|after| after.laddr.as_deref()).unwrap_or(UNNAMED);
    let took_over = facts.roles() == Some(("master", "master")) && facts.another_place().is_some();
    // A moved name explains it, unless replication shows more.
    let weight =
        if took_over && facts.addresses() != Some(Addresses::Moved) { Weight::Supports } else { Weight::Suggests };
    let why = match facts.another_place() {
        Some(false) => format!("another node has taken over the address ({laddr}); it was up before the loss"),
        _ => format!("another node answers ({laddr}); it was up before the loss"),
    };
    Argument::new(weight, why)
}

fn failover_under_way(facts: &Facts<'_>) -> Option<Argument> {
    let known = |state: &ServerState| state.failover_state.clone();
    let state = facts.peek(|facts| facts.after().and_then(known).or_else(|| facts.before().and_then(known)))?;
    Argument::new(Weight::Supports, format!("the server reports a failover ({state})"))
}

/// A policy leaves a server only if that, or another in its place, was a primary before.
fn left_for_refused_writes(facts: &Facts<'_>) -> Option<Argument> {
    let why = "a primary was connected before, and this server refused a write (READONLY or MOVED): the client left it";
    Argument::when(facts.left_for_refused_writes(), Weight::Supports, why)
}

fn writes_refused(facts: &Facts<'_>) -> Option<Argument> {
    let refused = facts.met(ErrorClass::ReadOnly) || facts.met(ErrorClass::MasterDown);
    Argument::when(refused, Weight::Suggests, "a replica answered (READONLY or MASTERDOWN)")
}

fn same_role_as_before(facts: &Facts<'_>) -> Option<Argument> {
    let same = facts.gone() == Some(false) && facts.changed_role() == Some(false);
    Argument::when(same, Weight::Refutes, "the same server process answers, in the same role")
}

fn started_in_the_same_place(facts: &Facts<'_>) -> Option<Argument> {
    let started = facts.gone() != Some(false) && process::replaced_in_place(facts);
    Argument::when(started, Weight::Refutes, "a new process answers at the same address")
}
