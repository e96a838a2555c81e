//! The form of a cause: its rules, and the arguments that they return.

use super::facts::Facts;

/// A cause's code, its remedy, and all rules that argue for or against it.
pub(super) struct CauseDef {
    /// The id of its entry in the knowledge base.
    pub(super) code: &'static str,
    pub(super) remedy: &'static str,
    pub(super) rules: &'static [Rule],
}

/// Checks one fact and argues for or against one cause, or returns no argument.
///
/// A rule that [proves](Weight::Proves) must itself rule out every other explanation: it needs known facts, never the
/// absence of knowledge.
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
    /// Allows no other cause: certain, unless another rule objects.
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
