//! Accepts new connections and closes them immediately (FIN).

use crate::fault::{
    Door, Effect,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct AcceptClose;

impl Kind for AcceptClose {
    const USAGE: &'static str = "";

    fn read(_: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self)
    }

    fn arguments(&self) -> Arguments {
        Arguments::none()
    }

    fn effect(&self) -> Effect {
        Effect::Door(Door::Close)
    }
}
