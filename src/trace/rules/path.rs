//! Dead paths: what was sent is not acknowledged.

use std::time::Duration;

use super::{Group, HALF_OPEN, Problem, SYN_UNANSWERED, at_least, connections, longest};
use crate::{
    trace::connection::Connection,
    units::{bytes, count},
    verdict::{CheckFinding, Severity},
};

/// Clients whose server, or whose path to it, is dead without a word.
pub(super) fn half_open(group: &Group<'_>) -> Option<Problem> {
    let (dead, silent) = longest(&group.clients, |it| it.half_open().map(|it| it.silent))?;
    let text = format!(
        "{} to {} {} half-open: no acknowledgment for {}",
        connections(&dead),
        group.server,
        if dead.len() == 1 { "is" } else { "are" },
        at_least(silent),
    );
    // The shortest silence: an acknowledgment after its start came over a path that works.
    let since = dead.iter().filter_map(|it| it.half_open()).map(|it| it.silent).min().unwrap_or_default();
    let alive = acknowledged_within(&group.clients, since);
    let others = group.clients.iter().filter(|it| it.is_established() && it.half_open().is_none()).count();
    let (compared, remedy) = if alive > 0 {
        (
            format!(
                "{} to the server acknowledged data in that time: the server and its path work",
                count(alive, "connection")
            ),
            "Look for a firewall, NAT or load balancer that forgot the connection (explain RD012). End it in the \
             application, and let the client notice sooner: a response timeout, and TCP_USER_TIMEOUT",
        )
    } else if others > 0 {
        (
            "no other connection to the server was acknowledged in that time".to_owned(),
            "Check that the server's machine runs and that packets reach it: nc -zv HOST PORT. Let the client notice \
             sooner: a response timeout, and TCP_USER_TIMEOUT",
        )
    } else {
        (
            "there is no other connection to compare with".to_owned(),
            "Open a second connection: redis-doctor check -u redis://HOST:PORT. If it works, something in between forgot \
             this one; if not, the server's machine or the path is down. Let the client notice sooner: a response timeout, \
             and TCP_USER_TIMEOUT",
        )
    };
    let evidence = format!("{} · {compared}", group.named(&dead, shows));
    group.problem(
        HALF_OPEN,
        &dead,
        CheckFinding::new(Severity::Critical, HALF_OPEN, text).evidence(evidence).remedy(remedy),
    )
}

/// Clients on other machines that are gone without a word, as their server's end shows.
pub(super) fn ghosts(group: &Group<'_>) -> Option<Problem> {
    let (dead, silent) = longest(&group.remote, |it| it.half_open().map(|it| it.silent))?;
    let text = format!(
        "{} of the server {} {} half-open: no acknowledgment from the client for {}",
        connections(&dead),
        group.server,
        if dead.len() == 1 { "is" } else { "are" },
        at_least(silent),
    );
    let remedy = "The client's machine or the path to it is down, or something in between forgot the connection. The \
                  server ends it by tcp-keepalive, or after tcp_retries2 retransmissions";
    group.problem(
        HALF_OPEN,
        &dead,
        CheckFinding::new(Severity::Warning, HALF_OPEN, text).evidence(group.named(&dead, shows)).remedy(remedy),
    )
}

/// Connection attempts whose SYN has no answer.
pub(super) fn unanswered(group: &Group<'_>) -> Option<Problem> {
    let (waiting, since) = longest(&group.clients, Connection::syn_unanswered)?;
    let attempts = count(waiting.len() as u64, "connection attempt");
    let text = format!("{attempts} to {} without an answer for {}", group.server, at_least(since));
    let alive = acknowledged_within(&group.clients, since);
    let evidence = group.named(&waiting, |it| {
        let tries = it.socket.info.retransmits.max(it.socket.info.total_retransmits);
        format!("SYN sent again {}", if tries == 1 { "once".to_owned() } else { format!("{tries} times") })
    });
    let queue = group.scene.queues.get(&group.server).filter(|queue| queue.is_full());
    let (severity, evidence, remedy) = match queue {
        Some(queue) => (
            Severity::Critical,
            format!(
                "{evidence} · the server's accept queue is full: {} wait, the limit is {}",
                queue.waiting, queue.backlog
            ),
            "Find what keeps the server from accepting (explain RD188)",
        ),
        None if alive > 0 => (
            Severity::Warning,
            format!("{evidence} · {} to the server acknowledged data in that time", count(alive, "connection")),
            "The server's machine is up, so a firewall drops new connections, or the server's accept queue is full \
             (explain RD188)",
        ),
        None => (
            Severity::Critical,
            evidence,
            "Check the address, the firewalls between, and that the server's machine runs: nc -zv HOST PORT",
        ),
    };
    let finding = CheckFinding::new(severity, SYN_UNANSWERED, text).evidence(evidence).remedy(remedy);
    group.problem(SYN_UNANSWERED, &waiting, finding)
}

/// Counts the connections on which the other side acknowledged something within this time.
fn acknowledged_within(of: &[&Connection], time: Duration) -> u64 {
    let heard =
        |it: &&&Connection| it.is_established() && it.half_open().is_none() && it.socket.info.last_ack_received < time;
    of.iter().filter(heard).count() as u64
}

/// `120 B unacknowledged, sent again 4 times`
fn shows(connection: &Connection) -> String {
    let Some(it) = connection.half_open() else { return String::new() };
    if it.by_keepalive {
        return format!(
            "{} without an answer, silent for {}",
            count(it.tries.into(), "keepalive probe"),
            at_least(it.silent)
        );
    }
    let bytes = bytes(connection.unacknowledged().into());
    format!("{bytes} unacknowledged for {}, sent again {} times", at_least(it.silent), it.tries)
}
