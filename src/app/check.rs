//! `redis-doctor check`, and `redis-doctor` without a command: one look at server, path and machine.

use std::io;

use tokio::sync::mpsc::unbounded_channel;

use super::{
    Problem, block_on, check_writable, deliver, exit_code,
    signals::{Signals, asked_to_stop},
    start_sandbox, warn,
};
use crate::{
    checkup::survey::{CheckPlan, survey},
    checkup::{self, CheckSubject, Checkup},
    cli::CheckRequest,
    clock::{Clock, Stamp},
    exit::Exit,
    kernel::HostFacts,
    output::{CheckFormat, Format},
    render::{self, Style},
};

/// The form in which a problem is told.
pub(super) fn form(format: CheckFormat) -> Format {
    if format == CheckFormat::Nagios { Format::Nagios } else { Format::Text }
}

/// Looks, judges and writes; the exit code is the verdict's.
pub(super) fn check(mut request: CheckRequest) -> Result<Exit, Problem> {
    warn(&request.warnings);
    check_writable(request.output.as_deref())?;
    // Kept until the check is over: it stops when it is dropped.
    let sandbox = request.sandbox.then(|| start_sandbox(&mut request.target)).transpose()?;
    let Some(checkup) = block_on(look(&request))? else { return Ok(Exit::Interrupted) };
    drop(sandbox);
    let file = request.output.as_deref();
    let color = request.color.on(file.is_none() && render::obeys(&io::stdout()));
    let style = Style { color, quiet: request.quiet, ..Style::default() };
    deliver(file, |out, columns| render::check(&checkup, request.format, Style { columns, ..style }, out))?;
    Ok(exit_code(checkup.verdict, request.exit_zero))
}

/// The first signal ends it with what is known; `None` when a second one does.
async fn look(request: &CheckRequest) -> Result<Option<Checkup>, Problem> {
    let signals = Signals::install()?;
    let (wishes, wish) = unbounded_channel();
    let clock = Clock::start();
    let plan = CheckPlan {
        target: request.target.clone(),
        protocol: request.protocol,
        connect_timeout: request.policy.connect_timeout,
        deadline: request.deadline,
        channel: request.channel.clone(),
    };
    let facts = tokio::select! {
        facts = survey(&plan, clock, asked_to_stop(wish)) => facts,
        () = signals.pass_on(&wishes) => return Ok(None),
    };
    let host = HostFacts::read(facts.attempt.as_ref().and_then(|attempt| attempt.peer));
    let question = CheckSubject {
        target: request.target.clone(),
        protocol: request.protocol,
        policy: request.policy.clone(),
        warning: request.warning,
        critical: request.critical,
    };
    Ok(Some(checkup::judge(&question, &facts, &host, clock.wall(Stamp::START))))
}
