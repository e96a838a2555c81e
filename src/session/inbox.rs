//! The inbox: pushed messages of one connection under test, and the confirmations of its subscriptions.
//!
//! Runs inside the library's push callback, in the task that also reconnects: bounded work, no waiting.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use redis::{PushKind, Value};

use super::{
    context::RunContext,
    delivery::{Delivery, Gap, Publish, Receipt},
};
use crate::{
    clock::Stamp,
    event::{EventKind, Message},
    plan::{Name, SubscriptionPlan},
};

/// The receiving side of one connection.
pub(super) struct Inbox {
    connection: u32,
    subscription: SubscriptionPlan,
    /// Prefix of this run's verification messages on this connection.
    prefix: Vec<u8>,
    state: Mutex<InboxState>,
}

struct InboxState {
    /// One per verified channel.
    deliveries: Vec<Delivery>,
    confirmed: HashSet<(u8, Vec<u8>)>,
    last_message: Stamp,
    last_push: Stamp,
}

/// A change of the confirmed subscriptions.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Confirmed {
    /// Some are still missing.
    Part,
    /// The last one wanted.
    All,
    /// Confirmed before: another connection has resubscribed.
    Again,
    /// Over RESP2, all ended with their separate connection; or the server ended one of them.
    Ended,
}

impl Inbox {
    pub(super) fn new(connection: u32, run_id: &str, subscription: SubscriptionPlan) -> Self {
        let verified = match (subscription.verify, subscription.private) {
            (None, _) => 0,
            (Some(_), 0) => subscription.channels.len() + subscription.shards.len(),
            (Some(_), _) => 1,
        };
        let state = InboxState {
            deliveries: (0..verified).map(|_| Delivery::default()).collect(),
            confirmed: HashSet::new(),
            last_message: Stamp::START,
            last_push: Stamp::START,
        };
        let prefix = format!("redis-doctor:{run_id}:{connection}:").into_bytes();
        Self { connection, subscription, prefix, state: Mutex::new(state) }
    }

    pub(super) fn subscription(&self) -> &SubscriptionPlan {
        &self.subscription
    }

    /// Returns the verified channels: plain ones first, then shard channels, which have the flag set.
    pub(super) fn verified(&self) -> impl Iterator<Item = (&Name, bool)> {
        let plain = self.subscription.channels.iter().map(|channel| (channel, false));
        let sharded = self.subscription.shards.iter().map(|channel| (channel, true));
        plain.chain(sharded).take(self.lock().deliveries.len())
    }

    /// Creates a numbered message for the verified channel `index`, stamped with the time of sending.
    pub(super) fn compose(&self, index: usize, now: Stamp, ctx: &RunContext) -> (u64, Vec<u8>) {
        let mut state = self.lock();
        let number = state.deliveries[index].next(now, &mut ctx.samples.lock().counters);
        let mut payload = self.prefix.clone();
        payload.extend_from_slice(format!("{index}:{number}:{}", now.as_nanos()).as_bytes());
        (number, payload)
    }

    /// Records the outcome of publishing message `number`.
    pub(super) fn published(&self, index: usize, number: u64, outcome: Publish, ctx: &RunContext) {
        self.lock().deliveries[index].published(number, outcome, &mut ctx.samples.lock().counters);
        ctx.stop.note_progress();
    }

    /// Handles a message as parsed by the library.
    pub(super) fn on_message(&self, kind: &PushKind, data: &[Value], ctx: &RunContext) {
        let fields: (&[u8], Option<&[u8]>, &[u8]) = match (kind, data) {
            (
                PushKind::PMessage,
                [Value::BulkString(pattern), Value::BulkString(channel), Value::BulkString(payload)],
            ) => (channel, Some(pattern), payload),
            (_, [Value::BulkString(channel), Value::BulkString(payload)]) => (channel, None, payload),
            _ => return,
        };
        let (channel, pattern, payload) = fields;
        self.receive(&Message { target: None, at: ctx.clock.now(), channel, pattern, payload }, ctx);
    }

    /// Accounts for a verification message; counts and shows any other.
    pub(super) fn receive(&self, message: &Message<'_>, ctx: &RunContext) {
        let mut state = self.lock();
        (state.last_message, state.last_push) = (message.at, message.at);
        if let Some(ours) = message.payload.strip_prefix(self.prefix.as_slice()) {
            // A matching pattern brings a legitimate second copy: no duplicate.
            if message.pattern.is_none() {
                self.account(&mut state, ours, message, ctx);
            }
            return;
        }
        drop(state);
        let mut sums = ctx.samples.lock();
        sums.counters.messages += 1;
        sums.counters.message_bytes += message.payload.len() as u64;
        drop(sums);
        ctx.count_message();
        if self.subscription.tail && !ctx.notices.message(message) {
            ctx.samples.lock().counters.messages_not_shown += 1;
        }
    }

    fn account(&self, state: &mut InboxState, ours: &[u8], message: &Message<'_>, ctx: &RunContext) {
        let Some((index, number, sent)) = parse_numbers(ours) else {
            return;
        };
        // Our channel, not the one that the server names.
        let channel = self.subscription.channels.iter().chain(&self.subscription.shards).nth(index);
        let (Some(delivery), Some(channel)) = (state.deliveries.get_mut(index), channel) else {
            return;
        };
        let mut sums = ctx.samples.lock();
        let receipt = delivery.received(number, message.at, &mut sums.counters);
        let first = receipt != Receipt::Again;
        if first && !ctx.process.pauses.overlap(sent, message.at) {
            sums.end_to_end.record(message.at.since(sent));
        }
        drop(sums);
        if first {
            ctx.count_message();
        }
        ctx.stop.note_progress();
        let channel = || channel.clone();
        let event = match receipt {
            Receipt::InOrder => return,
            Receipt::Gap(gap) => missed(channel(), gap),
            Receipt::Late => EventKind::Reordered { channel: channel(), number },
            Receipt::Again => EventKind::Duplicated { channel: channel(), number },
        };
        ctx.emit(message.at, Some(self.connection), event);
    }

