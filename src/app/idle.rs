//! `redis-doctor idle`: survey the server, carry the search out, and say what it found.

use std::{
    io::{self, Write},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{
    Problem, Work, block_on, check_writable, deliver_below, forgive_closed, progress_style, say, signals::Signals,
    start_sandbox, warn,
};
use crate::{
    classify::Failure,
    cli::commands::idle::IdleRequest,
    clock::Clock,
    engine::{self, Control},
    event::StopReason,
    exit::Exit,
    idle::IdleProbe,
    idle::{IdleReport, Progress, Search, SearchContext, ServerSummary, Steps},
    output::Format,
    render::{self, BufferedStdout, IdleProgress, Style},
};

/// Between two looks at the clock for the progress line.
const TICK: Duration = Duration::from_millis(500);

impl Work for IdleRequest {
    fn format(&self) -> Format {
        self.format
    }

    /// Searches and reports; degraded when there is a limit.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        check_writable(self.output.as_deref())?;
        let _sandbox = start_sandbox(self.sandbox, &mut self.target)?;
        block_on(search(self))
    }
}

async fn search(request: IdleRequest) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let (wishes, wish) = unbounded_channel();
    let closed = wishes.clone();
    let on_closed = move || _ = closed.send(Control::Stop(StopReason::OutputClosed));
    let (outlet, mut writer) = BufferedStdout::patient(io::stdout(), on_closed);
    let stream = (request.format == Format::Ndjson && request.output.is_none()).then_some(&outlet);
    let clock = Clock::start();
    let progress = IdleProgress::new(progress_style(request.quiet), Box::new(io::stderr()));
    let report = tokio::select! {
        report = examine(&request, clock, wish, Witness { progress: &progress, stream }) => report?,
        () = signals.pass_on(&wishes) => return Ok(Exit::Interrupted),
        never = writer.start_when_needed(clock) => match never {},
    };
    progress.finish();
    if stream.is_some() {
        let mut lines = Vec::new();
        render::write(&report, request.format, Style::default(), &mut lines).map_err(Problem::Report)?;
        outlet.append_all(&lines);
        forgive_closed(outlet.finish(writer)).map_err(Problem::Stdout)?;
    } else {
        let divided = request.format == Format::Text && !request.quiet;
        let write = |out: &mut dyn Write, columns| render::write(&report, request.format, Style::plain(columns), out);
        deliver_below(request.output.as_deref(), divided, write)?;
    }
    Ok(report.verdict.map_or(Exit::Unknown, Exit::from))
}

/// Who is told what happens.
struct Witness<'a> {
    progress: &'a IdleProgress,
    /// The lines of `--format ndjson`.
    stream: Option<&'a BufferedStdout>,
}

impl Witness<'_> {
    fn tell(&self, clock: Clock, news: Progress) {
        let now = clock.now();
        self.progress.tell(now, news);
        let Some(stream) = self.stream else { return };
        let mut line = Vec::new();
        // Into memory, which does not fail; whether somebody reads it is the outlet's business.
        if render::idle_event(now, clock.wall(now), news, &mut line).is_ok() {
            stream.append_all(&line);
        }
    }
}

/// The whole search, until it is over or the user wants to see what is known.
async fn examine(
    request: &IdleRequest,
    clock: Clock,
    mut wishes: UnboundedReceiver<Control>,
    witness: Witness<'_>,
) -> Result<IdleReport, Problem> {
    let progress = witness.progress;
    let began = clock.now();
    // The server is asked directly: no fault is for these questions.
    let direct = IdleProbe::new(request.target.clone(), request.protocol, request.patience, clock);
    let mut target = request.target.clone();
    let (events, _nobody) = unbounded_channel();
    let proxy =
        engine::start_proxy(&mut target, &request.faults, request.seed, clock, events).map_err(Problem::FaultProxy)?;
    let mut watch = Watch { wishes: &mut wishes, progress, clock };
    let mut refused = None;
    let surveyed = watch.until_stopped(Box::pin(direct.survey())).await;
    let probe = IdleProbe::new(target, request.protocol, request.patience, clock).speaking_like(&direct);
    let probe = Arc::new(probe);
    let mut interrupted = surveyed.is_none();
    let mut server = surveyed.unwrap_or_else(|| Ok(ServerSummary::default())).map_err(|failure| named(&failure));
    let steps = server.as_ref().map_or_else(|_| request.steps.clone(), |server| affordable(&request.steps, server));
    let mut search = Search::new(&steps, request.max, request.profile, request.resolution);
    let mut restarted = false;
    if let (Ok(says), false) = (&server, interrupted) {
        search.require(request.must_survive);
        search.expect(says.timeout.filter(|timeout| !timeout.is_zero()));
        progress.begin(&request.target, says);
        proxy.iter().for_each(|proxy| proxy.handle().begin());
        let running = probe.run(&mut search, &mut refused, |news| witness.tell(clock, news));
        interrupted = watch.until_stopped(Box::pin(running)).await.is_none();
        let something_went_wrong = refused.is_some() || search.silences().iter().any(|silence| silence.died());
        if !interrupted && something_went_wrong {
            // Was it the same server all the time?
            match direct.survey().await {
                Ok(after) => restarted = after.run_id != says.run_id,
                Err(failure) => {
                    server = Err(format!("it could not be reached any more afterwards: {}", named(&failure)))
                }
            }
        }
    }
    let circumstances = SearchContext {
        target: request.target.to_string(),
        named_by: request.target.named_by.clone(),
        started: clock.wall(began),
        lasted: clock.now().since(began),
        interrupted,
        server,
        refused,
        restarted,
        must_survive: request.must_survive,
    };
    Ok(IdleReport::new(&search, circumstances))
}

/// What keeps the server from being reached, with the stage.
fn named(failure: &Failure) -> String {
    format!("{}: {failure}", failure.key.stage)
}

/// So many steps that the server keeps half of its free clients for others; a list is what the user wants.
fn affordable(steps: &Steps, server: &ServerSummary) -> Steps {
    match (steps, server.free_clients) {
        (Steps::Count(count), Some(free)) if *count as u64 > free / 2 => {
            let fewer = usize::try_from(free / 2).unwrap_or(*count).max(1);
            say(&format!(
                "warning: --steps: the server admits {free} more clients (maxclients), and half of them are left to \
                 others: {fewer} connections at once instead of {count}"
            ));
            Steps::Count(fewer)
        }
        _ => steps.clone(),
    }
}

/// What is done while something takes its time.
struct Watch<'a> {
    wishes: &'a mut UnboundedReceiver<Control>,
    progress: &'a IdleProgress,
    clock: Clock,
}

impl Watch<'_> {
    /// Waits for `work`; `None` when the user wants an end first.
    async fn until_stopped<T>(&mut self, mut work: Pin<Box<impl Future<Output = T>>>) -> Option<T> {
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                wish = self.wishes.recv() => match wish {
                    Some(Control::Interim) => self.progress.interim(self.clock.now()),
                    Some(Control::Stop(_)) | None => return None,
                },
                () = tokio::time::sleep(TICK) => self.progress.tick(self.clock.now()),
            }
        }
    }
}
