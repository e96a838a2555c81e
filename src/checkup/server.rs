//! Checks of the server: role, replication, connections, buffers, memory, and its treatment of idle clients.

use std::time::Duration;

use super::{
    Mark, Sheet, cluster,
    finding::{self, CheckFinding},
    persistence, replication, slowness,
};
use crate::{
    checkup::survey::{BlockedClient, PubSub, ServerFacts, SurveyCommand},
    event::role_name,
    units::{bytes, count, whole_percent},
    verdict::Severity,
};

/// A share of `maxclients` above this is near the limit (percent).
const NEAR_MAX_CLIENTS: u64 = 80;

/// A share of a memory limit above this is near the limit (percent).
const NEAR_MEMORY: u64 = 90;

/// A hard limit below this is smaller than an ordinary burst of messages (bytes).
const SMALL_OUTPUT_BUFFER: u64 = 1 << 20;

/// A `tcp-keepalive` above the server's default keeps dead clients for longer, and refreshes no device on the path in
/// time (seconds; redis.conf).
const KEEPALIVE: u64 = 300;

pub(super) fn judge(sheet: &mut Sheet<'_>) {
    let connected = sheet.facts.attempt.as_ref().is_some_and(|attempt| attempt.probed.failure.is_none());
    if !connected {
        return;
    }
    let server = &sheet.facts.server;
    role(sheet);
    replication::judge(sheet, server);
    cluster::judge(sheet);
    persistence::judge(sheet);
    slowness::judge(sheet);
    clients(sheet, server);
    held_up(sheet, server);
    held_back(sheet, server);
    output_buffer(sheet, server);
    memory(sheet, server);
    idle_timeout(sheet, server);
    keepalive(sheet, server);
}

/// Adds the line of an unknown figure, with the reason.
pub(super) fn unknown(sheet: &mut Sheet<'_>, name: &'static str, command: SurveyCommand) {
    sheet.line(name, Mark::NotAvailable, format!("{} ({command})", sheet.facts.no_answer(command)));
}

/// Returns the role from INFO, or else from HELLO.
fn reported_role<'a>(sheet: &Sheet<'a>) -> Option<&'a str> {
    let greeted = sheet.facts.attempt.as_ref().and_then(|attempt| attempt.server.role.as_deref());
    sheet.facts.server.role.as_deref().or(greeted)
}

/// Returns true for a Sentinel, which knows the servers but is none: it has no data, no replicas and no pub/sub.
pub(super) fn is_sentinel(sheet: &Sheet<'_>) -> bool {
    reported_role(sheet) == Some("sentinel")
}

fn role(sheet: &mut Sheet<'_>) {
    let Some(role) = reported_role(sheet) else {
        return unknown(sheet, "role", SurveyCommand::Info);
    };
    if role == "master" {
        return sheet.line("role", Mark::Ok, role_name(role));
    }
    if is_sentinel(sheet) {
        let remedy = "query it for the primary (redis-cli -p PORT SENTINEL GET-MASTER-ADDR-BY-NAME NAME), and check \
                      that server";
        let finding =
            CheckFinding::new(Severity::Warning, finding::SENTINEL, "connected to a Sentinel, not to a Redis server");
        let mark = sheet.finding(finding.evidence("its mode is sentinel").remedy(remedy));
        return sheet.line("role", mark, role);
    }
    let text = "connected to a replica";
    let remedy = "if this client writes, use the primary's name: a replica refuses writes with READONLY, and redis-rs' \
                  manager does not reconnect because of it";
    let finding = CheckFinding::new(Severity::Warning, finding::REPLICA, text);
    let follows = sheet.facts.server.primary.as_ref().map(|primary| format!(" of {primary}")).unwrap_or_default();
    let evidence = format!("the server reports the role {}{follows}", role_name(role));
    let mark = sheet.finding(finding.evidence(evidence).remedy(remedy));
    sheet.line("role", mark, role_name(role));
}

fn clients(sheet: &mut Sheet<'_>, server: &ServerFacts) {
    let Some(connected) = server.connected_clients else {
        return unknown(sheet, "clients", SurveyCommand::Info);
    };
    let Some(most) = server.maxclients.filter(|most| *most > 0) else {
        return sheet.line("clients", Mark::Ok, format!("{connected} connected · maxclients unknown"));
    };
    let rejected = server.rejected_connections.unwrap_or_default();
    let share = whole_percent(connected, most);
    let mut mark = Mark::Ok;
    if connected * 100 >= most * NEAR_MAX_CLIENTS {
        let text = format!("{connected} of {most} connections are in use");
        let evidence = format!("connected_clients:{connected} maxclients:{most} rejected_connections:{rejected}");
        let remedy = "raise maxclients (and the server's file limit), or find the clients that hold connections with \
                      CLIENT LIST; at the limit, reconnecting clients are refused";
        let finding = CheckFinding::new(Severity::Warning, finding::NEAR_MAX_CLIENTS, text);
        mark = sheet.finding(finding.evidence(evidence).remedy(remedy));
    }
    let blocked = server.blocked_clients.filter(|blocked| *blocked > 0);
    let blocked = blocked.map(|blocked| format!(" · {blocked} blocked")).unwrap_or_default();
    let before = if rejected > 0 { format!(" · {rejected} refused since the server started") } else { String::new() };
    sheet.line("clients", mark, format!("{connected} of {most} ({share}){blocked}{before}"));
}

