//! Closes the connections that exist (FIN) on both sides.

use crate::fault::{
    Effect, Order,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct Close;

impl Kind for Close {
    const USAGE: &'static str = "";

    fn read(_: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self)
    }

    fn arguments(&self) -> Arguments {
        Arguments::none()
    }

    fn effect(&self) -> Effect {
        Effect::Order(Order::Close)
    }
}
