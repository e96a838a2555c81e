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
    rules: &[garbage_and_we_left, garbage, new_connections_got_garbage],
    objections: &[garbage_from_a_dying_process],
    exclusions: &[it_was_no_garbage],
    implies: &[ErrorClass::ProtocolGarbage],
    ..CauseDef::EMPTY
};

fn is_garbage(facts: &Facts<'_>) -> bool {
    facts.failure().is_some_and(|failure| failure.key.class == ErrorClass::ProtocolGarbage)
}

/// The truncated last reply of a dying server is garbage, too; but then the client did not close the connection.
fn garbage_and_we_left(facts: &Facts<'_>) -> Option<Argument> {
    let left = !facts.left_by_policy() && facts.end() == Some(SocketEnd::Local) && facts.is_same_process();
    let why = "the bytes received were not RESP, and the client closed the open connection";
    Argument::when(left && is_garbage(facts), Weight::Proves, why)
}

fn garbage(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(is_garbage(facts), Weight::Supports, "the bytes received were not RESP")
}

fn new_connections_got_garbage(facts: &Facts<'_>) -> Option<Argument> {
    let met = facts.met(ErrorClass::ProtocolGarbage);
    Argument::when(met, Weight::Suggests, "new connections got answers that were not RESP")
}

fn garbage_from_a_dying_process(facts: &Facts<'_>) -> Option<Argument> {
    let died = facts.gone() == Some(true);
    Argument::when(died, Weight::Weakens, "the process that sent it was replaced: its last reply was cut off")
}

fn it_was_no_garbage(facts: &Facts<'_>) -> Option<Argument> {
    let class = facts.peek(|facts| Some(facts.failure()?.key.class));
    let none = match class {
        Some(class) => class != ErrorClass::ProtocolGarbage,
        None => facts.in_flight() == 0 || is_garbage(facts),
    };
    Argument::when(none, Weight::Refutes, "no command met bytes that are not RESP")
}
