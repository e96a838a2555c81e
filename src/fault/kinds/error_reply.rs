//! Answers commands with an error, with Redis' own text.

use crate::fault::{
    Effect, Scope, Tamper,
    grammar::{Arguments, Reader},
    kinds::Kind,
    reply::ErrorCode,
};

pub(super) struct ErrorReply {
    code: ErrorCode,
    scope: Scope,
}

impl Kind for ErrorReply {
    const USAGE: &'static str = "CODE[,on=COMMAND][,share=PERCENT]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let code = reader.required("error code", "LOADING")?.parse()?;
        Ok(Self { code, scope: reader.scope()? })
    }

    fn arguments(&self) -> Arguments {
        Arguments::value(self.code).scope(&self.scope)
    }

    fn effect(&self) -> Effect {
        let bytes = format!("-{}\r\n", self.code.wording()).into_bytes();
        Effect::Reply(self.scope.clone(), Tamper::Answer { bytes, last: self.code.is_final() })
    }
}
