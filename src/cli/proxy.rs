//! `redis-doctor proxy`: its flags, and what they mean together.

use std::net::SocketAddr;

use clap::Args;

use super::{
    choice::formats,
    environment::Environment,
    faults,
    groups::{ConnectionArgs, FaultArgs},
    resolve::fresh_seed,
    target, value,
};
use crate::{
    fault::FaultSchedule,
    output::{Content, Format},
    plan::{Address, Secret, Target},
};

/// Flags of `proxy`.
#[derive(Args, Debug)]
pub(super) struct ProxyArgs {
    /// Address to listen on, or a port of 127.0.0.1; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6380", value_parser = value::listen)]
    listen: SocketAddr,
    /// Server behind it as a URL [env: REDIS_URL, VALKEY_URL] [default: redis://127.0.0.1:6379]
    #[arg(short, long, value_name = "URL", value_parser = value::secret)]
    uri: Option<Secret>,
    /// Put the embedded server behind it
    #[arg(long, conflicts_with = "uri")]
    sandbox: bool,
    /// Listen also where other machines can connect: they reach the server, and can break its connections
    #[arg(long)]
    allow_remote: bool,
    /// Form of the events: text on stderr, or ndjson on stdout
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(Content::Events))]
    format: Format,
    /// Seed of all randomness [default: another one each time]
    #[arg(long, value_name = "N", value_parser = value::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    #[command(flatten)]
    faults: FaultArgs,
}

/// A fault proxy, and what is behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyRequest {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The server; with `sandbox`, it is yet to be started.
    pub upstream: Target,
    /// Whether the embedded server is to be behind it.
    pub sandbox: bool,
    /// Faults, counted from the start.
    pub faults: Vec<FaultSchedule>,
    /// All randomness comes from this number.
    pub seed: u64,
    /// The form of its events.
    pub format: Format,
    /// Remarks for the user, one line each without line end, for stderr.
    pub warnings: Vec<String>,
}

/// Decides from flags and environment.
pub(super) fn resolve(args: &ProxyArgs, environment: &Environment) -> Result<ProxyRequest, String> {
    let ProxyArgs { listen, uri, sandbox, .. } = args;
    if !listen.ip().is_loopback() && !args.allow_remote {
        return Err(format!(
            "--listen: {listen} can be reached from other machines, and whoever reaches it reaches the server and can \
             break its connections; write 127.0.0.1:{}, or add --allow-remote if that is meant",
            listen.port()
        ));
    }
    let connection = ConnectionArgs { uri: uri.clone(), sandbox: *sandbox, ..ConnectionArgs::default() };
    let connection = target::resolve(&connection, environment)?;
    let upstream = connection.target;
    if let Address::Tcp { host, port, .. } = &upstream.address
        && *port == listen.port()
        && *port != 0
        && is_here(host)
    {
        return Err(format!("--listen: {listen} is the server's own address; write another port, for example 0"));
    }
    Ok(ProxyRequest {
        listen: *listen,
        faults: faults::expand(&args.faults),
        upstream,
        sandbox: *sandbox,
        seed: args.seed.unwrap_or_else(fresh_seed),
        format: args.format,
        warnings: connection.warnings,
    })
}

/// Whether a name is this machine's own.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
