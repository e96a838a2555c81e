//! Event lines: time of day, event, details.

use std::{
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;

use crate::{
    classify::{Failure, Stage},
    event::{
        ClusterClientEvent, CommandFailed, Confirmations, Connected, Disconnected, Event, EventKind, FlowClosed,
        FlowEnd, LedgerRead, OwnPause, PathProbed, Reconnected, RefusalBegan, RefusalEnd, RefusalEnded, ReplaceReason,
        StageTime, StopReason, Succession, list_of,
    },
    record::Outage,
    render::{
        Style, Times,
        application::Naming,
        document::Document,
        fit,
        units::{clean, count, span, three_digits},
        views::Records,
    },
};

/// `14:07:58.911  disconnected  Connection reset by peer (os error 104) · 3 in flight · idle 100 ms`, without a line
/// feed; `None` for events that are not shown one by one.
pub(crate) fn event_line(event: &Event) -> Option<String> {
    line_of(event, Times::default(), None, Naming::Others)
}

/// Returns the line of an event; `outage` is the one that it ends, as the report counts it.
pub(super) fn line_of(event: &Event, times: Times, outage: Option<&Outage>, naming: Naming) -> Option<String> {
    let (label, mut details) = match (&event.kind, outage) {
        (EventKind::Reconnected(reconnected), Some(outage)) => {
            // The event counts from the end of the connection; the outage may have begun with silence before.
            let lasted = outage.duration(event.at);
            ("reconnected", reconnected_details(reconnected, lasted))
        }
        (EventKind::Stalled { unanswered, .. }, _) if naming == Naming::Roles => {
            ("stalled", format!("{} unanswered", count(*unanswered, "command")))
        }
        (EventKind::Resumed { .. }, Some(outage)) => ("resumed", resumed_details(outage.duration(event.at))),
        (kind, _) => parts(kind)?,
    };
    if let EventKind::RunFinished { .. } = event.kind {
        details += &format!(" · after {}", span(event.at.elapsed()));
    }
    let name = event.connection.and_then(|number| naming.name(number));
    let connection = name.map(|name| format!("{name} ")).unwrap_or_default();
    Some(line(event, times, label, &format!("{connection}{details}")))
}

/// Returns a line with the time and the target of an event.
pub(super) fn line(event: &Event, times: Times, label: &str, details: &str) -> String {
    let (time, target) = (times.of(event.time), of_target(event.target.as_deref()));
    format!("{time}  {label:<12}  {target}{}", clean(details))
}

/// Returns the label of one of several targets, as it precedes the details of a line.
pub(super) fn of_target(target: Option<&str>) -> String {
    target.map(|target| format!("{} · ", clean(target))).unwrap_or_default()
}

/// An event as it happens, in the formats of a stream of events.
impl Document for Event {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        event_line(self).map_or(Ok(()), |line| writeln!(out, "{}", fit::fitted(&line, style.columns)))
    }

    fn records(&self, records: &mut Records<'_>) -> io::Result<()> {
        records.event(self)
    }
}

/// Returns the color of the line of an event.
pub(super) fn color(kind: &EventKind) -> Option<&'static str> {
    match kind {
        EventKind::Disconnected(_)
        | EventKind::Stalled { .. }
        | EventKind::MessagesMissed { .. }
        | EventKind::Silent { .. }
        | EventKind::Desynced { .. }
        | EventKind::RefusalBegan(_)
        | EventKind::StateEntered { .. } => Some("31"),
        EventKind::Connected(_)
        | EventKind::Reconnected(_)
        | EventKind::Resumed { .. }
        | EventKind::SpedUp { .. }
        | EventKind::RefusalEnded(_)
        | EventKind::StateLeft { .. } => Some("32"),
        EventKind::CommandFailed(_)
        | EventKind::SessionReplaced { .. }
        | EventKind::Slowed { .. }
        | EventKind::Duplicated { .. }
        | EventKind::Reordered { .. } => Some("33"),
        EventKind::Traced(traced) => super::trace::color(traced),
        _ => None,
    }
}

