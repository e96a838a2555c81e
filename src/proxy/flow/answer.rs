//! The answers that faults give in place of the server, and orders to the proxy.

use crate::{
    fault::{Random, Tamper},
    proxy::{
        Orders,
        command::doctor,
        conditions::Conditions,
        dialogue::Answer,
        shaping::jittered,
        state::{ProxyState, Slot},
    },
};

/// Decides about a command.
pub(super) struct Judge<'a> {
    pub(super) state: &'a ProxyState,
    pub(super) slot: &'a Slot,
    pub(super) conditions: &'a Conditions,
    pub(super) random: &'a mut Random,
}

impl Judge<'_> {
    pub(super) fn answer(&mut self, words: &[Vec<u8>]) -> Answer {
        let Self { state, slot, conditions, random } = self;
        if state.config.orders != Orders::Nobody && words[0].eq_ignore_ascii_case(b"DOCTOR") {
            slot.exempt.set(true);
            return Answer::Local { bytes: doctor(&words[1..], state, slot), last: false };
        }
        if conditions.rules.is_empty() {
            return Answer::Forward;
        }
        let name = String::from_utf8_lossy(&words[0]).to_ascii_uppercase();
        match conditions.tamper(&name, random) {
            None => Answer::Forward,
            Some(Tamper::Answer { bytes, last }) => Answer::Local { bytes: bytes.clone(), last: *last },
            Some(Tamper::Noise) => {
                // No reply begins with these bytes.
                let noise = std::iter::repeat_with(|| 0x80 | random.bits() as u8).take(16);
                Answer::Local { bytes: noise.chain(*b"\r\n").collect(), last: false }
            }
            Some(Tamper::Truncate) => Answer::Truncate,
            Some(Tamper::Delay { delay, jitter }) => Answer::Delay(jittered(*delay, *jitter, random)),
        }
    }
}
