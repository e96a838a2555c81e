//! `redis-doctor trace`: examines the connections of running applications, and writes the result.

use std::{
    io::{self, Write},
    net::IpAddr,
    time::Duration,
};

use tokio::{net::lookup_host, sync::mpsc::unbounded_channel};

use super::{
    Problem, Work, block_on, check_writable, deliver_below, end_stream, exit_code, progress_style, say,
    signals::Signals, stop_when_closed,
};
use crate::{
    cli::commands::trace::TraceRequest,
    clock::{Clock, Stamp, within},
    exit::Exit,
    kernel::Process,
    output::Format,
    render::{self, BufferedStdout, Style},
    trace::{self, News, TracePlan, TraceScope},
};

/// Timeout of the lookup of the server's name.
const LOOKUP: Duration = Duration::from_secs(5);

impl Work for TraceRequest {
    fn format(&self) -> Format {
        self.format
    }

    fn perform(self) -> Result<Exit, Problem> {
        check_writable(self.output.as_deref())?;
        block_on(traced(self))
    }
}

async fn traced(request: TraceRequest) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let (controls, control) = unbounded_channel();
    let (stdout, mut writer) = BufferedStdout::patient(io::stdout(), stop_when_closed(&controls));
    let plan = plan(&request).await?;
    let clock = Clock::start();
    let stream = (request.format == Format::Ndjson && request.output.is_none()).then_some(&stdout);
    let style = progress_style(request.quiet);
    let mut shown = false;
    let mut on_news = |at: Stamp, news: News| match stream {
        Some(stream) => {
            let mut line = Vec::new();
            // Writing into memory does not fail; a reader that is gone shows when the stream is finished.
            if render::trace_event(at, clock.wall(at), &news, &mut line).is_ok() {
                stream.append_all(&line);
            }
        }
        None if request.quiet => {}
        None => {
            shown = true;
            say(&render::trace_line(at, &news, style));
        }
    };
    let report = tokio::select! {
        report = trace::run(&plan, clock, control, &mut on_news) => report?,
        _ = signals.pass_on(&controls) => return Ok(Exit::Interrupted),
        never = writer.start_when_needed(clock) => match never {},
    };
    if stream.is_some() {
        end_stream(stdout, writer, |lines| render::write(&report, request.format, Style::default(), lines))?;
    } else {
        let file = request.output.as_deref();
        let color = request.color.on(file.is_none() && render::is_capable_terminal(&io::stdout()));
        let style = Style { color, quiet: request.quiet, ..Style::default() };
        let write =
            |out: &mut dyn Write, columns| render::write(&report, request.format, Style { columns, ..style }, out);
        deliver_below(file, shown && request.format == Format::Text, write)?;
    }
    Ok(report.verdict.map_or(Exit::Unknown, |verdict| exit_code(verdict, request.exit_zero)))
}

/// Resolves the name of the server, and finds the process.
async fn plan(request: &TraceRequest) -> Result<TracePlan, Problem> {
    let TraceRequest { server, ports, pid, watch, duration, .. } = request;
    let servers = match server {
        Some((host, port)) => resolve(host, *port).await?,
        None => Vec::new(),
    };
    let process = pid.map(Process::open).transpose()?;
    let host = server.as_ref().map(|(host, _)| host.clone());
    let scope = TraceScope { ports: ports.clone(), servers, process, host };
    Ok(TracePlan { scope, watch: *watch, duration: *duration })
}

async fn resolve(host: &str, port: u16) -> Result<Vec<IpAddr>, Problem> {
    let unresolved = |why: String| Problem::Unresolved { host: host.to_owned(), why };
    let found = within(LOOKUP, lookup_host((host, port))).await;
    let found = found.ok_or_else(|| unresolved("no answer from the name server within 5 s".to_owned()))?;
    let addresses = found.map_err(|error| unresolved(error.to_string()))?;
    Ok(addresses.map(|address| address.ip().to_canonical()).collect())
}
