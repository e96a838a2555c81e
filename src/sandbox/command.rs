//! The command table (names, arities, handlers), and the checks before a command runs.
//!
//! A handler turns a [`Call`] into a [`Reply`]; it knows neither sockets nor protocols.

mod client;
mod config;
mod info;
mod keyspace;
mod pubsub;
mod server;
mod strings;
mod transaction;

pub(super) use self::transaction::forget;
use super::args::Args;
use super::reply::{Protocol, Reply};
use crate::resp::is_http;

use super::state::{Client, ClientId, Kind, State};

/// All commands. The search is linear, so the commands of benchmarks come first.
const TABLES: &[&[Command]] = &[
    keyspace::COMMANDS,
    server::COMMANDS,
    pubsub::COMMANDS,
    strings::COMMANDS,
    transaction::COMMANDS,
    client::COMMANDS,
    config::COMMANDS,
    info::COMMANDS,
];

/// Bytes of an unknown command's name that are kept.
const NAMED: usize = 40;

/// Maximum length of an unknown command's arguments in the error, in bytes.
const QUOTED_ARGUMENTS: usize = 128;

type Handler = fn(&mut Call<'_>) -> Reply;

/// A command, or a subcommand of a container such as `CLIENT`.
#[derive(Debug)]
struct Command {
    /// Lower case; a subcommand includes its container's name, as in `client|list`.
    name: &'static str,
    /// Number of arguments including the name; if negative, the minimum.
    arity: i64,
    /// Allowed before authentication.
    anonymous: bool,
    /// Allowed for a RESP2 client with subscriptions.
    while_subscribed: bool,
    run: Run,
}

#[derive(Debug)]
enum Run {
    Container(&'static [Command]),
    Handler(Handler),
}

const fn command(name: &'static str, arity: i64, handler: Handler) -> Command {
    Command { name, arity, anonymous: false, while_subscribed: false, run: Run::Handler(handler) }
}

const fn container(name: &'static str, arity: i64, subcommands: &'static [Command]) -> Command {
    Command { name, arity, anonymous: false, while_subscribed: false, run: Run::Container(subcommands) }
}

impl Command {
    const fn anonymous(self) -> Self {
        Self { anonymous: true, ..self }
    }

    const fn while_subscribed(self) -> Self {
        Self { while_subscribed: true, ..self }
    }

    /// Returns the name without the container's.
    fn own_name(&self) -> &'static str {
        self.name.split_once('|').map_or(self.name, |(_, own)| own)
    }

    fn accepts(&self, args: Args<'_>) -> bool {
        let given = i64::try_from(args.len()).unwrap_or(i64::MAX);
        if self.arity >= 0 { given == self.arity } else { given >= -self.arity }
    }
}

/// One execution of a command.
struct Call<'a> {
    args: Args<'a>,
    client: &'a mut Client,
    /// The command's lower-case name, for errors.
    name: &'static str,
    state: &'a mut State,
}

impl Call<'_> {
    fn id(&self) -> ClientId {
        self.client.id
    }

    /// Returns all connected clients in connection order.
    fn everyone(&self) -> Vec<&Client> {
        let mut everyone: Vec<_> = self.state.clients.values().chain([&*self.client]).collect();
        everyone.sort_by_key(|client| client.id);
        everyone
    }
}

/// Executes a client's command and queues the reply.
pub(super) fn execute(state: &mut State, client: &mut Client, args: Args<'_>) {
    state.begin(client);
    if is_http((0..args.len()).map(|index| args.get(index))) {
        // What follows is the body of a request: it may contain commands.
        client.closing = true;
        return state.finish(client, Reply::error("ERR this is not a web server"));
    }
    let reply = match find(args).and_then(|command| permit(state, client, command)) {
        Ok((name, _)) if let Some(queued) = transaction::queue(client, name, args) => queued,
        Ok((name, handler)) => {
            state.stats.commands += 1;
            *state.stats.calls.entry(name).or_default() += 1;
            client.last_command = name;
            handler(&mut Call { args, client, name, state })
        }
        Err(refusal) => {
            client.transaction.spoiled |= client.transaction.queued.is_some();
            note_unknown(state, args);
            refusal
        }
    };
    state.finish(client, reply);
}

/// Returns true if a command must wait for the end of a pause.
pub(super) fn is_paused(state: &State, args: Args<'_>) -> bool {
    let is_about_pauses = args.is(0, "client") && (args.is(1, "unpause") || args.is(1, "pause"));
    state.pause().is_some_and(|pause| !is_about_pauses && (!pause.writes || writes(args)))
}

/// Returns true if a command may change something.
fn writes(args: Args<'_>) -> bool {
    const READS: [&str; 13] = [
        "get",
        "exists",
        "ttl",
        "pttl",
        "expiretime",
        "pexpiretime",
        "dbsize",
        "mget",
        "type",
        "scan",
        "keys",
        "watch",
        "unwatch",
    ];
    let of_keys = [keyspace::COMMANDS, strings::COMMANDS, transaction::COMMANDS].into_iter().flatten();
    args.is(0, "publish")
        || args.is(0, "spublish")
        || of_keys.filter(|command| !READS.contains(&command.name)).any(|command| args.is(0, command.name))
}

