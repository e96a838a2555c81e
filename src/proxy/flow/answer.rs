//! The answers that faults give in place of the server, and orders to the proxy.

use crate::{
    fault::{Random, Tamper},
    proxy::{
        Orders,
        command::doctor,
        conditions::Conditions,
        dialogue::Answer,
        shaping::jittered,
        slot::{Conduct, Slot},
        state::ProxyState,
    },
};

/// Decides about a command.
pub(super) struct Judge<'a> {
    pub(super) state: &'a ProxyState,
    pub(super) slot: &'a Slot,
    /// Number of the connection.
    pub(super) flow: u64,
    pub(super) conditions: &'a mut Conditions,
    pub(super) random: &'a mut Random,
}

impl Judge<'_> {
    pub(super) fn answer(&mut self, words: &[Vec<u8>]) -> Answer {
        let order = self.state.config.orders != Orders::Nobody && words[0].eq_ignore_ascii_case(b"DOCTOR");
        self.observe(&words[0], order);
        let Self { state, slot, flow, conditions, random } = self;
        if order {
            let bytes = doctor(&words[1..], state, slot);
            // For what follows in the same packet.
            conditions.rules = state.conditions_of(*flow).rules;
            return Answer::Local { bytes, last: false };
        }
        if conditions.rules.is_empty() {
            return Answer::Forward;
        }
        match conditions.tamper(words, random) {
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

    /// Notes what the connection is used for; from its first command that is not an order on, faults affect it.
    fn observe(&mut self, name: &[u8], order: bool) {
        let Self { state, slot, .. } = self;
        match (slot.conduct.get(), order) {
            (Conduct::Connecting, true) => slot.conduct.set(Conduct::Orders),
            (Conduct::Connecting, false) if is_setup(name) => {}
            (Conduct::Connecting, false) => slot.conduct.set(Conduct::Application),
            (Conduct::Orders, true) | (Conduct::Application, false) => {}
            (Conduct::Orders, false) => {
                slot.conduct.set(Conduct::Application);
                *self.conditions = state.conditions_of(self.flow);
            }
            (Conduct::Application, true) => slot.answering.set(true),
        }
    }
}

/// True for a command that client libraries send while they connect.
fn is_setup(name: &[u8]) -> bool {
    let known: [&[u8]; 6] = [b"HELLO", b"AUTH", b"CLIENT", b"SELECT", b"COMMAND", b"INFO"];
    known.iter().any(|known| name.eq_ignore_ascii_case(known))
}