    /// Records a confirmation of SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE.
    pub(super) fn on_confirmation(&self, kind: &PushKind, data: &[Value], at: Stamp) -> Confirmed {
        let kind = number(kind);
        let Some(Value::BulkString(name)) = data.first() else {
            return Confirmed::Part;
        };
        let mut state = self.lock();
        state.last_push = at;
        if !state.confirmed.insert((kind, name.clone())) {
            return Confirmed::Again;
        }
        if state.confirmed.len() == self.subscription.wanted() { Confirmed::All } else { Confirmed::Part }
    }

    /// Records that the server ended a subscription. Returns its name; `None` if it was not confirmed.
    pub(super) fn on_ended(&self, kind: &PushKind, data: &[Value], at: Stamp) -> Option<Name> {
        let Some(Value::BulkString(name)) = data.first() else { return None };
        let kind = number(kind);
        let mut state = self.lock();
        state.last_push = at;
        // Our name, not the one that the server names.
        let ours = state.confirmed.remove(&(kind, name.clone()));
        ours.then(|| self.named()[usize::from(kind)].iter().find(|known| known.as_bytes() == name).cloned()).flatten()
    }

    /// Returns the subscriptions that are not confirmed on the current connection.
    pub(super) fn missing(&self) -> SubscriptionPlan {
        let state = self.lock();
        let names = [0, 1, 2].map(|kind: u8| {
            let names = self.named()[usize::from(kind)].iter();
            names.filter(|name| !state.confirmed.contains(&(kind, name.as_bytes().to_vec()))).cloned().collect()
        });
        let [channels, patterns, shards] = names;
        SubscriptionPlan { channels, patterns, shards, ..SubscriptionPlan::default() }
    }

    /// Returns the names of each kind of subscription, by its [`number`].
    fn named(&self) -> [&[Name]; 3] {
        [&self.subscription.channels, &self.subscription.patterns, &self.subscription.shards]
    }

    /// Records that all subscriptions are confirmed (the library waited for them).
    pub(super) fn confirm_all(&self) -> Confirmed {
        let all = (0..)
            .zip(self.named())
            .flat_map(|(kind, names)| names.iter().map(move |name| (kind, name.as_bytes().to_vec())));
        let mut state = self.lock();
        if !state.confirmed.is_empty() {
            return Confirmed::Again;
        }
        state.confirmed.extend(all);
        Confirmed::All
    }

    /// Returns the number of subscriptions confirmed on the current connection.
    pub(super) fn confirmed(&self) -> usize {
        self.lock().confirmed.len()
    }

    /// Forgets the confirmations of a lost connection.
    pub(super) fn forget_confirmations(&self) {
        self.lock().confirmed.clear();
    }

    /// Returns the time of the last message, or the run's start.
    pub(super) fn last_message(&self) -> Stamp {
        self.lock().last_message
    }

    /// Returns the time of the last message or confirmation, or the run's start.
    pub(super) fn last_push(&self) -> Stamp {
        self.lock().last_push
    }

    /// Gives up messages that have been missing for too long.
    pub(super) fn tick(&self, ctx: &RunContext) {
        let now = ctx.clock.now();
        let mut state = self.lock();
        let sums = &mut ctx.samples.lock().counters;
        state.deliveries.iter_mut().for_each(|delivery| delivery.tick(now, sums));
        ctx.stop.note_progress();
    }

    /// Returns true if every published message has been received.
    pub(super) fn is_settled(&self) -> bool {
        self.lock().deliveries.iter().all(Delivery::is_settled)
    }

    /// Counts every missing message as lost at the end of the run.
    pub(super) fn close(&self, ctx: &RunContext) {
        let at = ctx.clock.now();
        let names: Vec<_> = self.verified().map(|(name, _)| name.clone()).collect();
        let mut state = self.lock();
        for (delivery, channel) in state.deliveries.iter_mut().zip(names) {
            let given_up = delivery.close(&mut ctx.samples.lock().counters);
            if let Some(gap) = given_up {
                ctx.emit(at, Some(self.connection), missed(channel, gap));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the number of a kind of subscription, for its begin and its end.
fn number(kind: &PushKind) -> u8 {
    match kind {
        PushKind::PSubscribe | PushKind::PUnsubscribe => 1,
        PushKind::SSubscribe | PushKind::SUnsubscribe => 2,
        _ => 0,
    }
}

fn missed(channel: Name, Gap { from, to, accepted, sent: (first, last) }: Gap) -> EventKind {
    let [first_published_at, last_published_at] = [first, last].map(Some);
    EventKind::MessagesMissed { channel, from, to, count: accepted, first_published_at, last_published_at }
}

/// Reads `index:number:nanoseconds`.
fn parse_numbers(text: &[u8]) -> Option<(usize, u64, Stamp)> {
    let mut parts = std::str::from_utf8(text).ok()?.splitn(3, ':');
    let index = parts.next()?.parse().ok()?;
    let number = parts.next()?.parse().ok()?;
    let sent = parts.next()?.parse().ok()?;
    Some((index, number, Stamp::from_nanos(sent)))
}
