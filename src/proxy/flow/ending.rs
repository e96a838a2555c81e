//! How a proxied connection ends, and what that means for its two sockets.

use std::{future::poll_fn, io};

use crate::{
    event::FlowEnd,
    fault::{Direction, Side},
    proxy::{state::ProxyState, stream::Stream},
};

/// How a proxied connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum End {
    /// Both sides have closed.
    Done,
    /// FIN to both sides.
    Close,
    /// RST.
    Reset(Side),
    /// RST to whoever sent something this way; the other side is left in its belief until it speaks, too.
    Forgotten(Direction),
    /// An end is gone (0 the client's, 1 the server's); the other gets RST.
    Broken(usize),
    /// The server could not be reached.
    Unreachable,
    /// FIN to both sides, for the client does not speak what it should.
    Misled,
}

impl End {
    /// A socket failed: whichever way it was used, its connection is gone.
    pub(super) fn broken(end: usize, _error: &io::Error) -> Self {
        Self::Broken(end)
    }

    /// For the event.
    pub(super) fn how(self) -> FlowEnd {
        match self {
            Self::Done | Self::Misled => FlowEnd::Closed,
            Self::Close | Self::Reset(_) | Self::Forgotten(_) => FlowEnd::Fault,
            Self::Broken(0) => FlowEnd::ClientReset,
            Self::Broken(_) => FlowEnd::ServerReset,
            Self::Unreachable => FlowEnd::Unreachable,
        }
    }

    /// Does to the sockets what this end means.
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
