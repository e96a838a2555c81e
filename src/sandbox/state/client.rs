//! A connected client: its identity, options and output queue.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::Notify;

use super::settings::OutputLimits;
use super::subscriptions::{ClientId, Kind, Subscriptions};
use super::transaction::Transaction;
use crate::sandbox::reply::Protocol;

/// A connected client.
#[derive(Debug)]
pub(in crate::sandbox) struct Client {
    pub(in crate::sandbox) active_at: Duration,
    pub(in crate::sandbox) addr: SocketAddr,
    pub(in crate::sandbox) authenticated: bool,
    /// Close the connection once its output is written.
    pub(in crate::sandbox) closing: bool,
    pub(in crate::sandbox) db: usize,
    pub(in crate::sandbox) id: ClientId,
    pub(in crate::sandbox) last_command: &'static str,
    pub(in crate::sandbox) lib_name: String,
    pub(in crate::sandbox) lib_ver: String,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) no_evict: bool,
    pub(in crate::sandbox) no_touch: bool,
    /// Unsent replies and pushes, in order.
    pub(in crate::sandbox) out: BytesMut,
    pub(in crate::sandbox) protocol: Protocol,
    pub(in crate::sandbox) replies: Replies,
    pub(in crate::sandbox) transaction: Transaction,
    /// Received bytes not yet executed.
    pub(in crate::sandbox) unread: usize,
    /// Wakes the client's task when there is output, or when the client has left the registry.
    pub(in crate::sandbox) wake: Rc<Notify>,
    connected_at: Duration,
    over_soft_limit_since: Option<Duration>,
}

/// The commands whose replies a client wants (CLIENT REPLY).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::sandbox) enum Replies {
    #[default]
    All,
    None,
    /// None to the present command and the next one.
    Skip,
    /// None to the next command.
    SkipNext,
}

impl Replies {
    /// Returns true if the present command is answered, and continues with the next.
    pub(super) fn wants(&mut self) -> bool {
        let now = *self;
        *self = match now {
            Self::Skip => Self::SkipNext,
            Self::SkipNext | Self::All => Self::All,
            Self::None => Self::None,
        };
        now == Self::All
    }
}

/// The client exceeded its output limit and must be closed.
#[derive(Debug)]
pub(in crate::sandbox) struct Overrun;

impl Client {
    pub(super) fn new(id: ClientId, addr: SocketAddr, now: Duration) -> Self {
        Self {
            active_at: now,
            addr,
            authenticated: false,
            closing: false,
            db: 0,
            id,
            last_command: "NULL",
            lib_name: String::new(),
            lib_ver: String::new(),
            name: String::new(),
            no_evict: false,
            no_touch: false,
            out: BytesMut::new(),
            protocol: Protocol::Resp2,
            replies: Replies::default(),
            transaction: Transaction::default(),
            unread: 0,
            wake: Rc::new(Notify::new()),
            connected_at: now,
            over_soft_limit_since: None,
        }
    }

    /// Queues a push, within the output limits that bound the memory of a slow subscriber.
    pub(super) fn push(&mut self, bytes: &[u8], limits: &OutputLimits, now: Duration) -> Result<(), Overrun> {
        self.out.extend_from_slice(bytes);
        if self.out.len() > limits.hard {
            return Err(Overrun);
        }
        if self.out.len() > limits.soft {
            let since = *self.over_soft_limit_since.get_or_insert(now);
            if now.saturating_sub(since) > limits.soft_for {
                return Err(Overrun);
            }
        } else {
            self.over_soft_limit_since = None;
        }
        self.wake.notify_one();
        Ok(())
    }

    /// Resets the client to the state of a new connection, except its id.
    pub(in crate::sandbox) fn reset(&mut self, authenticated: bool) {
        self.authenticated = authenticated;
        self.db = 0;
        self.name.clear();
        self.no_evict = false;
        self.no_touch = false;
        self.protocol = Protocol::Resp2;
        self.replies = Replies::default();
    }

    /// Formats the client's line in `CLIENT LIST`.
    pub(in crate::sandbox) fn describe(
        &self,
        laddr: SocketAddr,
        now: Duration,
        subscriptions: &Subscriptions,
    ) -> String {
        let subscribed = |kind| subscriptions.count(kind, self.id);
        let (sub, psub, ssub) = (subscribed(Kind::Channel), subscribed(Kind::Pattern), subscribed(Kind::Shard));
        let mut line = format!("id={} addr={} laddr={laddr} fd=8 name={}", self.id, self.addr, self.name);
        let since = |then: Duration| now.saturating_sub(then).as_secs();
        // Writing to a string cannot fail.
        let _ = writeln!(
            line,
            " age={} idle={} flags={} db={} sub={sub} psub={psub} ssub={ssub} multi={} qbuf={} qbuf-free=0 argv-mem=0 \
             multi-mem=0 rbs=16384 rbp=16384 obl={} oll=0 omem=0 tot-mem={} events={} cmd={} user=default redir=-1 \
             resp={} lib-name={} lib-ver={}",
            since(self.connected_at),
            since(self.active_at),
            self.flags(sub + psub + ssub > 0),
            self.db,
            self.transaction.queued.as_ref().map_or(-1, |queued| queued.len() as i64),
            self.unread,
            self.out.len(),
            self.unread + self.out.capacity(),
            if self.out.is_empty() { "r" } else { "rw" },
            self.last_command,
            self.protocol.number(),
            self.lib_name,
            self.lib_ver,
        );
        line
    }

    fn flags(&self, subscribed: bool) -> String {
        let flags: String = [('P', subscribed), ('e', self.no_evict), ('T', self.no_touch), ('c', self.closing)]
            .into_iter()
            .filter_map(|(flag, set)| set.then_some(flag))
            .collect();
        if flags.is_empty() { "N".to_owned() } else { flags }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_may_be_behind_a_lot_for_a_moment_or_a_little_for_long() {
        let limits = OutputLimits { hard: 100, soft: 10, soft_for: Duration::from_secs(60) };
        let at = Duration::from_secs;
        let client = || Client::new(1, SocketAddr::from(([127, 0, 0, 1], 1)), at(0));

        let mut burst = client();
        assert!(burst.push(&[0; 100], &limits, at(1)).is_ok());
        assert!(burst.push(&[0; 1], &limits, at(1)).is_err());

        let mut slow = client();
        assert!(slow.push(&[0; 11], &limits, at(1)).is_ok());
        assert!(slow.push(&[0; 1], &limits, at(61)).is_ok());
        assert!(slow.push(&[0; 1], &limits, at(62)).is_err());

        let mut caught_up = client();
        assert!(caught_up.push(&[0; 11], &limits, at(1)).is_ok());
        caught_up.out.clear();
        assert!(caught_up.push(&[0; 1], &limits, at(61)).is_ok());
        assert!(caught_up.push(&[0; 20], &limits, at(62)).is_ok());
    }
}
