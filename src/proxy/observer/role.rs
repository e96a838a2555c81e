//! A role of connections: works, is silent, or is lost, as the events of a connection under test.
//!
//! A role is lost when its last connection that works has ended, unless the client closed it on purpose, or when a command
//! has waited for long and none was answered since. It works again with the first good reply to one of its commands on any
//! connection; subscribers, when the channels that were lost are confirmed again.

use std::time::Duration;

use super::{News, channels::Channels, view::Heard};
use crate::{
    classify::Failure,
    clock::Stamp,
    event::{
        ChannelsMissing, ClientState, Confirmations, Connected, Disconnected, EventKind, FlowRole, Observed,
        Reconnected,
    },
    foreign::Foreign,
};

/// Channels that are named.
const NAMED: usize = 20;

/// The state of a role.
#[derive(Debug)]
pub(super) struct Role {
    role: FlowRole,
    state: State,
    /// The latest good reply.
    pub(super) good: Stamp,
    /// The beginning of the latest outage.
    pub(super) outage: Option<Stamp>,
    /// Its good replies.
    pub(super) heard: Heard,
    /// Channels of subscribers that were lost and are not confirmed again, and their number at first.
    missing: Channels,
    of: u64,
    /// Writes of unknown outcome in this outage.
    unknown: u64,
    /// Connections of the application at the loss.
    flows: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing was answered yet.
    Unproven,
    Works,
    /// A command on this connection is not answered since then.
    Silent {
        since: Stamp,
        flow: u64,
    },
    /// Lost, since the end of its last connection.
    Lost {
        closed: Stamp,
    },
}

/// The end of a connection.
pub(super) struct Loss {
    pub(super) flow: u64,
    /// The beginning of the silence before it, with the number of unanswered commands.
    pub(super) silent: Option<Stamp>,
    pub(super) failure: Option<Failure>,
    pub(super) in_flight: u64,
    /// Time since the last reply.
    pub(super) idle: Duration,
    /// Connections of the application so far.
    pub(super) flows: u64,
}

impl Role {
    pub(super) fn new(role: FlowRole) -> Self {
        Self {
            role,
            state: State::Unproven,
            good: Stamp::START,
            outage: None,
            heard: Heard::default(),
            missing: Channels::default(),
            of: 0,
            unknown: 0,
            flows: 0,
        }
    }

    fn says(&self, kind: EventKind) -> News {
        (Some(self.role.number()), kind)
    }

    pub(super) fn works(&self) -> bool {
        matches!(self.state, State::Works)
    }

    /// True if it has ever worked and does not now.
    pub(super) fn is_down(&self) -> bool {
        matches!(self.state, State::Silent { .. } | State::Lost { .. })
    }

    /// Counts writes of unknown outcome.
    pub(super) fn in_doubt(&mut self, commands: u64) {
        self.unknown += commands;
    }

    /// Handles a good reply on a connection, which `begins` describes if it is the first.
    pub(super) fn answered(&mut self, flow: u64, now: Stamp, begins: impl FnOnce() -> Connected) -> Vec<News> {
        self.good = now;
        let state = std::mem::replace(&mut self.state, State::Works);
        let kind = match state {
            State::Works => return Vec::new(),
            State::Unproven => EventKind::Connected(Box::new(begins())),
            State::Silent { since, .. } => EventKind::Resumed { after: now.since(since) },
            State::Lost { closed } => self.reconnected(flow, now.since(closed)),
        };
        vec![self.says(kind)]
    }

    fn reconnected(&mut self, flow: u64, after: Duration) -> EventKind {
        let unknown = std::mem::take(&mut self.unknown);
        EventKind::Reconnected(Reconnected {
            generation: flow,
            after,
            failed: unknown,
            ambiguous: unknown,
            old_client_id: None,
            client_id: None,
            local: None,
            peer: None,
            server: None,
            same_process: None,
            succession: None,
            by_itself: true,
            path_healthy_after: None,
            failure: None,
        })
    }

