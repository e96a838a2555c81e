//! Forgets a connection that was silent for too long, as load balancers and NAT tables do: later packets do not arrive.

use std::time::Duration;

use crate::fault::{
    Effect, Forgotten, Shape,
    grammar::{Arguments, Reader},
    kinds::Kind,
    value::{positive, text},
};

pub(super) struct IdleDrop {
    /// The silence, in both directions.
    after: Duration,
    then: Forgotten,
}

impl Kind for IdleDrop {
    const USAGE: &'static str = "TIME[,then=drop|reset]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let after = positive(reader.required("idle time", "350s")?)?;
        Ok(Self { after, then: reader.word("then", Forgotten::default())? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::value(text(self.after)).named("then", &self.then, &Forgotten::default())
    }

    fn effect(&self) -> Effect {
        Effect::Shape(Shape::Forget { after: self.after, then: self.then })
    }
}
