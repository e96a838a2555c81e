//! The end of a connection, from the last figures of its socket.
//!
//! TCP counts a SYN and a FIN as a byte each. So of the bytes that the other side acknowledged, those beyond the bytes sent
//! are our SYN and our FIN: a clean close has both, a reset or an abandoned connection lacks the FIN.
//! The sent bytes that are missing were never acknowledged: the commands in them may have run.
//!
//! All cases below were tried on Linux 6.18: both sides close in either order, reset, close with unread data, and send to a
//! closed side.

use crate::{
    event::Ending,
    kernel::{Destroyed, TcpState},
};

/// The end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) how: Ending,
    /// False if another story would leave the same traces.
    pub(super) proven: bool,
    /// Bytes sent and never acknowledged.
    pub(super) in_doubt: u64,
}

/// Facts besides the last figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Witnesses {
    /// State of the socket in the latest sample.
    pub(super) seen: Option<TcpState>,
    /// State of the client's end, and of the server's end, in the table after the end.
    pub(super) left_here: Option<TcpState>,
    pub(super) left_there: Option<TcpState>,
    /// Both ends are on this machine.
    pub(super) is_local: bool,
}

/// Returns how a connection of a client ended; `None` if it was never made.
pub(super) fn end(socket: &Destroyed, witnesses: Witnesses) -> Option<End> {
    let info = &socket.info;
    if info.bytes_acked == 0 {
        return None;
    }
    let Some(sent) = info.bytes_sent else {
        return Some(End { how: Ending::Unknown, proven: false, in_doubt: 0 });
    };
    let sent = sent.all.saturating_sub(sent.again);
    let in_doubt = (sent + 1).saturating_sub(info.bytes_acked);
    let fin_acknowledged = info.bytes_acked >= sent + 2;
    // The queue has the FIN as well.
    let fin_queued = u64::from(socket.send_queue) > in_doubt + u64::from(info.bytes_not_sent);
    let untroubled = info.retransmits == 0 && info.probes == 0;
    let (how, proven) = if fin_acknowledged {
        closed(witnesses)
    } else if witnesses.seen.is_some_and(TcpState::is_closed_here) {
        (Ending::ClosedByClient, true)
    } else if fin_queued {
        // Its FIN was answered with a reset, or not at all. The server may have closed before.
        let by_server = witnesses.seen.is_some_and(TcpState::is_closed_there);
        (if by_server { Ending::ClosedByServer } else { Ending::ClosedByClient }, by_server)
    } else if witnesses.seen.is_some_and(TcpState::is_closed_there) || socket.receive_queue == 1 && in_doubt > 0 {
        // The server closed; then the client sent, and its data was answered with a reset.
        (Ending::ClosedByServer, witnesses.seen.is_some_and(TcpState::is_closed_there))
    } else if !untroubled {
        (Ending::Abandoned, false)
    } else if socket.receive_queue > 0 {
        (Ending::ResetOrClosed, false)
    } else {
        // The kernel gives up only after retransmissions or probes.
        (Ending::Reset, true)
    };
    Some(End { how, proven, in_doubt })
}

/// Returns the side that closed first, of a clean close: that side keeps its end for a while (TIME_WAIT).
fn closed(witnesses: Witnesses) -> (Ending, bool) {
    let Witnesses { seen, left_here, left_there, is_local } = witnesses;
    if seen.is_some_and(TcpState::is_closed_there) || left_there == Some(TcpState::TimeWait) {
        (Ending::ClosedByServer, true)
    } else if seen.is_some_and(TcpState::is_closed_here) || left_here.is_some_and(TcpState::is_closed_here) {
        (Ending::ClosedByClient, true)
    } else if is_local {
        // Neither: data arrived after the client had closed, and was answered with a reset.
        (Ending::ClosedByClient, false)
    } else {
        // Data that arrives after the client has closed leaves the same traces.
        (Ending::ClosedByServer, false)
    }
}
