//! The wait that a cause has to explain: a silence, or the slow replies of a slow stretch.

use std::time::Duration;

use crate::{
    diagnose::{
        argument::{Argument, Weight},
        facts::Facts,
    },
    event::TcpFigures,
    units::seconds,
};

/// True for a slow stretch: every command was answered.
pub(crate) fn is_slow(facts: &Facts<'_>) -> bool {
    facts.is_slow()
}

/// Time to explain: that of the silence, or that in which slow replies were awaited.
pub(crate) fn total(facts: &Facts<'_>) -> Duration {
    facts.slowness().map_or(facts.silence(), |slowness| slowness.waiting)
}

/// The longest single wait.
pub(crate) fn longest(facts: &Facts<'_>) -> Duration {
    facts.slowness().map_or(facts.silence(), |slowness| slowness.latency)
}

/// A typical wait.
pub(crate) fn typical(facts: &Facts<'_>) -> Duration {
    let slowness = facts.slowness().filter(|slowness| slowness.replies > 0);
    let each = slowness.map(|slowness| slowness.waiting / u32::try_from(slowness.replies).unwrap_or(u32::MAX));
    each.unwrap_or(longest(facts)).min(longest(facts))
}

/// `the silence lasted 1.3 s`
pub(crate) fn described(facts: &Facts<'_>) -> String {
    let what = if is_slow(facts) { "replies took up to" } else { "the silence lasted" };
    format!("{what} {}", seconds(longest(facts)))
}

/// Replies were missing or late, and the same process answers as before.
pub(crate) fn was_for_the_server(facts: &Facts<'_>) -> bool {
    facts.silent() && !facts.another_process()
}

/// TCP's figures at the slowest moment of a slow stretch.
pub(crate) fn figures(facts: &Facts<'_>) -> Option<TcpFigures> {
    facts.evidence()?.tcp.filter(|_| is_slow(facts))
}

/// Rules out what only makes replies late.
pub(crate) fn is_no_slow_stretch(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(!is_slow(facts), Weight::Refutes, "replies were missing, not late")
}
