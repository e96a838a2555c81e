//! The service announced maintenance before the loss.

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
    },
    event::SocketEnd,
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD004",
    remedy: "choose the service's maintenance window, and let the client retry without limit",
    rules: &[announced_and_closed, announced],
};

/// Announcements that the server is about to close this connection.
const ANNOUNCES_THE_END: [&str; 3] = ["MOVING", "FAILING_OVER", "MIGRATING"];

fn announced_and_closed(facts: &Facts<'_>) -> Option<Argument> {
    let (before, _) = facts.announcements();
    let announced = before.iter().rev().find(|announced| ANNOUNCES_THE_END.contains(&announced.kind.as_str()))?;
    let closed = facts.end() == Some(SocketEnd::Closed) && facts.listed() != Some(true);
    let explained = facts.another_process() || facts.server_did_nothing();
    let ahead = facts.outage.lost.since(announced.at);
    let why = format!("the server announced {} {} before it closed the connection", announced.kind, seconds(ahead));
    Argument::when(closed && explained, Weight::Proves, why)
}

fn announced(facts: &Facts<'_>) -> Option<Argument> {
    let (before, since) = facts.announcements();
    let first = before.first().or(since.first())?;
    let when = if before.is_empty() { "during the outage" } else { "beforehand" };
    Argument::new(Weight::Supports, format!("the server announced maintenance {when} ({})", first.kind))
}
