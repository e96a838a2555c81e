//! A server that does not read, or does not answer, over a path that works.

use std::{collections::HashMap, time::Duration};

use super::{Group, Problem, SERVER_SILENT, at_least, connections, longest};
use crate::{
    trace::connection::{Connection, SOON},
    units::{bytes, count},
    verdict::{CheckFinding, Severity},
};

/// Segments that a client sends into a wait before they prove that it expects replies. A replica sends one each second, and
/// its primary need not answer.
const ASKED_AGAIN: u32 = 3;

/// The kernel counts times in ticks of at most 10 ms: what came with the last sign of life may have come after it.
const TICK: Duration = Duration::from_millis(10);

/// Replies to a connection after which its client is not a worker that waits for its first job.
const OFTEN: u32 = 20;

/// Time after the server's last reply from which a command was not sent because of it.
const APART: Duration = Duration::from_millis(50);

const REMEDY: &str = "Look at the server: redis-doctor check, and its log. It is stopped (SIGSTOP, a frozen container or VM), \
                      swaps, or executes one long command (explain RD187)";

/// The server takes nothing, or nothing comes back.
pub(super) fn silent(group: &Group<'_>) -> Option<Problem> {
    stopped(group).or_else(|| no_room(group)).or_else(|| unanswered(group))
}

/// On this machine, the server's end shows what the server has not read.
fn stopped(group: &Group<'_>) -> Option<Problem> {
    // It has read what came, or sent something itself.
    let works = |it: &Connection| {
        let info = &it.socket.info;
        let read = (it.bytes_unread() == 0 && info.data_segments_received > 0).then_some(info.last_data_received);
        let sent = (info.data_segments_sent > 0).then_some(info.last_data_sent);
        read.into_iter().chain(sent).min()
    };
    // The ends were read one after the other.
    let now = group.accepted.iter().chain(&group.clients).map(|it| it.at).max().unwrap_or_default();
    let aged = |it: &Connection, age: Duration| age + now.since(it.at);
    let worked = group.accepted.iter().filter_map(|it| Some(aged(it, works(it)?)));
    let sent = group.clients.iter().filter(|it| it.socket.info.data_segments_received > 0);
    let worked = worked.chain(sent.map(|it| aged(it, it.socket.info.last_data_received))).min();
    let worked = worked.map_or(Duration::MAX, |worked| worked + TICK);
    // What came before that it may have left unread for other reasons.
    let unread = |it: &Connection| {
        let is_later = it.is_established() && aged(it, it.socket.info.last_data_received) <= worked;
        it.unread.filter(|_| is_later).map(|time| time.min(worked)).filter(|time| *time >= SOON)
    };
    let (stuck, since) = longest(&group.accepted, unread)?;
    let text = format!("the server at {} has read nothing for {}", group.named_server(), at_least(since));
    let evidence = group.named(&stuck, |it| {
        format!(
            "{} unread by the server for {}",
            bytes(it.bytes_unread().into()),
            at_least(it.unread.unwrap_or_default())
        )
    });
    // The client's end has the row, if it is there.
    let clients: HashMap<_, _> = group.clients.iter().map(|client| (client.socket.pair, *client)).collect();
    let row = |end: &&Connection| clients.get(&end.socket.pair.reversed()).copied();
    let rows: Vec<_> = stuck.iter().map(|end| row(end).unwrap_or(end)).collect();
    let finding = CheckFinding::new(Severity::Critical, SERVER_SILENT, text)
        .evidence(format!("{evidence} · certain"))
        .remedy(REMEDY);
    group.problem(SERVER_SILENT, &rows, finding)
}

/// Elsewhere, a server whose buffer is full offers no room, and its kernel answers the probes.
fn no_room(group: &Group<'_>) -> Option<Problem> {
    let (stuck, since) = longest(&group.clients, |it| it.window_closed().filter(|time| *time >= SOON))?;
    let works = heard(group).is_some_and(|heard| heard < since);
    let severity = if works { Severity::Warning } else { Severity::Critical };
    let text =
        format!("the server at {} takes nothing from {} for {}", group.server, connections(&stuck), at_least(since));
    let evidence = group.named(&stuck, |it| {
        format!("{} wait for room at the server, whose kernel answers", bytes(it.socket.send_queue.into()))
    });
    let finding =
        CheckFinding::new(severity, SERVER_SILENT, text).evidence(format!("{evidence} · certain")).remedy(REMEDY);
    group.problem(SERVER_SILENT, &stuck, finding)
}