/// Adds a line only for clients whose own blocking command holds up their requests.
fn held_up(sheet: &mut Sheet<'_>, server: &ServerFacts) {
    let Some(Blocked { command, client, others, evidence }) = Blocked::of(&server.held_up) else { return };
    let unread = bytes(server.held_up[0].unread);
    let text = format!("{command} of {client} holds up {unread} of requests behind it on the same connection{others}");
    let remedy = "give BLPOP, XREAD BLOCK, WAIT and other blocking commands a separate connection: what that client sends \
                  behind one times out, while other clients are served";
    let finding = CheckFinding::new(Severity::Warning, finding::BLOCKING_COMMAND, &text);
    let mark = sheet.finding(finding.evidence(evidence).remedy(remedy));
    sheet.line("blocked", mark, text);
}

/// Adds a line only for clients whose commands wait for the end of a pause. It may be a short one, for a failover, unless our
/// own message waited, too.
fn held_back(sheet: &mut Sheet<'_>, server: &ServerFacts) {
    let Some(Blocked { command, client, others, evidence }) = Blocked::of(&server.held_back) else { return };
    let lasts = sheet.facts.pubsub == Some(PubSub::HeldBack);
    let severity = if lasts { Severity::Critical } else { Severity::Warning };
    let text = format!("CLIENT PAUSE holds back {command} of {client}{others}");
    let remedy = "wait for the end of the failover or upgrade that called CLIENT PAUSE, or end the pause with CLIENT \
                  UNPAUSE; until then, writes time out";
    let finding = CheckFinding::new(severity, finding::CLIENTS_PAUSED, &text);
    let mark = sheet.finding(finding.evidence(evidence).remedy(remedy));
    sheet.line("paused", mark, text);
}

/// The first of some blocked clients, as it is shown.
struct Blocked {
    command: String,
    /// Its address and name.
    client: String,
    /// The number of the others, if there are any.
    others: String,
    evidence: String,
}

impl Blocked {
    fn of(clients: &[BlockedClient]) -> Option<Self> {
        let BlockedClient { address, name, command, unread } = clients.first()?;
        let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
        let others = clients.len() as u64 - 1;
        let others = if others > 0 { format!(", and {}", count(others, "other client")) } else { String::new() };
        Some(Self {
            command: command.to_uppercase(),
            client: format!("{address}{name}"),
            others,
            evidence: format!("CLIENT LIST: addr={address} flags=b cmd={command} qbuf={unread}"),
        })
    }
}

fn output_buffer(sheet: &mut Sheet<'_>, server: &ServerFacts) {
    let Some(limit) = server.pubsub_limit else {
        return unknown(sheet, "buffers", SurveyCommand::Config);
    };
    let waiting = server.largest_subscriber_buffer;
    let largest = waiting.map(|waiting| format!(" · largest subscriber buffer: {}", bytes(waiting)));
    let largest = largest.unwrap_or_default();
    let shown = match (limit.hard, limit.soft) {
        (0, 0) => "no limit for subscribers".to_owned(),
        (hard, 0) => format!("subscriber buffers up to {}", bytes(hard)),
        (0, soft) => format!("subscriber buffers up to {} for {} s", bytes(soft), limit.soft_seconds),
        (hard, soft) => {
            format!("subscriber buffers up to {}, or {} for {} s", bytes(hard), bytes(soft), limit.soft_seconds)
        }
    };
    let tightest = [limit.hard, limit.soft].into_iter().filter(|limit| *limit > 0).min();
    let half = tightest.filter(|tightest| waiting.is_some_and(|waiting| waiting * 2 >= *tightest));
    let evidence = format!("client-output-buffer-limit pubsub {} {} {}", limit.hard, limit.soft, limit.soft_seconds);
    let new = |severity, text: String| CheckFinding::new(severity, finding::OUTPUT_BUFFER, text).evidence(&evidence);
    let found = if let Some(tightest) = half {
        let text =
            format!("a subscriber's output buffer holds {} of {}", bytes(waiting.unwrap_or_default()), bytes(tightest));
        Some(new(Severity::Warning, text).remedy(
            "that subscriber reads too slowly, and the server will close it without an error reply: speed it up, or \
             raise the limit",
        ))
    } else if limit.hard > 0 && limit.hard < SMALL_OUTPUT_BUFFER {
        let text = format!("subscribers are closed when their output buffer exceeds {}", bytes(limit.hard));
        Some(new(Severity::Warning, text).remedy(
            "a short burst of messages is larger than that: raise client-output-buffer-limit pubsub (the default is \
             32 MB, and 8 MB for 60 s)",
        ))
    } else {
        (tightest.is_none()).then(|| {
            new(Severity::Info, "the output buffer of a slow subscriber has no limit".into()).remedy(
                "a subscriber that stops reading can exhaust the server's memory: set client-output-buffer-limit \
                 pubsub",
            )
        })
    };
    let mark = found.map_or(Mark::Ok, |finding| sheet.finding(finding));
    sheet.line("buffers", mark, format!("{shown}{largest}"));
}

