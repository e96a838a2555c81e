//! `redis-doctor proxy`: its flags and its request.

use std::{ffi::OsString, net::SocketAddr};

use clap::Args;

use crate::{
    cli::{
        environment::{Environment, fresh_seed, fresh_token},
        error::UsageError,
        groups::{ConnectionArgs, FaultArgs, FormatArgs, GateArgs, JournalArgs, MetricsArgs, OutputArgs, SpawnArgs},
        run::{self, RunRequest},
        subcommand::Subcommand,
        target,
        tls::TlsArgs,
        value,
    },
    fault::{FaultSchedule, Incident, usages},
    output::{self, Content, Format, OutputOptions},
    plan::{Address, Application, Launch, LocalServer, Orders, Plan, Secret, Target},
};

/// Flags of `proxy`.
#[derive(Args, Debug)]
pub(in crate::cli) struct ProxyArgs {
    /// Address to listen on; port 0 picks a free one
    ///
    /// HOST:PORT, or a port of 127.0.0.1.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6380", value_parser = value::listen)]
    listen: SocketAddr,
    /// URL of the server [env: REDIS_URL, VALKEY_URL]
    ///
    /// The default is redis://127.0.0.1:6379.
    #[arg(short, long, value_name = "URL", value_parser = value::secret)]
    uri: Option<Secret>,
    /// Use the embedded server
    #[arg(long, conflicts_with = "uri")]
    sandbox: bool,
    #[command(flatten)]
    spawn: SpawnArgs,
    /// Allow other machines to connect
    ///
    /// They can then reach the server and break its connections.
    #[arg(long)]
    allow_remote: bool,
    /// Take no orders on the wire
    ///
    /// DOCTOR commands then go to the server. Without this, clients on this machine may order faults; with
    /// --allow-remote, clients that send the token that is printed at the start.
    #[arg(long)]
    no_control: bool,
    /// Observe the application, and report on it at the end
    ///
    /// Names the application, the outages of each of its roles, and what the loss of connections did to its commands: which
    /// ran twice, which elements were lost, and which writes have an unknown outcome.
    #[arg(long)]
    report: bool,
    /// Seed for all randomness [default: random]
    #[arg(long, value_name = "N", value_parser = value::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    #[command(flatten)]
    faults: FaultArgs,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    journal: JournalArgs,
    #[command(flatten)]
    gates: GateArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
    /// Gather no evidence about outages
    ///
    /// Send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections. Causes are then less certain.
    #[arg(long, requires = "report")]
    no_evidence: bool,
    /// Application to start and to report on
    ///
    /// Its environment has REDIS_URL, REDIS_HOST and REDIS_PORT of the proxy, and {url} in its arguments is replaced.
    /// The proxy ends when it ends.
    #[arg(last = true, value_name = "COMMAND", requires = "report")]
    command: Vec<OsString>,
}

/// The proxy on its own, or with an application that is observed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ProxyRequest {
    Relay(Box<RelayRequest>),
    Observe(Box<RunRequest>),
}

/// A fault proxy and the server behind it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RelayRequest {
    pub listen: SocketAddr,
    /// With a `server`, the server is not started yet.
    pub upstream: Target,
    /// The server that redis-doctor starts behind the proxy.
    pub server: Option<LocalServer>,
    /// Clients that may order faults.
    pub orders: Orders,
    /// Faults, counted from the start.
    pub faults: Vec<FaultSchedule>,
    /// Source of all randomness.
    pub seed: u64,
    pub format: Format,
    /// Warnings for stderr, one line each, without line end.
    pub warnings: Vec<String>,
}

impl Subcommand for ProxyArgs {
    const NAME: &'static str = "proxy";
    const ABOUT: &'static str = "Run a fault proxy before a server, to test any application";
    const HELP: &'static str = "\
Examples:
  redis-doctor proxy --sandbox                     # then: redis-cli -p 6380
  redis-doctor proxy -u redis://cache.example:6379 --fault reset_peer@every:30s
  redis-doctor proxy --listen 127.0.0.1:7000 --incident failover --format ndjson

The running proxy reads faults as lines on stdin (reset_peer, latency=50ms+10s,
list, clear, help) and as commands on the wire, which never reach the server:
  redis-cli -p 6380 DOCTOR FAULT reset_peer
  redis-cli -p 6380 DOCTOR LIST
  redis-cli -p 6380 DOCTOR CLEAR
  redis-cli -p 6380 DOCTOR FAULT 'close; refuse+2s'  # together, without a gap
Give orders on a separate connection: it is exempt from faults until its first
other command. An error_reply without on= strikes the commands to which a
server replies with that error. At the end, the proxy names the faults that had
no effect, and the nodes of a cluster that clients reach without it.
The proxy ends connections that send HTTP: a web page could otherwise drive it.
With rediss:// the proxy opens the TLS connection to the server and checks its
certificate; your application connects to the proxy in plaintext with redis://.
This tests how the application reconnects, not its TLS. A reset resets the
sockets on both sides, below TLS. With redis:// in front of a TLS port, TLS
passes through unread, and only faults that change no bytes have an effect.
With --report, the proxy observes the application behind it:
  redis-doctor proxy --spawn --report --fault reset_peer=when=in_flight@5s -- \\
    python worker.py
  redis-doctor proxy -u redis://127.0.0.1 --report --journal app.ndjson \\
    --fail-on 'ran_twice>0' --fail-on 'outage>2s' -o app.html
Exit status: 0 ended by a signal, 2 the server's TLS failed, 3 wrong usage; with
--report, the verdict: 0 healthy, 1 degraded, 2 critical.";
    type Request = ProxyRequest;

