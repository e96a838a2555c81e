//! Closes the connections that exist (FIN) on both sides.

use crate::fault::{Effect, Order, kinds::Plain};

#[derive(Default)]
pub(super) struct Close;

impl Plain for Close {
    fn effect() -> Effect {
        Effect::Order(Order::Close)
    }
}
