//! Answers commands with an error, with Redis' own text.

use crate::fault::{
    Effect, Reach, Scope, Tamper,
    grammar::{Arguments, Reader},
    kinds::Kind,
    reply::ErrorCode,
};

pub(super) struct ErrorReply {
    code: ErrorCode,
    scope: Scope,
}

impl Kind for ErrorReply {
    const USAGE: &'static str = "CODE[,on=COMMAND][,share=PERCENT][,reach=all|existing|new]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let code = reader.required("error code", "LOADING")?.parse()?;
        let reach = reader.word("reach", Reach::default())?;
        Ok(Self { code, scope: Scope { reach, ..reader.scope()? } })
    }

    fn arguments(&self) -> Arguments {
        Arguments::value(self.code).scope(&self.scope).named("reach", &self.scope.reach, &Reach::default())
    }

    fn effect(&self) -> Effect {
        let bytes = format!("-{}\r\n", self.code.wording()).into_bytes();
        Effect::Reply(self.scope.clone(), Tamper::Answer { bytes, last: self.code.is_final() })
    }
}
