//! Clients that do not do their part: read, close, and notice a dead path.

use std::time::Duration;

use super::{BLIND, CLIENT_NOT_READING, Group, NOT_CLOSED, Problem, at_least, connections, longest};
use crate::{
    event::SocketSide,
    kernel::Timer,
    trace::connection::{Connection, NOT_READING, SOON},
    units::{bytes, count},
    verdict::{CheckFinding, Severity},
};

/// Unread bytes that no pause of a client explains.
const MUCH: u32 = 64 << 10;

/// A pooled connection may hold a few bytes until its next use: a push, or what ends a TLS handshake.
const LONG: Duration = Duration::from_secs(10);

/// A silence after which the lack of keepalive is worth a remark.
const SILENT: Duration = Duration::from_secs(10);

/// Clients that leave in the kernel what the server sent.
pub(super) fn not_reading(group: &Group<'_>) -> Option<Problem> {
    let backs_up = |it: &Connection| {
        let other_end = group.other_ends.get(&it.socket.pair);
        it.grows || it.bytes_unread() >= MUCH || other_end.is_some_and(|end| end.socket.send_queue > 0)
    };
    let stuck = |it: &Connection| it.unread.filter(|time| it.is_established() && *time >= NOT_READING && backs_up(it));
    // Of a client on another machine, only the server's end shows that it offers no room.
    let full = |it: &Connection| it.window_closed().filter(|time| *time >= NOT_READING);
    let time = |it: &Connection| if it.side == SocketSide::Client { stuck(it) } else { full(it) };
    let idle = |it: &Connection| it.unread.filter(|time| it.is_established() && it.socket.inode > 0 && *time >= LONG);
    let all: Vec<_> = group.clients.iter().chain(&group.remote).copied().collect();
    let shows = |it: &Connection| match it.side {
        SocketSide::Client => {
            format!("{} unread for {}", bytes(it.bytes_unread().into()), at_least(it.unread.unwrap_or_default()))
        }
        SocketSide::Server => format!("{} wait for room at the client", bytes(it.socket.send_queue.into())),
    };
    if let Some((stuck, since)) = longest(&all, time) {
        let text = format!(
            "{} from {} {} not read by the client for {}",
            connections(&stuck),
            group.server,
            if stuck.len() == 1 { "is" } else { "are" },
            at_least(since)
        );
        let remedy = "Find what keeps the application from reading: a blocked thread or event loop, or a handler that is \
                      slower than its messages. The server ends a subscriber that falls behind (client-output-buffer-limit)";
        let finding = CheckFinding::new(Severity::Warning, CLIENT_NOT_READING, text)
            .evidence(group.named(&stuck, shows))
            .remedy(remedy);
        return group.problem(CLIENT_NOT_READING, &stuck, finding);
    }
    let (idle, since) = longest(&group.clients, idle)?;
    let text = format!(
        "{} from {} {} a reply or a push that the client has left unread for {}",
        connections(&idle),
        group.server,
        if idle.len() == 1 { "holds" } else { "hold" },
        at_least(since)
    );
    let remedy = "An idle connection of a pool may hold a push until its next use. A reply that its command no longer waits \
                  for would be taken for the reply to the next one (explain desync)";
    let finding =
        CheckFinding::new(Severity::Info, CLIENT_NOT_READING, text).evidence(group.named(&idle, shows)).remedy(remedy);
    group.problem(CLIENT_NOT_READING, &idle, finding)
}

/// Clients that have not closed what the server has closed.
pub(super) fn not_closed(group: &Group<'_>) -> Option<Problem> {
    let (open, since) = longest(&group.clients, |it| it.closed_there().filter(|time| *time >= SOON))?;
    let text = format!(
        "{} to {} {} closed by the server {} ago, and the client has not closed {}",
        connections(&open),
        group.server,
        if open.len() == 1 { "was" } else { "were" },
        at_least(since),
        if open.len() == 1 { "it" } else { "them" },
    );
    let unaware = open.iter().filter(|it| it.socket.receive_queue > 0).count() as u64;
    let shows = |it: &Connection| match it.socket.receive_queue {
        0 => "the client has read the end of the stream".to_owned(),
        _ => "the client has not read the end of the stream".to_owned(),
    };
    let remedy = if unaware > 0 {
        "The next command on it fails, unless the client checks an idle connection before it uses it. Let the pool check \
         (health check interval, test on borrow) or drop idle connections before the server does (timeout)"
    } else {
        "The client knows that the connection has ended and keeps its descriptor: a leak. Close connections after an error"
    };
    let finding =
        CheckFinding::new(Severity::Warning, NOT_CLOSED, text).evidence(group.named(&open, shows)).remedy(remedy);
    group.problem(NOT_CLOSED, &open, finding)
}

/// Silent clients without keepalive, on a path that can die: a subscriber among them would wait forever.
pub(super) fn blind(group: &Group<'_>) -> Option<Problem> {
    let blind = |it: &Connection| {
        let no_timer = it.is_established() && it.socket.timer == Timer::Idle && it.socket.inode > 0;
        (no_timer && !it.socket.pair.is_local() && it.silent() >= SILENT).then(|| it.silent())
    };
    let (blind, since) = longest(&group.clients, blind)?;
    // Data that came long after the last question, or a question without a reply: it waits for the server.
    let listens = |it: &&&Connection| {
        it.waiting.is_some() || it.socket.info.last_data_received + SOON <= it.socket.info.last_data_sent
    };
    let listening = blind.iter().filter(listens).count() as u64;
    let silent = count(blind.len() as u64, "connection");
    let (severity, text) = if listening > 0 {
        let waiting = count(listening, "connection");
        let text = format!(
            "{waiting} to {} without TCP keepalive, waiting for the server: blind to a dead path",
            group.server
        );
        (Severity::Warning, text)
    } else {
        let text = format!("{silent} to {} without TCP keepalive, silent for up to {}", group.server, at_least(since));
        (Severity::Info, text)
    };
    let evidence = group.named(&blind, |it| format!("no keepalive timer, silent for {}", at_least(it.silent())));
    let remedy = "If the path dies, a subscriber or a blocking command waits forever, and no error ends it. Set keepalive in \
                  the client (explain RD045), or let it send a PING from time to time";
    group.problem(BLIND, &blind, CheckFinding::new(severity, BLIND, text).evidence(evidence).remedy(remedy))
}
