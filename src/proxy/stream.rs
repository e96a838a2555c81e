//! One end of a connection: TCP; towards the server also TCP under TLS, or a unix socket.
//!
//! TLS is a wrapper here: what ends a connection hard (RST) is done to the socket below it, without a word of TLS; what
//! ends it in order says so in TLS first (close_notify) and then on the socket (FIN).

use std::{
    future::poll_fn,
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
use tokio_rustls::client::TlsStream;

use crate::{classify::Failure, plan::Address, tls::Roots};

/// How long a closed connection is still read from, so that closing it does not turn into a reset.
const LINGER: Duration = Duration::from_secs(5);

/// One end of a connection.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

/// Why there is no connection to the server.
#[derive(Debug)]
pub(super) enum Unreachable {
    /// The network says so, as it would to the client itself.
    Network,
    /// The socket stood, and the two sides did not agree on TLS.
    Handshake(Failure),
}

impl Stream {
    /// A TCP connection that was accepted or made; small writes go out at once.
    pub(super) fn tcp(stream: TcpStream) -> Self {
        // Without it bytes are only later, not wrong.
        let _ = stream.set_nodelay(true);
        Self::Tcp(stream)
    }

    /// Connects to a server, and makes the handshake where it speaks TLS. A name is resolved anew each time.
    pub(super) async fn connect(address: &Address, roots: &Roots) -> Result<Self, Unreachable> {
        let network = |_: io::Error| Unreachable::Network;
        match address {
            Address::Tcp { host, port, tls } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(network)?;
                let _ = stream.set_nodelay(true);
                if !tls {
                    return Ok(Self::Tcp(stream));
                }
                let stream = roots.handshake(host, stream).await.map_err(Unreachable::Handshake)?;
                Ok(Self::Tls(Box::new(stream)))
            }
            Address::Unix(path) => UnixStream::connect(path).await.map(Self::Unix).map_err(network),
        }
    }

    /// The other end's address.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Tls(_) | Self::Unix(_) => None,
        }
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

    /// Takes bytes; under TLS they may stay here until [`Self::poll_flush`] has sent them.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    /// Sends what was taken and not sent yet.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tls(stream) if stream.get_ref().1.wants_write() => Pin::new(&mut **stream).poll_flush(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Sends the end of the stream (FIN, under TLS after what was taken and a close_notify); reading goes on. Only TLS
    /// may have to be asked again.
    pub(super) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // It fails only where the connection is gone, which is as good.
        let done = match self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        };
        done.map(drop)
    }

    /// Closes with a reset (RST). A unix socket knows none: its other end sees the end of the stream.
    pub(super) fn reset(self) {
        let _ = match &self {
            Self::Tcp(stream) => stream.set_zero_linger(),
            Self::Tls(stream) => stream.get_ref().0.set_zero_linger(),
            Self::Unix(_) => Ok(()),
        };
    }

    /// Closes in order: FIN now, and the socket goes when the other end has closed, too, or after a while.
    pub(super) async fn close(mut self) {
        let drained = async {
            poll_fn(|cx| self.poll_finish(cx)).await;
            let mut ignored = [0; 4096];
            while let Ok(1..) = poll_fn(|cx| self.poll_read(cx, &mut ignored)).await {}
        };
        // Whoever does not close in that time gets the reset that closing with unread bytes means.
        let _ = tokio::time::timeout(LINGER, drained).await;
    }
}

/// A server that was killed sends FIN without the close_notify before it. RESP says itself where a reply ends, so to
/// the client this is the end of the stream that it would have seen without TLS.
fn forgive_missing_notice(read: io::Result<()>) -> io::Result<()> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        other => other,
    }
}
