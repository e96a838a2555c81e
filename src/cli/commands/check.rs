//! `redis-doctor check`, the default command: its flags and its request.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::Args;

use crate::{
    cli::{
        choice::formats,
        environment::{Environment, fresh_seed},
        error::UsageError,
        groups::{ConnectionArgs, PolicyArgs, ResultArgs, TargetArgs},
        policy,
        subcommand::Subcommand,
        target, targets, uri, value,
    },
    output::{self, ColorChoice, Content, Format},
    plan::{LocalServer, Protocol, Range, ReconnectPolicy, Scope, Target},
};

/// Below the ten seconds after which a monitoring system kills a plug-in.
const DEADLINE: Duration = Duration::from_secs(9);

/// A certificate that is renewed automatically has more time left than this.
const CERTIFICATE_WARNING: Duration = Duration::from_secs(14 * 86_400);

/// Flags of `check`.
#[derive(Args, Debug)]
#[command(mut_arg("host", |host| host.visible_short_alias('H')), mut_arg("target", |target| target.short(None)))]
pub(in crate::cli) struct CheckArgs {
    /// Stop after this long [default: 9s]
    ///
    /// The result then shows what is known so far. With a name in place of a time, -t is --target, as in other commands.
    #[arg(short, long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    timeout: Option<Duration>,
    /// Exit 1 (degraded) if PING takes longer, in ms
    ///
    /// A limit in milliseconds, or a range as in Nagios plugins: 10, 5:10, or @10:20 for times inside the range.
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    warning: Option<Range>,
    /// Exit 2 (critical) if PING takes longer, in ms
    ///
    /// Same form as --warning.
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    critical: Option<Range>,
    /// Warn if the certificate expires within this time [default: 14d]
    #[arg(long, value_name = "TIME", value_parser = value::duration, allow_hyphen_values = true)]
    tls_cert_warn: Option<Duration>,
    /// Always exit 0
    #[arg(long)]
    exit_zero: bool,
    /// Result format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output", value_parser = formats(Content::Checkup))]
    format: Format,
    #[command(flatten)]
    result: ResultArgs,
    #[command(flatten)]
    servers: TargetArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// A check and the output it produces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CheckRequest {
    /// With a `server`, the server is not started yet.
    pub target: Target,
    /// All servers; `None` if there is one.
    pub scope: Option<Scope>,
    /// The server that redis-doctor starts as the target.
    pub server: Option<LocalServer>,
    pub protocol: Protocol,
    /// The policy of the client in question.
    pub policy: ReconnectPolicy,
    /// Timeout of the whole check.
    pub deadline: Duration,
    /// Range of the PING time, in milliseconds.
    pub warning: Option<Range>,
    /// Range of the PING time, in milliseconds.
    pub critical: Option<Range>,
    /// A certificate that expires within this time is a warning.
    pub certificate_warning: Duration,
    /// A private channel for the publish test.
    pub channel: String,
    pub exit_zero: bool,
    pub format: Format,
    /// Instead of stdout.
    pub output: Option<PathBuf>,
    pub quiet: bool,
    pub color: ColorChoice,
    /// Warnings for stderr, one line each, without line end.
    pub warnings: Vec<String>,
}

impl Subcommand for CheckArgs {
    const NAME: &'static str = "check";
    const ABOUT: &'static str = "Check server, path and this machine once (the default command)";
    const HELP: &'static str = "\
Examples:
  redis-doctor                          # the server of REDIS_URL, or 127.0.0.1
  redis-doctor -u rediss://cache.example:6379
  redis-doctor check --policy library   # the risks of a default client
  redis-doctor check --format json | jq '.findings[]'
  redis-doctor check -H cache.example -w 10 -c 100 --format nagios

A check takes a few seconds. It writes no key; it publishes one message on a
private channel. A query that the server does not permit is shown as such and is
not a problem. From the policy flags it computes how long a client may take to
notice a dead path.
Exit status: 0 healthy, 1 degraded, 2 critical or unreachable, 3 wrong usage.";
    type Request = CheckRequest;

    fn resolve(mut self, environment: &Environment) -> Result<CheckRequest, UsageError> {
        self.servers.add_to(&mut self.connection);
        if let Some(name) =
            super::names().find(|name| self.connection.servers.iter().any(|given| given.given() == *name))
        {
            let remedy =
                format!("the command comes first; use redis-doctor {name}, then its flags (-h {name} is a host)");
            return Err(UsageError::new("TARGET", format!("'{name}' is a command"), remedy));
        }
        let mut connection = target::resolve(&self.connection, environment)?;
        let policy = policy::resolve(&self.policy)?;
        targets::ask_for(&mut connection, &self.connection, environment)?;
        Ok(CheckRequest {
            target: connection.target,
            scope: connection.scope,
            server: self.connection.spawn.or_sandbox(self.connection.sandbox),
            protocol: connection.protocol,
            policy,
            deadline: self.timeout.unwrap_or(DEADLINE),
            warning: self.warning,
            critical: self.critical,
            certificate_warning: self.tls_cert_warn.unwrap_or(CERTIFICATE_WARNING),
            channel: format!("redis-doctor:check:{:x}", fresh_seed()),
            exit_zero: self.exit_zero,
            format: self.format,
            output: output::file(self.result.output),
            quiet: self.result.quiet,
            color: environment.color(self.result.color),
            warnings: connection.warnings,
        })
    }
}

/// Inserts `check` into a command line that begins with a flag or a server, or is empty.
pub(in crate::cli) fn is_the_default(args: &mut Vec<OsString>) {
    let for_the_program = ["--help", "--version", "-V", super::SHORT_HELP];
    let bare = args.get(1).is_none_or(|first| {
        let is_flag = first.as_encoded_bytes().starts_with(b"-") && !for_the_program.iter().any(|flag| first == flag);
        is_flag || first.to_str().is_some_and(uri::is_server)
    });
    if bare {
        args.insert(args.len().min(1), "check".into());
    }
}

/// `-t` is the timeout, as in every monitoring plugin, and the target in the other commands: a name can only be a target.
pub(in crate::cli) fn names_are_targets(args: &mut [OsString]) {
    if args.get(1).is_none_or(|command| command != <CheckArgs as Subcommand>::NAME) {
        return;
    }
    for at in 2..args.len().saturating_sub(1) {
        let is_name = |value: &OsString| value.to_str().is_some_and(|value| value.starts_with(char::is_alphabetic));
        if args[at] == "-t" && is_name(&args[at + 1]) {
            args[at] = "--target".into();
        }
    }
}
