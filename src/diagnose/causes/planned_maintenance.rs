//! The service announced maintenance before the loss.

use std::time::Duration;

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::closing,
    },
    event::{Announcement, SocketEnd},
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD004",
    remedy: "choose the service's maintenance window, and let the client retry without limit",
    rules: &[announced_and_closed, announced],
    exclusions: &[was_open, closed_at_the_servers_timeout],
    ..CauseDef::EMPTY
};

/// Announcements that the server is about to close this connection, and those that it is done.
const ANNOUNCEMENTS: [(&str, &str); 3] =
    [("MOVING", "MOVED"), ("FAILING_OVER", "FAILED_OVER"), ("MIGRATING", "MIGRATED")];

/// Longest time from an announcement to the end that it announces (Redis Cloud: MOVING at most 30 s ahead).
const NOTICE: Duration = Duration::from_secs(30);

/// The latest announcement of an end that is still to come.
fn pending<'a>(facts: &Facts<'a>) -> Option<&'a Announcement> {
    let (before, _) = facts.announcements();
    let latest = |kind: &str| before.iter().rposition(|announced| announced.kind == kind);
    let open = |(begins, ends): &(&str, &str)| latest(begins).filter(|begun| latest(ends) < Some(*begun));
    let open = ANNOUNCEMENTS.iter().filter_map(open).max().map(|index| before[index])?;
    (facts.closed_at().since(open.at) <= NOTICE).then_some(open)
}

fn announced_and_closed(facts: &Facts<'_>) -> Option<Argument> {
    let announced = pending(facts)?;
    let ahead = seconds(facts.closed_at().since(announced.at));
    let why = format!("the server announced {} {ahead} before it closed the connection", announced.kind);
    let by_server = || closing::the_server_closed_it(facts).is_some() && facts.server_did_nothing();
    let sure = facts.peek(|_| by_server().then_some(())).is_some();
    Argument::when(facts.closed() == Some(true), if sure { Weight::Proves } else { Weight::Supports }, why)
}

fn announced(facts: &Facts<'_>) -> Option<Argument> {
    if let Some(announced) = pending(facts) {
        return Argument::new(
            Weight::Supports,
            format!("the server announced maintenance beforehand ({})", announced.kind),
        );
    }
    let (before, since) = facts.announcements();
    let (announced, when) = match (since.first(), before.last()) {
        (Some(announced), _) => (announced, "during the outage"),
        (None, Some(announced)) => (announced, "some time before, or the maintenance was over"),
        (None, None) => return None,
    };
    let why = format!("the server announced maintenance ({}) {when}", announced.kind);
    Argument::new(Weight::Suggests, why)
}

fn was_open(facts: &Facts<'_>) -> Option<Argument> {
    let left = facts.was_open() || facts.ended(SocketEnd::Reset) && facts.listed() == Some(true);
    Argument::when(left, Weight::Refutes, "the server had not closed it")
}

fn closed_at_the_servers_timeout(facts: &Facts<'_>) -> Option<Argument> {
    closing::past_the_timeout(facts).filter(|_| closing::the_server_closed_it(facts).is_some())?;
    Argument::new(Weight::Refutes, "the server closed it at its own 'timeout'")
}
