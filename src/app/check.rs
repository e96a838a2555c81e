//! `redis-doctor check`, and `redis-doctor` without a command: one check of server, path and machine.

use std::io;

use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::mpsc::unbounded_channel;

use super::{
    Problem, Work, block_on, check_writable, deliver, descriptors, exit_code, exit_of_many,
    signals::{Signals, asked_to_stop},
    start_server, warn,
};
use crate::{
    checkup::survey::{CheckPlan, survey},
    checkup::{self, CheckSubject, Checkup, ScopeCheckup, TargetCheckup},
    cli::commands::check::CheckRequest,
    clock::{Clock, Stamp},
    exit::Exit,
    kernel::HostFacts,
    output::Format,
    plan::{Scope, Target},
    render::{self, Style},
};

/// Servers of a scope that are checked at the same time: more would disturb each other's measurements.
const SIDE_BY_SIDE: usize = 16;

/// Connections of a check.
const CONNECTIONS: u64 = 8;

impl Work for CheckRequest {
    fn format(&self) -> Format {
        self.format
    }

    /// Checks and writes the result; the exit code is the verdict's.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        check_writable(self.output.as_deref())?;
        let _server = start_server(self.server.as_ref(), &mut self.target)?;
        if let Some(scope) = self.scope.take() {
            return self.perform_for_each(scope);
        }
        let Some(checkup) = block_on(checked(&self))? else { return Ok(Exit::Interrupted) };
        self.deliver(&checkup)?;
        Ok(exit_code(checkup.verdict, self.exit_zero))
    }
}

impl CheckRequest {
    fn perform_for_each(&self, scope: Scope) -> Result<Exit, Problem> {
        descriptors::check_for_targets(scope.targets.len(), CONNECTIONS * SIDE_BY_SIDE as u64)?;
        let Some(targets) = block_on(each_checked(self, &scope))? else { return Ok(Exit::Interrupted) };
        let partial = !scope.rejected.is_empty();
        let checkups = ScopeCheckup::new(targets, scope.rejected);
        self.deliver(&checkups)?;
        Ok(exit_of_many(checkups.verdict, partial, self.exit_zero))
    }

    fn deliver(&self, result: &impl render::Document) -> Result<(), Problem> {
        let file = self.output.as_deref();
        let color = self.color.on(file.is_none() && render::is_capable_terminal(&io::stdout()));
        let style = Style { color, quiet: self.quiet, ..Style::default() };
        deliver(file, |out, columns| render::write(result, self.format, Style { columns, ..style }, out))
    }
}

/// Returns the checkup. The first signal ends it with the facts known so far, a second one with `None`.
async fn checked(request: &CheckRequest) -> Result<Option<Checkup>, Problem> {
    let signals = Signals::install()?;
    let (controls, control) = unbounded_channel();
    Ok(tokio::select! {
        checkup = check(request, &request.target, asked_to_stop(control)) => Some(checkup),
        _ = signals.pass_on(&controls) => None,
    })
}

/// The same for each server of a scope. Each has the whole deadline, but they start in turn.
async fn each_checked(request: &CheckRequest, scope: &Scope) -> Result<Option<Vec<TargetCheckup>>, Problem> {
    let signals = Signals::install()?;
    let (controls, control) = unbounded_channel();
    let stopping = asked_to_stop(control).shared();
    let checking = scope.targets.iter().map(|target| {
        let stopping = stopping.clone();
        async move { TargetCheckup { label: target.label().into(), checkup: check(request, target, stopping).await } }
    });
    let checking = stream::iter(checking).buffered(SIDE_BY_SIDE).collect();
    Ok(tokio::select! {
        checkups = checking => Some(checkups),
        _ = signals.pass_on(&controls) => None,
    })
}

pub(super) async fn check(request: &CheckRequest, target: &Target, stop: impl Future<Output = ()>) -> Checkup {
    let clock = Clock::start();
    let protocol = target.protocol.unwrap_or(request.protocol);
    let plan = CheckPlan {
        target: target.clone(),
        protocol,
        connect_timeout: request.policy.connect_timeout,
        deadline: request.deadline,
        channel: request.channel.clone(),
    };
    let facts = survey(&plan, clock, stop).await;
    let host = HostFacts::read(facts.attempt.as_ref().and_then(|attempt| attempt.peer));
    let question = CheckSubject {
        target: target.clone(),
        protocol,
        policy: request.policy.clone(),
        warning: request.warning,
        critical: request.critical,
        certificate_warning: request.certificate_warning,
    };
    checkup::judge(&question, &facts, &host, clock.wall(Stamp::START))
}
