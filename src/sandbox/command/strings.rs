//! Commands on several keys, and short forms of SET and INCR.

use std::time::Duration;

use bytes::Bytes;

use super::{
    Call, Command, Reply, command,
    keyspace::{add, in_range, invalid_expiry},
    wrong_arity,
};
use crate::sandbox::{
    glob::{self, Case},
    state::Entry,
};

/// Keys that a step of SCAN returns unless the client asks for another number.
const STEP: i64 = 10;

pub(super) const COMMANDS: &[Command] = &[
    command("decr", 2, |call| add(call, -1)),
    command("decrby", 3, |call| match call.args.integer(2).and_then(i64::checked_neg) {
        Some(step) => add(call, step),
        None => Reply::not_an_integer(),
    }),
    command("mget", -2, mget),
    command("mset", -3, |call| mset(call, false)),
    command("msetnx", -3, |call| mset(call, true)),
    command("setnx", 3, |call| mset(call, true)),
    command("setex", 4, |call| set_ex(call, Duration::from_secs)),
    command("psetex", 4, |call| set_ex(call, Duration::from_millis)),
    command("type", 2, kind),
    command("scan", -2, scan),
    command("keys", 2, keys),
    command("flushdb", -1, |call| flush(call, false)),
    command("flushall", -1, |call| flush(call, true)),
];

fn now(call: &Call<'_>) -> Duration {
    call.state.time.wall()
}

fn mget(call: &mut Call<'_>) -> Reply {
    let (db, now) = (call.client.db, now(call));
    let value =
        |key| call.state.keyspace.get(db, key, now).map_or(Reply::Null, |entry| Reply::Bulk(entry.value.clone()));
    Reply::Array(call.args.skip(1).map(value).collect())
}

fn mset(call: &mut Call<'_>, only_new: bool) -> Reply {
    if call.args.len().is_multiple_of(2) {
        return wrong_arity(call.name);
    }
    let (db, now) = (call.client.db, now(call));
    let pairs = || (1..call.args.len()).step_by(2);
    if only_new && pairs().any(|at| call.state.keyspace.get(db, call.args.get(at), now).is_some()) {
        return Reply::Integer(0);
    }
    for at in pairs() {
        let value = Bytes::copy_from_slice(call.args.get(at + 1));
        call.state.keyspace.set(db, call.args.get(at), Entry { expires_at: None, value }, now);
    }
    if only_new { Reply::Integer(1) } else { Reply::OK }
}

fn set_ex(call: &mut Call<'_>, unit: fn(u64) -> Duration) -> Reply {
    let Some(number) = call.args.integer(2) else { return Reply::not_an_integer() };
    let (db, now) = (call.client.db, now(call));
    let length = u64::try_from(number).ok().filter(|number| *number > 0).map(unit);
    let Some(moment) = length.and_then(|length| in_range(now.saturating_add(length))) else {
        return invalid_expiry(call.name);
    };
    let value = Bytes::copy_from_slice(call.args.get(3));
    call.state.keyspace.set(db, call.args.get(1), Entry { expires_at: Some(moment), value }, now);
    Reply::OK
}

fn kind(call: &mut Call<'_>) -> Reply {
    let exists = call.state.keyspace.get(call.client.db, call.args.get(1), now(call)).is_some();
    Reply::Simple(if exists { "string" } else { "none" })
}

fn keys(call: &mut Call<'_>) -> Reply {
    let keys = call.state.keyspace.keys(call.client.db, now(call));
    Reply::Array(
        keys.into_iter().filter(|key| glob::matches(call.args.get(1), key, Case::Sensitive)).map(Reply::Bulk).collect(),
    )
}

/// The cursor is the number of keys that were passed, in the order of their names.
fn scan(call: &mut Call<'_>) -> Reply {
    let args = call.args;
    let Some(cursor) = args.integer(1).and_then(|cursor| usize::try_from(cursor).ok()) else {
        return Reply::error("ERR invalid cursor");
    };
    let (mut pattern, mut count, mut strings) = (&b"*"[..], STEP, true);
    for at in (2..args.len()).step_by(2) {
        match (args.get(at).to_ascii_uppercase().as_slice(), at + 1 < args.len()) {
            (b"MATCH", true) => pattern = args.get(at + 1),
            (b"TYPE", true) => strings = args.is(at + 1, "string"),
            (b"COUNT", true) => match args.integer(at + 1) {
                Some(given) if given > 0 => count = given,
                Some(_) => return Reply::syntax_error(),
                None => return Reply::not_an_integer(),
            },
            _ => return Reply::syntax_error(),
        }
    }
    let all = call.state.keyspace.keys(call.client.db, now(call));
    let end = cursor.saturating_add(usize::try_from(count).unwrap_or(usize::MAX)).min(all.len());
    let next = if end == all.len() { 0 } else { end };
    let found = all
        .get(cursor..end)
        .unwrap_or_default()
        .iter()
        .filter(|key| strings && glob::matches(pattern, key, Case::Sensitive));
    let found = found.cloned().map(Reply::Bulk).collect();
    Reply::Array(vec![Reply::Bulk(Bytes::from(next.to_string())), Reply::Array(found)])
}

fn flush(call: &mut Call<'_>, all: bool) -> Reply {
    let args = call.args;
    if args.len() > 2 || args.len() == 2 && !args.is(1, "async") && !args.is(1, "sync") {
        return Reply::syntax_error();
    }
    call.state.keyspace.clear((!all).then_some(call.client.db));
    Reply::OK
}
