//! `redis-doctor trace`: finds the connections to examine, and runs the trace.

use std::{net::IpAddr, time::Duration};

use tokio::net::lookup_host;

use super::Problem;
use crate::{
    clock::within,
    engine::{self, RunIo},
    event::StopReason,
    kernel::Process,
    plan::Plan,
    trace::TraceScope,
};

/// Timeout of the lookup of the server's name.
const LOOKUP: Duration = Duration::from_secs(5);

/// Runs the plan of a trace.
pub(super) async fn run(mut plan: Plan, io: RunIo<'_>) -> Result<StopReason, Problem> {
    let Some(tracing) = &mut plan.trace else { return Ok(StopReason::Count) };
    let servers = match (&tracing.host, tracing.ports.first()) {
        (Some(host), Some(port)) => resolve(host, *port).await?,
        _ => Vec::new(),
    };
    let process = tracing.pid.map(Process::open).transpose()?;
    tracing.program = process.as_ref().map(|process| process.program.to_string());
    let scope = TraceScope { ports: tracing.ports.clone(), servers, process };
    plan.target.name = Some(tracing.scope());
    Ok(engine::trace(plan, scope, io).await?)
}

async fn resolve(host: &str, port: u16) -> Result<Vec<IpAddr>, Problem> {
    let unresolved = |why: String| Problem::Unresolved { host: host.to_owned(), why };
    let found = within(LOOKUP, lookup_host((host, port))).await;
    let found = found.ok_or_else(|| unresolved("no answer from the name server within 5 s".to_owned()))?;
    let addresses = found.map_err(|error| unresolved(error.to_string()))?;
    Ok(addresses.map(|address| address.ip().to_canonical()).collect())
}
