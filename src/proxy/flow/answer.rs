//! What a command gets from a fault instead of the server's reply, and orders to the proxy.

use std::{
    rc::Rc,
    task::{Context, Poll, ready},
};

use super::{End, Flow};
use crate::{
    fault::Random,
    proxy::{
        command::doctor,
        conditions::{Conditions, Meddling, Way},
        dialogue::Answer,
        verdict::jittered,
        world::{Slot, World},
    },
};

/// What an HTTP proxy without a backend says.
const HTTP_503: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n";

impl Flow {
    /// Looks at the first bytes on a connection that is stalled, and keeps them: they may be an order to the proxy,
    /// which is what ends a partition. Ready when it was one, or when the client has gone.
    pub(super) fn overhear(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let world = Rc::clone(&self.world);
        let mut scratch = world.scratch.borrow_mut();
        let may = world.setting.commands_on_wire;
        while may && self.pipes[Way::Up as usize].queued == 0 {
            let Some(client) = &mut self.ends[0] else { break };
            let length = match ready!(client.poll_read(cx, &mut scratch)) {
                Ok(0) => return Poll::Ready(Err(End::Close)),
                Ok(length) => length,
                Err(error) => return Poll::Ready(Err(End::broken(0, &error))),
            };
            self.pipes[Way::Up as usize].received += length as u64;
            self.pass(Way::Up, &scratch[..length], world.clock().now(), cx)?;
            if self.slot.exempt.get() {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    }
}

/// Who decides what becomes of a command.
pub(super) struct Judge<'a> {
    pub(super) world: &'a World,
    pub(super) slot: &'a Slot,
    pub(super) conditions: &'a Conditions,
    pub(super) random: &'a mut Random,
}

impl Judge<'_> {
    /// What becomes of a command.
    pub(super) fn answer(&mut self, words: &[Vec<u8>]) -> Answer {
        let Self { world, slot, conditions, random } = self;
        if world.setting.commands_on_wire && words[0].eq_ignore_ascii_case(b"DOCTOR") {
            slot.exempt.set(true);
            return Answer::Local { bytes: doctor(&words[1..], world), last: false };
        }
        if conditions.rules.is_empty() {
            return Answer::Forward;
        }
        let name = String::from_utf8_lossy(&words[0]).to_ascii_uppercase();
        let Some(meddling) = conditions.answer(&name, random) else { return Answer::Forward };
        match meddling {
            Meddling::Error(code) => {
                Answer::Local { bytes: format!("-{}\r\n", code.wording()).into_bytes(), last: code.is_final() }
            }
            Meddling::Garbage => {
                // Bytes with which no reply begins.
                let noise = std::iter::repeat_with(|| 0x80 | random.bits() as u8).take(16);
                Answer::Local { bytes: noise.chain(*b"\r\n").collect(), last: false }
            }
            Meddling::Http503 => Answer::Local { bytes: HTTP_503.to_vec(), last: true },
            Meddling::Truncate => Answer::Truncate,
            Meddling::Delay(delay, jitter) => Answer::Delay(jittered(*delay, *jitter, random)),
        }
    }
}
