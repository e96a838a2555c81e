//! `redis-doctor proxy`: the fault proxy on its own, driven by its command line, by stdin, and by `DOCTOR` on the wire.

use std::{
    io::{self, BufRead, Write},
    net::SocketAddr,
    thread,
    time::Duration,
};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{
    Problem, Served, Work, block_on, forgive_closed, say, signals::Signals, start_server, stop_when_closed, warn,
};
use crate::{
    classify::{Failure, Stage},
    cli::commands::proxy::{ProxyRequest, RelayRequest},
    clock::Clock,
    dial::Route,
    event::{Control, Event, EventKind},
    exit::Exit,
    output::Format,
    plan::{LocalServer, Orders, Protocol, Target},
    proxy::{Config, Proxy, ProxyHandle},
    render::{self, BufferedStdout, StdoutWriter, Style},
};

/// Timeout of the TLS handshake with the server before the proxy starts.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

impl Work for ProxyRequest {
    fn format(&self) -> Format {
        match self {
            Self::Relay(_) => Format::Text,
            Self::Observe(run) => run.format(),
        }
    }

    /// Runs the proxy until a signal, or until the end of the application.
    fn perform(self) -> Result<Exit, Problem> {
        let mut relay = match self {
            Self::Relay(relay) => *relay,
            Self::Observe(run) => return run.perform(),
        };
        warn(&relay.warnings);
        let served = start_server(relay.server.as_ref(), &mut relay.upstream)?;
        block_on(serve(relay, served))
    }
}

async fn serve(request: RelayRequest, mut served: Option<Served>) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let (controls, mut control) = unbounded_channel();
    let (sender, mut events) = unbounded_channel();
    let clock = Clock::start();
    if let Some(why) = distrust(&request.upstream, clock).await {
        say(&format!("error: --uri: no connection to {}: {why}", request.upstream));
        return Ok(Exit::Critical);
    }
    let config = Config {
        acceptor: None,
        listen: request.listen,
        upstream: request.upstream.address.clone(),
        tls: request.upstream.tls.clone(),
        schedules: request.faults.clone(),
        seed: request.seed,
        clock,
        orders: request.orders.clone(),
        report_flows: true,
        observe: false,
    };
    let proxy = Proxy::start(config, sender).map_err(|source| Problem::Listen { address: request.listen, source })?;
    let mut output = EventOutput::new(request.format, &controls)?;
    for text in greeting(proxy.handle().addr(), &request.upstream, request.server.as_ref(), request.seed)
        .into_iter()
        .chain(orders(&request.orders))
        .chain(request.faults.iter().map(|fault| format!("scheduled {fault}")))
    {
        output.note(text, clock);
    }
    proxy.handle().begin();
    read_commands(proxy.handle().clone())?;
    let mut interrupted = std::pin::pin!(signals.pass_on(&controls));
    loop {
        tokio::select! {
            biased;
            Some(request) = control.recv() => match request {
                Control::Stop(_) => break,
                Control::Interim => show_stats(proxy.handle()),
            },
            _ = &mut interrupted => return Ok(Exit::Interrupted),
            Some(event) = events.recv() => output.write(&event),
            Some(remark) = next_remark(&mut served) => output.note(remark, clock),
        }
    }
    proxy.handle().conclude();
    while let Ok(event) = events.try_recv() {
        output.write(&event);
    }
    output.finish()?;
    Ok(Exit::Healthy)
}

/// Returns the next remark of the server; never if it makes none.
async fn next_remark(served: &mut Option<Served>) -> Option<String> {
    match served {
        Some(served) => served.remarks.recv().await,
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

/// Returns the lines about a proxy that listens.
pub(super) fn greeting(addr: SocketAddr, upstream: &Target, server: Option<&LocalServer>, seed: u64) -> Vec<String> {
    let name = match server {
        Some(LocalServer::Spawned(_)) => format!("{upstream} ({})", upstream.named_by),
        Some(LocalServer::Sandbox) | None => upstream.to_string(),
    };
    let mut lines = vec![format!("listening on {addr}, in front of {name}, seed {seed}")];
    if upstream.speaks_tls() {
        lines.push("clients connect to the proxy in plaintext; the proxy connects to the server with TLS".to_owned());
    }
    lines
}

/// Returns the line with the token of those who may order faults; it is for the user alone.
pub(super) fn orders(orders: &Orders) -> Option<String> {
    match orders {
        Orders::Token(token) => Some(format!("clients may order faults after DOCTOR TOKEN {token}")),
        Orders::Local | Orders::Nobody => None,
    }
}

/// Executes commands from stdin, with their output on stderr. The proxy outlives stdin.
pub(super) fn read_commands(handle: ProxyHandle) -> Result<(), Problem> {
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
        let stdout = BufferedStdout::start(io::stdout(), stop_when_closed(controls)).map_err(Problem::Stdout)?;
        Ok(Self { format, stdout: Some(stdout) })
    }

    /// Writes a remark.
    fn note(&mut self, text: String, clock: Clock) {
        let at = clock.now();
        let kind = EventKind::Note { text: text.into() };
        self.write(&Event { at, time: clock.wall(at), target: None, connection: None, kind });
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
