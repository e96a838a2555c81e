//! Answers commands with bytes that are not RESP.

use crate::fault::{
    Effect, Scope, Tamper,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct Garbage {
    scope: Scope,
}

impl Kind for Garbage {
    const USAGE: &'static str = "[on=COMMAND][,share=PERCENT]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { scope: reader.scope()? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::none().scope(&self.scope)
    }

    fn effect(&self) -> Effect {
        Effect::Reply(self.scope.clone(), Tamper::Noise)
    }
}
