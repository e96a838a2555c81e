//! `redis-doctor wait`: repeated checks until a server is ready.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::unbounded_channel;

use super::{
    Problem, Work, block_on, descriptors, say,
    signals::{Signals, asked_to_stop},
    start_server, warn,
};
use crate::{
    cli::commands::wait::WaitRequest,
    clock::Clock,
    exit::Exit,
    plan::Target,
    readiness::{Obstacle, ReadinessCheck, Restarts},
    units,
};

/// Connections of a check.
const CONNECTIONS: u64 = 2;

/// Time of the last check before the timeout, for any interval.
const LAST_CHECK: Duration = Duration::from_millis(250);

impl Work for WaitRequest {
    /// Waits; healthy if the server becomes ready, critical on a timeout.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        if let Some(scope) = &self.scope {
            descriptors::check_for_targets(scope.targets.len(), CONNECTIONS * scope.targets.len() as u64)?;
        }
        let _server = start_server(self.server.as_ref(), &mut self.target)?;
        block_on(until_signalled(&self))
    }
}

/// Waits until the server is ready or the first signal; there are no interim figures.
async fn until_signalled(request: &WaitRequest) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let (controls, control) = unbounded_channel();
    let clock = Clock::start();
    // All of several must be ready; each is waited for until the same deadline.
    let targets = request.scope.as_ref().map_or(std::slice::from_ref(&request.target), |scope| &scope.targets);
    let checking = targets.iter().map(|target| check_until_ready(request, target, clock));
    let checking = async {
        let exits = join_all(checking).await;
        let partial = request.scope.as_ref().is_some_and(|scope| !scope.rejected.is_empty());
        let exit = exits.into_iter().max().unwrap_or(Exit::Healthy);
        if partial && exit == Exit::Healthy { Exit::Unknown } else { exit }
    };
    tokio::select! {
        exit = checking => Ok(exit),
        () = asked_to_stop(control) => Ok(Exit::Interrupted),
        _ = signals.pass_on(&controls) => Ok(Exit::Interrupted),
    }
}

async fn check_until_ready(request: &WaitRequest, target: &Target, clock: Clock) -> Exit {
    let WaitRequest { wanted, timeout, interval, quiet, .. } = request;
    let protocol = target.protocol.unwrap_or(request.protocol);
    let deadline = clock.now().after(*timeout);
    let gate = ReadinessCheck::new(target.clone(), protocol, *wanted, clock);
    let so_long = || units::span(clock.now().elapsed());
    let mut known: Option<Obstacle> = None;
    let mut restarts = Restarts::new(*interval);
    loop {
        let next = clock.now().after(*interval);
        let obstacle = match gate.run(deadline.since(clock.now())).await {
            Ok(server) => {
                if !quiet {
                    say(&format!("{target} is {wanted} after {}: {server}", so_long()));
                }
                return Exit::Healthy;
            }
            Err(obstacle) => obstacle,
        };
        if let Some(news) = restarts.saw(clock.now(), &obstacle.process).filter(|_| !quiet) {
            say(&format!("waiting for {target}: {news}"));
        }
        // A check that was cut short does not contradict an earlier one.
        if known.as_ref().is_none_or(|known| !obstacle.cut_short && known.text != obstacle.text) {
            if !quiet {
                let hint = if obstacle.lasting { " (this does not usually go away on its own)" } else { "" };
                say(&format!("waiting for {target}: {}{hint}", obstacle.text));
            }
            known = Some(obstacle);
        }
        let last = known.as_ref().map_or("", |known| &known.text);
        if request.fail_fast && known.as_ref().is_some_and(|known| known.lasting) {
            say(&format!("error: {target} is not {wanted}, and waiting does not usually help: {last}"));
            return Exit::Critical;
        }
        let last_check = deadline.before(LAST_CHECK);
        if clock.now() >= last_check {
            clock.sleep_until(deadline).await;
            let restarted = restarts.sentence().map(|sentence| format!("; {sentence}")).unwrap_or_default();
            say(&format!("error: {target} is not {wanted} after {}: {last}{restarted}", units::span(*timeout)));
            return Exit::Critical;
        }
        clock.sleep_until(next.min(last_check)).await;
    }
}
