//! The bytes that leave a connection: written as soon as the conditions allow, queued until then.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf as _, Bytes};

use super::{End, Flow};
use crate::{
    clock::Stamp,
    fault::Direction,
    proxy::{
        dialogue::Segment,
        shaping::{Chunk, ChunkAction},
    },
};

impl Flow {
    /// Writes what is due; true if anything was written.
    pub(super) fn deliver(&mut self, direction: Direction, now: Stamp, cx: &mut Context<'_>) -> Result<bool, End> {
        let (pipe, to) = (&mut self.pipes[direction as usize], &mut self.ends[1 - direction as usize]);
        let mut moved = false;
        while let Some((_, bytes)) = pipe.queue.front_mut().filter(|(due, _)| *due <= now) {
            let written = match to {
                _ if pipe.finished => bytes.len(),
                Some(to) => match to.poll_write(cx, bytes) {
                    Poll::Ready(written) => written.map_err(|error| End::broken(1 - direction as usize, &error))?,
                    Poll::Pending => break,
                },
                None => bytes.len(),
            };
            bytes.advance(written);
            pipe.queued -= written;
            pipe.sent += written as u64;
            if bytes.is_empty() {
                pipe.queue.pop_front();
            }
            moved = true;
        }
        if let Some(to) = to.as_mut().filter(|_| !pipe.finished)
            && let Poll::Ready(Err(error)) = to.poll_flush(cx)
        {
            return Err(End::broken(1 - direction as usize, &error));
        }
        Ok(moved)
    }

    /// Passes bytes on as soon as the conditions allow.
    pub(super) fn forward(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        now: Stamp,
        cx: &mut Context<'_>,
    ) -> Result<(), End> {
        let chunk = Chunk { direction, at: now, length: bytes.len(), extra: Duration::ZERO };
        let (pipe, to) = (&mut self.pipes[direction as usize], &mut self.ends[1 - direction as usize]);
        if bytes.is_empty() || pipe.finished {
            return Ok(());
        }
        match self.past.shape(&self.conditions, chunk, &mut self.random) {
            ChunkAction::Delay(pieces) => {
                let mut rest = Bytes::copy_from_slice(bytes);
                for piece in pieces {
                    pipe.queue.push_back((piece.due, rest.split_to(piece.length)));
                }
                pipe.queued += bytes.len();
            }
            _ => {
                let mut written = 0;
                let silent = self.conditions.lane(direction).silent;
                if let (true, Some(to)) = (pipe.queue.is_empty() && !silent, to)
                    && let Poll::Ready(count) = to.poll_write(cx, bytes)
                {
                    written = count.map_err(|error| End::broken(1 - direction as usize, &error))?;
                    pipe.sent += written as u64;
                }
                if written < bytes.len() {
                    pipe.queue.push_back((now, Bytes::copy_from_slice(&bytes[written..])));
                    pipe.queued += bytes.len() - written;
                }
            }
        }
        Ok(())
    }

    /// Queues bytes for the client.
    pub(super) fn send(&mut self, segments: Vec<Segment>, now: Stamp) {
        for Segment { bytes, delay, last } in segments {
            let pipe = &mut self.pipes[Direction::Down as usize];
            if pipe.last {
                return;
            }
            let chunk = Chunk { direction: Direction::Down, at: now, length: bytes.len(), extra: delay };
            let mut rest = Bytes::from(bytes);
            pipe.queued += rest.len();
            match self.past.shape(&self.conditions, chunk, &mut self.random) {
                ChunkAction::Delay(pieces) => {
                    for piece in pieces {
                        pipe.queue.push_back((piece.due, rest.split_to(piece.length)));
                    }
                }
                _ => pipe.queue.push_back((now, rest)),
            }
            pipe.last = last;
        }
    }
}
