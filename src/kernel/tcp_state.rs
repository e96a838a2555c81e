//! The states of a TCP connection.

/// TCP's states (RFC 9293), in the order of the kernel's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TcpState {
    Established,
    SynSent,
    SynReceived,
    /// We closed; the other side has not acknowledged it.
    FinWait1,
    /// We closed; the other side has not.
    FinWait2,
    TimeWait,
    Closed,
    /// The other side closed; we have not.
    CloseWait,
    /// The other side closed, then we did; it has not acknowledged that.
    LastAck,
    Listen,
    /// Both sides closed at the same time.
    Closing,
}

impl TcpState {
    /// Reads the kernel's number; `None` for one that it does not have.
    pub(super) fn read(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            // The kernel has another number for a connection that no socket exists for yet.
            3 | 12 => Self::SynReceived,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Closed,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            _ => return None,
        })
    }

    /// Returns true if this side closed the connection first.
    pub(crate) fn is_closed_here(self) -> bool {
        matches!(self, Self::FinWait1 | Self::FinWait2 | Self::Closing | Self::TimeWait)
    }

    /// Returns true if the other side closed the connection first.
    pub(crate) fn is_closed_there(self) -> bool {
        matches!(self, Self::CloseWait | Self::LastAck)
    }
}
