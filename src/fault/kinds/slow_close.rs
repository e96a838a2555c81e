//! Passes the end of a stream on later.

use std::time::Duration;

use crate::fault::{
    Effect, Shape,
    grammar::{Arguments, Reader},
    kinds::Kind,
    value::{positive, text},
};

const DEFAULT: Duration = Duration::from_secs(1);

pub(super) struct SlowClose {
    delay: Duration,
}

impl Kind for SlowClose {
    const USAGE: &'static str = "[TIME]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { delay: reader.value().map_or(Ok(DEFAULT), positive)? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::value(text(self.delay))
    }

    fn effect(&self) -> Effect {
        Effect::Shape(Shape::LateEnd { delay: self.delay })
    }
}
