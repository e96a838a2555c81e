//! Faults on the command line: which are meant, and which cannot be had with the server that is meant.

use super::{
    DrillRequest, ProxyRequest,
    args::{DrillArgs, ProxyArgs},
    environment::Environment,
    groups::{ConnectionArgs, FaultArgs},
    resolve::fresh_seed,
    target,
};
use crate::{
    fault::{Case, FaultSchedule},
    plan::Address,
};

/// `redis-doctor proxy`.
pub(super) fn proxy(args: &ProxyArgs, environment: &Environment) -> Result<ProxyRequest, String> {
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
        faults: expand(&args.faults),
        upstream,
        sandbox: *sandbox,
        seed: args.seed.unwrap_or_else(fresh_seed),
        format: args.format,
        warnings: connection.warnings,
    })
}

/// `redis-doctor drill`.
pub(super) fn drill(args: &DrillArgs, environment: &Environment) -> Result<DrillRequest, String> {
    let mut connection = target::resolve(&args.connection, environment)?;
    let mut cases = args.case.clone();
    let single = args.faults.faults.iter().map(|fault| (fault.to_string(), vec![fault.clone()]));
    let incidents = args.faults.incidents.iter().map(|incident| (incident.to_string(), incident.schedules()));
    cases.extend(single.chain(incidents).map(|(name, faults)| Case::of(name, faults)));
    if args.all || cases.is_empty() {
        cases = Case::all();
    }
    if let Some(stranger) = args.must_survive.iter().find(|policy| !args.policy.contains(policy)) {
        return Err(format!("--must-survive: {stranger} is not among the policies of this drill; add it to --policy"));
    }
    target::ask(&mut connection.target, &args.connection, environment)?;
    Ok(DrillRequest {
        protocol: connection.protocol,
        target: connection.target,
        sandbox: args.connection.sandbox,
        cases,
        policies: args.policy.clone(),
        must_survive: args.must_survive.clone(),
        seed: args.seed.unwrap_or_else(fresh_seed),
        format: args.format,
        output: args.output.clone(),
        quiet: args.quiet,
        warnings: connection.warnings,
    })
}

/// All faults, those of incidents written out.
pub(super) fn expand(args: &FaultArgs) -> Vec<FaultSchedule> {
    let incidents = args.incidents.iter().flat_map(|incident| incident.schedules());
    args.faults.iter().cloned().chain(incidents).collect()
}

/// Whether a name is this machine's own.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
