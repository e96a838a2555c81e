//! Receivers of events, and of the samples that only some commands show one by one.

use std::time::Duration;

use super::Event;
use crate::{classify::Failure, clock::Stamp, foreign::Foreign};

/// A receiver of the events of a run, in order.
pub(crate) trait EventSink {
    /// Handles one event.
    fn on_event(&mut self, event: &Event);

    /// Handles the end of one probe; called only if the plan reports each ([`crate::plan::ProbePlan::report_each`]).
    fn on_reply(&mut self, _reply: &Reply) {}

    /// Handles a request for interim figures (SIGUSR1, SIGQUIT); the run continues.
    fn on_interim(&mut self, _at: Stamp) {}
}

/// The end of one probe: a sample that only `ping` shows one by one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    /// Label of the target, if there are several.
    pub target: Option<Foreign>,
    /// Number of the probe (from 1).
    pub number: u64,
    /// Time at which it ended.
    pub at: Stamp,
    /// Time from the intended start to the end; after a wait for a connection, the round trip of a further command.
    /// `None` if that failed.
    pub latency: Option<Duration>,
    /// Time spent waiting for a connection.
    pub waited: Duration,
    /// Size of the reply in bytes, or the failure.
    pub outcome: Result<usize, Failure>,
}

/// One message on a subscribed channel: a sample that only `subscribe` shows one by one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// Label of the target, if there are several.
    pub target: Option<&'a str>,
    /// Time of receipt.
    pub at: Stamp,
    /// Channel of the message.
    pub channel: &'a [u8],
    /// Pattern that matched, for a pattern subscription.
    pub pattern: Option<&'a [u8]>,
    /// Content of the message.
    pub payload: &'a [u8],
}

/// A receiver of messages, called on the task that reads them: it must neither wait nor grow without bound.
pub(crate) trait MessageSink: Send + Sync {
    /// Takes one message; returns `false` if it cannot be shown because the output is slower than the messages.
    fn on_message(&self, message: &Message<'_>) -> bool;
}