    /// Handles confirmations on a connection, which now has these channels.
    pub(super) fn confirmed(
        &mut self,
        flow: u64,
        now: Stamp,
        channels: &Channels,
        begins: impl FnOnce() -> Connected,
    ) -> Vec<News> {
        let complete = |count: u64, after: Duration| Confirmations { wanted: count, confirmed: count, after };
        match self.state {
            State::Unproven if channels.count() > 0 => {
                let mut news = self.answered(flow, now, begins);
                news.push(self.says(EventKind::Subscribed(complete(channels.count(), Duration::ZERO))));
                news
            }
            State::Lost { closed } => {
                self.missing.remove(channels);
                if self.missing.count() > 0 {
                    return Vec::new();
                }
                let of = std::mem::take(&mut self.of);
                let mut news = self.answered(flow, now, begins);
                if of > 0 {
                    news.push(self.says(EventKind::Resubscribed(complete(of, now.since(closed)))));
                }
                news
            }
            State::Unproven | State::Works | State::Silent { .. } => Vec::new(),
        }
    }

    /// The oldest command on a connection has waited since then, while none was answered.
    pub(super) fn silent(&mut self, flow: u64, since: Stamp, unanswered: u64, flows: u64) -> Option<News> {
        if !self.works() {
            return None;
        }
        self.state = State::Silent { since, flow };
        self.outage = Some(since);
        self.flows = flows;
        Some(self.says(EventKind::Stalled { since, unanswered, flow: Some(flow) }))
    }

    /// The server has answered a command on a connection whose oldest unanswered one is now this; an error ends a silence,
    /// too.
    pub(super) fn heard(&mut self, flow: u64, now: Stamp, oldest: Option<Stamp>) -> Option<News> {
        match self.state {
            State::Silent { since, flow: silent } if silent == flow && oldest.is_none_or(|oldest| oldest > since) => {
                self.state = State::Works;
                self.good = now;
                Some(self.says(EventKind::Resumed { after: now.since(since) }))
            }
            _ => None,
        }
    }

    /// Its last connection that worked has ended, or that of a subscriber with these channels.
    pub(super) fn lost(&mut self, now: Stamp, loss: Loss, channels: &Channels) -> Vec<News> {
        let Loss { flow, silent, failure, in_flight, idle, flows } = loss;
        self.missing.add(channels);
        self.of = self.of.max(self.missing.count());
        let mut news = Vec::new();
        match self.state {
            State::Unproven | State::Lost { .. } => return news,
            State::Works => {
                self.flows = flows;
                self.outage = Some(silent.unwrap_or(now));
                let stalled =
                    silent.map(|since| EventKind::Stalled { since, unanswered: in_flight.max(1), flow: Some(flow) });
                news.extend(stalled.map(|kind| self.says(kind)));
            }
            State::Silent { .. } => {}
        }
        self.state = State::Lost { closed: now };
        let lost = Disconnected { generation: flow, client_id: None, failure, in_flight, idle };
        news.push(self.says(EventKind::Disconnected(lost)));
        news
    }

    /// Reports what is missing at the end, if the application has connected since the loss.
    pub(super) fn conclude(&self, now: Stamp, flows: u64) -> Vec<News> {
        let State::Lost { closed } = self.state else { return Vec::new() };
        let count = self.missing.count();
        if count == 0 || flows <= self.flows {
            return Vec::new();
        }
        let missing = ChannelsMissing { channels: self.missing.names(NAMED), count, of: self.of };
        let why = Foreign::from(format!("{count} of {} channels are not subscribed to again", self.of));
        let wanted = Confirmations { wanted: self.of, confirmed: self.of - count, after: now.since(closed) };
        vec![
            (None, EventKind::Observed(Box::new(Observed::ChannelsMissing(missing)))),
            self.says(EventKind::Resubscribed(wanted)),
            self.says(EventKind::StateEntered { state: ClientState::SubscriptionLost, why }),
        ]
    }
}
