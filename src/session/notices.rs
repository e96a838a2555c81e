//! The channel from sessions and evidence to the engine.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::mpsc;

use crate::{
    clock::{Clock, Stamp},
    event::{Event, EventKind, Message, MessageSink, Reply},
    foreign::Foreign,
    plan::Name,
};

/// Announcements reported per [`PERIOD`]; a server can push any number of them.
const ANNOUNCEMENTS: usize = 10;
const PERIOD: Duration = Duration::from_secs(1);

/// Bytes kept of an announcement's kind.
const KIND: usize = 60;

/// An item for the engine.
pub(crate) enum Notice {
    Event(Event),
    /// The outcome of one probe, in a run that shows each.
    Reply(Reply),
}

/// The sending side of the channel.
pub(crate) struct NoticeSender {
    clock: Clock,
    /// Label of the target, if the run has several.
    target: Option<Foreign>,
    notices: mpsc::UnboundedSender<Notice>,
    messages: Arc<dyn MessageSink>,
    /// Times of the latest announcements.
    announced: Mutex<VecDeque<Stamp>>,
}

impl NoticeSender {
    pub(crate) fn new(
        clock: Clock,
        target: Option<Foreign>,
        notices: mpsc::UnboundedSender<Notice>,
        messages: Arc<dyn MessageSink>,
    ) -> Self {
        Self { clock, target, notices, messages, announced: Mutex::default() }
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    pub(crate) fn emit(&self, at: Stamp, connection: Option<u32>, kind: EventKind) {
        let event = Event { at, time: self.clock.wall(at), target: self.target.clone(), connection, kind };
        // The engine receives until the last task has ended; later notices have no reader.
        let _ = self.notices.send(Notice::Event(event));
    }

    pub(super) fn reply(&self, reply: Reply) {
        let _ = self.notices.send(Notice::Reply(Reply { target: self.target.clone(), ..reply }));
    }

    /// Forwards a received message; returns false if the output has no room for it.
    pub(super) fn message(&self, message: &Message<'_>) -> bool {
        self.messages.on_message(&Message { target: self.target.as_deref(), ..*message })
    }

    /// Emits a push that is neither a message nor a confirmation, up to a number per period.
    pub(super) fn announce(&self, connection: u32, kind: &str, at: Stamp) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.retain(|earlier| at.since(*earlier) < PERIOD);
        if announced.len() < ANNOUNCEMENTS {
            announced.push_back(at);
            let kind = Foreign::new(&Name::from(&kind.as_bytes()[..kind.len().min(KIND)]).to_string());
            self.emit(at, Some(connection), EventKind::Announced { kind });
        }
    }
}
