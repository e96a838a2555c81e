//! The end of a socket, as far as it is known.

use crate::event::{SocketEnd, TcpFigures};

/// The end of a socket.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EndedSocket {
    pub(super) how: Option<SocketEnd>,
    pub(super) figures: Option<TcpFigures>,
    /// Why something is unknown.
    pub(super) missing: Option<String>,
}