/// Elsewhere, commands are acknowledged, and no connection gets a reply. One that blocks (BLPOP) looks the same, so it takes
/// more than one to distinguish them: on the same connection, on a new one, or on several since the server's last reply.
fn unanswered(group: &Group<'_>) -> Option<Problem> {
    // On this machine, the server's end is proof, and `stopped` has decided.
    if !group.accepted.is_empty() || group.server.ip().is_loopback() {
        return None;
    }
    // If the server answered another connection later, it works, and this command blocks.
    let answered = heard(group).map_or(Duration::MAX, |heard| heard + TICK);
    let wait = |it: &Connection| {
        let is_later = it.socket.info.last_data_sent <= answered && it.half_open().is_none();
        let lasted = it.waiting.filter(|_| is_later).map(|waiting| waiting.lasted.min(answered));
        lasted.filter(|time| *time >= SOON)
    };
    let (waiting, since) = longest(&group.clients, wait)?;
    let asks_again = waiting.iter().any(|it| {
        let info = &it.socket.info;
        let again = it.waiting.map_or(0, |waiting| waiting.asked_again);
        // Not a stream of commands to which the client wants no reply (CLIENT REPLY OFF).
        again >= ASKED_AGAIN
            && u64::from(info.data_segments_received) * 4 >= u64::from(info.data_segments_sent.saturating_sub(again))
    });
    let is_new = |it: &&Connection| it.socket.info.data_segments_received == 0;
    let no_greeting = waiting.len() > 1 && waiting.iter().any(is_new);
    let wait = count(waiting.len() as u64, "connection");
    let evidence = group.named(&waiting, |it| {
        let lasted = it.waiting.map(|waiting| waiting.lasted).unwrap_or_default();
        format!("sent {} ago and acknowledged, no reply", at_least(lasted))
    });
    let many = asked_since(group, &waiting);
    if asks_again || no_greeting || many {
        let verb = if waiting.len() == 1 { "waits" } else { "wait" };
        let text = format!(
            "the server at {} does not answer: {wait} {verb} for a reply, up to {}, over a path that works",
            group.server,
            at_least(since)
        );
        let proof = if asks_again {
            "the client sent more while it waited"
        } else if no_greeting {
            "a new connection gets no first reply"
        } else {
            "all were sent after the last reply on any connection, so if the server works, each is a blocking command"
        };
        let finding = CheckFinding::new(Severity::Warning, SERVER_SILENT, text)
            .evidence(format!("{evidence} · {proof} · likely"))
            .remedy(REMEDY);
        return group.problem(SERVER_SILENT, &waiting, finding);
    }
    let text =
        format!("{wait} to {} without a reply for up to {}, over a path that works", group.server, at_least(since));
    let remedy = "A blocking command (BLPOP, XREAD BLOCK) waits like this, and so does a client of a frozen or busy server. \
                  redis-doctor check distinguishes them: it asks the server itself";
    let finding = CheckFinding::new(Severity::Info, SERVER_SILENT, text).evidence(evidence).remedy(remedy);
    group.problem(SERVER_SILENT, &waiting, finding)
}

/// Returns true if several commands that were sent after the server's last reply to any connection are too many to be blocking
/// ones. Workers that block sent theirs at different times, most of them before another worker got a reply.
fn asked_since(group: &Group<'_>, waiting: &[&Connection]) -> bool {
    let often = |it: &Connection| it.socket.info.data_segments_received >= OFTEN;
    let apart = |it: &Connection| heard(group).is_some_and(|heard| it.socket.info.last_data_sent + APART <= heard);
    // A replica sends on, and expects no reply.
    let asked: Vec<_> = waiting.iter().filter(|it| it.socket.info.last_data_sent >= SOON).collect();
    let late = asked.iter().filter(|it| often(it) || apart(it)).count();
    let all = group.clients.iter().filter(|it| it.waiting.is_some_and(|waiting| waiting.lasted >= SOON)).count();
    late >= 2 && late * 2 > all || asked.iter().filter(|it| often(it)).count() > 2
}

/// Returns the time since data from the server last arrived on any connection.
fn heard(group: &Group<'_>) -> Option<Duration> {
    let heard = group.clients.iter().filter(|it| it.socket.info.data_segments_received > 0);
    heard.map(|it| it.socket.info.last_data_received).min()
}
