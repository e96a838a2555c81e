//! Accepts new connections and then stays silent until it is over.

use crate::fault::{Directions, Effect, Reach, Shape, kinds::Plain};

#[derive(Default)]
pub(super) struct StallAccept;

impl Plain for StallAccept {
    fn effect() -> Effect {
        Effect::Shape(Shape::Silence { directions: Directions::Both, reach: Reach::New })
    }
}
