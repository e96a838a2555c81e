//! Sends the end of the stream (FIN) to the clients of the connections that exist and continues to read from them.

use crate::fault::{Effect, Order, kinds::Plain};

#[derive(Default)]
pub(super) struct HalfClose;

impl Plain for HalfClose {
    fn effect() -> Effect {
        Effect::Order(Order::HalfClose)
    }
}
