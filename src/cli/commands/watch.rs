//! `redis-doctor watch`: its request is that of `soak`, with the changes as the main result.

use clap::Args;

use super::soak::SoakArgs;
use crate::{
    cli::{environment::Environment, error::UsageError, run::RunRequest, subcommand::Subcommand},
    plan::Command,
};

/// Flags of `watch`: those of `soak`.
#[derive(Args, Debug)]
pub(in crate::cli) struct WatchArgs {
    #[command(flatten)]
    soak: SoakArgs,
}

impl Subcommand for WatchArgs {
    const NAME: &'static str = "watch";
    const ABOUT: &'static str = "Show each change of a server, its role or address as it happens";
    const HELP: &'static str = "\
Examples:
  redis-doctor watch cache.example                 # a line for each change
  redis-doctor watch --sentinel one:26379,two --master mymaster
  redis-doctor watch --cluster -u redis://10.0.0.5 -d 1h
  redis-doctor watch --workload kv cache.example   # with READONLY windows
  redis-doctor watch --format ndjson cache.example | jq .event

watch is soak with the changes as its main result: it holds connections in the
same way, and its flags, its report and its exit status are the same. Each
change is a line with its time: the server process (run_id), its address and
its role, which is queried once a second; lost connections; times of READONLY
and other refusals; maintenance that the server announces (MOVING, MIGRATING,
SMIGRATING, SMIGRATED, FAILING_OVER); with --sentinel and --cluster failovers
with their configuration epoch, moves of slots, and nodes that join or leave.

Formats:
  text     a line for each change, then the report
  ndjson   an event for each change, as in a journal
  json     the report of soak, with the changes
Exit status: 0 healthy, 1 degraded, 2 critical, 3 wrong usage.";
    type Request = RunRequest;

    fn resolve(self, environment: &Environment) -> Result<RunRequest, UsageError> {
        self.soak.resolve_as(Command::Watch, environment)
    }
}
