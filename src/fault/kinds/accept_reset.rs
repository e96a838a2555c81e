//! Accepts new connections and resets them immediately (RST).

use crate::fault::{
    Door, Effect,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct AcceptReset;

impl Kind for AcceptReset {
    const USAGE: &'static str = "";

    fn read(_: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self)
    }

    fn arguments(&self) -> Arguments {
        Arguments::none()
    }

    fn effect(&self) -> Effect {
        Effect::Door(Door::Reset)
    }
}
