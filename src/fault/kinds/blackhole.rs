//! Silences the connections that exist and delivers what was held back when it is over; new connections work.

use crate::fault::{
    Directions, Effect, Reach, Shape,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct Blackhole {
    directions: Directions,
}

impl Kind for Blackhole {
    const USAGE: &'static str = "[direction=both|up|down]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { directions: reader.directions(Directions::Both)? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::none().directions(self.directions, Directions::Both)
    }

    fn effect(&self) -> Effect {
        Effect::Shape(Shape::Silence { directions: self.directions, reach: Reach::Existing })
    }
}
