//! The facts about an outage, as the rules query them. `None` means unknown, never "no".
//!
//! [`Facts`] notes when a rule meets a fact that is unknown. A rule that met none has the same result whatever else
//! becomes known; only such results exclude a cause, or clear it of an objection. So less knowledge never makes a
//! diagnosis surer.

mod end;
mod servers;
mod surroundings;

use std::{cell::Cell, time::Duration};

pub(super) use end::IN_USE;
pub(super) use servers::{Addresses, QUERY_BUFFER};
pub(super) use surroundings::LITTLE;

use super::argument::{Argument, Rule};
use crate::{
    clock::Stamp,
    event::{Evidence, ServerState},
    plan::Conditions,
    record::{Circumstances, Failover, Outage, OutageKind, Outages, Slowness},
};

/// Time between a failover and an outage that it explains.
const AROUND: Duration = Duration::from_secs(10);

/// An outage, its plan, and the other outages.
pub(super) struct Facts<'a> {
    outage: &'a Outage,
    pub(super) plan: Option<Conditions<'a>>,
    /// All recorded outages of all runs.
    all: &'a [&'a Outage],
    /// Time until which its run has been observed.
    observed_until: Option<Stamp>,
    /// The failover closest to it.
    failover: Option<&'a Failover>,
    /// A rule met an unknown fact.
    gap: Cell<bool>,
}

/// The result of a rule.
pub(super) struct Ruling {
    pub(super) argument: Option<Argument>,
    /// Every fact that it depends on is known.
    pub(super) known: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn new(outage: &'a Outage, outages: &'a Outages<'a>) -> Self {
        let observed_until = outages.observed_until(outage);
        let plan = outages.conditions_of(outage);
        let (lost, until) = (outage.lost, outage.restored.or(observed_until).unwrap_or(outage.lost));
        let begun = |failover: &&Failover| failover.at.after(AROUND) >= lost && failover.at <= until.after(AROUND);
        // Its end is soon after the new primary was named; its beginning may be long before.
        let distance = |failover: &&Failover| failover.at.since(until).max(until.since(failover.at));
        let failover = outages.failovers_of(outage).filter(begun).min_by_key(distance);
        Self { outage, plan, all: outages.list(), observed_until, failover, gap: Cell::new(false) }
    }

    /// The facts about another outage of the same run alone.
    fn of_other(&self, outage: &'a Outage) -> Self {
        let (plan, observed_until) = (self.plan, self.observed_until);
        Self { outage, plan, all: &[], observed_until, failover: None, gap: Cell::new(false) }
    }

    pub(super) fn judge(&self, rule: Rule) -> Ruling {
        self.gap.set(false);
        let argument = rule(self);
        Ruling { argument, known: !self.gap.take() }
    }

    /// Passes a fact on, and notes if it is unknown.
    pub(super) fn fact<T>(&self, fact: Option<T>) -> Option<T> {
        self.gap.set(self.gap.get() || fact.is_none());
        fact
    }

    /// Derives a fact from others, some of which may be unknown as long as the whole is known.
    pub(super) fn whole<T>(&self, derive: impl FnOnce(&Self) -> Option<T>) -> Option<T> {
        let before = self.gap.get();
        let fact = derive(self);
        self.gap.set(before || fact.is_none());
        fact
    }

    /// Derives a fact on which the result does not depend: where another fact decides, too, or for the wording.
    pub(super) fn peek<T>(&self, derive: impl FnOnce(&Self) -> Option<T>) -> Option<T> {
        let before = self.gap.get();
        let fact = derive(self);
        self.gap.set(before);
        fact
    }

    pub(super) fn circumstances(&self) -> &'a Circumstances {
        &self.outage.circumstances
    }

    pub(super) fn evidence(&self) -> Option<&'a Evidence> {
        self.fact(self.circumstances().evidence.as_deref())
    }

    /// Facts that were queried and not available.
    pub(super) fn missing(&self) -> Vec<String> {
        match &self.circumstances().evidence {
            Some(evidence) => evidence.missing.iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect(),
            None => vec!["no evidence was gathered: only what the connection itself showed is known".to_owned()],
        }
    }

    pub(super) fn before(&self) -> Option<&'a ServerState> {
        self.whole(|facts| facts.evidence()?.before.as_deref())
    }

    pub(super) fn after(&self) -> Option<&'a ServerState> {
        self.whole(|facts| facts.evidence()?.after.as_deref())
    }

    /// True for a slow stretch: every command was answered, but late.
    pub(super) fn is_slow(&self) -> bool {
        self.outage.kind == OutageKind::Slow
    }

    /// The replies of a slow stretch.
    pub(super) fn slowness(&self) -> Option<Slowness> {
        self.outage.slowness
    }

    pub(super) fn is_stall(&self) -> bool {
        self.outage.kind == OutageKind::Stall
    }

    /// True if the same connection answered again.
    pub(super) fn healed(&self) -> bool {
        self.is_stall() && self.outage.restored.is_some()
    }

    /// True if no client has come back.
    pub(super) fn lasts(&self) -> bool {
        self.outage.restored.is_none()
    }

    pub(super) fn lost(&self) -> Stamp {
        self.outage.lost
    }

    /// Time at which the connection was closed or abandoned.
    pub(super) fn closed_at(&self) -> Stamp {
        self.circumstances().closed.unwrap_or(self.outage.lost)
    }

    /// The client id of the lost connection, in words.
    pub(super) fn client(&self) -> String {
        self.outage.old_client_id.map_or("it".to_owned(), |id| format!("client {id}"))
    }
}

/// True if both hold, false if one does not, unknown otherwise.
pub(super) fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// True if one holds, false if neither does, unknown otherwise.
pub(super) fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    both(one.map(|one| !one), other.map(|other| !other)).map(|neither| !neither)
}

/// `Some(true)` if it holds; otherwise nothing is known.
pub(super) fn sign(holds: bool) -> Option<bool> {
    holds.then_some(true)
}
