//! All commands, and what they are told apart by. The flags of each are beside their meaning, in the command's own file.

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::{
    check::CheckArgs,
    drill::DrillArgs,
    explain::ExplainArgs,
    help,
    idle::IdleArgs,
    proxy::ProxyArgs,
    report::ReportArgs,
    run::{PingArgs, SoakArgs, SubscribeArgs},
    wait::WaitArgs,
};

/// Connection doctor for Redis and Valkey: shows why a connection died, whether the client came back, and what was lost
#[derive(Parser, Debug)]
#[command(name = "redis-doctor", version, disable_help_flag = true)]
#[command(subcommand_required = true, override_usage = "redis-doctor [COMMAND] [FLAGS]", max_term_width = 100)]
#[command(after_help = help::ROOT)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    // Not clap's own flag: `-h` is the host, as in redis-cli.
    /// Print help (also a lone -h at the end)
    #[arg(long, global = true, action = ArgAction::HelpShort, display_order = 1000)]
    help: Option<bool>,
}

#[derive(Subcommand, Debug)]
#[command(disable_help_flag = true)]
pub(super) enum Command {
    /// Look once at server, path and this machine, in a few seconds; also what redis-doctor does without a command
    #[command(disable_help_flag = true, after_help = help::CHECK)]
    Check(Box<CheckArgs>),
    /// Send PINGs over one connection, a line per reply, and sum up as ping(8) does
    #[command(disable_help_flag = true, after_help = help::PING)]
    Ping(Box<PingArgs>),
    /// Tail channels over one connection, with every drop and resubscription, and optionally verify delivery
    #[command(disable_help_flag = true, after_help = help::SUBSCRIBE)]
    Subscribe(Box<SubscribeArgs>),
    /// Hold connections for minutes or weeks with probes and a verified pub/sub stream, and report every outage
    #[command(disable_help_flag = true, after_help = help::SOAK)]
    Soak(Box<SoakArgs>),
    /// Listen in front of a server and break connections on purpose, for your own application in any language
    #[command(disable_help_flag = true)]
    Proxy(Box<ProxyArgs>),
    /// Put each reconnect policy through each fault, and show which client survives what
    #[command(disable_help_flag = true)]
    Drill(Box<DrillArgs>),
    /// Find out after how much silence something on the path, or the server, gives a connection up
    #[command(disable_help_flag = true, after_help = help::IDLE)]
    Idle(Box<IdleArgs>),
    /// Wait until a server is ready, or a primary, or a replica: for scripts and containers
    #[command(disable_help_flag = true, after_help = help::WAIT)]
    Wait(Box<WaitArgs>),
    /// Make a report again from journals, also from one cut off by a crash
    #[command(disable_help_flag = true, after_help = help::REPORT)]
    Report(ReportArgs),
    /// Say what an error, a cause, a state or a finding means, how to tell, and what to do (offline)
    #[command(disable_help_flag = true, after_help = help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Print a completion script for a shell
    #[command(disable_help_flag = true, after_help = help::COMPLETIONS)]
    Completions {
        /// Shell
        shell: Shell,
    },
    /// Print the manual page (roff)
    #[command(disable_help_flag = true, after_help = help::MAN)]
    Man,
}

impl Command {
    /// The definition of the commands that look at a server, one at a time; `None` for the others, which are in no hurry.
    pub(super) fn alone(name: &str) -> Option<clap::Command> {
        let named = |name| clap::Command::new(name).disable_help_flag(true);
        let command = match name {
            "check" => CheckArgs::augment_args(named("check")),
            "ping" => PingArgs::augment_args(named("ping")),
            "subscribe" => SubscribeArgs::augment_args(named("subscribe")),
            "soak" => SoakArgs::augment_args(named("soak")),
            _ => return None,
        };
        let root = clap::Command::new("redis-doctor").subcommand_required(true).disable_help_subcommand(true);
        Some(root.disable_help_flag(true).subcommand(command))
    }
}

/// A shell with a completion script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(super) enum Shell {
    Bash,
    Elvish,
    Fish,
    Nushell,
    Powershell,
    Zsh,
}
