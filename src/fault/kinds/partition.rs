//! Silences all connections, new ones too.

use crate::fault::{
    Directions, Effect, Reach, Shape,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct Partition;

impl Kind for Partition {
    const USAGE: &'static str = "";

    fn read(_: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self)
    }

    fn arguments(&self) -> Arguments {
        Arguments::none()
    }

    fn effect(&self) -> Effect {
        Effect::Shape(Shape::Silence { directions: Directions::Both, reach: Reach::All })
    }
}