    fn resolve(self, environment: &Environment) -> Result<ProxyRequest, UsageError> {
        let listen = self.listen;
        refuse_others(listen, self.allow_remote)?;
        if !self.report {
            refuse_report_flags((&self.format, &self.output, &self.journal), &self.gates, &self.metrics)?;
        }
        let orders = match self.no_control {
            true => Orders::Nobody,
            false if listen.ip().is_loopback() => Orders::Local,
            false => Orders::Token(fresh_token()),
        };
        let server = self.spawn.clone().or_sandbox(self.sandbox);
        let connection = ConnectionArgs {
            uri: self.uri.into_iter().collect(),
            sandbox: self.sandbox,
            spawn: self.spawn,
            tls: self.tls,
            ..ConnectionArgs::default()
        };
        let metrics = self.metrics.resolve(&connection, environment)?;
        let connection = target::resolve(&connection, environment)?;
        refuse_itself(listen, &connection.target.address)?;
        let relay = RelayRequest {
            listen,
            orders,
            faults: self.faults.schedules(),
            upstream: connection.target,
            server,
            seed: self.seed.unwrap_or_else(fresh_seed),
            format: self.format.given().unwrap_or_default(),
            warnings: connection.warnings,
        };
        if !self.report {
            return Ok(ProxyRequest::Relay(Box::new(relay)));
        }
        let (format, rows) = self.format.resolve(self.output.output.as_deref())?;
        let options = self.output.options(environment);
        let JournalArgs { journal, journal_max_size, journal_reopen } = self.journal;
        run::refuse_one_file(journal.as_deref(), options.output.as_deref())?;
        let output = OutputOptions {
            format,
            rows,
            journal,
            journal_max_size,
            journal_reopen,
            output: output::file(options.output),
            exit_zero: self.gates.exit_zero,
            warnings: relay.warnings.clone(),
            ..options
        };
        let server = relay.server.clone();
        let plan = Plan {
            protocol: connection.protocol,
            fail_on: self.gates.fail_on,
            warn_on: self.gates.warn_on,
            evidence: !self.no_evidence,
            ..observing(relay, self.command)
        };
        Ok(ProxyRequest::Observe(Box::new(RunRequest { plan, server, output, baseline: None, metrics })))
    }

    fn help() -> String {
        let kinds: String = usages().map(|usage| format!("  {usage}\n")).collect();
        let incidents: String = Incident::all()
            .map(|incident| {
                let faults: Vec<_> = incident.schedules().iter().map(ToString::to_string).collect();
                let faults = [faults.join("  "), faults.join("\n    ")];
                let faults = faults.iter().find(|faults| faults.lines().all(|line| line.len() <= 76));
                format!("  {incident}\n    {}\n    {}\n", incident.story(), faults.map_or("", |faults| faults))
            })
            .collect();
        format!(
            "{}\n\nFaults (KIND[=ARGS][@START|@every:PERIOD][+FOR]):\n{kinds}\nIncidents:\n{}",
            Self::HELP,
            incidents.trim_end()
        )
    }
}

/// Returns the plan of a run that observes an application behind this proxy.
fn observing(relay: RelayRequest, command: Vec<OsString>) -> Plan {
    let RelayRequest { listen, upstream, server, orders, faults, seed, .. } = relay;
    let launch = (!command.is_empty()).then(|| Launch { command, ..Launch::default() });
    let application = Application { listen, launch, orders, identity: None, held: false };
    Plan { sandbox: server == Some(LocalServer::Sandbox), ..Plan::of_application(upstream, application, faults, seed) }
}

/// Refuses to listen for other machines unless that is allowed.
fn refuse_others(listen: SocketAddr, allowed: bool) -> Result<(), UsageError> {
    if listen.ip().is_loopback() || allowed {
        return Ok(());
    }
    let problem = format!(
        "{listen} is reachable from other machines, which could then reach the server and break its connections"
    );
    let remedy = format!("use 127.0.0.1:{}, or add --allow-remote to permit this", listen.port());
    Err(UsageError::new("--listen", problem, remedy))
}

/// Refuses to listen on the address of the server.
fn refuse_itself(listen: SocketAddr, server: &Address) -> Result<(), UsageError> {
    match server {
        Address::Tcp { host, port, .. } if *port == listen.port() && *port != 0 && is_here(host) => {
            let problem = format!("{listen} is the server's own address");
            Err(UsageError::new("--listen", problem, "use another port, for example 0"))
        }
        Address::Tcp { .. } | Address::Unix(_) => Ok(()),
    }
}

/// Refuses the flags of the report, which are without a meaning for the proxy on its own.
fn refuse_report_flags(
    (format, output, journal): (&FormatArgs, &OutputArgs, &JournalArgs),
    gates: &GateArgs,
    metrics: &MetricsArgs,
) -> Result<(), UsageError> {
    let of_events = |format: &Format| Format::all_of(Content::Events).any(|known| known == *format);
    if let Some(format) = format.given().filter(|format| !of_events(format)) {
        let problem = format!("'{}' is a format of the report", format.name());
        return Err(UsageError::new("--format", problem, "add --report, or use text or ndjson"));
    }
    let flags = [
        ("--rows", format.has_rows()),
        ("--output", output.output.is_some()),
        ("--quiet", output.quiet),
        ("--journal", journal.journal.is_some()),
        ("--fail-on", !gates.fail_on.is_empty()),
        ("--warn-on", !gates.warn_on.is_empty()),
        ("--exit-zero", gates.exit_zero),
    ];
    let given = flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag);
    match given.or(metrics.given()) {
        Some(flag) => Err(UsageError::new(flag, "it is for the report", "add --report, or omit it")),
        None => Ok(()),
    }
}

/// Returns true if the name is a loopback address.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
