//! Limits the bytes a second.

use crate::fault::{
    Directions, Effect, Shape,
    grammar::{Arguments, Reader},
    kinds::Kind,
    value::{bytes, bytes_text},
};

pub(super) struct Bandwidth {
    /// Bytes a second, at least 1.
    rate: u64,
    directions: Directions,
}

impl Kind for Bandwidth {
    const USAGE: &'static str = "BYTES_PER_SECOND[,direction=both|up|down]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let rate = reader.required("rate", "64k")?;
        let rate = bytes(rate.strip_suffix(['s', 'S']).and_then(|rate| rate.strip_suffix('/')).unwrap_or(rate))?;
        Ok(Self { rate, directions: reader.directions(Directions::Both)? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::value(bytes_text(self.rate)).directions(self.directions, Directions::Both)
    }

    fn effect(&self) -> Effect {
        Effect::Shape(Shape::Rate { directions: self.directions, rate: self.rate })
    }
}
