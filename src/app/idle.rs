//! `redis-doctor idle`: runs the search and writes its progress and its result.

use std::io::{self, Write};

use tokio::sync::mpsc::unbounded_channel;

use super::{
    Problem, Work, block_on, check_writable, deliver_below, end_stream, progress_style, say, signals::Signals,
    start_server, stop_when_closed, warn,
};
use crate::{
    cli::commands::idle::IdleRequest,
    clock::{Clock, Stamp},
    exit::Exit,
    idle::{self, Progress, SearchObserver, ServerSummary},
    output::Format,
    plan::Target,
    render::{self, BufferedStdout, IdleProgress, Style},
};

impl Work for IdleRequest {
    fn format(&self) -> Format {
        self.format
    }

    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        check_writable(self.output.as_deref())?;
        let _server = start_server(self.server.as_ref(), &mut self.plan.target)?;
        block_on(search(self))
    }
}

async fn search(request: IdleRequest) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let (controls, control) = unbounded_channel();
    let (stdout, mut writer) = BufferedStdout::patient(io::stdout(), stop_when_closed(&controls));
    let stream = (request.format == Format::Ndjson && request.output.is_none()).then_some(&stdout);
    let clock = Clock::start();
    let progress = IdleProgress::new(progress_style(request.quiet), Box::new(io::stderr()));
    let witness = Witness { progress: &progress, stream, clock };
    let report = tokio::select! {
        report = idle::run(&request.plan, clock, control, &witness) => report.map_err(Problem::FaultProxy)?,
        _ = signals.pass_on(&controls) => return Ok(Exit::Interrupted),
        never = writer.start_when_needed(clock) => match never {},
    };
    progress.finish();
    if stream.is_some() {
        end_stream(stdout, writer, |lines| render::write(&report, request.format, Style::default(), lines))?;
    } else {
        let divided = request.format == Format::Text && !request.quiet;
        let write = |out: &mut dyn Write, columns| render::write(&report, request.format, Style::plain(columns), out);
        deliver_below(request.output.as_deref(), divided, write)?;
    }
    Ok(report.verdict.map_or(Exit::Unknown, Exit::from))
}

/// Shows the progress of a search on stderr, and writes the lines of `--format ndjson`.
struct Witness<'a> {
    progress: &'a IdleProgress,
    stream: Option<&'a BufferedStdout>,
    clock: Clock,
}

impl SearchObserver for Witness<'_> {
    fn on_begin(&self, target: &Target, server: &ServerSummary) {
        self.progress.begin(target, server);
    }

    fn on_progress(&self, now: Stamp, progress: Progress) {
        self.progress.tell(now, progress);
        let Some(stream) = self.stream else { return };
        let mut line = Vec::new();
        // Writing into memory does not fail; a reader that is gone shows when the stream is finished.
        if render::idle_event(now, self.clock.wall(now), progress, &mut line).is_ok() {
            stream.append_all(&line);
        }
    }

    fn on_fewer_steps(&self, free: u64, requested: usize, used: usize) {
        say(&format!(
            "warning: --steps: the server admits {free} more clients (maxclients), and half of them are left to others: \
             {used} connections at the same time instead of {requested}"
        ));
    }

    fn on_interim(&self, now: Stamp) {
        self.progress.interim(now);
    }

    fn on_tick(&self, now: Stamp) {
        self.progress.tick(now);
    }
}
