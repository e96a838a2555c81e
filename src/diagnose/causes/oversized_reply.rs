//! A reply passed the limit of its size, and redis-doctor ended the connection.

use crate::{
    classify::ErrorClass,
    diagnose::{
        Cause,
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
    },
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD207",
    remedy: "find out which command or channel has values of this size, or raise --max-reply",
    rules: &[reply_was_too_large],
    exclusions: &[no_reply_was_too_large],
    // The server, or a proxy, answers the end with a reset or a close.
    refines: &[Cause::NetworkReset, Cause::ProxyClosed],
    ..CauseDef::EMPTY
};

/// Known whatever else is not: it was redis-doctor itself.
fn is_too_large(facts: &Facts<'_>) -> bool {
    let class = facts.peek(|facts| Some(facts.failure()?.key.class));
    class == Some(ErrorClass::ReplyTooLarge)
}

fn reply_was_too_large(facts: &Facts<'_>) -> Option<Argument> {
    let why = "redis-doctor ended the connection, because one reply passed the limit of its size";
    Argument::when(is_too_large(facts), Weight::Supports, why)
}

fn no_reply_was_too_large(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(!is_too_large(facts), Weight::Refutes, "no reply passed the limit of its size")
}
