//! The list of subcommands, and the definition of the parser made from it.
//!
//! A new subcommand is a file below `commands`, a row in [`COMMANDS`], and the run of its request in `app`.

pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod drill;
pub(crate) mod explain;
pub(crate) mod idle;
pub(crate) mod man;
pub(crate) mod ping;
pub(crate) mod proxy;
pub(crate) mod report;
pub(crate) mod soak;
pub(crate) mod subscribe;
pub(crate) mod trace;
pub(crate) mod wait;
pub(crate) mod watch;

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, error::ErrorKind};

use super::{
    environment::Environment,
    error::UsageError,
    subcommand::{Job, Subcommand},
};

/// Every subcommand, in the order of `redis-doctor --help`.
const COMMANDS: &[Entry] = &[
    Entry::of::<check::CheckArgs>(),
    Entry::of::<ping::PingArgs>(),
    Entry::of::<subscribe::SubscribeArgs>(),
    Entry::of::<soak::SoakArgs>(),
    Entry::of::<watch::WatchArgs>(),
    Entry::of::<proxy::ProxyArgs>(),
    Entry::of::<drill::DrillArgs>(),
    Entry::of::<idle::IdleArgs>(),
    Entry::of::<trace::TraceArgs>(),
    Entry::of::<wait::WaitArgs>(),
    Entry::of::<report::ReportArgs>(),
    Entry::of::<compare::CompareArgs>(),
    Entry::of::<explain::ExplainArgs>(),
    Entry::of::<completions::CompletionsArgs>(),
    Entry::of::<man::ManArgs>(),
];

/// The text below the list of commands, in the form of [`Subcommand::HELP`].
const HELP: &str = "\
Examples:
  redis-doctor -u rediss://cache.example:6379     # check a server
  redis-doctor soak --sandbox --duration 15s      # try it; needs no server
  redis-doctor explain 'broken pipe'              # look up an error

Without a command, redis-doctor checks the server: redis-doctor -h cache.example

Server: a flag overrides REDIS_URL or VALKEY_URL; the default is 127.0.0.1:6379.
Durations: 500ms, 30s, 1h 30m; bare numbers are seconds.
Each flag has a variable, such as REDIS_DOCTOR_POLICY for --policy, which it
overrides. ~/.config/redis-doctor/config.toml has named targets (-t prod) and
defaults of flags: 'redis-doctor man', section FILES.

Exit status:
  0    healthy
  1    degraded: the connection was lost and recovered, or a warning threshold
  2    critical: unreachable, not recovered, messages lost, or a --fail-on gate
  3    wrong usage or configuration
  130  interrupted by a second Ctrl-C";

/// A request that can be run, or a refusal.
type Resolved = Result<Box<dyn Job>, UsageError>;

/// One subcommand, without its type.
struct Entry {
    name: &'static str,
    about: &'static str,
    define: fn(clap::Command) -> clap::Command,
    resolve: fn(&ArgMatches, &Environment) -> Resolved,
}

impl Entry {
    const fn of<C: Subcommand>() -> Self {
        Self {
            name: C::NAME,
            about: C::ABOUT,
            define: |command| {
                let [short, long] = [short_help(C::HELP, C::NAME), C::help()];
                let command = C::augment_args(command).about(C::ABOUT).after_help(short).after_long_help(long);
                command.arg(help_flag()).args(C::CONFIGURABLE.then(config_flag))
            },
            resolve: |matches, environment| Ok(Box::new(C::from_arg_matches(matches)?.resolve(environment)?)),
        }
    }
}

/// Returns the definition of the whole command line. The flags of a command are made when it is parsed or built: making
/// those of all commands takes longer than a PING.
pub(super) fn definition() -> clap::Command {
    clap::Command::new("redis-doctor")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Connection doctor for Redis and Valkey: why a connection died, whether the client recovered, and what was lost")
        .after_help(short_help(HELP, "COMMAND"))
        .after_long_help(HELP)
        .override_usage("redis-doctor [COMMAND] [FLAGS]")
        .max_term_width(100)
        .subcommand_required(true)
        .disable_help_flag(true)
        .arg(help_flag())
        .subcommands(COMMANDS.iter().map(|entry| clap::Command::new(entry.name).about(entry.about).defer(entry.define)))
}

/// The hidden flag of the short help.
pub(super) const SHORT_HELP: &str = "-?";

/// Examples in the short help; the long help has all of them.
const EXAMPLES: usize = 3;

/// Returns the first examples of a text in the form of [`Subcommand::HELP`], and where to read on.
fn short_help(help: &str, name: &str) -> String {
    let examples: Vec<_> = help.lines().take(1 + EXAMPLES).take_while(|line| !line.is_empty()).collect();
    format!("{}\n\nMore: redis-doctor help {name}", examples.join("\n"))
}

/// Not clap's own flag: `-h` is the host, as in redis-cli. The action gives the long help to the long flag only.
fn help_flag() -> Arg {
    let flag = Arg::new("help").long("help").short_alias('?').help("Print long help (-h at the end: short help)");
    flag.action(ArgAction::Help).display_order(1000).help_heading(None::<&str>)
}

/// The flag of every command that takes values from a configuration file; [`super::presets`] reads it.
fn config_flag() -> Arg {
    let flag = Arg::new("config").long("config").value_name("FILE").value_parser(clap::value_parser!(PathBuf));
    let help = "Configuration file [default: ~/.config/redis-doctor/config.toml]";
    flag.help(help).hide_short_help(true).display_order(999).help_heading(None::<&str>)
}

/// Returns the names of all subcommands.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|entry| entry.name)
}

/// Returns the definition of one subcommand, with its flags.
pub(super) fn definition_of(name: &str) -> Option<clap::Command> {
    let entry = COMMANDS.iter().find(|entry| entry.name == name)?;
    Some((entry.define)(clap::Command::new(entry.name)))
}

/// Turns the parsed arguments into a request.
pub(super) fn resolve(matches: &ArgMatches, environment: &Environment) -> Resolved {
    let mut entries = COMMANDS.iter();
    let given = entries.find_map(|entry| Some((entry, matches.subcommand_matches(entry.name)?)));
    let (entry, matches) = given.ok_or_else(|| clap::Error::new(ErrorKind::MissingSubcommand))?;
    (entry.resolve)(matches, environment)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_a_command_is_in_the_list() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/commands");
        let name = |entry: fs::DirEntry| Some(entry.path().file_stem()?.to_str()?.to_owned());
        let files: BTreeSet<_> = fs::read_dir(directory).unwrap().filter_map(|entry| name(entry.unwrap())).collect();
        let listed: BTreeSet<_> = COMMANDS.iter().map(|entry| entry.name.to_owned()).collect();
        assert_eq!(files, listed);
        assert_eq!(listed.len(), COMMANDS.len());
    }
}
