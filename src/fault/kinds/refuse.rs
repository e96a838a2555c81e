//! Closes the port: new connections are refused, existing ones go on.

use crate::fault::{
    Door, Effect,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct Refuse;

impl Kind for Refuse {
    const USAGE: &'static str = "";

    fn read(_: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self)
    }

    fn arguments(&self) -> Arguments {
        Arguments::none()
    }

    fn effect(&self) -> Effect {
        Effect::Door(Door::Refuse)
    }
}
