//! Outages, derived from the events of one connection.
//!
//! One outage is one [`Outage`], regardless of the number of its events: redis-rs may report a loss twice, connect
//! twice, omit the push message for the loss, or return the errno to only one command. A stall (unanswered probes on an
//! open connection) recovers or turns into a drop; then it is one outage from the start of the stall.
//!
//! An outage accepts changes until the next one begins, because its cost is known only after its end: the
//! resubscription, and the messages that were published during the outage and never arrived.

mod begun;
mod phases;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Id,
    circumstances::{Circumstances, Notices},
    slow::Slowness,
    subscribed::Subscribed,
};
use crate::{
    classify::{Failure, Stage},
    clock::{OptionalSeconds, Stamp, WallTime, nanos},
    event::{
        ClientState, CommandFailed, Connected, Disconnected, Event, EventKind, Evidence, Reconnected, ReplaceReason,
    },
};

/// The kind of an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum OutageKind {
    /// The connection ended.
    Drop,
    /// The connection stayed open, but silent for a time.
    Stall,
    /// Every command was answered, but late. Not an outage: listed separately.
    Slow,
}

/// An outage, from the loss of service to the first good reply.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Outage {
    /// Id, unique within the run.
    pub id: Id,
    /// Id of its incident: the outages that began together. Absent for a slow stretch.
    #[serde(skip_serializing_if = "is_due")]
    pub incident: Id,
    /// Number of its run (from 1; merged journals have several).
    pub run: u32,
    /// Number of the connection (from 0).
    pub connection: u32,
    /// Number of the physical connection that was lost or stalled.
    pub generation: u64,
    /// Kind of outage.
    pub kind: OutageKind,
    /// Wall-clock time of its start.
    pub time: WallTime,
    /// Start: the loss, or the start of the first unanswered probe.
    #[serde(rename = "lost_at")]
    pub lost: Stamp,
    /// Time at which it was noticed.
    #[serde(rename = "detected_at")]
    pub detected: Stamp,
    /// Time of the first good reply; null if there was none.
    #[serde(rename = "restored_at")]
    pub restored: Option<Stamp>,
    /// Time of the last confirmation of the subscriptions; null if there was none.
    #[serde(rename = "resubscribed_at")]
    pub resubscribed: Option<Stamp>,
    /// Failure that the client got for the loss; null if the library gave no reason.
    pub failure: Option<Failure>,
    /// Time from the last reply to the loss; null if unknown.
    #[serde(with = "OptionalSeconds")]
    pub idle: Option<Duration>,
    /// Commands in flight at the loss.
    pub in_flight: u64,
    /// Commands that failed during the outage.
    pub failed: u64,
    /// Failed commands whose outcome is unknown: they were sent and may have run.
    pub ambiguous: u64,
    /// Numbered messages lost during the outage.
    pub messages_lost: u64,
    /// Client id before the loss.
    pub old_client_id: Option<u64>,
    /// Client id after the outage.
    pub client_id: Option<u64>,
    /// True if the same server process answered afterwards; null if unknown.
    pub same_process: Option<bool>,
    /// True if the client recovered on its own; null if it has not come back.
    pub by_itself: Option<bool>,
    /// Reason for the replacement of the session during the outage; null if it was not replaced.
    pub replaced: Option<ReplaceReason>,
    /// Time from the loss until an independent connection attempt succeeded; null if none did.
    #[serde(with = "OptionalSeconds")]
    pub path_healthy_after: Option<Duration>,
    /// Replies of a slow stretch; absent for an outage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slowness: Option<Slowness>,
    /// Other material for naming the cause; the journal holds it, the report the diagnosis.
    #[serde(skip)]
    pub circumstances: Circumstances,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_due(id: &Id) -> bool {
    id.is_due()
}

impl Outage {
    /// Returns the duration to the end, or until `now`.
    pub(crate) fn duration(&self, now: Stamp) -> Duration {
        self.restored.unwrap_or(now).since(self.lost)
    }

