//! The beginning of a proxied connection: dialing the server, and the checks before the first byte goes there.

use std::{
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{End, Flow};
use crate::{
    classify::{Failure, Stage},
    clock::within,
    fault::Direction,
    proxy::{
        Orders,
        stream::{Stream, Unreachable},
    },
};

/// Timeout of the TLS handshake with a client; the client has usually given up by then.
const HANDSHAKE: Duration = Duration::from_secs(30);

impl Flow {
    /// Connects to the server once no fault stalls the connection.
    pub(super) async fn connect(&mut self) -> Result<(), End> {
        let state = Rc::clone(&self.state);
        poll_fn(|cx| {
            self.slot.register(cx.waker());
            match self.obey() {
                Some(end) => Poll::Ready(Err(end)),
                None if self.conditions.stalled => self.overhear(cx),
                None => Poll::Ready(Ok(())),
            }
        })
        .await?;
        self.accept_tls().await?;
        let orders = poll_fn(|cx| {
            self.slot.register(cx.waker());
            self.obey().map_or(Poll::Pending, Poll::Ready)
        });
        let server = tokio::select! {
            end = orders => return Err(end),
            server = Stream::connect(&state.config.upstream, &state.connector) => server,
        };
        self.ends[1] = Some(server.map_err(|why| {
            if let Unreachable::Handshake(failure) = why {
                state.note_once(format!("the proxy cannot reach the server: {failure}"));
            }
            End::Unreachable
        })?);
        self.outgoing = self.ends[1].as_ref().and_then(Stream::local);
        Ok(())
    }

    /// Performs the handshake with a client that speaks TLS.
    async fn accept_tls(&mut self) -> Result<(), End> {
        let state = Rc::clone(&self.state);
        let Some(acceptor) = &state.config.acceptor else { return Ok(()) };
        let client = match self.ends[0].take() {
            Some(Stream::Tcp(client)) => client,
            other => {
                self.ends[0] = other;
                return Ok(());
            }
        };
        let mut handshake = acceptor.accept(client);
        let orders = poll_fn(|cx| {
            self.slot.register(cx.waker());
            self.obey().map_or(Poll::Pending, Poll::Ready)
        });
        let done = tokio::select! {
            end = orders => {
                if let (End::Reset(_), Some(client)) = (end, handshake.get_ref()) {
                    // A failure leaves a clean close.
                    let _ = client.set_zero_linger();
                }
                return Err(end);
            }
            done = within(HANDSHAKE, &mut handshake) => done,
        };
        match done {
            Some(Ok(client)) => {
                self.ends[0] = Some(Stream::Tls(Box::new(client.into())));
                Ok(())
            }
            Some(Err(error)) => {
                let failure = Failure::io(Stage::Tls, &error);
                state.note_once(format!(
                    "the TLS handshake of a client with the proxy failed: {failure}; the client must use rediss:// and \
                     trust the authority of the drill"
                ));
                Err(End::Misled)
            }
            None => Err(End::Close),
        }
    }

    /// Reads the first bytes on a stalled connection, and keeps them: they may be an order to the proxy, which can end
    /// a partition. Ready if they were one, or if the client is gone.
    fn overhear(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let state = Rc::clone(&self.state);
        let mut scratch = state.scratch.borrow_mut();
        let may = state.config.orders != Orders::Nobody;
        while may && self.pipes[Direction::Up as usize].queued == 0 {
            let Some(client) = &mut self.ends[0] else { break };
            let length = match ready!(client.poll_read(cx, &mut scratch)) {
                Ok(0) => return Poll::Ready(Err(End::Close)),
                Ok(length) => length,
                Err(error) => return Poll::Ready(Err(End::broken(0, &error))),
            };
            self.pipes[Direction::Up as usize].received += length as u64;
            self.pass(Direction::Up, &scratch[..length], state.clock().now(), cx)?;
            if self.slot.is_exempt() {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    }

    /// True if a client begins with TLS although the proxy makes the TLS connection.
    pub(super) fn is_misled(&self, first: &[u8]) -> bool {
        // A handshake record: content type 22, version 3.x (RFC 8446 section 5.1).
        let misled = first.starts_with(&[22, 3]) && matches!(self.ends[1], Some(Stream::Tls(_)));
        if misled {
            let text = "a client speaks TLS to the proxy, which takes plaintext and makes the TLS connection to the \
                        server itself: use redis:// in the client, or give the proxy this server as redis:// to \
                        have TLS passed through unread";
            self.state.note_once(text.to_owned());
        }
        misled
    }
}
