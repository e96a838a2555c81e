//! `redis-doctor check`, and `redis-doctor` without a command: one check of server, path and machine.

use std::io;

use tokio::sync::mpsc::unbounded_channel;

use super::{
    Problem, Work, block_on, check_writable, deliver, exit_code,
    signals::{Signals, asked_to_stop},
    start_sandbox, warn,
};
use crate::{
    checkup::survey::{CheckPlan, survey},
    checkup::{self, CheckSubject, Checkup},
    cli::commands::check::CheckRequest,
    clock::{Clock, Stamp},
    exit::Exit,
    kernel::HostFacts,
    output::Format,
    render::{self, Style},
};

impl Work for CheckRequest {
    fn format(&self) -> Format {
        self.format
    }

    /// Checks and writes the result; the exit code is the verdict's.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        check_writable(self.output.as_deref())?;
        let _sandbox = start_sandbox(self.sandbox, &mut self.target)?;
        let Some(checkup) = block_on(checked(&self))? else { return Ok(Exit::Interrupted) };
        let file = self.output.as_deref();
        let color = self.color.on(file.is_none() && render::is_capable_terminal(&io::stdout()));
        let style = Style { color, quiet: self.quiet, ..Style::default() };
        deliver(file, |out, columns| render::write(&checkup, self.format, Style { columns, ..style }, out))?;
        Ok(exit_code(checkup.verdict, self.exit_zero))
    }
}

/// Returns the checkup. The first signal ends it with the facts known so far, a second one with `None`.
async fn checked(request: &CheckRequest) -> Result<Option<Checkup>, Problem> {
    let signals = Signals::install()?;
    let (controls, control) = unbounded_channel();
    let clock = Clock::start();
    let plan = CheckPlan {
        target: request.target.clone(),
        protocol: request.protocol,
        connect_timeout: request.policy.connect_timeout,
        deadline: request.deadline,
        channel: request.channel.clone(),
    };
    let facts = tokio::select! {
        facts = survey(&plan, clock, asked_to_stop(control)) => facts,
        _ = signals.pass_on(&controls) => return Ok(None),
    };
    let host = HostFacts::read(facts.attempt.as_ref().and_then(|attempt| attempt.peer));
    let question = CheckSubject {
        target: request.target.clone(),
        protocol: request.protocol,
        policy: request.policy.clone(),
        warning: request.warning,
        critical: request.critical,
        certificate_warning: request.certificate_warning,
    };
    Ok(Some(checkup::judge(&question, &facts, &host, clock.wall(Stamp::START))))
}
