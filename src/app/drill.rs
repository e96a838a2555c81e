//! `redis-doctor drill`: policies through faults.

use std::io::{self, Write};

use tokio::sync::mpsc::unbounded_channel;

use super::{
    Problem, Work, block_on, check_writable, deliver_below, progress_style,
    signals::{Signals, asked_to_stop},
    start_server, warn,
};
use crate::{
    cli::commands::drill::DrillRequest,
    drill::{Cell, Drill, Outcome},
    exit::Exit,
    output::Format,
    render::{self, DrillProgress, Style},
    units,
};

impl Work for DrillRequest {
    /// Runs the drill and writes its results; critical if a policy that must survive did not, or a cell could not run.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        check_writable(self.output.as_deref())?;
        let _server = start_server(self.server.as_ref(), &mut self.target)?;
        block_on(run(&self))
    }
}

async fn run(request: &DrillRequest) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let drill = Drill {
        target: request.target.clone(),
        protocol: request.protocol,
        cases: request.cases.clone(),
        policies: request.policies.clone(),
        seed: request.seed,
    };
    let count = (request.cases.len() * request.policies.len()) as u64;
    let least = units::span(drill.estimate());
    let heading = format!(
        "redis-doctor {} · drill · {} ({}) · {} · at least {least} · seed {}",
        env!("CARGO_PKG_VERSION"),
        request.target,
        request.target.named_by,
        units::count(count, "cell"),
        request.seed
    );
    let mut progress = DrillProgress::new(progress_style(request.quiet), Box::new(io::stderr()), &heading, count);
    let (controls, control) = unbounded_channel();
    let cells = tokio::select! {
        cells = drill.run(asked_to_stop(control), |cell| progress.done(cell)) => cells,
        _ = signals.pass_on(&controls) => return Ok(Exit::Interrupted),
    };
    progress.finish();
    let divided = request.format == Format::Text && !request.quiet;
    let write = |out: &mut dyn Write, columns| render::write(&*cells, request.format, Style::plain(columns), out);
    deliver_below(request.output.as_deref(), divided, write)?;
    let bad = |cell: &&Cell| !cell.survived && request.must_survive.contains(&cell.policy);
    let not_run = cells.iter().any(|cell| cell.outcome == Outcome::NotRun);
    Ok(if not_run || cells.iter().any(|cell| bad(&cell)) { Exit::Critical } else { Exit::Healthy })
}