/// Notes a command, or a subcommand, that the sandbox does not have.
fn note_unknown(state: &mut State, args: Args<'_>) {
    let known = TABLES.iter().flat_map(|table| table.iter()).find(|command| args.is(0, command.name));
    let part = |index: usize| {
        let word = args.get(index);
        String::from_utf8_lossy(&word[..word.len().min(NAMED)]).to_ascii_uppercase()
    };
    match known.map(|command| &command.run) {
        None => state.unknown(part(0)),
        Some(Run::Container(subcommands)) if !subcommands.iter().any(|one| args.is(1, one.own_name())) => {
            state.unknown(format!("{} {}", part(0), part(1)));
        }
        Some(_) => {}
    }
}

/// Looks up the command and checks the number of arguments.
fn find(args: Args<'_>) -> Result<(&'static Command, Handler), Reply> {
    let mut commands = TABLES.iter().flat_map(|table| table.iter());
    let command = commands.find(|command| args.is(0, command.name));
    let mut command = command.ok_or_else(|| unknown_command(args))?;
    if let (Run::Container(subcommands), true) = (&command.run, args.len() > 1) {
        let subcommand = subcommands.iter().find(|subcommand| args.is(1, subcommand.own_name()));
        command = subcommand.ok_or_else(|| unknown_subcommand(command, args))?;
    }
    match command.run {
        Run::Handler(handler) if command.accepts(args) => Ok((command, handler)),
        // COMMAND is the only container allowed without a subcommand.
        Run::Container(_) if command.accepts(args) => Ok((command, |_| describe_all())),
        _ => Err(wrong_arity(command.name)),
    }
}

/// Checks that this client may run the command now.
fn permit(
    state: &State,
    client: &Client,
    (command, handler): (&'static Command, Handler),
) -> Result<(&'static str, Handler), Reply> {
    if !client.authenticated && !command.anonymous {
        return Err(Reply::error("NOAUTH Authentication required."));
    }
    if client.protocol == Protocol::Resp2 && !command.while_subscribed && state.subscriptions.is_subscribed(client.id) {
        return Err(Reply::error(format!(
            "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
            command.name
        )));
    }
    Ok((command.name, handler))
}

fn unknown_command(args: Args<'_>) -> Reply {
    let mut quoted = String::new();
    for arg in args.skip(1) {
        let room = QUOTED_ARGUMENTS.saturating_sub(quoted.len());
        if room == 0 {
            break;
        }
        let arg = &arg[..arg.len().min(room)];
        quoted.push_str(&format!("'{}' ", String::from_utf8_lossy(arg)));
    }
    let name = args.get(0);
    let name = String::from_utf8_lossy(&name[..name.len().min(QUOTED_ARGUMENTS)]);
    Reply::error(format!("ERR unknown command '{name}', with args beginning with: {quoted}"))
}

fn unknown_subcommand(container: &Command, args: Args<'_>) -> Reply {
    let name = &args.get(1)[..args.get(1).len().min(QUOTED_ARGUMENTS)];
    Reply::error(format!(
        "ERR unknown subcommand '{}'. Try {} HELP.",
        String::from_utf8_lossy(name),
        container.name.to_ascii_uppercase()
    ))
}

fn wrong_arity(name: &str) -> Reply {
    Reply::error(format!("ERR wrong number of arguments for '{name}' command"))
}

/// Returns all commands as COMMAND does, without their flags.
fn describe_all() -> Reply {
    Reply::Array(TABLES.iter().flat_map(|table| table.iter()).map(describe).collect())
}

fn describe(command: &Command) -> Reply {
    let of_key = [keyspace::COMMANDS, strings::COMMANDS].into_iter().flatten().any(|one| one.name == command.name);
    // Commands without a key have a place of 0.
    let key = i64::from(of_key && command.arity.abs() > 1);
    let places = [key, key, key].map(Reply::Integer);
    let head = [Reply::word(command.name), Reply::Integer(command.arity), Reply::Array(Vec::new())];
    Reply::Array(head.into_iter().chain(places).collect())
}

/// Returns the descriptions of the commands that are named from the third argument on.
fn describe_named(args: Args<'_>) -> Reply {
    let one = |name: &[u8]| {
        let mut all = TABLES.iter().flat_map(|table| table.iter());
        all.find(|command| name.eq_ignore_ascii_case(command.name.as_bytes())).map_or(Reply::Null, describe)
    };
    Reply::Array(args.skip(2).map(one).collect())
}

/// Returns the names of all commands.
fn names() -> Reply {
    Reply::Array(TABLES.iter().flat_map(|table| table.iter()).map(|command| Reply::word(command.name)).collect())
}

/// Returns the number of commands, with each container counted once.
fn count() -> usize {
    TABLES.iter().map(|table| table.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for command in TABLES.iter().flat_map(|table| table.iter()) {
            assert!(seen.insert(command.name), "{} is listed twice", command.name);
            let Run::Container(subcommands) = &command.run else {
                continue;
            };
            for subcommand in *subcommands {
                assert!(subcommand.name.starts_with(&format!("{}|", command.name)), "{}", subcommand.name);
                assert!(seen.insert(subcommand.name), "{} is listed twice", subcommand.name);
            }
        }
        assert!(seen.iter().all(|name| **name == name.to_ascii_lowercase()));
    }
}
