//! Pub/sub commands: channels, patterns and shard channels.

use bytes::Bytes;

use super::{Call, Command, Kind, Reply, command, container};
use crate::sandbox::glob::{self, Case};

pub(super) const COMMANDS: &[Command] = &[
    command("publish", 3, |call| publish(call, Kind::Channel)),
    command("spublish", 3, |call| publish(call, Kind::Shard)),
    command("subscribe", -2, |call| subscribe(call, Kind::Channel)).while_subscribed(),
    command("psubscribe", -2, |call| subscribe(call, Kind::Pattern)).while_subscribed(),
    command("ssubscribe", -2, |call| subscribe(call, Kind::Shard)).while_subscribed(),
    command("unsubscribe", -1, |call| unsubscribe(call, Kind::Channel)).while_subscribed(),
    command("punsubscribe", -1, |call| unsubscribe(call, Kind::Pattern)).while_subscribed(),
    command("sunsubscribe", -1, |call| unsubscribe(call, Kind::Shard)).while_subscribed(),
    container("pubsub", -2, PUBSUB),
];

const PUBSUB: &[Command] = &[
    command("pubsub|channels", -2, |call| channels(call, Kind::Channel)),
    command("pubsub|numpat", 2, num_pat),
    command("pubsub|numsub", -2, |call| num_sub(call, Kind::Channel)),
    command("pubsub|shardchannels", -2, |call| channels(call, Kind::Shard)),
    command("pubsub|shardnumsub", -2, |call| num_sub(call, Kind::Shard)),
];

fn publish(call: &mut Call<'_>, kind: Kind) -> Reply {
    let reached = call.state.publish(kind, call.args.get(1), call.args.get(2));
    Reply::count(reached)
}

fn subscribe(call: &mut Call<'_>, kind: Kind) -> Reply {
    let mut confirmations = Vec::new();
    for name in call.args.skip(1) {
        call.state.subscriptions.subscribe(kind, name, call.id());
        confirmations.push(confirmation(call, kind, Reply::bulk(name)));
    }
    Reply::Sequence(confirmations)
}

fn unsubscribe(call: &mut Call<'_>, kind: Kind) -> Reply {
    let names: Vec<Bytes> = if call.args.len() > 1 {
        call.args.skip(1).map(Bytes::copy_from_slice).collect()
    } else {
        call.state.subscriptions.names_of(kind, call.id())
    };
    if names.is_empty() {
        return confirmation(call, kind, Reply::Null);
    }
    let mut confirmations = Vec::new();
    for name in names {
        call.state.subscriptions.unsubscribe(kind, &name, call.id());
        confirmations.push(confirmation(call, kind, Reply::Bulk(name)));
    }
    Reply::Sequence(confirmations)
}

/// Builds the confirmation for one name, with the client's current number of subscriptions.
fn confirmation(call: &Call<'_>, kind: Kind, name: Reply) -> Reply {
    let subscriptions = &call.state.subscriptions;
    let count = |kind| subscriptions.count(kind, call.id());
    let count = match kind {
        Kind::Channel | Kind::Pattern => count(Kind::Channel) + count(Kind::Pattern),
        Kind::Shard => count(Kind::Shard),
    };
    Reply::Push(vec![Reply::word(call.name), name, Reply::count(count)])
}

fn channels(call: &mut Call<'_>, kind: Kind) -> Reply {
    if call.args.len() > 3 {
        return Reply::error(format!(
            "ERR unknown subcommand or wrong number of arguments for '{}'. Try PUBSUB HELP.",
            call.args.text(1)
        ));
    }
    let pattern = if call.args.len() > 2 { call.args.get(2) } else { b"*" };
    let names = call.state.subscriptions.names(kind);
    let names = names.filter(|name| glob::matches(pattern, name, Case::Sensitive));
    Reply::Array(names.cloned().map(Reply::Bulk).collect())
}

fn num_pat(call: &mut Call<'_>) -> Reply {
    Reply::count(call.state.subscriptions.names(Kind::Pattern).count())
}

fn num_sub(call: &mut Call<'_>, kind: Kind) -> Reply {
    let subscriptions = &call.state.subscriptions;
    let counted = call.args.skip(2).flat_map(|name| {
        let listeners = Reply::count(subscriptions.listeners(kind, name));
        [Reply::bulk(name), listeners]
    });
    Reply::Array(counted.collect())
}
