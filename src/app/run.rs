//! The commands that run a plan, and report on it.

use std::{
    io::{self, IsTerminal, Write},
    sync::Arc,
};

use tokio::sync::mpsc;

use super::{
    Problem, Served, Work,
    baseline::Baseline,
    block_on, check_writable, descriptors,
    destination::replace,
    divider, exit_of, forgive_closed,
    keys::Keys,
    metrics::LiveMetrics,
    progress_style, proxy, say, share_a_terminal,
    signals::{Signals, Urgency},
    sinks::{Effort, Sinks},
    start_server, stop_when_closed, styled, trace, warn, warn_without_zone,
};
use crate::{
    cli::run::RunRequest,
    clock::Clock,
    engine::{self, RunIo},
    event::{Event, EventKind, EventSink, StopReason},
    exit::Exit,
    journal::JournalWriter,
    output::{Format, OutputOptions, is_stdout},
    plan::{Command, LocalServer, Plan},
    proxy::ProxyHandle,
    record::Records,
    render::{self, BufferedStdout, Gapless, Live, Messages, PingLines, Style, TimelineLines},
    report::RunReport,
};

impl Work for RunRequest {
    fn format(&self) -> Format {
        self.output.format
    }

    /// Runs the plan and reports; the exit code is the verdict's.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.output.warnings);
        warn_without_zone(&self.output);
        descriptors::check_for(&self.plan)?;
        let baseline = self.baseline.as_deref().map(|path| Baseline::read(path, &self.plan)).transpose()?;
        let journal = open_journal(&self.output)?;
        check_writable(self.output.output.as_deref())?;
        let served = start_server(self.server.as_ref(), &mut self.plan.target)?;
        block_on(watched(self, journal, baseline, served))
    }
}

/// Runs the plan until its end or a second signal.
async fn watched(
    request: RunRequest,
    journal: Option<JournalWriter>,
    baseline: Option<Baseline>,
    mut served: Option<Served>,
) -> Result<Exit, Problem> {
    let signals = Signals::install()?.reopening(request.output.journal_reopen);
    let (controls, control) = mpsc::unbounded_channel();
    let (outlet, mut writer) = BufferedStdout::patient(io::stdout(), stop_when_closed(&controls));
    let RunRequest { plan, output, server, metrics, .. } = request;
    let clock = Clock::start();
    let mut sinks = sinks(&plan, &output, journal, &outlet);
    sinks.baseline = baseline;
    if let Some(request) = metrics {
        sinks.metrics = Some(LiveMetrics::start(request, &plan, clock, output.quiet)?);
    }
    let lines = sinks.live.pause();
    let keys = sinks.live.is_drawn().then(Keys::listen).flatten();
    if keys.is_some() {
        sinks.live.name_keys();
    }
    let keys = async {
        if let Some(keys) = keys {
            keys.pass_on(&controls, &lines).await;
        }
        std::future::pending().await
    };
    let surroundings = RunIo {
        clock,
        sink: &mut sinks,
        messages: Arc::new(Messages::new(outlet.clone(), output.messages, output.timestamps, clock)),
        control,
    };
    let command = plan.command;
    let running = run_plan(plan, surroundings, server.as_ref(), served.as_mut(), output.quiet);
    let reason = tokio::select! {
        reason = running => reason?,
        urgency = signals.pass_on(&controls) => match urgency {
            Urgency::Immediate => return Ok(Exit::Interrupted),
            Urgency::Soon => StopReason::Signal,
        },
        never = writer.start_when_needed(clock) => match never {},
        never = keys => match never {},
    };
    if !sinks.finished {
        let (at, kind) = (clock.now(), EventKind::RunFinished { reason });
        sinks.on_event(&Event { at, time: clock.wall(at), target: None, connection: None, kind });
    }
    let exit = conclude(command, &output, sinks, reason, &outlet);
    forgive_closed(outlet.finish(writer)).map_err(Problem::Stdout)?;
    exit
}

/// Runs the plan with our own client, or with an application behind the proxy.
async fn run_plan(
    plan: Plan,
    surroundings: RunIo<'_>,
    server: Option<&LocalServer>,
    served: Option<&mut Served>,
    quiet: bool,
) -> Result<StopReason, Problem> {
    if plan.trace.is_some() {
        return trace::run(plan, surroundings).await;
    }
    let Some(application) = plan.application.clone() else {
        let plan = engine::find_primary(plan, surroundings.clock).await?;
        let plan = engine::find_nodes(plan, surroundings.clock).await?;
        // A cluster can have more nodes than seeds.
        descriptors::check_for(&plan)?;
        return Ok(engine::run(plan, surroundings).await);
    };
    let (target, seed, orders) = (plan.target.clone(), plan.seed, application.orders.clone());
    let on_proxy = |proxy: &ProxyHandle| {
        let lines = proxy::greeting(proxy.addr(), &target, server, seed);
        lines.into_iter().filter(|_| !quiet).chain(proxy::orders(&orders)).for_each(|line| say(&line));
        if let Err(why) = proxy::read_commands(proxy.clone()) {
            say(&format!("warning: {why}"));
        }
    };
    let remarks = served.map(|served| &mut served.remarks);
    Ok(engine::observe(plan, application, (surroundings, remarks), on_proxy).await?)
}

