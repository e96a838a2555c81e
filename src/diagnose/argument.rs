//! The form of a cause: its rules, and the arguments that they return.

use super::{causes::Cause, facts::Facts};
use crate::classify::ErrorClass;

/// A cause: its code, its remedy, and the rules that argue for it, argue against it, and rule it out.
///
/// Each list is a column of one table, and the table decides what is certain: a cause that a rule
/// [proves](Weight::Proves) is certain only if an exclusion of *every* other cause holds. An exclusion holds only by
/// known facts. A rule against a cause whose facts are unknown counts as an objection: what is not known cannot speak
/// for a cause.
pub(super) struct CauseDef {
    /// The id of its entry in the knowledge base.
    pub(super) code: &'static str,
    pub(super) remedy: &'static str,
    /// Remedies for particular facts, instead of the general one; the first that applies.
    pub(super) particular: &'static [fn(&Facts<'_>) -> Option<&'static str>],
    /// Arguments for it: `Proves`, `Supports`, `Suggests`.
    pub(super) rules: &'static [Rule],
    /// Arguments against it: `Weakens`, `Qualifies`.
    pub(super) objections: &'static [Rule],
    /// Facts that it cannot be reconciled with: `Refutes`.
    pub(super) exclusions: &'static [Rule],
    /// Plainer accounts of the same facts: it is named instead of them unless they fit better.
    pub(super) refines: &'static [Cause],
    /// Failures of new connections that follow from the cause, and are no separate obstacle.
    pub(super) implies: &'static [ErrorClass],
}

impl CauseDef {
    /// A cause with empty columns.
    pub(super) const EMPTY: Self = Self {
        code: "",
        remedy: "",
        particular: &[],
        rules: &[],
        objections: &[],
        exclusions: &[],
        refines: &[],
        implies: &[],
    };

    #[cfg(test)]
    pub(super) fn all_rules(&self) -> impl Iterator<Item = &'static Rule> {
        self.rules.iter().chain(self.objections).chain(self.exclusions)
    }
}

/// Checks facts and argues for or against one cause, or returns no argument.
pub(super) type Rule = fn(&Facts<'_>) -> Option<Argument>;

/// An argument for or against a cause.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Argument {
    pub(super) weight: Weight,
    pub(super) why: String,
}

/// The weight of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Rules the cause out.
    Refutes,
    /// Another explanation fits better: one level less.
    Weakens,
    /// Another explanation remains possible, but does not make this one less likely.
    Qualifies,
    /// Points to the cause: possible.
    Suggests,
    /// Fits the cause well: likely.
    Supports,
    /// Fits no other cause: certain, if every other cause is excluded.
    Proves,
}

impl Argument {
    pub(super) fn new(weight: Weight, why: impl Into<String>) -> Option<Self> {
        Some(Self { weight, why: why.into() })
    }

    /// Nothing, unless the condition holds.
    pub(super) fn when(holds: bool, weight: Weight, why: impl Into<String>) -> Option<Self> {
        holds.then(|| Self { weight, why: why.into() })
    }
}
