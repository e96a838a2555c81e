//! Answers commands with an error, with Redis' own text: those that a server refuses with it, unless `on` names others.

use crate::fault::{
    Commands, Effect, Scope, Tamper,
    grammar::{Arguments, Reader},
    kinds::Kind,
    reply::ErrorCode,
};

pub(super) struct ErrorReply {
    code: ErrorCode,
    scope: Scope,
}

impl Kind for ErrorReply {
    const USAGE: &'static str = "CODE[,on=NAME|@CATEGORY][,share=PERCENT][,reach=all|existing|new]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let code: ErrorCode = reader.required("error code", "LOADING")?.parse()?;
        let reach = reader.word("reach", code.reach())?;
        let on = reader.commands()?.unwrap_or(Commands::RefusedWith(code));
        Ok(Self { code, scope: Scope { on, reach, ..reader.scope()? } })
    }

    fn arguments(&self) -> Arguments {
        let Self { code, scope } = self;
        let usual = Commands::RefusedWith(*code);
        Arguments::value(code).scope(scope, &usual).named("reach", &scope.reach, &code.reach())
    }

    fn effect(&self) -> Effect {
        let bytes = format!("-{}\r\n", self.code.wording()).into_bytes();
        Effect::Reply(self.scope.clone(), Tamper::Answer { bytes, last: self.code.is_final() })
    }
}
