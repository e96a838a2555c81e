//! The kernel's figures about one TCP connection (`struct tcp_info` in its `linux/tcp.h`).
//!
//! The structure grows at its end, so the figures of a newer kernel are absent on an older one. Its layout is a stable ABI.

use std::time::Duration;

use super::bytes::{long, word};

/// TCP's figures of one socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TcpInfo {
    /// Retransmissions in a row after a timeout, without an acknowledgment of new data. A probe for a lost tail is none.
    pub(crate) retransmits: u32,
    /// Keepalive or window probes in a row without any segment received.
    pub(crate) probes: u32,
    /// Doublings of the retransmission timeout.
    pub(crate) backoff: u32,
    /// The retransmission timeout, doublings included.
    pub(crate) timeout: Duration,
    /// Segments sent and not acknowledged.
    pub(crate) unacked: u32,
    /// Time since data was last sent, retransmissions included.
    pub(crate) last_data_sent: Duration,
    pub(crate) last_data_received: Duration,
    pub(crate) last_ack_received: Duration,
    /// Smoothed round-trip time.
    pub(crate) rtt: Duration,
    /// Smallest round-trip time; absent before the first measurement.
    pub(crate) min_rtt: Option<Duration>,
    pub(crate) total_retransmits: u32,
    /// Sequence numbers acknowledged: bytes, our SYN if we connected, and our FIN.
    pub(crate) bytes_acked: u64,
    /// Sequence numbers received: bytes, and the other side's FIN. Kernels before 4.1 lack it.
    pub(crate) bytes_received: Option<u64>,
    pub(crate) segments_received: u32,
    /// Bytes in the send queue that were not sent yet.
    pub(crate) bytes_not_sent: u32,
    pub(crate) data_segments_received: u32,
    /// Data segments sent, retransmissions included.
    pub(crate) data_segments_sent: u32,
    /// Bytes sent, and those among them that were sent again. Kernels before 4.19 lack them.
    pub(crate) bytes_sent: Option<SentBytes>,
    /// Window that the other side offers. Kernels before 5.4 lack it.
    pub(crate) send_window: Option<u32>,
}

/// Bytes that a socket has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SentBytes {
    /// Retransmissions included.
    pub(crate) all: u64,
    pub(crate) again: u64,
}

/// `tcpi_min_rtt` before the first measurement: the largest number of microseconds.
const UNKNOWN_RTT: Duration = Duration::from_secs(4_000);

impl TcpInfo {
    /// Reads the structure; `None` if it is shorter than on any supported kernel.
    pub(crate) fn read(info: &[u8]) -> Option<Self> {
        let millis = |at| word(info, at).map(|ms| Duration::from_millis(ms.into()));
        let micros = |at| word(info, at).map(|us| Duration::from_micros(us.into()));
        let count = |at| word(info, at).unwrap_or_default();
        let sent = long(info, 200).zip(long(info, 208));
        Some(Self {
            retransmits: (*info.get(2)?).into(),
            probes: (*info.get(3)?).into(),
            backoff: (*info.get(4)?).into(),
            timeout: micros(8)?,
            unacked: word(info, 24)?,
            last_data_sent: millis(44)?,
            last_data_received: millis(52)?,
            last_ack_received: millis(56)?,
            rtt: micros(68)?,
            min_rtt: micros(148).filter(|rtt| *rtt < UNKNOWN_RTT),
            total_retransmits: word(info, 100)?,
            bytes_acked: long(info, 120).unwrap_or_default(),
            bytes_received: long(info, 128),
            segments_received: count(140),
            bytes_not_sent: count(144),
            data_segments_received: count(152),
            data_segments_sent: count(156),
            bytes_sent: sent.map(|(all, again)| SentBytes { all, again }),
            send_window: word(info, 228),
        })
    }
}
