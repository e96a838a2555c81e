//! One end of a connection: TCP, TLS over TCP, or, to the server, a unix socket.
//!
//! A reset (RST) resets the socket below TLS, without a TLS alert; a clean close sends close_notify first and then FIN.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    os::fd::{AsFd as _, BorrowedFd},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::ioctl_fionread,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::TlsStream;

use crate::{classify::Failure, clock::within, plan::Address, tls::Connector};

/// Time for which a closed connection is still read, because unread bytes would turn the close into a reset.
const LINGER: Duration = Duration::from_secs(5);

/// Timeout of the TCP connection and of the TLS handshake to the server; a client has usually given up by then.
const CONNECTING: Duration = Duration::from_secs(30);

/// One end of a connection.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

/// The things that have arrived on a connection that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) bytes: bool,
    /// The other side has ended the connection.
    pub(super) ended: bool,
}

/// The reason why there is no connection to the server.
#[derive(Debug)]
pub(super) enum Unreachable {
    /// The network failed, as it would for the client.
    Network,
    /// The TCP connection was made, and the TLS handshake failed.
    Handshake(Failure),
}

impl Stream {
    /// Wraps a TCP connection and turns Nagle's algorithm off.
    pub(super) fn tcp(stream: TcpStream) -> Self {
        // A failure only delays bytes.
        let _ = stream.set_nodelay(true);
        Self::Tcp(stream)
    }

    /// Connects to a server, with a TLS handshake if it speaks TLS. A name is resolved every time.
    pub(super) async fn connect(address: &Address, connector: &Connector) -> Result<Self, Unreachable> {
        let network = |made: Option<io::Result<_>>| made.and_then(Result::ok).ok_or(Unreachable::Network);
        match address {
            Address::Tcp { host, port, tls } => {
                let stream = network(within(CONNECTING, TcpStream::connect((host.as_str(), *port))).await)?;
                let _ = stream.set_nodelay(true);
                if !tls {
                    return Ok(Self::Tcp(stream));
                }
                let stream = connector.handshake(host, stream, CONNECTING).await.map_err(Unreachable::Handshake)?;
                Ok(Self::Tls(Box::new(stream.into())))
            }
            Address::Unix(path) => match within(CONNECTING, UnixStream::connect(path)).await {
                Some(Ok(stream)) => Ok(Self::Unix(stream)),
                Some(Err(_)) | None => Err(Unreachable::Network),
            },
        }
    }

    /// Returns the other end's address.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Tls(stream) => stream.get_ref().0.peer_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// Returns this end's address.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr().ok(),
            Self::Tls(stream) => stream.get_ref().0.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    fn socket(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Tls(stream) => stream.get_ref().0.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }

    /// Returns what has arrived and is not read.
    pub(super) fn arrived(&self) -> Arrived {
        let socket = self.socket();
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let ends = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let ends = PollFlags::HUP | PollFlags::ERR;
        let mut polled = [PollFd::from_borrowed_fd(socket, ends)];
        let ended = poll(&mut polled, Some(&Timespec::default())).is_ok() && polled[0].revents().intersects(ends);
        Arrived { bytes: ioctl_fionread(socket).is_ok_and(|bytes| bytes > 0), ended }
    }

    /// Returns true if the other end has answered the latest bytes with a reset: it is closed.
    pub(super) fn is_refused(&self) -> bool {
        let mut polled = [PollFd::from_borrowed_fd(self.socket(), PollFlags::empty())];
        poll(&mut polled, Some(&Timespec::default())).is_ok() && polled[0].revents().contains(PollFlags::ERR)
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let read = match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, &mut buffer).map(forgive_missing_notice),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
        };
        read.map_ok(|()| buffer.filled().len())
    }

    /// Takes bytes; with TLS they may stay here until [`Self::poll_flush`] has sent them.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    /// Sends bytes that were taken and not sent yet.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tls(stream) if stream.get_ref().1.wants_write() => Pin::new(&mut **stream).poll_flush(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Sends the end of the stream (FIN; with TLS first the taken bytes and a close_notify). Reading remains possible.
    /// Only TLS can return pending.
    pub(super) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // It fails only if the connection is gone, which ends the stream as well.
        let done = match self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        };
        done.map(drop)
    }

    /// Closes with a reset (RST). A unix socket has none: its other end sees the end of the stream.
    pub(super) fn reset(self) {
        let _ = match &self {
            Self::Tcp(stream) => stream.set_zero_linger(),
            Self::Tls(stream) => stream.get_ref().0.set_zero_linger(),
            Self::Unix(_) => Ok(()),
        };
    }

    /// Closes cleanly: sends FIN now, and closes the socket when the other end has closed or after [`LINGER`].
    pub(super) async fn close(mut self) {
        // A peer that does not close in that time may get a reset, because bytes are unread.
        let drained = within(LINGER, async {
            poll_fn(|cx| self.poll_finish(cx)).await;
            let mut ignored = [0; 4096];
            while let Ok(1..) = poll_fn(|cx| self.poll_read(cx, &mut ignored)).await {}
        });
        let _ = drained.await;
    }
}

/// Takes FIN without close_notify, as from a server that was killed, for the end of the stream. RESP marks the end of
/// each reply, so the client sees what it would have seen without TLS.
fn forgive_missing_notice(read: io::Result<()>) -> io::Result<()> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        other => other,
    }
}
