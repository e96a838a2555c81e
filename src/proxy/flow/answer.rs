//! What a command gets from a fault instead of the server's reply, and orders to the proxy.

use crate::{
    fault::Random,
    proxy::{
        command::doctor,
        conditions::{Conditions, Meddling},
        dialogue::Answer,
        verdict::jittered,
        world::{Slot, World},
    },
};

/// What an HTTP proxy without a backend says.
const HTTP_503: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n";

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
