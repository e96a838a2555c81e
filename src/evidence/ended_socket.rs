//! The known facts about the end of a socket.

use crate::event::{SocketEnd, TcpFigures};

/// The end of a socket.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EndedSocket {
    pub(super) how: Option<SocketEnd>,
    pub(super) figures: Option<TcpFigures>,
    /// Reason why something is unknown.
    pub(super) missing: Option<String>,
}