/// Writes the report to its destination.
fn conclude(
    command: Command,
    output: &OutputOptions,
    sinks: Sinks,
    reason: StopReason,
    stdout: &BufferedStdout,
) -> Result<Exit, Problem> {
    // Metrics are served until the report is written.
    let Sinks { recorder, journal, live, timeline, replies, stream, baseline, metrics, .. } = sinks;
    // Dropping them flushes their buffers.
    drop((live, timeline, replies, stream));
    let mut report = RunReport::new(&recorder.figures());
    if let Some(baseline) = baseline {
        // The report of two weeks must not be lost.
        if let Err(why) = baseline.judge(&mut report) {
            say(&format!("warning: --baseline: this run cannot be compared: {why}"));
        }
    }
    let mut exit = exit_of(&report, output);
    if let Some(why) = journal.as_ref().and_then(incomplete) {
        say(&format!("warning: --journal: {why}"));
        if !output.exit_zero {
            exit = exit.max(Exit::Degraded);
        }
    }
    drop(journal);
    let write = |columns: Option<usize>, seen: bool, color: bool| {
        let mut text = Vec::new();
        let style = Style { color, below_header: seen && !output.quiet, ..styled(output, columns) };
        let written = render::write(&report, output.format, style, &mut text);
        written.map(|()| text).map_err(Problem::Report)
    };
    // The report of `ping` begins with an empty line anyway.
    let watched = command == Command::Watch && output.format == Format::Text && output.output.is_none();
    let divided = output.format == Format::Text && command != Command::Ping && !output.quiet;
    // Its header is not on stderr.
    let headed = share_a_terminal() && command != Command::Watch;
    let show = || {
        // Its stdout is for messages.
        if command == Command::Subscribe && !output.output.as_deref().is_some_and(is_stdout) {
            let text = [
                if divided { b"\n".as_slice() } else { b"" },
                &write(
                    render::stderr_columns(),
                    io::stderr().is_terminal(),
                    output.color.on(render::is_capable_terminal(&io::stderr())),
                )?,
            ]
            .concat();
            return forgive_closed(io::stderr().lock().write_all(&text)).map_err(Problem::Stderr);
        }
        stdout.append_all(
            &[
                if watched { b"\n" } else { divider(divided) },
                &write(render::stdout_columns(), headed, output.color.on(render::is_capable_terminal(&io::stdout())))?,
            ]
            .concat(),
        );
        Ok(())
    };
    match &output.output {
        Some(path) if is_stdout(path) => show()?,
        Some(path) => replace(path, &write(None, false, false)?).map_err(|source| {
            // A full disk must not lose the report of two weeks. If this fails, too, there is no other place.
            let _ = show();
            Problem::ReportShown { path: path.clone(), source }
        })?,
        None if reason == StopReason::OutputClosed => {}
        None => show()?,
    }
    metrics.into_iter().for_each(|metrics| metrics.conclude(&report));
    Ok(exit)
}

/// Returns true if stdout has a line for each change: unless it has the report in another format.
fn shows_changes(plan: &Plan, output: &OutputOptions) -> bool {
    let has_report = output.output.as_deref().is_none_or(is_stdout);
    plan.command == Command::Watch && (output.format == Format::Text || !has_report)
}

fn sinks(plan: &Plan, output: &OutputOptions, journal: Option<JournalWriter>, stdout: &BufferedStdout) -> Sinks {
    let report_each = plan.probes.as_ref().is_some_and(|probes| probes.report_each);
    let streams = output.format == Format::Ndjson && output.output.is_none() && plan.command != Command::Subscribe;
    // The lines of the changes are the main view.
    let timeline =
        shows_changes(plan, output).then(|| TimelineLines::new(Box::new(stdout.clone()), styled(output, None)));
    // A single look has nothing to show on its way.
    let is_brief = plan.trace.as_ref().is_some_and(|trace| !trace.watch);
    let style = progress_style(output.quiet || timeline.is_some() || is_brief);
    let style = Style {
        color: output.color.on(style.terminal),
        // A progress line would interfere with the lines of ping and subscribe on the same terminal.
        terminal: style.terminal && plan.command == Command::Soak,
        local_time: output.local_time,
        ..style
    };
    Sinks {
        baseline: None,
        metrics: None,
        interim: styled(output, None),
        recorder: Records::default(),
        journal,
        live: Live::new(style, Box::new(io::stderr())),
        timeline,
        only_changes: matches!(plan.command, Command::Watch | Command::Trace),
        replies: report_each.then(|| PingLines::new(Box::new(stdout.clone()), output.timestamps)),
        stream: streams.then(|| JournalWriter::new(Box::new(Gapless(stdout.clone())))),
        reported: [false; 2],
        finished: false,
        effort: Effort::default(),
    }
}

fn open_journal(output: &OutputOptions) -> Result<Option<JournalWriter>, Problem> {
    let Some(path) = &output.journal else { return Ok(None) };
    let opened = JournalWriter::open(path, output.journal_max_size);
    opened.map(Some).map_err(|source| Problem::OpenJournal { path: path.clone(), source })
}

/// Returns why the journal does not hold all events.
fn incomplete(journal: &JournalWriter) -> Option<String> {
    match (journal.error(), journal.lost()) {
        (Some(error), _) => Some(format!("writing failed, the journal is incomplete: {error}")),
        (None, 0) => None,
        (None, lost) => {
            Some(format!("writing failed for a time, the journal is incomplete: {lost} events are missing"))
        }
    }
}
