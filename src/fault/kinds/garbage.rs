//! Answers commands with bytes that are not RESP.

use crate::fault::{
    Commands, Effect, Scope, Tamper,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct Garbage {
    scope: Scope,
}

impl Kind for Garbage {
    const USAGE: &'static str = "[on=NAME|@CATEGORY][,share=PERCENT]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { scope: reader.scope()? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::none().scope(&self.scope, &Commands::All)
    }

    fn effect(&self) -> Effect {
        Effect::Reply(self.scope.clone(), Tamper::Noise)
    }
}
