//! The lines of `watch`: one for each change, with the day, as it happens.

use std::io::Write;

use super::{Style, Times, event_line};
use crate::{
    event::{Connected, Event, EventKind, EventSink, NewProcess, Peer, StopReason, role_name},
    foreign::Foreign,
};

/// Digits of a `run_id` that distinguish two processes.
const SHORT_ID: usize = 8;

/// Writes the line of each change to stdout.
pub(crate) struct TimelineLines {
    out: Box<dyn Write>,
    times: Times,
}

impl TimelineLines {
    /// Writes to `out`, each line immediately and in one piece.
    pub(crate) fn new(out: Box<dyn Write>, style: Style) -> Self {
        Self { out, times: Times::moments(style).dated() }
    }
}

impl EventSink for TimelineLines {
    fn on_event(&mut self, event: &Event) {
        if let Some(line) = line(event, self.times).filter(|_| event.kind.is_change() && !ends_with_the_run(event)) {
            // A closed stdout ends the run, and any other error shows with the report.
            let _ = self.out.write_all((line + "\n").as_bytes()).and_then(|()| self.out.flush());
        }
    }
}

/// Returns true for the end of one of several targets, unless it ends alone.
fn ends_with_the_run(event: &Event) -> bool {
    let alone = |reason| matches!(reason, StopReason::Left | StopReason::Unreachable);
    event.target.is_some() && matches!(event.kind, EventKind::RunFinished { reason } if !alone(reason))
}

/// Returns the line of a change; that of a server names its role, its address and its process.
fn line(event: &Event, times: Times) -> Option<String> {
    let (label, details) = match &event.kind {
        EventKind::Connected(connected) => ("connected", server(connected)),
        EventKind::NewProcess(process) => ("process", succession(process)),
        kind => event_line::parts(kind)?,
    };
    let connection = event.connection.filter(|number| *number > 0);
    let connection = connection.map(|number| format!("connection {number} · ")).unwrap_or_default();
    Some(event_line::line(event, times, label, &format!("{connection}{details}")))
}

/// `primary 10.0.3.17:6379 · run_id 8f3a01c2 · Redis 7.2.4 primary · RESP3`
fn server(connected: &Connected) -> String {
    let identity = &connected.server;
    let role = identity.role.as_deref().map_or("server", role_name);
    let place = connected.peer.as_ref().map(|peer| format!("{role} {peer}"));
    let process = identity.run_id.as_ref().map(|id| format!("run_id {}", short(id)));
    let parts = [place, process, identity.introduction(), Some(format!("RESP{}", connected.resp))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// `replica 10.0.3.18:6379 (run_id 51c0ffee) answers, before it primary 10.0.3.17:6379 (run_id 8f3a01c2)`
fn succession(process: &NewProcess) -> String {
    let named = |peer: &Peer| match &peer.run_id {
        Some(id) => format!("{peer} (run_id {})", short(id)),
        None => peer.to_string(),
    };
    format!("{} answers, before it {}", named(&process.server), named(&process.before))
}

fn short(id: &Foreign) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}
