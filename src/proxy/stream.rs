//! One end of a connection: TCP, or a unix socket towards a local server.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};

use crate::plan::Address;

/// How long a closed connection is still read from, so that closing it does not turn into a reset.
const LINGER: Duration = Duration::from_secs(5);

/// One end of a connection.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// A TCP connection that was accepted or made; small writes go out at once.
    pub(super) fn tcp(stream: TcpStream) -> Self {
        // Without it bytes are only later, not wrong.
        let _ = stream.set_nodelay(true);
        Self::Tcp(stream)
    }

    /// Connects to a server. A name is resolved anew each time.
    pub(super) async fn connect(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp { host, port, .. } => TcpStream::connect((host.as_str(), *port)).await.map(Self::tcp),
            Address::Unix(path) => UnixStream::connect(path).await.map(Self::Unix),
        }
    }

    /// The other end's address.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let read = match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
        };
        read.map_ok(|()| buffer.filled().len())
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    /// Sends the end of the stream (FIN); reading goes on.
    pub(super) fn finish(&mut self) {
        // Both shut down without waiting, and fail only where the connection is gone, which is as good.
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let _ = match self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(&mut cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(&mut cx),
        };
    }

    /// Closes with a reset (RST). A unix socket knows none: its other end sees the end of the stream.
    pub(super) fn reset(self) {
        if let Self::Tcp(stream) = self {
            let _ = stream.set_zero_linger();
        }
    }

    /// Closes in order: FIN now, and the socket goes when the other end has closed, too, or after a while.
    pub(super) async fn close(mut self) {
        self.finish();
        let drained = std::future::poll_fn(|cx| {
            let mut ignored = [0; 4096];
            loop {
                match self.poll_read(cx, &mut ignored) {
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        // Whoever does not close in that time gets the reset that closing with unread bytes means.
        let _ = tokio::time::timeout(LINGER, drained).await;
    }
}
