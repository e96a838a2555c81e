//! Answers commands with an HTTP error and closes the connection (FIN), as a proxy without a backend does.

use crate::fault::{
    Commands, Effect, Scope, Tamper,
    grammar::{Arguments, Reader},
    kinds::Kind,
};

const RESPONSE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n";

pub(super) struct Http503 {
    scope: Scope,
}

impl Kind for Http503 {
    const USAGE: &'static str = "[on=NAME|@CATEGORY][,share=PERCENT]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { scope: reader.scope()? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::none().scope(&self.scope, &Commands::All)
    }

    fn effect(&self) -> Effect {
        Effect::Reply(self.scope.clone(), Tamper::Answer { bytes: RESPONSE.to_vec(), last: true })
    }
}
