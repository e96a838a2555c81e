//! Accepts new connections and closes them immediately (FIN).

use crate::fault::{Door, Effect, kinds::Plain};

#[derive(Default)]
pub(super) struct AcceptClose;

impl Plain for AcceptClose {
    fn effect() -> Effect {
        Effect::Door(Door::Close)
    }
}