fn memory(sheet: &mut Sheet<'_>, server: &ServerFacts) {
    let Some(most) = server.maxmemory else {
        return unknown(sheet, "memory", SurveyCommand::Info);
    };
    let policy = server.maxmemory_policy.as_deref().unwrap_or("unknown policy");
    let used = server.used_memory.unwrap_or_default();
    let clients = server.maxmemory_clients.as_deref().filter(|limit| *limit != "0");
    if let Some(limit) = clients {
        let finding = CheckFinding::new(Severity::Info, finding::MEMORY, "the server evicts clients to save memory");
        sheet.finding(finding.evidence(format!("maxmemory-clients {limit}")).remedy(
            "a subscriber with a full buffer is among the first to be evicted; exempt it with CLIENT NO-EVICT on",
        ));
    }
    if most == 0 {
        let mark = if clients.is_some() { Mark::Warning } else { Mark::Ok };
        let used = server.used_memory.map(|used| format!("{} in use · ", bytes(used))).unwrap_or_default();
        return sheet.line("memory", mark, format!("{used}no maxmemory"));
    }
    let text = format!("{} of {} ({}) · {policy}", bytes(used), bytes(most), whole_percent(used, most));
    let near = used.saturating_mul(100) >= most.saturating_mul(NEAR_MEMORY);
    let mut mark = if clients.is_some() { Mark::Warning } else { Mark::Ok };
    if near {
        let evicts = policy != "noeviction";
        let severity = if evicts { Severity::Info } else { Severity::Warning };
        let what = if evicts { "keys are evicted" } else { "writes fail with OOM" };
        let finding =
            CheckFinding::new(severity, finding::MEMORY, format!("memory is nearly full: at the limit {what}"));
        mark = sheet.finding(finding.evidence(format!("used_memory:{used} maxmemory:{most} {policy}")).remedy(
            "raise maxmemory, let keys expire, or choose an eviction policy; output buffers count as used memory, too",
        ));
    }
    sheet.line("memory", mark, text);
}

fn idle_timeout(sheet: &mut Sheet<'_>, server: &ServerFacts) {
    let Some(timeout) = server.timeout else {
        return unknown(sheet, "timeout", SurveyCommand::Config);
    };
    if timeout == 0 {
        return sheet.line("timeout", Mark::Ok, "idle clients are never closed");
    }
    let watchdog = sheet.subject.policy.watchdog.map(|watchdog| watchdog.period);
    let kept_alive = watchdog.is_some_and(|period| period < Duration::from_secs(timeout));
    // Keepalive probes are handled by the kernel: the server does not count them.
    let remedy = if kept_alive {
        "the watchdog's PINGs keep a connection of this policy open; other clients need a PING more often than that, \
         because keepalive does not count"
    } else {
        "send a PING more often than that (keepalive does not count), or set timeout to 0; subscribers are exempt"
    };
    let severity = if kept_alive { Severity::Info } else { Severity::Warning };
    let text = format!("the server closes clients that are idle for {timeout} s");
    let finding = CheckFinding::new(severity, finding::SERVER_TIMEOUT, &text).evidence(format!("timeout {timeout}"));
    let mark = sheet.finding(finding.remedy(remedy));
    sheet.line("timeout", mark, text);
}

fn keepalive(sheet: &mut Sheet<'_>, server: &ServerFacts) {
    let Some(time) = server.tcp_keepalive else {
        return unknown(sheet, "keepalive", SurveyCommand::Config);
    };
    let found = match time {
        0 => Some((
            "the server's tcp-keepalive is off",
            "dead clients stay connected forever and count toward maxclients: set tcp-keepalive to 60",
        )),
        time if time > KEEPALIVE => Some((
            "the server's tcp-keepalive is longer than the idle limit of most paths",
            "set tcp-keepalive to 60: load balancers and NATs drop connections that are idle for 240 to 350 s",
        )),
        _ => None,
    };
    let text = if time == 0 { "off".to_owned() } else { format!("the server probes after {time} s of silence") };
    let mark = found.map_or(Mark::Ok, |(text, remedy)| {
        let finding = CheckFinding::new(Severity::Warning, finding::SERVER_KEEPALIVE, text);
        sheet.finding(finding.evidence(format!("tcp-keepalive {time}")).remedy(remedy))
    });
    sheet.line("keepalive", mark, text);
}