/// Returns the word for an event, and the rest of its line.
pub(super) fn parts(kind: &EventKind) -> Option<(&'static str, String)> {
    Some(match kind {
        EventKind::Connected(connected) => ("connected", connected_details(connected)),
        EventKind::Disconnected(disconnected) => ("disconnected", disconnected_details(disconnected)),
        EventKind::Stalled { unanswered, .. } => ("stalled", format!("{} unanswered", count(*unanswered, "probe"))),
        EventKind::Resumed { after } => ("resumed", resumed_details(*after)),
        EventKind::Slowed { latency, baseline, .. } => ("slowed", slowed_details(*latency, *baseline)),
        EventKind::SpedUp { after, latency, slow, .. } => {
            let replies = if *slow == 1 { "1 slow reply".into() } else { format!("{slow} slow replies") };
            ("sped up", format!("after {} · {replies}, the longest {}", span(*after), span(*latency)))
        }
        EventKind::Reconnected(reconnected) => ("reconnected", reconnected_details(reconnected, reconnected.after)),
        EventKind::Subscribed(confirmations) => ("subscribed", confirmed(confirmations)),
        EventKind::Resubscribed(confirmations) => ("resubscribed", confirmed(confirmations)),
        EventKind::Unsubscribed { channel, wanted, confirmed } => {
            ("unsubscribed", format!("{channel}: ended by the server · {confirmed} of {wanted} subscriptions remain"))
        }
        EventKind::CommandFailed(failed) => ("failed", failed_details(failed)),
        EventKind::RefusalBegan(began) => ("refused", refused_details(began)),
        EventKind::RefusalEnded(ended) => ("refusal over", refusal_over(ended)),
        EventKind::OwnPause(pause) => ("paused", own_pause(pause)),
        EventKind::MessagesMissed { channel, from, to, count, .. } => {
            ("lost", format!("{} on {channel}", numbers(*from, *to, *count)))
        }
        EventKind::Duplicated { channel, number } => ("duplicated", format!("message {number} on {channel}")),
        EventKind::Reordered { channel, number } => ("reordered", format!("message {number} on {channel}")),
        EventKind::Silent { silence } => ("silent", format!("no message for {}", span(*silence))),
        EventKind::Desynced { asked, answered } => {
            ("desync", format!("sent {asked}, received the reply to {answered}"))
        }
        EventKind::StateEntered { state, why } => ("state", format!("{state}: {why}")),
        EventKind::StateLeft { state } => ("state over", format!("{state}: writes are accepted again")),
        EventKind::Announced { kind } => ("announced", format!("{kind}: the server announced maintenance")),
        EventKind::SessionReplaced { session, why } => {
            ("replaced", format!("by session {session}: {}", replaced(*why)))
        }
        EventKind::PathProbed(probed) => ("path", path_details(probed)),
        EventKind::FaultInjected { fault } => ("fault", fault.to_string()),
        EventKind::FaultCleared { fault, after } => ("fault over", format!("{fault} · after {}", span(*after))),
        EventKind::FlowOpened(opened) => ("opened", format!("flow {} from {}", opened.flow, opened.client)),
        EventKind::FlowClosed(closed) => ("closed", flow_details(closed)),
        EventKind::Observed(observed) => ("observed", observed.to_string()),
        EventKind::Traced(traced) => super::trace::parts(traced)?,
        EventKind::JournalGap { events, after } => ("gap", gap_details(*events, *after)),
        EventKind::ServersFound { servers } => {
            ("servers", format!("{} behind this address: {}", servers.len(), list_of(servers)))
        }
        EventKind::AddressMoved(moved) => ("moved", moved.to_string()),
        EventKind::RoleChanged(change) => ("role", change.to_string()),
        EventKind::LedgerRead(read) => ("ledger", ledger_details(read)),
        EventKind::Sentinel(event) => ("sentinel", event.to_string()),
        EventKind::Cluster(event) => ("cluster", event.to_string()),
        EventKind::ClusterClient(event) => ("client", client_details(event)?),
        EventKind::Note { text } | EventKind::SubscriptionDropped { why: text } => ("note", text.to_string()),
        EventKind::RunFinished { reason } => ("finished", stopped(*reason).to_owned()),
        EventKind::RunStarted(_) | EventKind::Superseded { .. } | EventKind::Evidence(_) | EventKind::Interval(_)
        // The line of the reconnect names the server. A clock concerns merged journals only.
        | EventKind::NewProcess(_) | EventKind::ServerClock(_) => {
            return None;
        }
    })
}

