//! Silences all connections, new ones too.

use crate::fault::{Directions, Effect, Reach, Shape, kinds::Plain};

#[derive(Default)]
pub(super) struct Partition;

impl Plain for Partition {
    fn effect() -> Effect {
        Effect::Shape(Shape::Silence { directions: Directions::Both, reach: Reach::All })
    }
}
