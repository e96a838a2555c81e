//! The facts about one connection, from one sample of its socket or several.

use std::{net::SocketAddr, time::Duration};

use crate::{
    clock::Stamp,
    event::SocketSide,
    kernel::{Socket, TcpInfo, TcpState, Timer},
};

/// The kernel counts times in ticks of at most 10 ms, and a reading falls between two: closer times have no order.
const TICK: Duration = Duration::from_millis(25);

/// Retransmissions after which a path counts as dead. A single one is a lost packet.
const DEAD_AFTER: u32 = 2;

/// Time in which a closing connection can still be closed by its owner, and an open one read.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// A client that has read nothing for so long does not read. Longer than [`SOON`]: a process may have work to do.
pub(super) const NOT_READING: Duration = Duration::from_millis(1500);

/// Unread bytes that are worth another sample, however late they came.
const QUEUED: u32 = 4 << 10;

/// A connection as of the latest sample.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) socket: Socket,
    pub(super) side: SocketSide,
    pub(super) at: Stamp,
    /// Time that it has been seen in this state.
    in_state: Duration,
    /// Time for which received data has waited to be read, without a read; at least.
    pub(super) unread: Option<Duration>,
    /// The data that waits has grown between two samples.
    pub(super) grows: bool,
    pub(super) waiting: Option<Waiting>,
}

/// A wait for the first data after data was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// At least.
    pub(super) lasted: Duration,
    /// Data segments sent since then, between samples.
    pub(super) asked_again: u32,
}

/// Proof that the other side no longer acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HalfOpen {
    /// Time without an acknowledgment of what was sent; at least.
    pub(super) silent: Duration,
    /// Retransmissions or keepalive probes in that time.
    pub(super) tries: u32,
    pub(super) by_keepalive: bool,
}

impl Connection {
    /// Creates it from a sample, and the connection as of the sample before.
    pub(super) fn new(socket: Socket, side: SocketSide, at: Stamp, before: Option<&Self>) -> Self {
        let between = before.map_or(Duration::ZERO, |before| at.since(before.at));
        let same_state = before.filter(|before| before.socket.state == socket.state);
        let unread = unread(&socket, before, between);
        let grows = unread.is_some()
            && before.is_some_and(|before| {
                // A read in between would have reset the time.
                unread >= Some(between.saturating_sub(TICK))
                    && before.unread.is_some()
                    && bytes_unread(&before.socket) < bytes_unread(&socket)
            });
        let in_state = same_state.map_or(Duration::ZERO, |before| before.in_state + between);
        let waiting = waiting(&socket, before, between);
        Self { socket, side, at, in_state, unread, grows, waiting }
    }

    /// Returns the server's address.
    pub(super) fn server(&self) -> SocketAddr {
        if self.side == SocketSide::Client { self.socket.pair.peer } else { self.socket.pair.local }
    }

    pub(super) fn is_established(&self) -> bool {
        self.socket.state == TcpState::Established
    }

    /// Returns the bytes that were sent and not acknowledged.
    pub(super) fn unacknowledged(&self) -> u32 {
        let fin = u32::from(self.socket.state.is_closed_here() || self.socket.state == TcpState::LastAck);
        match self.socket.state {
            TcpState::SynSent | TcpState::FinWait2 => 0,
            _ => self.socket.send_queue.saturating_sub(self.socket.info.bytes_not_sent).saturating_sub(fin),
        }
    }

    /// Returns the bytes that the process has not read.
    pub(super) fn bytes_unread(&self) -> u32 {
        bytes_unread(&self.socket)
    }

    /// Returns the time since data was last sent or received.
    pub(super) fn silent(&self) -> Duration {
        let info = &self.socket.info;
        // A retransmission is no news.
        if info.retransmits > 0 { info.last_data_received } else { info.last_data_sent.min(info.last_data_received) }
    }

    /// Returns the proof that the other side no longer acknowledges what the process sent, or keepalive probes.
    pub(super) fn half_open(&self) -> Option<HalfOpen> {
        // One that its process has closed is the kernel's business alone.
        if !matches!(self.socket.state, TcpState::Established | TcpState::CloseWait) || self.socket.inode == 0 {
            return None;
        }
        let info = &self.socket.info;
        match self.socket.timer {
            Timer::Retransmission { .. } if info.retransmits >= DEAD_AFTER && info.unacked > 0 => {
                // A side without room acknowledges each retransmission, and takes nothing.
                let answered = info.last_ack_received < info.last_data_sent + info.timeout / 2 - info.timeout / 8;
                (!answered).then(|| HalfOpen {
                    silent: self.unacknowledged_for(),
                    tries: info.retransmits,
                    by_keepalive: false,
                })
            }
            Timer::Keepalive { .. } if info.probes >= DEAD_AFTER && info.unacked == 0 => {
                Some(HalfOpen { silent: info.last_ack_received, tries: info.probes, by_keepalive: true })
            }
            _ => None,
        }
    }

    /// Returns the time for which the first unacknowledged byte has waited; at least. The timeout doubles with each
    /// retransmission, up to two minutes.
    pub(super) fn unacknowledged_for(&self) -> Duration {
        let info = &self.socket.info;
        if info.unacked == 0 {
            return Duration::ZERO;
        }
        let doublings = info.backoff.min(20);
        let first = info.timeout / (1_u32 << doublings);
        let before = first * ((1_u32 << doublings) - 1);
        (before + info.last_data_sent).min(info.last_ack_received.max(info.last_data_sent))
    }

