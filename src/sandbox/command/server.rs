//! The handshake, and commands about the connection or the whole server.

use bytes::Bytes;

use super::client::set_name;
use super::info::{REDIS_VERSION, role};
use super::{
    Call, Command, Kind, Protocol, Reply, command, container, count, describe_all, describe_named, names, transaction,
};
use crate::sandbox::state::{Keyspace, Transaction};

pub(super) const COMMANDS: &[Command] = &[
    command("ping", -1, ping).while_subscribed(),
    command("echo", 2, |call| Reply::bulk(call.args.get(1))),
    command("hello", -1, hello).anonymous(),
    command("auth", -2, auth).anonymous(),
    command("select", 2, select),
    command("time", 1, time),
    command("role", 1, role),
    command("reset", 1, reset).anonymous().while_subscribed(),
    command("quit", -1, quit).anonymous().while_subscribed(),
    container("command", -1, COMMAND),
];

const COMMAND: &[Command] = &[
    command("command|count", 2, |_| Reply::count(count())),
    command("command|docs", -2, |_| Reply::Map(Vec::new())),
    command("command|info", -2, |call| if call.args.len() == 2 { describe_all() } else { describe_named(call.args) }),
    command("command|list", -2, |_| names()),
];

fn ping(call: &mut Call<'_>) -> Reply {
    if call.args.len() > 2 {
        return super::wrong_arity(call.name);
    }
    let id = call.id();
    if call.client.protocol == Protocol::Resp2 && call.state.subscriptions.is_subscribed(id) {
        return Reply::Array(vec![Reply::word("pong"), Reply::bulk(call.args.get(1))]);
    }
    match call.args.len() {
        1 => Reply::Simple("PONG"),
        _ => Reply::bulk(call.args.get(1)),
    }
}

fn hello(call: &mut Call<'_>) -> Reply {
    let wanted = match parse_hello(call) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal,
    };
    if let Some(user_at) = wanted.user_at
        && let Err(refusal) = log_in(call, call.args.get(user_at), call.args.get(user_at + 1))
    {
        return refusal;
    }
    if !call.client.authenticated {
        return Reply::error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> \
             <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
        );
    }
    if let Some(name_at) = wanted.name_at
        && let Err(refusal) = set_name(call, name_at)
    {
        return refusal;
    }
    let client = &mut *call.client;
    client.protocol = wanted.protocol.unwrap_or(client.protocol);
    let proto = client.protocol.number();
    let id = i64::try_from(client.id).unwrap_or(i64::MAX);
    Reply::Map(vec![
        (Reply::word("server"), Reply::word("redis")),
        (Reply::word("version"), Reply::word(REDIS_VERSION)),
        (Reply::word("proto"), Reply::Integer(proto)),
        (Reply::word("id"), Reply::Integer(id)),
        (Reply::word("mode"), Reply::word("standalone")),
        (Reply::word("role"), Reply::word("master")),
        (Reply::word("modules"), Reply::Array(Vec::new())),
    ])
}

/// The parsed arguments of `HELLO`; options by the position of their first value.
#[derive(Default)]
struct Hello {
    name_at: Option<usize>,
    protocol: Option<Protocol>,
    user_at: Option<usize>,
}

fn parse_hello(call: &Call<'_>) -> Result<Hello, Reply> {
    let args = call.args;
    let mut hello = Hello::default();
    if args.len() > 1 {
        let version = args.integer(1);
        let version = version.ok_or_else(|| Reply::error("ERR Protocol version is not an integer or out of range"))?;
        hello.protocol = match version {
            2 => Some(Protocol::Resp2),
            3 => Some(Protocol::Resp3),
            _ => return Err(Reply::error("NOPROTO unsupported protocol version")),
        };
    }
    let mut at = 2;
    while at < args.len() {
        if args.is(at, "AUTH") && at + 2 < args.len() {
            hello.user_at = Some(at + 1);
            at += 3;
        } else if args.is(at, "SETNAME") && at + 1 < args.len() {
            hello.name_at = Some(at + 1);
            at += 2;
        } else {
            let option = args.text(at);
            return Err(Reply::error(format!("ERR Syntax error in HELLO option '{option}'")));
        }
    }
    Ok(hello)
}

fn auth(call: &mut Call<'_>) -> Reply {
    let (user, password) = match call.args.len() {
        2 if call.state.settings.password.is_none() => {
            return Reply::error(
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
                 configuration is correct?",
            );
        }
        2 => (&b"default"[..], call.args.get(1)),
        3 => (call.args.get(1), call.args.get(2)),
        _ => return Reply::syntax_error(),
    };
    log_in(call, user, password).map_or_else(|refusal| refusal, |()| Reply::OK)
}

fn log_in(call: &mut Call<'_>, user: &[u8], password: &[u8]) -> Result<(), Reply> {
    let expected = call.state.settings.password.as_deref();
    if user == b"default" && expected.is_none_or(|expected| expected == password) {
        call.client.authenticated = true;
        Ok(())
    } else {
        Err(Reply::error("WRONGPASS invalid username-password pair or user is disabled."))
    }
}

fn select(call: &mut Call<'_>) -> Reply {
    let Some(db) = call.args.integer(1) else {
        return Reply::not_an_integer();
    };
    match usize::try_from(db) {
        Ok(db) if db < Keyspace::DATABASES => {
            call.client.db = db;
            Reply::OK
        }
        _ => Reply::error("ERR DB index is out of range"),
    }
}

fn time(call: &mut Call<'_>) -> Reply {
    let now = call.state.time.wall();
    let part = |number: String| Reply::Bulk(Bytes::from(number));
    Reply::Array(vec![part(now.as_secs().to_string()), part(now.subsec_micros().to_string())])
}

fn reset(call: &mut Call<'_>) -> Reply {
    let authenticated = call.state.settings.password.is_none();
    let id = call.id();
    for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
        for name in call.state.subscriptions.names_of(kind, id) {
            call.state.subscriptions.unsubscribe(kind, &name, id);
        }
    }
    transaction::forget(call.state, call.client);
    call.client.transaction = Transaction::default();
    call.client.reset(authenticated);
    Reply::Simple("RESET")
}

fn quit(call: &mut Call<'_>) -> Reply {
    call.client.closing = true;
    Reply::OK
}