    /// Returns the time from an independent attempt that found the server healthy to the client's return, if it came back.
    pub(crate) fn backoff(&self) -> Option<Duration> {
        if self.by_itself == Some(false) {
            return None;
        }
        self.restored?.since(self.lost).checked_sub(self.path_healthy_after?)
    }
}

/// The state of one connection of the current run, from its events.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    run: u32,
    id: u32,
    /// Time on a restored connection after which a missing message is no longer attributed to the outage.
    settling: Duration,
    pub(super) generation: u64,
    client_id: Option<u64>,
    /// The first good reply of the run.
    pub(super) first_up: Option<Stamp>,
    /// The latest outage, ended or open.
    pub(super) latest: Option<Outage>,
    /// True if the latest outage ended with the first connection of a new session and its `reconnected` event is due.
    provisional: bool,
    /// Start of the current time without an outage.
    pub(super) up_since: Option<Stamp>,
    /// Time at which the connection was made.
    made: Stamp,
    pub(super) longest_up: Duration,
    /// Time until which missing messages are attributed to a drop.
    blame_until: Option<Stamp>,
    pub(super) lost_in_outages: u64,
    pub(super) subscribed: Subscribed,
    /// True if writes are refused with READONLY.
    pub(super) pinned: bool,
    notices: Notices,
    /// The outage before: a message that it lost may still be noticed.
    pub(super) previous: Option<Outage>,
    /// Older outages, for the recorder to collect.
    pub(super) settled: Vec<Outage>,
}

impl Track {
    pub(super) fn new(run: u32, id: u32, settling: Duration) -> Self {
        Self { run, id, settling, ..Self::default() }
    }

