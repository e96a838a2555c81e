//! Events of many connections at the same time: one line with their number.
//!
//! The lines of a run with several connections wait for a moment, so that equal ones can be joined.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    clock::Stamp,
    event::{Confirmations, Connected, Event, EventKind},
    foreign::Foreign,
    record::Outage,
    render::{
        Times, event_line,
        units::{count, span, span_range},
    },
};

/// Time that a line waits for others. Each line is at most an interval late.
const MOMENT: Duration = Duration::from_millis(300);

/// Number of lines that wait at most.
const WAITING: usize = 200;

/// Connections that are named one by one.
const NAMED: usize = 3;

/// The lines that wait.
#[derive(Debug, Default)]
pub(super) struct Together {
    groups: Vec<Group>,
    since: Stamp,
}

#[derive(Debug)]
struct Group {
    first: Event,
    /// Lines of the first event alone.
    alone: Vec<String>,
    common: Option<Common>,
    connections: BTreeSet<u32>,
    /// Shortest and longest time of the events that have one.
    times: Option<(Duration, Duration)>,
    /// Number of lost messages.
    messages: u64,
}

/// The properties that the events of a line share.
#[derive(Debug, PartialEq)]
struct Common {
    label: &'static str,
    target: Option<Foreign>,
    text: String,
}

impl Together {
    /// Adds an event with its line; `outage` is the one that it ends.
    pub(super) fn add(&mut self, event: &Event, outage: Option<&Outage>, line: String) {
        let Some((common, time)) = common(event, outage) else { return self.push(event, vec![line]) };
        let messages = if let EventKind::MessagesMissed { count, .. } = event.kind { count } else { 0 };
        let same = |group: &&mut Group| group.common.as_ref() == Some(&common);
        if let Some(group) = self.groups.iter_mut().find(same) {
            group.connections.extend(event.connection);
            group.times = match (group.times, time) {
                (Some((low, high)), Some(time)) => Some((low.min(time), high.max(time))),
                (times, time) => times.or(time.map(|time| (time, time))),
            };
            group.messages += messages;
            return;
        }
        self.push(event, vec![line]);
        if let Some(group) = self.groups.last_mut() {
            group.common = Some(common);
            group.times = time.map(|time| (time, time));
            group.messages = messages;
        }
    }

    /// Adds lines that are joined with no others.
    pub(super) fn push(&mut self, event: &Event, alone: Vec<String>) {
        if self.groups.is_empty() {
            self.since = event.at;
        }
        let connections = event.connection.into_iter().collect();
        self.groups.push(Group { first: event.clone(), alone, common: None, connections, times: None, messages: 0 });
    }

    /// Returns true if the lines have waited long enough.
    pub(super) fn are_due(&self, now: Stamp) -> bool {
        !self.groups.is_empty() && (now.since(self.since) >= MOMENT || self.groups.len() > WAITING)
    }

    /// Takes the lines, each with its first event.
    pub(super) fn take(&mut self, times: Times) -> Vec<(Event, Vec<String>)> {
        std::mem::take(&mut self.groups).into_iter().map(|group| group.into_lines(times)).collect()
    }
}

impl Group {
    fn into_lines(self, moments: Times) -> (Event, Vec<String>) {
        let Some(Common { label, text, .. }) = self.common.filter(|_| self.connections.len() > 1) else {
            return (self.first, self.alone);
        };
        let times = self.times.map(|(low, high)| match low == high {
            true => format!("after {}", span(low)),
            false => format!("after {}", span_range(low, high)),
        });
        let messages = (self.messages > 0).then(|| count(self.messages, "message"));
        let text = Some(text).filter(|text| !text.is_empty());
        let parts: Vec<_> = [Some(named(&self.connections)), times, messages, text].into_iter().flatten().collect();
        let line = event_line::line(&self.first, moments, label, &parts.join(" · "));
        (self.first, vec![line])
    }
}

