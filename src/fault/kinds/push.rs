//! Sends a RESP3 push to every connection that speaks RESP3.

use crate::fault::{
    Effect, Order,
    grammar::{Arguments, Reader},
    kinds::Kind,
    reply::PushFrame,
};

pub(super) struct Push {
    frame: PushFrame,
}

impl Kind for Push {
    const USAGE: &'static str = "KIND [ARGUMENT …]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { frame: reader.rest().parse()? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::value(&self.frame)
    }

    fn effect(&self) -> Effect {
        Effect::Order(Order::Push(self.frame.encode()))
    }
}
