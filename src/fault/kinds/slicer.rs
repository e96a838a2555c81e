//! Cuts what passes into small pieces.

use std::time::Duration;

use crate::fault::{
    Directions, Effect, Shape,
    grammar::{Arguments, Reader},
    kinds::Kind,
    value::{bytes, bytes_text, duration, text},
};

pub(super) struct Slicer {
    /// Bytes of a piece, at least 1.
    size: u64,
    /// Time between two pieces.
    delay: Duration,
    directions: Directions,
}

impl Kind for Slicer {
    const USAGE: &'static str = "[BYTES][,delay=TIME][,direction=both|up|down]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self {
            size: reader.value().map_or(Ok(1), bytes)?,
            delay: reader.named("delay")?.map_or(Ok(Duration::ZERO), duration)?,
            directions: reader.directions(Directions::Both)?,
        })
    }

    fn arguments(&self) -> Arguments {
        Arguments::value(bytes_text(self.size))
            .named("delay", &text(self.delay), &text(Duration::ZERO))
            .directions(self.directions, Directions::Both)
    }

    fn effect(&self) -> Effect {
        Effect::Shape(Shape::Slice { directions: self.directions, size: self.size, pause: self.delay })
    }
}
