//! `redis-doctor proxy`: the fault proxy on its own, driven by its command line, by stdin, and by `DOCTOR` on the wire.

use std::{
    io::{self, BufRead, Write},
    thread,
    time::Duration,
};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{Problem, Work, block_on, forgive_closed, say, signals::Signals, start_sandbox, warn};
use crate::{
    classify::{Failure, Stage},
    cli::commands::proxy::ProxyRequest,
    clock::Clock,
    dial::Route,
    event::{Control, Event, EventKind, StopReason},
    exit::Exit,
    output::Format,
    plan::{Protocol, Target},
    proxy::{Config, Proxy, ProxyHandle},
    render::{self, BufferedStdout, StdoutWriter, Style},
};

/// How long the server may take to agree on TLS before the proxy starts.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

impl Work for ProxyRequest {
    /// Runs the proxy until a signal.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        let _sandbox = start_sandbox(self.sandbox, &mut self.upstream)?;
        block_on(serve(self))
    }
}

async fn serve(request: ProxyRequest) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let (wishes, mut control) = unbounded_channel();
    let (sender, mut events) = unbounded_channel();
    let clock = Clock::start();
    if let Some(why) = distrust(&request.upstream, clock).await {
        say(&format!("error: --uri: no connection to {}: {why}", request.upstream));
        return Ok(Exit::Critical);
    }
    let config = Config {
        listen: request.listen,
        upstream: request.upstream.address.clone(),
        schedules: request.faults.clone(),
        seed: request.seed,
        clock,
        commands_on_wire: true,
        report_flows: true,
    };
    let proxy = Proxy::start(config, sender).map_err(|source| Problem::Listen { address: request.listen, source })?;
    let mut told = Told::new(request.format, &wishes)?;
    for text in greeting(&request, proxy.handle()) {
        let at = clock.now();
        told.tell(&Event { at, time: clock.wall(at), connection: None, kind: EventKind::Note { text } });
    }
    proxy.handle().begin();
    take_orders(proxy.handle().clone())?;
    let mut signalled = std::pin::pin!(signals.pass_on(&wishes));
    loop {
        tokio::select! {
            biased;
            Some(wish) = control.recv() => match wish {
                Control::Stop(_) => break,
                Control::Interim => show_stats(proxy.handle()),
            },
            () = &mut signalled => return Ok(Exit::Interrupted),
            Some(event) = events.recv() => told.tell(&event),
        }
    }
    told.finish().map(|()| Exit::Healthy)
}

/// Why no connection through the proxy could ever stand: the server and this machine do not agree on TLS. (A server
/// that is not there yet may still come.)
async fn distrust(server: &Target, clock: Clock) -> Option<Failure> {
    if !server.speaks_tls() {
        return None;
    }
    let attempt = Route::new(server.clone(), Protocol::Auto, HANDSHAKE_LIMIT, clock).attempt().await;
    attempt.probed.failure.filter(|failure| failure.key.stage == Stage::Tls)
}

fn greeting(request: &ProxyRequest, handle: &ProxyHandle) -> Vec<String> {
    let addr = handle.addr();
    let mut lines = vec![format!("listening on {addr}, in front of {}, seed {}", request.upstream, request.seed)];
    if request.upstream.speaks_tls() {
        lines.push("clients speak plain text to the proxy; TLS is between the proxy and the server".to_owned());
    }
    lines.extend(request.faults.iter().map(|fault| format!("scheduled {fault}")));
    lines
}

/// Lines on stdin are orders; their answers go to stderr. The end of stdin ends nothing.
fn take_orders(handle: ProxyHandle) -> Result<(), Problem> {
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

/// Where events are written: text to stderr, another format to stdout.
struct Told {
    format: Format,
    stdout: Option<(BufferedStdout, StdoutWriter)>,
}

impl Told {
    fn new(format: Format, wishes: &UnboundedSender<Control>) -> Result<Self, Problem> {
        if format == Format::Text {
            return Ok(Self { format, stdout: None });
        }
        let closed = wishes.clone();
        let on_closed = move || _ = closed.send(Control::Stop(StopReason::OutputClosed));
        let stdout = BufferedStdout::start(io::stdout(), on_closed).map_err(Problem::Stdout)?;
        Ok(Self { format, stdout: Some(stdout) })
    }

    /// Writes an event. One that finds no room, because nobody reads, is left out.
    fn tell(&mut self, event: &Event) {
        let mut line = Vec::new();
        // An event is plain data: it can always be written into memory.
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
