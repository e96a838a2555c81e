//! Passes commands on and ends the connection (FIN) inside their reply.

use crate::fault::{
    Commands, Effect, Scope, Tamper,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

pub(super) struct Truncate {
    scope: Scope,
}

impl Kind for Truncate {
    const USAGE: &'static str = "[on=NAME|@CATEGORY][,share=PERCENT]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { scope: reader.scope()? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::none().scope(&self.scope, &Commands::All)
    }

    fn effect(&self) -> Effect {
        Effect::Reply(self.scope.clone(), Tamper::Truncate)
    }
}
