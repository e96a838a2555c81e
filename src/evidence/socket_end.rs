//! The end of a socket, as far as it is known.

use crate::event::{SocketEnd, TcpFigures};

/// A socket that ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ended {
    pub(super) how: Option<SocketEnd>,
    pub(super) figures: Option<TcpFigures>,
    /// Why there is less than there could be.
    pub(super) missing: Option<String>,
}
