//! MULTI, EXEC, DISCARD, WATCH and UNWATCH.

use bytes::Bytes;

use super::{Call, Client, Command, Reply, State, command, find, permit};
use crate::sandbox::{
    args::Args,
    state::{Queued, Transaction},
};

/// Commands that a client may keep in a transaction.
const QUEUED: usize = 10_000;

pub(super) const COMMANDS: &[Command] = &[
    command("multi", 1, multi),
    command("exec", 1, exec),
    command("discard", 1, discard),
    command("watch", -2, watch),
    command("unwatch", 1, |call| {
        forget(call.state, call.client);
        Reply::OK
    }),
];

/// Keeps a command for EXEC, if the client is in a transaction and the command is not about it.
pub(super) fn queue(client: &mut Client, name: &str, args: Args<'_>) -> Option<Reply> {
    let Transaction { queued, spoiled, .. } = &mut client.transaction;
    let queued =
        queued.as_mut().filter(|_| !matches!(name, "multi" | "exec" | "discard" | "watch" | "reset" | "quit"))?;
    if queued.len() >= QUEUED {
        *spoiled = true;
        return Some(Reply::error("ERR the sandbox keeps no more commands in a transaction"));
    }
    queued.push(Queued::new(args.skip(0)));
    Some(Reply::Simple("QUEUED"))
}

/// Forgets the watched keys of a client.
pub(in crate::sandbox) fn forget(state: &mut State, client: &mut Client) {
    for (db, key, _) in client.transaction.watched.drain(..) {
        state.keyspace.unwatch(db, &key);
    }
}

fn multi(call: &mut Call<'_>) -> Reply {
    if call.client.transaction.queued.is_some() {
        return Reply::error("ERR MULTI calls can not be nested");
    }
    call.client.transaction.queued = Some(Vec::new());
    Reply::OK
}

fn exec(call: &mut Call<'_>) -> Reply {
    let Some(queued) = call.client.transaction.queued.take() else {
        return Reply::error("ERR EXEC without MULTI");
    };
    let spoiled = std::mem::take(&mut call.client.transaction.spoiled);
    let watched = &call.client.transaction.watched;
    let changed = watched.iter().any(|(db, key, version)| call.state.keyspace.version(*db, key) != *version);
    forget(call.state, call.client);
    if spoiled {
        return Reply::error("EXECABORT Transaction discarded because of previous errors.");
    }
    if changed {
        return Reply::NullArray;
    }
    let run = |queued: &Queued| {
        let args = Args::new(&queued.bytes, &queued.arguments);
        match find(args).and_then(|command| permit(call.state, call.client, command)) {
            Ok((name, handler)) => {
                *call.state.stats.calls.entry(name).or_default() += 1;
                handler(&mut Call { args, client: call.client, name, state: call.state })
            }
            Err(refusal) => refusal,
        }
    };
    Reply::Array(queued.iter().map(run).collect())
}

fn discard(call: &mut Call<'_>) -> Reply {
    if call.client.transaction.queued.take().is_none() {
        return Reply::error("ERR DISCARD without MULTI");
    }
    call.client.transaction.spoiled = false;
    forget(call.state, call.client);
    Reply::OK
}

fn watch(call: &mut Call<'_>) -> Reply {
    if call.client.transaction.queued.is_some() {
        return Reply::error("ERR WATCH inside MULTI is not allowed");
    }
    let db = call.client.db;
    for key in call.args.skip(1) {
        let version = call.state.keyspace.watch(db, key);
        call.client.transaction.watched.push((db, Bytes::copy_from_slice(key), version));
    }
    Reply::OK
}
