//! Sends the end of the stream (FIN) to the clients of the connections that exist and continues to read from them.

use crate::fault::{
    Effect, Order,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct HalfClose;

impl Kind for HalfClose {
    const USAGE: &'static str = "";

    fn read(_: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self)
    }

    fn arguments(&self) -> Arguments {
        Arguments::none()
    }

    fn effect(&self) -> Effect {
        Effect::Order(Order::HalfClose)
    }
}
