//! Closes the port: new connections are refused, existing ones go on.

use crate::fault::{Door, Effect, kinds::Plain};

#[derive(Default)]
pub(super) struct Refuse;

impl Plain for Refuse {
    fn effect() -> Effect {
        Effect::Door(Door::Refuse)
    }
}
