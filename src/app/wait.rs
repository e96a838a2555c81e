//! `redis-doctor wait`: check a server until it is what a script waits for.

use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use super::{
    Problem, Work, block_on, say,
    signals::{Signals, asked_to_stop},
    start_sandbox, warn,
};
use crate::{
    cli::commands::wait::WaitRequest,
    clock::Clock,
    exit::Exit,
    readiness::{Obstacle, ReadinessCheck},
    units,
};

/// Time of the last check before the timeout, however long the interval is.
const LAST_LOOK: Duration = Duration::from_millis(250);

impl Work for WaitRequest {
    /// Waits; healthy when the server is ready, critical when the time is up.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        let _sandbox = start_sandbox(self.sandbox, &mut self.target)?;
        block_on(until_signalled(&self))
    }
}

/// Waits until the server is ready or the first signal; there are no interim figures.
async fn until_signalled(request: &WaitRequest) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let (wishes, wish) = unbounded_channel();
    tokio::select! {
        exit = look_until_ready(request) => Ok(exit),
        () = asked_to_stop(wish) => Ok(Exit::Interrupted),
        () = signals.pass_on(&wishes) => Ok(Exit::Interrupted),
    }
}

async fn look_until_ready(request: &WaitRequest) -> Exit {
    let WaitRequest { target, wanted, timeout, interval, quiet, .. } = request;
    let clock = Clock::start();
    let deadline = clock.now().after(*timeout);
    let gate = ReadinessCheck::new(target.clone(), request.protocol, *wanted, clock);
    let so_long = || units::span(clock.now().elapsed());
    let mut known: Option<Obstacle> = None;
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
        // A look that had no time to see anything says nothing against what is known.
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
        let last_look = deadline.before(LAST_LOOK);
        if clock.now() >= last_look {
            clock.sleep_until(deadline).await;
            say(&format!("error: {target} is not {wanted} after {}: {last}", units::span(*timeout)));
            return Exit::Critical;
        }
        clock.sleep_until(next.min(last_look)).await;
    }
}