    /// Returns the time for which the other side has offered no room although it answers the probes for it; at least.
    pub(super) fn window_closed(&self) -> Option<Duration> {
        let info = &self.socket.info;
        let probed = matches!(self.socket.timer, Timer::WindowProbe { .. }) && self.socket.send_queue > 0;
        let no_room = info.send_window.is_none_or(|window| window == 0);
        (self.is_established() && probed && no_room && info.probes < DEAD_AFTER && info.unacked == 0)
            .then_some(info.last_data_sent)
    }

    /// Returns the time since the other side closed, at least, if this side has not closed.
    pub(super) fn closed_there(&self) -> Option<Duration> {
        // Its FIN also acknowledges, and little comes after it.
        (self.socket.state == TcpState::CloseWait && self.socket.inode > 0)
            .then(|| self.in_state.max(self.socket.info.last_ack_received))
    }

    /// Returns the time for which a connection attempt has had no answer, at least, once its SYN was sent again.
    pub(super) fn syn_unanswered(&self) -> Option<Duration> {
        // Sent again after at least a second each time (RFC 6298).
        let tries = self.socket.info.retransmits.max(self.socket.info.total_retransmits);
        (self.socket.state == TcpState::SynSent && tries > 0)
            .then(|| Duration::from_secs(tries.into()).max(self.in_state))
    }

    /// Returns true if the server's end is needed to judge this client.
    pub(super) fn needs_other_end(&self) -> bool {
        self.waiting.is_some_and(|waiting| waiting.lasted >= SOON / 4)
            || self.unread.is_some_and(|unread| unread >= NOT_READING)
    }

    /// Returns true if the next sample may show a problem that this one cannot prove. `idle` is the time for which the client
    /// has read nothing, if that alone is reason enough: a busy one has unread data at any moment.
    pub(super) fn is_pending(&self, idle: Duration) -> bool {
        let info = &self.socket.info;
        let lost = info.retransmits == 1 || info.retransmits > 1 && self.half_open().is_none();
        let closing = self.closed_there().is_some_and(|since| since < SOON);
        let connecting = self.socket.state == TcpState::SynSent && self.syn_unanswered().is_none();
        let no_room = self.window_closed().is_some_and(|since| since < SOON);
        let reads = |since: Duration| since < idle && self.bytes_unread() < QUEUED;
        let unread = self.is_established()
            && self.unread.is_some_and(|since| !reads(since) && (since < NOT_READING || !self.grows));
        let unanswered = self.waiting.is_some_and(|waiting| waiting.lasted >= SOON / 2);
        lost || info.probes == 1 || closing || connecting || no_room || unread || unanswered
    }
}

/// Returns the received bytes that the process has not read, without the end of the stream.
fn bytes_unread(socket: &Socket) -> u32 {
    socket.receive_queue.saturating_sub(u32::from(socket.state.is_closed_there()))
}

/// Returns the time for which received data has waited to be read, without a read; at least.
fn unread(socket: &Socket, before: Option<&Connection>, between: Duration) -> Option<Duration> {
    if bytes_unread(socket) == 0 {
        return None;
    }
    let read =
        |socket: &Socket| socket.info.bytes_received.map(|bytes| bytes.saturating_sub(socket.receive_queue.into()));
    let untouched = before.filter(|before| read(&before.socket).is_some() && read(&before.socket) == read(socket));
    let known = untouched.and_then(|before| before.unread).map(|unread| unread + between);
    // The latest data has waited since it came. The kernel's clock is exact, and a sample is taken in a moment after ours.
    let latest = socket.info.last_data_received.saturating_sub(TICK);
    Some(known.unwrap_or_default().saturating_sub(TICK).max(latest))
}

/// Returns the wait for data, if data was sent after the last data was received.
fn waiting(socket: &Socket, before: Option<&Connection>, between: Duration) -> Option<Waiting> {
    let info = &socket.info;
    if socket.state != TcpState::Established || info.data_segments_sent == 0 || info.retransmits > 0 {
        return None;
    }
    let never_answered = info.data_segments_received == 0;
    let sent_later = info.last_data_sent + TICK <= info.last_data_received;
    let quiet = before.filter(|before| before.socket.info.data_segments_received == info.data_segments_received);
    let again = quiet.map_or(0, |before| {
        let sent = info.data_segments_sent.saturating_sub(before.socket.info.data_segments_sent);
        sent.saturating_sub(info.total_retransmits.saturating_sub(before.socket.info.total_retransmits))
    });
    if !(sent_later || never_answered || again > 0 || acknowledged_alone(info)) {
        return None;
    }
    let known = quiet.and_then(|before| before.waiting);
    Some(match known {
        Some(known) => Waiting { lasted: known.lasted + between, asked_again: known.asked_again + again },
        None => Waiting { lasted: info.last_data_sent, asked_again: 0 },
    })
}

/// Returns true if data was sent about when the last data was received, and its acknowledgment came alone: a reply would have
/// carried it. The other side delays it for at most 200 ms, and sends keepalive probes after a second at the earliest.
fn acknowledged_alone(info: &TcpInfo) -> bool {
    let later = info.last_data_sent.saturating_sub(info.last_ack_received);
    info.last_data_sent.abs_diff(info.last_data_received) < TICK
        && info.last_ack_received + TICK <= info.last_data_received
        && (TICK..Duration::from_millis(300)).contains(&later)
}