/// Returns the rest of the line of a cluster client; `None` for its counts.
fn client_details(event: &ClusterClientEvent) -> Option<String> {
    Some(match event {
        ClusterClientEvent::Connected { after } => format!("the cluster client is connected · after {}", span(*after)),
        ClusterClientEvent::NotConnected { why } => format!("the cluster client cannot connect: {}", failure(why)),
        ClusterClientEvent::Failing { shard, why, .. } => {
            format!("the cluster client fails on the slots of {shard}: {}", failure(why))
        }
        ClusterClientEvent::Recovered { shard, since, until, failed } => {
            let (after, failed) = (span(until.since(*since)), count(*failed, "command"));
            format!("the cluster client is answered on the slots of {shard} again · after {after} · {failed} failed")
        }
        ClusterClientEvent::Counted(_) => return None,
    })
}

fn ledger_details(read: &LedgerRead) -> String {
    let LedgerRead { server, acknowledged, gone, unread, .. } = read;
    let server = server.as_ref().map_or("no primary answered".to_owned(), |server| format!("read from {server}"));
    let unread = if *unread > 0 { format!(" · {unread} not read back") } else { String::new() };
    format!("{server} · {} · {gone} gone{unread}", count(*acknowledged, "acknowledged write"))
}

fn gap_details(events: u64, after: Duration) -> String {
    format!("{} missing from the journal · {}", count(events, "event"), span(after))
}

fn flow_details(closed: &FlowClosed) -> String {
    let how = match closed.how {
        FlowEnd::Closed => "clean close (FIN)",
        FlowEnd::ClientReset => "reset by the client",
        FlowEnd::ServerReset => "reset by the server",
        FlowEnd::Fault => "by a fault",
        FlowEnd::Unreachable => "server unreachable",
    };
    let FlowClosed { flow, client, after, up, down, .. } = closed;
    format!("flow {flow} from {client} · {how} · after {} · {up} bytes up, {down} down", span(*after))
}

/// Returns the reason for the end of a run.
pub(super) fn stopped(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Count => "count reached",
        StopReason::Duration => "duration reached",
        StopReason::Signal => "ended by a signal",
        StopReason::Key => "ended with q",
        StopReason::Critical => "stopped at the first critical state",
        StopReason::OutputClosed => "output closed by its reader",
        StopReason::Unreachable => "no connection could be made",
        StopReason::Left => "its slots have moved to other nodes",
        StopReason::ApplicationEnded => "the application ended",
    }
}

/// `Connection reset by peer (os error 104) [reset, command, kernel]`
pub(super) fn failure(failure: &Failure) -> String {
    let key = failure.key;
    format!("{failure} [{}, {}, {}]", key.class, key.stage, key.origin)
}

fn connected_details(connected: &Connected) -> String {
    let mut parts = Vec::new();
    let client = connected.client_id.map(|id| format!("client {id}"));
    let from = connected.local.as_ref().map(|local| format!("from {local}"));
    let who: Vec<_> = client.into_iter().chain(from).collect();
    if !who.is_empty() {
        parts.push(who.join(" "));
    }
    parts.extend(connected.server.introduction());
    parts.push(format!("RESP{}", connected.resp));
    parts.join(" · ")
}

/// Returns the failure that revealed a loss.
pub(super) fn loss(disconnected: &Disconnected) -> String {
    disconnected.failure.as_ref().map_or("connection lost; redis-rs gave no reason".into(), failure)
}

fn disconnected_details(disconnected: &Disconnected) -> String {
    format!("{} · {} in flight · idle {}", loss(disconnected), disconnected.in_flight, span(disconnected.idle))
}

/// `replies take up to 1.3 s · 210 µs before`
fn slowed_details(latency: Duration, baseline: Option<Duration>) -> String {
    let before = baseline.map_or("slow from the start".into(), |usual| format!("about {} before", span(usual)));
    format!("replies take up to {} · {before}", span(latency))
}

fn resumed_details(after: Duration) -> String {
    format!("after {} · same connection", span(after))
}

fn reconnected_details(reconnected: &Reconnected, after: Duration) -> String {
    let mut parts = vec![format!("after {}", span(after))];
    parts.extend(reconnected.client_id.map(|id| format!("client {id}")));
    parts.extend(answering(reconnected));
    if reconnected.failed > 0 {
        parts.push(format!("{} failed, {} outcome unknown", reconnected.failed, reconnected.ambiguous));
    }
    parts.extend(reconnected.path_healthy_after.map(|after| format!("server reachable after {}", span(after))));
    if !reconnected.by_itself {
        parts.push("needed a new session".into());
    }
    parts.join(" · ")
}

