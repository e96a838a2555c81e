//! Accepts new connections and then stays silent until it is over.

use crate::fault::{
    Directions, Effect, Reach, Shape,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct StallAccept;

impl Kind for StallAccept {
    const USAGE: &'static str = "";

    fn read(_: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self)
    }

    fn arguments(&self) -> Arguments {
        Arguments::none()
    }

    fn effect(&self) -> Effect {
        Effect::Shape(Shape::Silence { directions: Directions::Both, reach: Reach::New })
    }
}