    /// Handles an event of this connection.
    pub(super) fn on_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Connected(connected) => self.connected(event, connected),
            EventKind::Stalled { since, .. } if self.open().is_none() => self.begin(event, OutageKind::Stall, *since),
            EventKind::Resumed { after } => self.resumed(event, *after),
            EventKind::Disconnected(disconnected) => {
                // Unless the client left the demoted server: the next one may refuse its writes as well.
                let left = |failure: &Failure| failure.key.class.is_by_demoted();
                self.pinned &= disconnected.failure.as_ref().is_some_and(left);
                self.disconnected(event, disconnected);
            }
            EventKind::Reconnected(reconnected) => self.reconnected(event, reconnected),
            EventKind::Superseded { generation, client_id, .. } => self.superseded(*generation, *client_id),
            EventKind::Subscribed(confirmations) => self.subscribed.confirmed(event.at, *confirmations),
            EventKind::Resubscribed(confirmations) => {
                self.subscribed.confirmed(event.at, *confirmations);
                if let Some(outage) = self.latest.as_mut().filter(|outage| outage.kind == OutageKind::Drop) {
                    outage.resubscribed = Some(event.at);
                    // It may come before the reply that ends the outage.
                    if outage.restored.is_some() {
                        self.blame_until = Some(event.at.after(self.settling));
                    }
                }
            }
            EventKind::Unsubscribed { wanted, confirmed, .. } => self.subscribed.ended(event.at, *wanted, *confirmed),
            // The publisher of verification messages has a separate connection.
            EventKind::CommandFailed(failed) if failed.key.stage != Stage::Publish => {
                self.failed(failed);
            }
            EventKind::MessagesMissed { count, .. } => self.missed(event.at, *count),
            EventKind::SessionReplaced { why, .. } => {
                if let Some(outage) = self.open() {
                    outage.replaced = Some(*why);
                }
            }
            EventKind::StateLeft { state: ClientState::Pinned } => self.pinned = false,
            EventKind::StateEntered { state, .. } => {
                // A check of the server finds it, too, without a refused write; that event belongs to no connection.
                self.pinned |= *state == ClientState::Pinned && event.connection.is_some();
                if let Some(outage) = self.open() {
                    outage.circumstances.entered(*state);
                }
            }
            // Other events change no outage.
            _ => {}
        }
    }

    /// Handles a maintenance announcement of the server.
    pub(super) fn announced(&mut self, at: Stamp, kind: &str) {
        let announcement = self.notices.push(at, kind);
        if let Some(outage) = self.open() {
            outage.circumstances.announced(&announcement);
        }
    }

    /// Handles a failed path probe.
    pub(super) fn path_failed(&mut self, at: Stamp, failure: &Failure) {
        if let Some(outage) = self.open() {
            outage.circumstances.path_failed(at, failure);
        }
    }

    /// Returns the outage that evidence is about, if it is one of the last two.
    pub(super) fn for_evidence(&mut self, evidence: &Evidence) -> Option<&mut Outage> {
        let recent = [self.latest.as_mut(), self.previous.as_mut()];
        recent.into_iter().flatten().find(|outage| outage.matches(evidence))
    }

    pub(super) fn open(&mut self) -> Option<&mut Outage> {
        self.latest.as_mut().filter(|outage| outage.restored.is_none())
    }

    /// Returns the longest time without an outage, up to `now`.
    pub(super) fn longest_up_until(&self, now: Stamp) -> Duration {
        let current = self.up_since.map_or(Duration::ZERO, |since| now.since(since));
        self.longest_up.max(current)
    }

    fn connected(&mut self, event: &Event, connected: &Connected) {
        self.generation = connected.generation;
        self.client_id = connected.client_id;
        self.made = event.at;
        if self.first_up.is_none() {
            self.first_up = Some(event.at);
            self.up_since = Some(event.at);
        }
        if let Some(outage) = self.open() {
            outage.client_id = connected.client_id;
            outage.by_itself = Some(outage.replaced.is_some_and(ReplaceReason::is_policy));
            self.provisional = true;
            self.restore(event.at);
        }
    }

    fn resumed(&mut self, event: &Event, after: Duration) {
        let client_id = self.client_id;
        let Some(outage) = self.open().filter(|outage| outage.kind == OutageKind::Stall) else {
            return;
        };
        outage.client_id = client_id;
        outage.by_itself = Some(true);
        let restored = outage.lost.after(after).min(event.at);
        self.restore(restored);
    }

    fn disconnected(&mut self, event: &Event, disconnected: &Disconnected) {
        if self.open().is_none() {
            // A late report about a connection that has been replaced since.
            if disconnected.generation < self.generation {
                return;
            }
            self.begin(event, OutageKind::Drop, event.at);
        }
        let known = self.client_id;
        self.blame_until = Some(Stamp::from_nanos(u64::MAX));
        self.subscribed.lost(event.at);
        let Some(outage) = self.open() else { return };
        outage.kind = OutageKind::Drop;
        outage.generation = outage.generation.max(disconnected.generation);
        outage.circumstances.closed.get_or_insert(event.at);
        outage.old_client_id = outage.old_client_id.or(disconnected.client_id).or(known);
        outage.in_flight = outage.in_flight.max(disconnected.in_flight);
        outage.idle = outage.idle.or(Some(disconnected.idle));
        if outage.failure.is_none() {
            outage.failure.clone_from(&disconnected.failure);
        }
    }

    fn reconnected(&mut self, event: &Event, reconnected: &Reconnected) {
        if self.open().is_none() && !self.provisional && !self.already_restored(event, reconnected) {
            // Its start was not reported.
            let lost = event.at.as_nanos().saturating_sub(nanos(reconnected.after));
            self.begin(event, OutageKind::Drop, Stamp::from_nanos(lost));
        }
        self.generation = reconnected.generation;
        self.client_id = reconnected.client_id;
        let restored = self.open().map(|outage| match outage.kind {
            OutageKind::Drop if outage.detected == outage.lost => outage.lost.after(reconnected.after).min(event.at),
            // It began with a stall, before the loss that `after` counts from.
            _ => match outage.circumstances.closed {
                Some(closed) => closed.after(reconnected.after).min(event.at),
                None => event.at,
            },
        });
        let Some(outage) = self.latest.as_mut() else { return };
        outage.kind = OutageKind::Drop;
        outage.failed = reconnected.failed;
        outage.ambiguous = reconnected.ambiguous;
        outage.old_client_id = reconnected.old_client_id.or(outage.old_client_id);
        outage.client_id = reconnected.client_id;
        outage.same_process = reconnected.same_process;
        outage.by_itself = Some(reconnected.by_itself);
        // It counts from the end of the connection; the outage may have begun with silence before.
        let silent = outage.circumstances.closed.map_or(Duration::ZERO, |closed| closed.since(outage.lost));
        outage.path_healthy_after = reconnected.path_healthy_after.map(|after| after + silent);
        self.provisional = false;
        if let Some(restored) = restored {
            self.restore(restored);
        }
    }

    /// Returns true for a second report of the end of the same outage: the library had connected twice.
    fn already_restored(&self, event: &Event, reconnected: &Reconnected) -> bool {
        let restored = self.latest.as_ref().and_then(|outage| outage.restored);
        restored.is_some_and(|restored| event.at.since(restored) <= reconnected.after)
    }

    fn superseded(&mut self, generation: u64, client_id: Option<u64>) {
        self.generation = generation;
        self.client_id = client_id.or(self.client_id);
        if let (Some(outage), Some(_)) = (self.latest.as_mut(), client_id) {
            outage.client_id = client_id;
        }
    }

    /// Counts failed commands, which are reported up to a second later. The end of a drop repeats their exact number.
    fn failed(&mut self, failed: &CommandFailed) {
        let Some(outage) = self.latest.as_mut() else { return };
        let within = match (outage.kind, outage.restored) {
            (_, None) => true,
            (OutageKind::Stall | OutageKind::Slow, Some(restored)) => failed.first <= restored,
            (OutageKind::Drop, Some(_)) => false,
        };
        if within && failed.last >= outage.lost {
            outage.circumstances.failed(failed.key);
            outage.failed = outage.failed.saturating_add(failed.count);
            outage.ambiguous = outage.ambiguous.saturating_add(failed.ambiguous);
        }
    }

    fn missed(&mut self, at: Stamp, count: u64) {
        // A client can be back before its subscriptions are.
        if self.blame_until.is_none_or(|until| at > until) && !self.subscribed.are_missing() {
            return;
        }
        self.lost_in_outages = self.lost_in_outages.saturating_add(count);
        let mut candidates = [self.latest.as_mut(), self.previous.as_mut()].into_iter().flatten();
        if let Some(outage) = candidates.find(|outage| outage.kind == OutageKind::Drop) {
            outage.messages_lost = outage.messages_lost.saturating_add(count);
        }
    }

    fn begin(&mut self, event: &Event, kind: OutageKind, lost: Stamp) {
        let before = self.latest.as_ref().and_then(|outage| outage.restored);
        let lost = lost.max(before.unwrap_or_default());
        self.first_up = self.first_up.or(Some(Stamp::START));
        let up_since = self.up_since.take().unwrap_or_default();
        self.longest_up = self.longest_up.max(lost.since(up_since));
        self.provisional = false;
        self.settled.extend(std::mem::replace(&mut self.previous, self.latest.take()));
        let circumstances = Circumstances {
            up: lost.since(up_since),
            age: lost.since(self.made),
            subscribed: self.subscribed.any(),
            announcements: self.notices.before(lost),
            ..Circumstances::default()
        };
        let begun = Outage::begun(kind, (self.run, self.id, self.generation), lost, event);
        self.latest = Some(Outage { old_client_id: self.client_id, circumstances, ..begun });
    }

    fn restore(&mut self, at: Stamp) {
        self.up_since = Some(at);
        if let Some(outage) = self.open() {
            outage.restored = Some(at.max(outage.lost));
            if outage.kind == OutageKind::Drop {
                self.blame_until = Some(at.after(self.settling));
                self.made = at;
            }
        }
    }
}