/// `#0, #1, #2`; of more, their number.
fn named(connections: &BTreeSet<u32>) -> String {
    if connections.len() > NAMED {
        return count(connections.len() as u64, "connection");
    }
    connections.iter().map(|number| format!("#{number}")).collect::<Vec<_>>().join(", ")
}

/// Returns what an event shares with those of other connections, and its own time; `None` if it is shown alone.
fn common(event: &Event, outage: Option<&Outage>) -> Option<(Common, Option<Duration>)> {
    let lasted = |after| outage.map_or(after, |outage| outage.duration(event.at));
    let (label, text, time) = match &event.kind {
        EventKind::Connected(connected) => ("connected", introduced(connected), None),
        EventKind::Disconnected(lost) => ("disconnected", event_line::loss(lost), None),
        EventKind::Stalled { .. } => ("stalled", "probes unanswered".into(), None),
        EventKind::Resumed { after } => ("resumed", "same connections".into(), Some(lasted(*after))),
        EventKind::Reconnected(reconnected) => {
            let mut text = event_line::answering(reconnected).unwrap_or_default();
            if !reconnected.by_itself {
                text += if text.is_empty() { "needed new sessions" } else { " · needed new sessions" };
            }
            ("reconnected", text, Some(lasted(reconnected.after)))
        }
        EventKind::Subscribed(confirmations) => ("subscribed", confirmed(confirmations), Some(confirmations.after)),
        EventKind::Resubscribed(confirmations) => ("resubscribed", confirmed(confirmations), Some(confirmations.after)),
        EventKind::Unsubscribed { channel, .. } => ("unsubscribed", format!("{channel}: ended by the server"), None),
        EventKind::SessionReplaced { why, .. } => ("replaced", event_line::replaced(*why).into(), None),
        EventKind::StateEntered { state, why } => ("state", format!("{state}: {why}"), None),
        EventKind::Slowed { .. } => ("slowed", "replies have become slow".into(), None),
        EventKind::SpedUp { after, .. } => ("sped up", String::new(), Some(*after)),
        EventKind::MessagesMissed { .. } => ("lost", String::new(), None),
        EventKind::Silent { .. } => ("silent", "no message for too long".into(), None),
        EventKind::RefusalBegan(began) => ("refused", event_line::refused_details(began), None),
        EventKind::RefusalEnded(ended) => {
            ("refusal over", ended.class.to_string(), Some(ended.until.since(ended.since)))
        }
        EventKind::RunStarted(_)
        | EventKind::Superseded { .. }
        | EventKind::CommandFailed(_)
        | EventKind::OwnPause(_)
        | EventKind::Duplicated { .. }
        | EventKind::Reordered { .. }
        | EventKind::Desynced { .. }
        | EventKind::StateLeft { .. }
        | EventKind::Announced { .. }
        | EventKind::ServersFound { .. }
        | EventKind::AddressMoved(_)
        | EventKind::RoleChanged(_)
        | EventKind::NewProcess(_)
        | EventKind::Sentinel(_)
        | EventKind::Cluster(_)
        | EventKind::ClusterClient(_)
        | EventKind::LedgerRead(_)
        | EventKind::ServerClock(_)
        | EventKind::Evidence(_)
        | EventKind::PathProbed(_)
        | EventKind::FaultInjected { .. }
        | EventKind::FaultCleared { .. }
        | EventKind::FlowOpened(_)
        | EventKind::FlowClosed(_)
        | EventKind::Observed(_)
        | EventKind::Traced(_)
        | EventKind::Interval(_)
        | EventKind::SubscriptionDropped { .. }
        | EventKind::JournalGap { .. }
        | EventKind::Note { .. }
        | EventKind::RunFinished { .. } => return None,
    };
    event.connection?;
    Some((Common { label, target: event.target.clone(), text }, time))
}

fn introduced(connected: &Connected) -> String {
    let parts = [connected.server.introduction(), Some(format!("RESP{}", connected.resp))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn confirmed(confirmations: &Confirmations) -> String {
    let Confirmations { wanted, confirmed, .. } = confirmations;
    format!("{confirmed} of {} each", count(*wanted, "channel"))
}