/// Returns which server answers, compared with the one before.
pub(super) fn answering(reconnected: &Reconnected) -> Option<String> {
    let place = reconnected.peer.as_deref().map(|peer| format!(" at {peer}")).unwrap_or_default();
    let named = match reconnected.succession {
        Some(Succession::SameProcess) => "same server process".to_owned(),
        Some(Succession::Restarted) => "another server process in its place".to_owned(),
        Some(Succession::Replaced) => format!("a new server process{place}"),
        Some(Succession::TookOver) => "another server took over the address".to_owned(),
        Some(Succession::AnotherServer) => format!("another server{place}"),
        Some(Succession::AnotherProcess) => "another server process".to_owned(),
        // Older journals know only this.
        None if reconnected.same_process? => "same server process".to_owned(),
        None => "another server process".to_owned(),
    };
    Some(named)
}

pub(super) fn refused_details(began: &RefusalBegan) -> String {
    let RefusalBegan { key, text, command, .. } = began;
    format!("{command} · {text} [{}] · counted from now on", key.class)
}

fn refusal_over(ended: &RefusalEnded) -> String {
    let RefusalEnded { class, since, until, count: number, end, .. } = ended;
    let end = match end {
        RefusalEnd::Served => "",
        RefusalEnd::ConnectionLost => " · the connection was lost",
        RefusalEnd::SlotsMoved => " · its slots have moved to other nodes",
        RefusalEnd::RunEnded => " · to the end of the run",
    };
    format!("{class} · after {} · {}{end}", span(until.since(*since)), count(*number, "command"))
}

fn own_pause(pause: &OwnPause) -> String {
    if pause.is_busy() {
        return format!("redis-doctor itself was busy for {}: not counted as latency", span(pause.length()));
    }
    let why = match pause.suspended.is_zero() {
        true => "no CPU time, or stopped",
        false => "the machine was suspended",
    };
    format!("redis-doctor itself was paused for {} ({why}): not counted", span(pause.length()))
}

fn confirmed(confirmations: &Confirmations) -> String {
    let Confirmations { wanted, confirmed, after } = confirmations;
    format!("{confirmed} of {} · after {}", count(*wanted, "channel"), span(*after))
}

pub(super) fn failed_details(failed: &CommandFailed) -> String {
    let one = Failure { key: failed.key, text: failed.text.clone() };
    // The connection under test is another one.
    let whose = if failed.key.stage == Stage::Publish { "redis-doctor's own publisher: " } else { "" };
    let ambiguous = match failed.ambiguous {
        0 => String::new(),
        number => format!(" · {number} outcome unknown"),
    };
    format!("{whose}{} × {}{ambiguous}", failed.count, failure(&one))
}

fn numbers(from: u64, to: u64, missing: u64) -> String {
    match (from == to, missing) {
        (true, _) => format!("message {from}"),
        (false, number) if to - from + 1 == number => format!("{number} messages, {from}–{to}"),
        // The server never accepted some of the messages between them.
        (false, number) => format!("{} between {from} and {to}", count(number, "message")),
    }
}

pub(super) fn replaced(why: ReplaceReason) -> &'static str {
    match why {
        ReplaceReason::Watchdog => "watchdog declared the connection dead",
        ReplaceReason::Desync => "replies no longer match the requests",
        ReplaceReason::Readonly => "a demoted server refuses writes",
        ReplaceReason::Failover => "another server is the primary now",
        ReplaceReason::Terminal => "client is stuck",
    }
}

fn path_details(probed: &PathProbed) -> String {
    let stage = |time: &StageTime| {
        // A path probe sends only this command.
        let name = if time.stage == Stage::Command { "ping".into() } else { time.stage.to_string() };
        format!("{name} {}", three_digits(time.took.as_nanos() as f64 / 1e6))
    };
    let mut text: String = probed.stages.iter().map(stage).collect::<Vec<_>>().join(" ");
    if !text.is_empty() {
        text += " ms";
    }
    match &probed.failure {
        None => format!("server reachable · {text}"),
        Some(cause) if text.is_empty() => failure(cause),
        Some(cause) => format!("{text} · {}", failure(cause)),
    }
}
