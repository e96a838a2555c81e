//! The bytes received were not RESP.

use crate::{
    classify::ErrorClass,
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
    },
    event::SocketEnd,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD017",
    remedy: "check the proxies in between: one answers in another protocol or truncates replies",
    rules: &[garbage_and_we_left, garbage, garbage_from_a_dying_process],
};

fn is_garbage(facts: &Facts<'_>) -> bool {
    facts.failure().is_some_and(|failure| failure.key.class == ErrorClass::ProtocolGarbage)
}

/// The truncated last reply of a dying server is garbage, too; but then the client did not close the connection.
fn garbage_and_we_left(facts: &Facts<'_>) -> Option<Argument> {
    let left = facts.end() == Some(SocketEnd::Local) && facts.is_same_process() && !facts.left_by_policy();
    let why = "the bytes received were not RESP, and the client closed the open connection";
    Argument::when(is_garbage(facts) && left, Weight::Proves, why)
}

fn garbage(facts: &Facts<'_>) -> Option<Argument> {
    let path = facts.met(ErrorClass::ProtocolGarbage);
    let why = if is_garbage(facts) {
        "the bytes received were not RESP"
    } else {
        "new connections got answers that were not RESP"
    };
    Argument::when(is_garbage(facts) || path, Weight::Supports, why)
}

fn garbage_from_a_dying_process(facts: &Facts<'_>) -> Option<Argument> {
    let died = is_garbage(facts) && facts.another_process();
    Argument::when(died, Weight::Weakens, "the process that sent it was replaced: its last reply was cut off")
}
