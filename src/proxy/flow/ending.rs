//! The end of a proxied connection, carried out on its two sockets.

use std::{future::poll_fn, io};

use crate::{
    event::FlowEnd,
    fault::{Direction, Side},
    proxy::{state::ProxyState, stream::Stream},
};

/// The end of a proxied connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum End {
    /// Both sides have closed.
    Done,
    /// FIN to both sides.
    Close,
    /// RST.
    Reset(Side),
    /// RST to the sender in this direction; the other side notices nothing until it sends something.
    Forgotten(Direction),
    /// An end is gone (0 the client's, 1 the server's); the other gets RST.
    Broken(usize),
    /// The server could not be reached.
    Unreachable,
    /// FIN to both sides: the client speaks the wrong protocol.
    Misled,
}

impl End {
    /// A failed read or write on this end: its connection is gone.
    pub(super) fn broken(end: usize, _error: &io::Error) -> Self {
        Self::Broken(end)
    }

    /// The same for the event.
    pub(super) fn how(self) -> FlowEnd {
        match self {
            Self::Done | Self::Misled => FlowEnd::Closed,
            Self::Close | Self::Reset(_) | Self::Forgotten(_) => FlowEnd::Fault,
            Self::Broken(0) => FlowEnd::ClientReset,
            Self::Broken(_) => FlowEnd::ServerReset,
            Self::Unreachable => FlowEnd::Unreachable,
        }
    }

    /// Ends both sockets accordingly.
    pub(super) async fn carry_out(self, client: Option<Stream>, server: Option<Stream>, state: &ProxyState) {
        let reset = |stream: Option<Stream>| stream.into_iter().for_each(Stream::reset);
        match self {
            Self::Done => {}
            Self::Close | Self::Misled => {
                tokio::join!(close(client), close(server));
            }
            Self::Reset(Side::Both) | Self::Broken(_) | Self::Unreachable => {
                reset(client);
                reset(server);
            }
            Self::Reset(Side::Client) | Self::Forgotten(Direction::Up) => {
                reset(client);
                server.into_iter().for_each(|server| state.keep_ghost(server));
            }
            Self::Forgotten(Direction::Down) => {
                reset(server);
                if let Some(mut client) = client {
                    poll_fn(|cx| client.poll_read(cx, &mut [0]).map(drop)).await;
                    client.reset();
                }
            }
        }
    }
}

async fn close(stream: Option<Stream>) {
    if let Some(stream) = stream {
        stream.close().await;
    }
}
