//! Accepts new connections and resets them immediately (RST).

use crate::fault::{Door, Effect, kinds::Plain};

#[derive(Default)]
pub(super) struct AcceptReset;

impl Plain for AcceptReset {
    fn effect() -> Effect {
        Effect::Door(Door::Reset)
    }
}
