//! `redis-doctor proxy`: the fault proxy on its own, driven by its command line, by stdin, and by `DOCTOR` on the wire.

use std::{
    io::{self, BufRead, Write},
    process::ExitStatus,
    thread,
    time::Duration,
};

use tokio::{
    process::Child,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use super::{Problem, Work, block_on, deliver, forgive_closed, say, signals::Signals, start_server, warn};
use crate::{
    classify::{Failure, Stage},
    cli::commands::proxy::ProxyRequest,
    clock::Clock,
    dial::Route,
    event::{Control, Event, EventKind, EventSink as _, StopReason},
    exit::Exit,
    output::{Content, Format},
    plan::{LocalServer, Protocol, Target},
    proxy::{Config, Orders, Proxy, ProxyHandle},
    render::{self, BufferedStdout, StdoutWriter, Style},
    report::Observation,
    supervise,
};

/// Timeout of the TLS handshake with the server before the proxy starts.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

impl Work for ProxyRequest {
    /// Runs the proxy until a signal.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        let _server = start_server(self.server.as_ref(), &mut self.upstream)?;
        block_on(serve(self))
    }
}

async fn serve(request: ProxyRequest) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let (controls, mut control) = unbounded_channel();
    let (sender, mut events) = unbounded_channel();
    let clock = Clock::start();
    if let Some(why) = distrust(&request.upstream, clock).await {
        say(&format!("error: --uri: no connection to {}: {why}", request.upstream));
        return Ok(Exit::Critical);
    }
    let config = Config {
        listen: request.listen,
        upstream: request.upstream.address.clone(),
        tls: request.upstream.tls.clone(),
        schedules: request.faults.clone(),
        seed: request.seed,
        clock,
        orders: request.orders.clone(),
        report_flows: true,
        observe: request.report,
    };
    let proxy = Proxy::start(config, sender).map_err(|source| Problem::Listen { address: request.listen, source })?;
    let shows_events = Format::all_of(Content::Events).any(|format| format == request.format);
    let mut output = EventOutput::new(if shows_events { request.format } else { Format::Text }, &controls)?;
    for text in greeting(&request, proxy.handle()) {
        let at = clock.now();
        output.write(&Event {
            at,
            time: clock.wall(at),
            target: None,
            connection: None,
            kind: EventKind::Note { text: text.into() },
        });
    }
    proxy.handle().begin();
    read_commands(proxy.handle().clone())?;
    let mut observation = Observation::default();
    let mut take = |event: Event| {
        observation.on_event(&event);
        output.write(&event);
    };
    let interrupted = signals.pass_on(&controls);
    let Some(failed) = relay(&request, proxy.handle(), (&mut control, &mut events), interrupted, &mut take).await?
    else {
        return Ok(Exit::Interrupted);
    };
    proxy.handle().conclude();
    while let Ok(event) = events.try_recv() {
        take(event);
    }
    output.finish()?;
    if !request.report {
        return Ok(Exit::Healthy);
    }
    let report = observation.report(request.upstream.to_string(), failed);
    deliver(None, |out, columns| render::write(&report, request.format, Style::plain(columns), out))?;
    Ok(report.verdict.into())
}

/// Takes events until a signal or the end of the application, and returns how that failed, if it did; `None` if the user
/// wants no report.
async fn relay<T>(
    request: &ProxyRequest,
    handle: &ProxyHandle,
    (control, events): (&mut UnboundedReceiver<Control>, &mut UnboundedReceiver<Event>),
    interrupted: impl Future<Output = T>,
    take: &mut impl FnMut(Event),
) -> Result<Option<Option<String>>, Problem> {
    let mut application = match supervise::application(&request.command, handle.addr()) {
        Some(mut command) => Some(command.spawn().map_err(Problem::Application)?),
        None => None,
    };
    let mut interrupted = std::pin::pin!(interrupted);
    loop {
        tokio::select! {
            biased;
            Some(request) = control.recv() => match request {
                Control::Stop(_) => return Ok(Some(None)),
                Control::Interim => show_stats(handle),
            },
            _ = &mut interrupted => return Ok(None),
            Some(event) = events.recv() => take(event),
            status = end_of(application.as_mut()) => {
                let failed = status.ok().filter(|status| !status.success());
                return Ok(Some(failed.map(|status| status.to_string())));
            }
        }
    }
}

