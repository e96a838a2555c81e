//! `redis-doctor wait`: look at a server until it is what a script waits for.

use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use super::{
    Problem, block_on, say,
    signals::{Signals, asked_to_stop},
    start_sandbox, warn,
};
use crate::{
    cli::WaitRequest,
    clock::Clock,
    exit::Exit,
    readiness::{Obstacle, ReadinessCheck},
    units,
};

/// However rarely it is looked, the last look is so long before the time is up.
const LAST_LOOK: Duration = Duration::from_millis(250);

/// Waits; healthy when the server is ready, critical when the time is up.
pub(super) fn wait(mut request: WaitRequest) -> Result<Exit, Problem> {
    warn(&request.warnings);
    // Kept until the end: it stops when it is dropped.
    let sandbox = request.sandbox.then(|| start_sandbox(&mut request.target)).transpose()?;
    let outcome = block_on(until_signalled(&request));
    drop(sandbox);
    outcome
}

/// There is no result before the end: the first signal ends it.
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
                let hint = if obstacle.lasting { " (this does not usually go away by itself)" } else { "" };
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