/// Waits for the end of the application; never returns if there is none.
async fn end_of(application: Option<&mut Child>) -> io::Result<ExitStatus> {
    match application {
        Some(application) => application.wait().await,
        None => std::future::pending().await,
    }
}

/// Returns the TLS failure that would end every connection through the proxy. (A server that is not reachable yet may
/// become so.)
async fn distrust(server: &Target, clock: Clock) -> Option<Failure> {
    if !server.speaks_tls() {
        return None;
    }
    let attempt = Route::new(server.clone(), Protocol::Auto, HANDSHAKE_LIMIT, clock).attempt().await;
    attempt.probed.failure.filter(|failure| failure.key.stage == Stage::Tls)
}

fn greeting(request: &ProxyRequest, handle: &ProxyHandle) -> Vec<String> {
    let addr = handle.addr();
    let server = match &request.server {
        Some(LocalServer::Spawned(_)) => format!("{} ({})", request.upstream, request.upstream.named_by),
        Some(LocalServer::Sandbox) | None => request.upstream.to_string(),
    };
    let mut lines = vec![format!("listening on {addr}, in front of {server}, seed {}", request.seed)];
    if request.upstream.speaks_tls() {
        lines.push("clients connect to the proxy in plaintext; the proxy connects to the server with TLS".to_owned());
    }
    if let Orders::Token(token) = &request.orders {
        lines.push(format!("clients may order faults after DOCTOR TOKEN {token}"));
    }
    lines.extend(request.faults.iter().map(|fault| format!("scheduled {fault}")));
    lines
}

/// Executes commands from stdin, with their output on stderr. The proxy outlives stdin.
fn read_commands(handle: ProxyHandle) -> Result<(), Problem> {
    let read = move || {
        for line in io::stdin().lock().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty()) {
            match handle.order(&line) {
                Ok(lines) => lines.iter().for_each(|line| say(line)),
                Err(why) => say(&format!("error: {why}")),
            }
        }
    };
    let started = thread::Builder::new().name("stdin".to_owned()).spawn(read);
    started.map(drop).map_err(Problem::Stdin)
}

fn show_stats(handle: &ProxyHandle) {
    let stats = handle.stats();
    say(&format!(
        "{} connections accepted, {} open, {} bytes from clients, {} from the server",
        stats.accepted, stats.open, stats.up, stats.down
    ));
    handle.list().iter().for_each(|line| say(line));
}

/// The destination of events: stderr for text, stdout for other formats.
struct EventOutput {
    format: Format,
    stdout: Option<(BufferedStdout, StdoutWriter)>,
}

impl EventOutput {
    fn new(format: Format, controls: &UnboundedSender<Control>) -> Result<Self, Problem> {
        if format == Format::Text {
            return Ok(Self { format, stdout: None });
        }
        let closed = controls.clone();
        let on_closed = move || _ = closed.send(Control::Stop(StopReason::OutputClosed));
        let stdout = BufferedStdout::start(io::stdout(), on_closed).map_err(Problem::Stdout)?;
        Ok(Self { format, stdout: Some(stdout) })
    }

    /// Writes an event; it is dropped if the reader is too slow and the buffer full.
    fn write(&mut self, event: &Event) {
        let mut line = Vec::new();
        // Plain data can always be written into memory; stderr may be closed.
        let _ = match &self.stdout {
            None => render::write(event, self.format, Style::plain(render::stderr_columns()), &mut line)
                .and_then(|()| io::stderr().lock().write_all(&line)),
            Some((stdout, _)) => render::write(event, self.format, Style::default(), &mut line)
                .map(|()| _ = stdout.append(|out| out.extend_from_slice(&line))),
        };
    }

    fn finish(self) -> Result<(), Problem> {
        let Some((stdout, writer)) = self.stdout else { return Ok(()) };
        forgive_closed(stdout.finish(writer)).map_err(Problem::Stdout)
    }
}
